#include "engine/hl7/dict.h"

#include "engine/base/err.h"

#include <stdio.h>

/* Rows hold offsets into dict_pool, so that the tables are read-only pages without relocations. */
struct field_row {
    uint32_t name, len;
    uint16_t type, table; /* type: index in dict_type_names */
    uint8_t repeats;
    char opt;
};

struct named_row {
    uint32_t id, name, list; /* list: index in dict_lists of its first row number */
    uint32_t parts;
};

struct span {
    uint16_t from, n;
};

struct table_row {
    uint16_t number, n;
    uint32_t name, from;
};

struct code_row {
    uint32_t code, text;
};

#include "engine/hl7/dict/pool.inc"
#include "engine/hl7/dict/fields.inc"
#include "engine/hl7/dict/segments.inc"
#include "engine/hl7/dict/types.inc"
#include "engine/hl7/dict/tables.inc"

static const char version_text[HL7_VERSIONS][6] = {"2.1", "2.2",   "2.3", "2.3.1", "2.4",
                                                   "2.5", "2.5.1", "2.6", "2.7",   "2.7.1"};
/* As version_number() has them. */
static const unsigned version_numbers[HL7_VERSIONS] = {2001000, 2002000, 2003000, 2003001, 2004000,
                                                       2005000, 2005001, 2006000, 2007000, 2007001};

static const char *text(uint32_t at)
{
    return dict_pool + at;
}

/* Up to three numbers of "2.5.1" as one comparable value; 0 when it begins with no digit. */
static unsigned version_number(struct str s, bool *out_clean)
{
    unsigned part[3] = {0}, n = 0;
    size_t i = 0;
    bool digits = false;
    for (; i < s.n && n < 3; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            part[n] = part[n] < 100 ? part[n] * 10 + (unsigned)(s.p[i] - '0') : 999;
            digits = true;
        } else if (s.p[i] == '.' && digits) {
            n++;
            digits = false;
        } else {
            break;
        }
    }
    *out_clean = i == s.n && digits;
    return i ? part[0] * 1000000 + part[1] * 1000 + part[2] : 0;
}

enum hl7_version dict_version(struct str msh12, bool *out_exact)
{
    size_t end = 0;
    while (end < msh12.n && strchr("0123456789. ", msh12.p[end]) && msh12.p[end])
        end++;
    bool clean = false;
    unsigned want = version_number(str_trim(str_slice(msh12, 0, end)), &clean);
    enum hl7_version best = want ? HL7_2_1 : HL7_2_7_1;
    bool exact = false;
    for (unsigned v = 0; want && v < HL7_VERSIONS; v++) {
        unsigned has = version_numbers[v];
        if (has <= want)
            best = (enum hl7_version)v;
        if (has == want)
            exact = clean;
    }
    if (out_exact)
        *out_exact = exact;
    return best;
}

const char *dict_version_text(enum hl7_version v)
{
    return v < HL7_VERSIONS ? version_text[v] : "";
}

