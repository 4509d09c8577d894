/* Fuzz target: the first line is a path, the rest a message. What compiles prints and compiles the same;
 * what the lexer takes compiles; a value lies inside the message and iteration meets it first. */
#include "engine/base/arena.h"
#include "engine/hl7/path.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool same_path(const struct path *a, const struct path *b)
{
    return memcmp(a->seg, b->seg, 4) == 0 && a->seg_n == b->seg_n && a->field == b->field &&
           a->rep == b->rep && a->comp == b->comp && a->sub == b->sub;
}

static void check_lexer(struct arena *a, struct str text)
{
    struct path p, again;
    size_t at = 0;
    const char *why;
    size_t used = path_lex(text, &p);
    must(used <= text.n);
    if (!used) {
        return;
    }
    must(path_compile(str_slice(text, 0, used), true, &again, &at, &why) == 0 &&
         same_path(&p, &again));
    must(str_eq(path_text(a, &p), str_slice(text, 0, used)));
    must(!path_misspelt(text, used, &p, &at) || at <= text.n);
}

static void check_value(const struct hl7 *m, struct hl7_val v)
{
    const char *end = m->raw.p + m->raw.n;
    bool holds = v.state == HL7_VALUE || v.state == HL7_NULL;
    must(holds ? v.raw.n > 0 && v.raw.p >= m->raw.p && v.raw.p + v.raw.n <= end : v.raw.n == 0);
}

static void check_values(const struct hl7 *m, const struct path *p)
{
    struct hl7_val first = path_get(m, p), v;
    struct path_iter it = path_each(m, p);
    size_t n = 0;
    check_value(m, first);
    for (; path_next(&it, &v); n++) {
        check_value(m, v);
        must(n > 0 || (v.state == first.state && str_eq(v.raw, first.raw)));
    }
    must(n > 0 || first.state == HL7_ABSENT);
    must(n <= m->raw.n + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str rest = str_from(size ? (const char *)data : "", size), text;
    struct path p;
    size_t at = 0;
    const char *why;
    struct hl7 m;
    struct hl7_fault f;
    if (str_split(&rest, '\n', &text)) {
        check_lexer(&a, text);
        int rc = path_compile(text, true, &p, &at, &why);
        must(rc == 0 || (at <= text.n && why));
        if (rc == 0 && rest.p && hl7_parse(&a, rest, &m, &f) == 0) {
            check_values(&m, &p);
        }
    }
    arena_free(&a);
    return 0;
}
