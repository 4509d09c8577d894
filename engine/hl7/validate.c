#include "engine/hl7/validate.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/hl7/structure.h"
#include "engine/hl7/validate_priv.h"

enum { TEXT_MAX = 512 };

/* ---- findings ---- */

void validate_begin(struct validate_report *r, struct arena *a, const struct hl7 *m,
                    const struct validate_levels *levels)
{
    memset(r, 0, sizeof *r);
    r->a = a;
    r->m = m;
    r->levels = *levels;
}

/* How many segments of that name there are, and which of them it is. */
static uint32_t occurrence(const struct hl7 *m, uint32_t seg, uint32_t *out_all)
{
    uint32_t nth = 0;
    *out_all = 0;
    for (uint32_t i = 0; i < m->segs; i++) {
        bool same = memcmp(m->seg[i].id, m->seg[seg].id, sizeof m->seg[i].id) == 0;
        *out_all += same;
        nth += same && i <= seg;
    }
    return nth;
}

static bool is_name(const char id[4])
{
    for (unsigned i = 0; i < 3; i++) {
        bool upper = id[i] >= 'A' && id[i] <= 'Z', digit = id[i] >= '0' && id[i] <= '9';
        if (!upper && !(digit && i > 0)) {
            return false;
        }
    }
    return true;
}

static void put_place(struct buf *out, const struct hl7 *m, const struct validate_place *at)
{
    uint32_t all;
    if (at->seg == UINT32_MAX) {
        buf_puts(out, at->name);
    } else if (!is_name(m->seg[at->seg].id)) {
        buf_printf(out, "segment %u", at->seg + 1);
    } else {
        uint32_t nth = occurrence(m, at->seg, &all);
        buf_puts(out, m->seg[at->seg].id);
        if (all > 1) {
            buf_printf(out, "[%u]", nth);
        }
    }
    if (at->field) {
        buf_printf(out, at->rep ? "-%u[%u]" : "-%u", at->field, at->rep);
    }
    if (at->comp) {
        buf_printf(out, at->sub ? ".%u.%u" : ".%u", at->comp, at->sub);
    }
}

static bool is_waived(const struct validate_report *r, enum validate_rule rule,
                      const struct validate_place *at)
{
    struct path p = {.field = (uint16_t)at->field,
                     .rep = (uint16_t)at->rep,
                     .comp = (uint16_t)at->comp,
                     .sub = (uint16_t)at->sub};
    if (!r->waiver.waives) {
        return false;
    }
    p.seg_n = at->seg != UINT32_MAX; /* PATH_ALL: it is missing */
    memcpy(p.seg, p.seg_n ? r->m->seg[at->seg].id : at->name, 3);
    return r->waiver.waives(r->waiver.arg, rule, &p);
}

static uint32_t byte_of(const struct validate_report *r, const struct validate_place *at)
{
    if (at->byte) {
        return (uint32_t)(at->byte - r->m->raw.p);
    }
    return at->seg == UINT32_MAX ? 0 : r->m->seg[at->seg].begin;
}

/* Room for one more; where there is none an error takes that of the last warning. */
static struct validate_finding *room(struct validate_report *r, enum validate_level level)
{
    if (!r->v) {
        r->v = ARENA_ARRAY(r->a, struct validate_finding, VALIDATE_FINDINGS_MAX);
    }
    if (r->n < VALIDATE_FINDINGS_MAX) {
        return &r->v[r->n++];
    }
    if (level != VALIDATE_STRICT || r->errors > VALIDATE_FINDINGS_MAX) {
        return NULL; /* so many errors have all the room already */
    }
    for (unsigned i = r->n; i-- > 0;) {
        if (r->v[i].level == VALIDATE_WARN) {
            return &r->v[i];
        }
    }
    return NULL;
}

static void locate(struct validate_report *r, const struct validate_place *at,
                   struct validate_finding *f)
{
    struct buf place = {0};
    put_place(&place, r->m, at);
    f->path = str_dup(r->a, buf_str(&place)).p;
    f->seg = at->seg;
    f->at = byte_of(r, at);
    buf_free(&place);
}

void validate_found(struct validate_report *r, enum validate_rule rule, int error,
                    const struct validate_place *at, const char *fmt, ...)
{
    enum validate_level level = (enum validate_level)r->levels.of[rule];
    char text[TEXT_MAX];
    va_list ap;
    if (level == VALIDATE_OFF || is_waived(r, rule, at)) {
        return;
    }
    r->of[rule]++;
    r->errors += level == VALIDATE_STRICT;
    r->warnings += level == VALIDATE_WARN;
    struct validate_finding *f = room(r, level);
    if (!f) {
        return;
    }
    locate(r, at, f);
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    f->rule = rule;
    f->level = level;
    f->error = error ? error : validate_row(rule)->error;
    f->text = str_dup(r->a, str_of(text));
}

/* ---- MSH ---- */

static struct str msh(const struct validate_report *r, uint32_t field, uint32_t comp)
{
    struct str rep = hl7_repetition(&r->m->d, hl7_field(r->m, &r->m->seg[0], field), 1);
    return hl7_component(&r->m->d, rep, comp);
}