/* Binary search in the rows of one version. */
static const struct named_row *find(const struct named_row *rows, struct span s, const char *id)
{
    unsigned lo = s.from, hi = s.from + s.n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = strcmp(id, text(rows[mid].id));
        if (c == 0)
            return &rows[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

static const struct named_row *segment_row(enum hl7_version v, const char *id)
{
    return v < HL7_VERSIONS ? find(dict_segments, dict_segment_span[v], id) : NULL;
}

static const struct named_row *type_row(enum hl7_version v, const char *id)
{
    return v < HL7_VERSIONS ? find(dict_types, dict_type_span[v], id) : NULL;
}

static bool give(const struct named_row *r, struct dict_entry *out)
{
    if (r)
        *out = (struct dict_entry){text(r->id), text(r->name), r->parts};
    return r != NULL;
}

static bool give_part(const struct named_row *r, unsigned n, struct dict_field *out)
{
    if (!r || n == 0 || n > r->parts)
        return false;
    const struct field_row *f = &dict_rows[dict_lists[r->list + n - 1]];
    *out = (struct dict_field){.name = text(f->name),
                               .type = text(dict_type_names[f->type]),
                               .opt = f->opt,
                               .repeats = f->repeats,
                               .len = f->len,
                               .table = f->table};
    return true;
}

bool dict_segment(enum hl7_version v, const char *id, struct dict_entry *out)
{
    return give(segment_row(v, id), out);
}

bool dict_field(enum hl7_version v, const char *id, unsigned n, struct dict_field *out)
{
    return give_part(segment_row(v, id), n, out);
}

bool dict_type(enum hl7_version v, const char *id, struct dict_entry *out)
{
    return give(type_row(v, id), out);
}

bool dict_component(enum hl7_version v, const char *id, unsigned n, struct dict_field *out)
{
    return give_part(type_row(v, id), n, out);
}

bool dict_field_any(const char *id, unsigned n, enum hl7_version *out_from,
                    enum hl7_version *out_to)
{
    bool found = false;
    for (unsigned v = 0; v < HL7_VERSIONS; v++) {
        const struct named_row *r = segment_row((enum hl7_version)v, id);
        if (!r || n > r->parts)
            continue;
        if (!found && out_from)
            *out_from = (enum hl7_version)v;
        if (out_to)
            *out_to = (enum hl7_version)v;
        found = true;
        if (!out_to)
            break;
    }
    return found;
}

bool dict_segment_any(const char *id, enum hl7_version *out_from, enum hl7_version *out_to)
{
    return dict_field_any(id, 0, out_from, out_to);
}

bool dict_segment_at(enum hl7_version v, unsigned index, struct dict_entry *out)
{
    if (v >= HL7_VERSIONS || index >= dict_segment_span[v].n)
        return false;
    return give(&dict_segments[dict_segment_span[v].from + index], out);
}

static const struct table_row *table_row(unsigned number)
{
    size_t lo = 0, hi = sizeof dict_tables / sizeof *dict_tables;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (dict_tables[mid].number == number)
            return &dict_tables[mid];
        if (number < dict_tables[mid].number)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* str_cmp() with a constant text, without its length. */
static int compare(struct str s, const char *t)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != t[i]) {
            return (unsigned char)s.p[i] < (unsigned char)t[i] ? -1 : 1;
        }
        if (!t[i])
            return 1;
    }
    return t[s.n] ? -1 : 0;
}

