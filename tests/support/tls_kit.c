#include "tests/support/tls_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Tests run in processes of their own, perhaps at once: the first to be ready puts its directory in place. */
const char *tls_kit(void)
{
    static char dir[512];
    char command[2048];
    const char *scratch = getenv("CORRIDOR_SCRATCH"), *source = getenv("CORRIDOR_SOURCE");
    snprintf(dir, sizeof dir, "%s/certificates", scratch ? scratch : "/tmp");
    if (access(dir, F_OK) != 0) {
        snprintf(command, sizeof command,
                 "d='%s'.$$ && '%s/tests/support/certificates' $d && "
                 "{ mv -T $d '%s' 2>/dev/null || rm -rf $d; }",
                 dir, source ? source : ".", dir);
        if (system(command) != 0) {
            fprintf(stderr, "no certificates could be made\n");
            abort();
        }
    }
    return dir;
}