/* Later versions than the dictionary knows are read by its last one. */
static bool is_later_version(struct str text)
{
    static const char *const later[] = {"2.8", "2.8.1", "2.8.2", "2.9", "2.9.1"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (str_is(text, later[i])) {
            return true;
        }
    }
    return false;
}

static enum hl7_version check_version(struct validate_report *r)
{
    bool exact;
    struct str text = msh(r, 12, 1);
    enum hl7_version v = dict_version(text, &exact);
    if (text.n && !exact && !is_later_version(text)) {
        validate_found(r, VALIDATE_VERSION, 0,
                       &(struct validate_place){.field = 12, .comp = 1, .byte = text.p},
                       "this is no version of HL7 v2; the message is read as %s",
                       dict_version_text(v));
    }
    return v;
}

/* The structure of the message; NULL: it has none, which is told unless the site made the event up. */
static const struct structure *check_message_type(struct validate_report *r, enum hl7_version v)
{
    struct str type = msh(r, 9, 1), event = msh(r, 9, 2);
    const char *why;
    const struct structure *s = structure_of(v, type, event, msh(r, 9, 3), &why);
    bool is_own = (event.n && event.p[0] == 'Z') || (type.n && type.p[0] == 'Z');
    if (s || is_own || !type.n) {
        return s;
    }
    bool knows_type = dict_table_has(76, type) != 0;
    validate_found(r, VALIDATE_MESSAGE_TYPE, knows_type ? 201 : 200,
                   &(struct validate_place){.field = 9, .byte = type.p},
                   knows_type ? event.n ? "HL7 %s has no structure for this event"
                                        : "HL7 %s has no structure for this type without an event"
                              : "HL7 %s has no such message type",
                   dict_version_text(v));
    return s;
}

/* ---- segments ---- */

static enum validate_rule rule_of(const char *code)
{
    return strcmp(code, "unexpected-segment") == 0 ? VALIDATE_UNEXPECTED : VALIDATE_STRUCTURE;
}

/* "OBX[3]" or "segment 7" as index in m->seg. */
static uint32_t segment_at(const struct hl7 *m, struct str path)
{
    struct path p;
    int64_t n;
    if (str_starts(path, STR("segment ")) && str_to_i64(str_slice(path, 8, path.n), &n)) {
        return (uint32_t)n - 1;
    }
    if (path_lex(path, &p) != path.n) {
        return UINT32_MAX;
    }
    const struct hl7_seg *s = path_segment(m, &p);
    return s ? (uint32_t)(s - m->seg) : UINT32_MAX;
}

static void check_structure(struct validate_report *r, const struct structure *s)
{
    struct diags d;
    struct grouping g;
    if (r->levels.of[VALIDATE_STRUCTURE] == VALIDATE_OFF &&
        r->levels.of[VALIDATE_UNEXPECTED] == VALIDATE_OFF) {
        return;
    }
    diags_init(&d, r->a);
    d.limit = VALIDATE_FINDINGS_MAX;
    structure_group(r->a, r->m, s, &d, &g);
    for (const struct diag *one = d.first; one; one = one->next) {
        bool is_missing = strcmp(one->code, "missing-segment") == 0;
        struct validate_place at = {
            .seg = is_missing ? UINT32_MAX : segment_at(r->m, one->path),
            .name = str_dup(r->a, one->path).p,
        };
        validate_found(r, rule_of(one->code), 0, &at, "%.*s", STR_ARG(one->text));
    }
}

/* ---- fields ---- */

/* What OBX-5 holds is said by OBX-2, what MFE-4 by MFE-5. */
static const struct check_type *said_elsewhere(const struct validate_report *r,
                                               const struct check_version *v,
                                               const struct hl7_seg *s, uint32_t field)
{
    unsigned says = memcmp(s->id, "OBX", 3) == 0 && field == 5   ? 2
                    : memcmp(s->id, "MFE", 3) == 0 && field == 4 ? 5
                                                                 : 0;
    return says ? check_type_named(v, hl7_field(r->m, s, says)) : NULL;
}

struct fields {
    struct validate_report *r;
    const struct check_version *types;
    const struct check_segment *known;
    const struct hl7_seg *seg;
    struct validate_place at;
};

static void filled(struct fields *k, const struct check_part *part, struct str field)
{
    struct check_part as = *part;
    if (part->opt == 'W') {
        validate_found(k->r, VALIDATE_WITHDRAWN, 0, &k->at,
                       "the field is withdrawn in HL7 %s and should be empty",
                       dict_version_text(k->types->version));
    }
    if (part->type->kind == CHECK_KIND_VARIES) {
        const struct check_type *said = said_elsewhere(k->r, k->types, k->seg, k->at.field);
        as.type = said ? said : part->type;
        as.table = 0;
    }
    check_field(k->r, k->types, &as, field, &k->at);
}

