/* Fuzz target: files of any bytes are cut into messages that lie inside the text walked, each readable or
 * refused with a finding; and what `parse --json` prints of them is a line. */
#include "engine/ops/messages.h"
#include "engine/ops/parse_out.h"
#include "engine/ops/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* What is said to be as it is sent is not changed by what makes it so. */
static void check_as_sent(struct str message, bool is_as_sent)
{
    struct buf raw = {0};
    messages_with_cr(message, &raw);
    must(!is_as_sent || str_eq(buf_str(&raw), message) || !str_ends(message, STR("\r")));
    buf_free(&raw);
}

static void show(struct arena *a, struct str message, struct diags *d)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct buf out = {0};
    if (hl7_parse(a, message, &m, &fault) == 0) {
        struct hl7_text set = message_charset(&m, d);
        message_remarks(&m, d);
        parse_out_text(&out, &m, set, false);
        buf_clear(&out);
        parse_out_json(&out, &m, set, d);
        must(out.n > 1 && memchr(out.p, '\n', out.n) == out.p + out.n - 1);
    }
    buf_free(&out);
}

static void read_wire(struct str text)
{
    struct str body, code, id;
    struct wire_head head;
    size_t used;
    while (wire_frame(text, &body, &used)) {
        must(used <= text.n && body.n + 3 <= used);
        (void)wire_head(body, &head);        /* any answer will do */
        (void)wire_answer(body, &code, &id); /* the same */
        text = str_slice(text, used, text.n);
    }
    must(used <= text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct diags d;
    struct str text = str_from((const char *)data, size);
    diags_init(&d, &a);
    struct message_file f = messages_split(&a, "fuzz", text, &d);
    for (size_t i = 0; i < f.n; i++) {
        must(f.v[i].bytes.n > 0 && f.v[i].line > 0);
        check_as_sent(f.v[i].bytes, f.is_as_sent);
        show(&a, f.v[i].bytes, &d);
    }
    read_wire(text);
    arena_free(&a);
    return 0;
}
