#include "engine/base/json.h"

#include <stdlib.h>

/* What was read and written back reads again, to the same text; faults lie inside the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct buf once = {0}, twice = {0};
    struct json *v, *again;
    struct json_fault fault;
    struct json_options keep = {.duplicates =
                                    n & 1 ? JSON_DUPLICATES_KEEP : JSON_DUPLICATES_REFUSE};
    struct str src = str_from((const char *)data, n);
    if (json_parse(&a, src, &keep, &v, &fault) == 0) {
        json_write(&once, v, 0);
        if (json_parse(&a, buf_str(&once), &keep, &again, &fault)) {
            abort();
        }
        json_write(&twice, again, 0);
        if (!str_eq(buf_str(&once), buf_str(&twice))) {
            abort();
        }
    } else if (fault.at > n || !fault.text) {
        abort();
    }
    buf_free(&once);
    buf_free(&twice);
    arena_free(&a);
    return 0;
}
