/* Fuzz target: a message, a NUL, then lines PATH=value, -PATH and +N:line. However it was edited, the
 * splices make the bytes of the view, the view parses, and what was set is read back. */
#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/hl7/edit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_bytes(struct arena *a, struct edit *e, const struct hl7 *m)
{
    struct splices s = edit_splices(e, a);
    size_t n = splices_size(s);
    char *p = arena_alloc(a, n);
    splices_write(s, m->raw, p);
    must(str_eq(edit_view(e)->raw, str_from(p, n)));
    must(edit_is_changed(e) || str_eq(m->raw, str_from(p, n)));
}

/* Is the value read where it was set? Not for what adds, nor for values that split or that are nothing. */
static bool is_readable(const struct path *p, struct str value)
{
    bool plain = value.n > 0;
    for (size_t i = 0; i < value.n; i++) {
        plain = plain && ((value.p[i] >= 'a' && value.p[i] <= 'z') || value.p[i] == ' ');
    }
    return plain && p->field && p->seg_n != PATH_APPEND && p->rep != PATH_APPEND;
}

static void set(struct arena *a, struct edit *e, const struct hl7 *m, struct str line, size_t sign)
{
    struct path p;
    size_t at;
    const char *why;
    struct str value = str_slice(line, sign + 1, line.n);
    if (path_compile(str_slice(line, 0, sign), true, &p, &at, &why) != 0) {
        return;
    }
    if (p.field > 999 || p.rep > 999 || p.comp > 999 || p.sub > 999) {
        return; /* padding of thousands a line only makes it slow */
    }
    if (edit_set(e, &p, value) == 0 && is_readable(&p, value)) {
        must(str_eq(path_get(edit_view(e), &p).raw, value));
    }
    check_bytes(a, e, m);
}

static void run(struct arena *a, struct edit *e, const struct hl7 *m, struct str line)
{
    ptrdiff_t sign = str_index(line, '=');
    struct path p;
    size_t at;
    const char *why;
    if (line.n > 2 && line.p[0] == '+') {
        int rc = edit_add_segment(e, (uint32_t)(line.p[1] - '0') & 15, str_slice(line, 3, line.n));
        must(rc == 0 || rc == ERR_NOT_FOUND || rc == ERR_USAGE);
    } else if (line.n && line.p[0] == '-') {
        if (path_compile(str_slice(line, 1, line.n), true, &p, &at, &why) == 0) {
            int rc = edit_delete(e, &p);
            must(rc == 0 || rc == ERR_USAGE);
        }
    } else if (sign >= 0) {
        set(a, e, m, line, (size_t)sign);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str rest = str_from(size ? (const char *)data : "", size), raw, line;
    struct hl7 m;
    struct hl7_fault f;
    if (str_split(&rest, 0, &raw) && hl7_parse(&a, raw, &m, &f) == 0) {
        struct edit *e = edit_new(&a, &m);
        check_bytes(&a, e, &m);
        for (int i = 0; i < 12 && rest.p && str_split(&rest, '\n', &line); i++) {
            run(&a, e, &m, line);
        }
        check_bytes(&a, e, &m);
    }
    arena_free(&a);
    return 0;
}