static void check_one_field(struct fields *k, uint32_t n)
{
    const struct check_part *part = &k->known->part[n - 1];
    struct str field = hl7_field(k->r->m, k->seg, n);
    k->at.field = n;
    k->at.byte = field.p;
    if (field.n && !validate_is_blank(&k->r->m->d, field)) {
        if (!(field.n == 2 && field.p[0] == '"' && field.p[1] == '"')) {
            filled(k, part, field);
        }
    } else if (part->opt == 'R') {
        validate_found(k->r, VALIDATE_REQUIRED, 0, &k->at, "a required field is %s",
                       field.p ? "empty" : "missing");
    }
}

static void check_extra(struct fields *k, uint32_t from, uint32_t last)
{
    for (uint32_t n = from; n <= last; n++) {
        struct str field = hl7_field(k->r->m, k->seg, n);
        if (field.n && !validate_is_blank(&k->r->m->d, field)) {
            k->at.field = n;
            k->at.byte = field.p;
            validate_found(k->r, VALIDATE_EXTRA_FIELDS, 0, &k->at,
                           "%s has %u fields in HL7 %s; more are filled here", k->known->id,
                           k->known->n, dict_version_text(k->types->version));
            return;
        }
    }
}

static void check_fields(struct validate_report *r, const struct validate_dict *d,
                         enum hl7_version v, uint32_t i)
{
    const struct hl7_seg *s = &r->m->seg[i];
    struct fields k = {.r = r, .types = &d->version[v], .seg = s, .at = {.seg = i}};
    k.known = check_segment_of(k.types, s->id);
    if (!k.known) {
        return;
    }
    bool is_header = hl7_is_header(s->id);
    uint32_t last = s->fields + is_header;
    uint32_t known = last < k.known->n ? last : k.known->n;
    known = known < k.known->required ? k.known->required : known;
    for (uint32_t n = is_header ? 3 : 1; n <= known; n++) {
        check_one_field(&k, n);
    }
    check_extra(&k, k.known->n + 1u, last);
}

/* At most VALIDATE_FINDINGS_MAX of them, mostly in order already. */
void validate_sort(struct validate_report *r)
{
    for (unsigned i = 1; i < r->n; i++) {
        struct validate_finding one = r->v[i];
        unsigned k = i;
        for (; k > 0 && r->v[k - 1].at > one.at; k--) {
            r->v[k] = r->v[k - 1];
        }
        r->v[k] = one;
    }
}

void validate_message(const struct validate_dict *d, struct validate_report *r)
{
    enum hl7_version v = check_version(r);
    const struct structure *s = check_message_type(r, v);
    if (s) {
        check_structure(r, s);
    }
    for (uint32_t i = 0; i < r->m->segs; i++) {
        check_fields(r, d, v, i);
    }
    validate_sort(r);
}

/* ---- what becomes of it ---- */

/* Type, event, processing id, version: what decides on AR, and on CR at the accept level. */
static bool is_of_type(const struct validate_finding *f)
{
    return f->error >= 200 && f->error <= 203;
}

enum ack_code validate_code(const struct validate_report *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (is_of_type(&r->v[i]) && r->v[i].level == VALIDATE_STRICT) {
            return ACK_AR;
        }
    }
    return ACK_AE;
}

static void add_errors(const struct validate_report *r, enum validate_level level, bool of_type,
                       unsigned max, struct ack_error *v, unsigned *n)
{
    for (unsigned i = 0; i < r->n && *n < max; i++) {
        const struct validate_finding *f = &r->v[i];
        if (f->level == level && is_of_type(f) == of_type) {
            v[(*n)++] = (struct ack_error){f->error, f->path, level == VALIDATE_STRICT ? 'E' : 'W',
                                           f->text};
        }
    }
}

const struct ack_error *validate_errors(const struct validate_report *r, unsigned max,
                                        bool with_warnings, unsigned *out_n)
{
    struct ack_error *v = ARENA_ARRAY(r->a, struct ack_error, max + 1);
    unsigned n = 0, all = r->errors + (with_warnings ? r->warnings : 0);
    const enum validate_level last = with_warnings ? VALIDATE_WARN : VALIDATE_STRICT;
    for (enum validate_level level = VALIDATE_STRICT; level >= last; level--) {
        add_errors(r, level, true, max, v, &n);
        add_errors(r, level, false, max, v, &n);
    }
    if (n < all) {
        v[n] = (struct ack_error){v[0].code, "", v[0].severity,
                                  str_printf(r->a, "and %u more findings", all - n)};
        n++;
    }
    *out_n = n;
    return v;
}

struct str validate_reason(const struct validate_report *r)
{
    const struct validate_finding *f = NULL;
    for (unsigned i = 0; i < r->n && !f; i++) {
        f = r->v[i].level == VALIDATE_STRICT ? &r->v[i] : NULL;
    }
    if (!f) {
        return STR("not valid");
    }
    struct str more = r->errors > 1 ? str_printf(r->a, ", and %u more", r->errors - 1) : STR("");
    return str_printf(r->a, "%s: %.*s (%s)%.*s", f->path, STR_ARG(f->text),
                      validate_row(f->rule)->name, STR_ARG(more));
}