static const struct code_row *code_row(unsigned number, struct str code)
{
    const struct table_row *t = table_row(number);
    uint32_t lo = t ? t->from : 0, hi = t ? t->from + t->n : 0;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        int c = compare(code, text(dict_codes[mid].code));
        if (c == 0)
            return &dict_codes[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

bool dict_table(unsigned number, struct dict_table *out)
{
    const struct table_row *t = table_row(number);
    if (t)
        *out = (struct dict_table){t->number, text(t->name), t->n};
    return t != NULL;
}

int dict_table_has(unsigned number, struct str code)
{
    const struct table_row *t = table_row(number);
    if (!t || t->n == 0)
        return -1;
    return code_row(number, code) != NULL;
}

const char *dict_table_text(unsigned number, struct str code)
{
    const struct code_row *c = code_row(number, code);
    return c ? text(c->text) : "";
}

bool dict_table_at(unsigned number, unsigned index, const char **out_code, const char **out_text)
{
    const struct table_row *t = table_row(number);
    if (!t || index >= t->n)
        return false;
    *out_code = text(dict_codes[t->from + index].code);
    *out_text = text(dict_codes[t->from + index].text);
    return true;
}

/* ---- describe ---- */

static const char *opt_text(char opt)
{
    switch (opt) {
    case 'R':
        return "required";
    case 'C':
        return "conditional";
    case 'B':
        return "for backward compatibility";
    case 'W':
        return "withdrawn";
    default:
        return "optional";
    }
}

static void put_field_line(struct buf *out, const char *place, const struct dict_field *f)
{
    buf_printf(out, "%-12s %-8s %c", place, f->type, f->opt);
    buf_puts(out, f->repeats == 1 ? "    " : f->repeats == 0 ? " *  " : " ");
    if (f->repeats > 1)
        buf_printf(out, "*%-2u", f->repeats);
    if (f->len)
        buf_printf(out, " %6u", f->len);
    else
        buf_puts(out, "      -");
    if (f->table)
        buf_printf(out, " %04u ", f->table);
    else
        buf_puts(out, "      ");
    buf_printf(out, " %s\n", f->name);
}

static void put_parts(struct buf *out, const struct named_row *r, const char *prefix, char join)
{
    struct dict_field f;
    char place[48];
    for (unsigned n = 1; give_part(r, n, &f); n++) {
        snprintf(place, sizeof place, "%s%c%u", prefix, join, n);
        put_field_line(out, place, &f);
    }
}

static void put_codes(struct buf *out, unsigned number)
{
    const char *code, *meaning;
    for (unsigned i = 0; dict_table_at(number, i, &code, &meaning); i++)
        buf_printf(out, "  %-12s %s\n", code, meaning);
}

static void put_field(struct buf *out, enum hl7_version v, struct str what,
                      const struct dict_field *f)
{
    buf_printf(out, "%.*s  %s  (HL7 %s)\n", STR_ARG(what), f->name, dict_version_text(v));
    buf_printf(out, "type %s, %s", f->type, opt_text(f->opt));
    if (f->repeats == 0)
        buf_puts(out, ", repeats");
    else if (f->repeats > 1)
        buf_printf(out, ", at most %u repetitions", f->repeats);
    if (f->len)
        buf_printf(out, ", length %u", f->len);
    buf_putc(out, '\n');
    const struct named_row *type = type_row(v, f->type);
    if (type && type->parts) {
        char prefix[48];
        snprintf(prefix, sizeof prefix, "%.*s", STR_ARG(what));
        put_parts(out, type, prefix, '.');
    }
    struct dict_table t;
    if (f->table && dict_table(f->table, &t)) {
        buf_printf(out, "table %04u  %s\n", t.number, t.name);
        put_codes(out, t.number);
    }
}

static int describe_table(struct buf *out, struct str number)
{
    int64_t n;
    struct dict_table t;
    if (!str_to_i64(number, &n) || n < 0 || n > 65535)
        return ERR_SYNTAX;
    if (!dict_table((unsigned)n, &t))
        return ERR_NOT_FOUND;
    buf_printf(out, "table %04u  %s\n", t.number, t.name);
    put_codes(out, t.number);
    return 0;
}

/* "-3", ".4" and so on at the start of `rest`: its number, or -1. */
static int take_number(struct str *rest, char lead)
{
    if (rest->n < 2 || rest->p[0] != lead)
        return -1;
    size_t i = 1;
    int n = 0;
    for (; i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9' && n < 1000; i++)
        n = n * 10 + (rest->p[i] - '0');
    if (i == 1)
        return -1;
    *rest = str_slice(*rest, i, rest->n);
    return n;
}

/* Walk down from `row` (a segment or a type) along `rest` and write what is found there. */
static int describe_part(struct buf *out, enum hl7_version v, struct str what,
                         const struct named_row *row, struct str rest, char lead)
{
    struct dict_field f = {0};
    for (; rest.n; lead = '.') {
        int n = take_number(&rest, lead);
        if (n < 0)
            return ERR_SYNTAX;
        if (!give_part(row, (unsigned)n, &f))
            return ERR_NOT_FOUND;
        row = type_row(v, f.type);
    }
    put_field(out, v, what, &f);
    return 0;
}

int dict_describe(struct buf *out, enum hl7_version v, struct str what)
{
    char id[24];
    size_t n = 0;
    if (what.n && what.p[0] >= '0' && what.p[0] <= '9')
        return describe_table(out, what);
    if (str_starts(what, STR("HL7")) && what.n > 3)
        return describe_table(out, str_slice(what, 3, what.n));
    while (n < what.n && what.p[n] != '-' && what.p[n] != '.')
        n++;
    if (n == 0 || n >= sizeof id || what.n > 40)
        return ERR_SYNTAX;
    memcpy(id, what.p, n);
    id[n] = '\0';
    bool is_segment = n == 3 && segment_row(v, id) && !(n < what.n && what.p[n] == '.');
    const struct named_row *row = is_segment ? segment_row(v, id) : type_row(v, id);
    if (!row)
        return ERR_NOT_FOUND;
    if (n < what.n)
        return describe_part(out, v, what, row, str_slice(what, n, what.n), is_segment ? '-' : '.');
    buf_printf(out, "%s  %s  (HL7 %s)\n", id, text(row->name), dict_version_text(v));
    put_parts(out, row, id, is_segment ? '-' : '.');
    return 0;
}
