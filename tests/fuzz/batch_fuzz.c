/* Fuzz target: items lie in order inside the text and tell their line, messages begin with MSH, walking what one message is
 * gives that message again, and nothing but blanks, marks and MLLP bytes lies between items. */
#include "engine/base/arena.h"
#include "engine/base/lines.h"
#include "engine/hl7/batch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_nothing(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)p[i] > ' ' && !memchr("\xef\xbb\xbf", p[i], 3)) {
            return false;
        }
    }
    return true;
}

static void check_alone(struct arena *a, struct str message)
{
    struct batch b;
    struct batch_item it;
    batch_open(&b, a, message);
    if (b.remarks & BATCH_REMARK_UTF16) {
        return; /* its first bytes look like that */
    }
    must(batch_next(&b, &it) && it.kind == BATCH_MESSAGE && str_eq(it.bytes, message));
    must(!batch_next(&b, &it));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct batch b;
    struct batch_item it;
    size_t at = 0;
    uint32_t messages = 0, line = 0;
    batch_open(&b, &a, str_from((const char *)data, size));
    while (batch_next(&b, &it)) {
        must(it.at >= at && it.bytes.n > 0 && it.bytes.p == b.text.p + it.at &&
             it.at + it.bytes.n <= b.at);
        must(is_nothing(b.text.p + at, it.at - at));
        must(it.line >= line && it.line > 0);
        must(b.remarks & BATCH_REMARK_MLLP ||
             it.line == 1 + lines_count(str_slice(b.text, 0, it.at)));
        at = it.at + it.bytes.n;
        line = it.line;
        if (it.kind == BATCH_MESSAGE) {
            must(it.number == ++messages && it.bytes.n >= 3 && memcmp(it.bytes.p, "MSH", 3) == 0);
            check_alone(&a, it.bytes);
        }
    }
    must(is_nothing(b.text.p + at, b.text.n - at) && b.at == b.text.n && messages == b.messages);
    arena_free(&a);
    return 0;
}
