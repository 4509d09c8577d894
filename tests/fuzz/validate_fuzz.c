/* Fuzz target: any bytes as a message. What parses is validated with every rule on: the same findings twice, within
 * their bound, each at a place inside the message; errors of a reply can
 * be built from them. */
#include "engine/hl7/validate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void run(const struct validate_dict *dict, struct arena *a, const struct hl7 *m,
                struct validate_report *r)
{
    struct validate_levels all;
    memset(all.of, VALIDATE_WARN, sizeof all.of);
    all.of[VALIDATE_REQUIRED] = all.of[VALIDATE_STRUCTURE] = VALIDATE_STRICT;
    validate_begin(r, a, m, &all);
    validate_message(dict, r);
}

static void check_finding(const struct hl7 *m, const struct validate_finding *f)
{
    must(f->rule < VALIDATE_RULES && f->level != VALIDATE_OFF && f->error >= 100);
    must(f->seg == UINT32_MAX || f->seg < m->segs);
    must(f->at <= m->raw.n && f->path[0] && f->text.n);
}

static void check_reply(struct arena *a, const struct hl7 *m, const struct validate_report *r)
{
    struct buf out = {0};
    struct ack ack = {.code = validate_code(r), .control_id = "1", .expected_sequence = INT64_MIN};
    ack.errors = validate_errors(r, 20, true, &ack.nerrors);
    must(ack.nerrors <= 21 && (ack.nerrors > 0) == (r->errors + r->warnings > 0));
    ack_build(&out, (struct ack_to){m, m->raw}, &ack);
    must(out.n > 0 && validate_reason(r).n > 0);
    buf_free(&out);
    (void)a; /* everything else is in the report's arena */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena kept;
    static const struct validate_dict *dict;
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report x, y;
    dict = dict ? dict : validate_dict_new(&kept);
    struct str raw = str_from((const char *)data, size);
    if (hl7_parse(&a, raw, &m, &fault) == 0) {
        run(dict, &a, &m, &x);
        run(dict, &a, &m, &y);
        must(x.n == y.n && x.errors == y.errors && x.warnings == y.warnings);
        must(x.n <= VALIDATE_FINDINGS_MAX && x.n <= x.errors + x.warnings);
        for (unsigned i = 0; i < x.n; i++) {
            check_finding(&m, &x.v[i]);
            must(strcmp(x.v[i].path, y.v[i].path) == 0 && str_eq(x.v[i].text, y.v[i].text));
        }
        check_reply(&a, &m, &x);
    }
    arena_free(&a);
    return 0;
}
