/* Fuzz target: a template up to the first line feed, then an output. A template without a fault gives a name that stays
 * below its directory, whatever the output says of itself: no root, no dots that climb, no control characters, no
 * part that is hidden, empty or too long. */
#include "adapters/files_data.h"
#include "adapters/files_name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PART_MOST = 255 }; /* NAME_MAX */

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void look(struct str name)
{
    struct str rest = name, part;
    must(name.n > 0 && name.n < 4096);
    while (str_split(&rest, '/', &part)) {
        must(part.n > 0 && part.n <= PART_MOST && part.p[0] != '.');
    }
    must(name.p[name.n - 1] != '/');
    for (size_t i = 0; i < name.n; i++) {
        must((unsigned char)name.p[i] >= 0x20 && name.p[i] != 0x7f);
    }
}

/* Documents are what stands in the file, in its order, and there is an end. */
static void check_data(struct str bytes)
{
    struct files_data d;
    struct str one;
    uint32_t line, last = 0;
    const char *at = bytes.p;
    if (!files_data_is(bytes)) {
        return;
    }
    for (files_data_open(&d, bytes); files_data_next(&d, &one, &line); last = line) {
        must(one.n > 0 && one.p >= at && one.p + one.n <= bytes.p + bytes.n);
        must(line > last);
        at = one.p + one.n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = {0};
    struct str text = str_from((const char *)data, size);
    ptrdiff_t end = str_find(text, STR("\n"));
    struct str template = end < 0 ? text : str_slice(text, 0, (size_t)end);
    struct str payload = end < 0 ? STR("") : str_slice(text, (size_t)end + 1, text.n);
    struct files_name n = {.id = STR("053xbo2bkvcsq5wzv7mtbqvtxu"),
                           .payload = payload,
                           .is_json = size % 2,
                           .wall_us = INT64_C(1795186800) * 1000000};
    check_data(payload);
    if (!files_name_fault(template)) {
        files_name_put(&out, template, &n);
        look(buf_str(&out));
    }
    buf_free(&out);
    return 0;
}
