/* Fuzz target: any bytes as a PEM file named in the configuration. As many certificates as are counted have an end, and the
 * first does not outlast the longest. */
#include "engine/flow/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t first = 0, longest = 0;
    struct str pem = str_from((const char *)data, size);
    unsigned n = tls_pem_days(pem, INT64_C(1795186800), &first, &longest);
    if (n > 0 && first > longest) {
        abort();
    }
    return 0;
}
