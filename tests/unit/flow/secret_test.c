#include "engine/flow/secret.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/corridor-secret-XXXXXX";

static const char *path(const char *name)
{
    static char text[64];
    snprintf(text, sizeof(text), "%s/%s", dir, name);
    return text;
}

static void put(const char *name, const char *bytes, size_t n)
{
    FILE *f = fopen(path(name), "w");
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static void expect(enum opt_secret_from from, const char *name, const char *want, const char *why)
{
    struct buf b = {0};
    buf_puts(&b, "before ");
    struct opt_secret s = {from, str_of(name)};
    const char *got = secret_read(&s, &b);
    cr_expect_eq(got == NULL, why == NULL, "%s: %s", name, got ? got : "read");
    cr_expect(!why || (got && strcmp(got, why) == 0), "%s: %s", name, got ? got : "read");
    cr_expect(str_is(str_slice(buf_str(&b), 7, b.n), want), "%s", name);
    buf_free(&b);
}

Test(secret, is_read_from_where_the_option_says)
{
    static char large[SECRET_MAX + 1];
    memset(large, 'x', sizeof(large));
    cr_assert_not_null(mkdtemp(dir));
    put("token", "s3cret\r\n\n", 9);
    put("empty", "\n", 1);
    put("large", large, sizeof(large));
    expect(OPT_SECRET_FILE, path("token"), "s3cret", NULL);
    expect(OPT_SECRET_FILE, path("empty"), "", "it is empty");
    expect(OPT_SECRET_FILE, path("large"), "", "the file is too large");
    expect(OPT_SECRET_FILE, path("missing"), "", "the file cannot be opened");
    expect(OPT_SECRET_FILE, dir, "", "it is no file");
    cr_assert_eq(mkfifo(path("pipe"), 0600), 0);
    expect(OPT_SECRET_FILE, path("pipe"), "", "it is no file"); /* and nobody waits for a writer */
    unsetenv("CREDENTIALS_DIRECTORY");
    expect(OPT_SECRET_CREDENTIAL, "token", "", "systemd gave no credentials");
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    expect(OPT_SECRET_CREDENTIAL, "token", "s3cret", NULL);
    expect(OPT_SECRET_CREDENTIAL, "../token", "", "a credential's name has no /");
    setenv("CORRIDOR_TEST_TOKEN", "from-env", 1);
    expect(OPT_SECRET_ENV, "CORRIDOR_TEST_TOKEN", "from-env", NULL);
    expect(OPT_SECRET_ENV, "CORRIDOR_TEST_NONE", "", "the variable is not set");
    expect(OPT_SECRET_NONE, "", "", "none is named");
    static const char *const names[] = {"token", "empty", "large", "pipe"};
    for (size_t i = 0; i < 4; i++) {
        unlink(path(names[i]));
    }
    rmdir(dir);
}
