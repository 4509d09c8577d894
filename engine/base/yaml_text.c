#include "engine/base/utf8.h"
#include "engine/base/yaml_priv.h"

enum {
    BAD_BYTES_MAX = 20,
    WINDOW =
        1024, /* a line is looked at so far to either side, so that no file costs more than O(n) */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_eol(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_allowed(uint32_t c)
{
    if (c < 0x20) {
        return c == '\t' || c == '\n' || c == '\r';
    }
    return !(c >= 0x7F && c < 0xA0) && c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE &&
           c != 0xFFFF;
}

static void report_byte(struct diags *d, struct diag_pos pos, uint32_t c, unsigned char byte)
{
    struct diag *one;
    if (c == UINT32_MAX) {
        one = diag_add(d, DIAG_ERROR, "yaml-utf8", pos,
                       "byte 0x%02X is not UTF-8; the file must be UTF-8 text", byte);
        diag_hint(d, one, "save the file as UTF-8");
        return;
    }
    one = diag_add(d, DIAG_ERROR, "yaml-control", pos,
                   "found the character U+%04X, which cannot be seen; expected text", c);
    diag_hint(d, one, "write \\u%04X inside double quotes if it is meant", c);
}

bool yaml_text_check(const char *file, struct str bytes, struct diags *d)
{
    struct diag_pos pos = {file, 1, 1};
    unsigned bad = 0;
    for (size_t i = 0; i < bytes.n && bad < BAD_BYTES_MAX;) {
        uint32_t c = UINT32_MAX;
        unsigned n = utf8_get(str_from(bytes.p + i, bytes.n - i), &c);
        if (n == 0 || !is_allowed(c)) {
            report_byte(d, pos, n ? c : UINT32_MAX, (unsigned char)bytes.p[i]);
            bad++;
        }
        bool line_ends = c == '\n' || (c == '\r' && (i + 1 == bytes.n || bytes.p[i + 1] != '\n'));
        pos.line += line_ends;
        pos.col = line_ends ? 1 : pos.col + 1;
        i += n ? n : 1;
    }
    return bad == 0;
}

struct str yaml_text_line(struct str bytes, size_t at, size_t *out_begin)
{
    at = at < bytes.n ? at : bytes.n;
    size_t begin = at;
    while (begin && at - begin < WINDOW && !is_eol(bytes.p[begin - 1])) {
        begin--;
    }
    size_t end = at;
    while (end < bytes.n && end - at < WINDOW && !is_eol(bytes.p[end])) {
        end++;
    }
    *out_begin = begin;
    return str_slice(bytes, begin, end);
}

/* Scan state over a formula: inside which quote, how deep in brackets. */
struct scan {
    char quote;
    int depth;
    bool broken; /* a bracket was closed that none opened */
};

static void scan_char(struct scan *s, char c)
{
    if (s->quote) {
        s->quote = c == s->quote ? 0 : s->quote;
    } else if (c == '\'' || c == '"') {
        s->quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
        s->depth++;
    } else if (c == ')' || c == ']' || c == '}') {
        s->depth--;
        s->broken |= s->depth < 0;
    }
}

bool yaml_text_is_balanced(struct str formula)
{
    struct scan s = {0};
    for (size_t i = 0; i < formula.n; i++) {
        scan_char(&s, formula.p[i]);
    }
    return !s.quote && !s.broken && s.depth == 0;
}

/* Where the formula that starts at line[at] ends, if commas and closing brackets end it. */
static size_t flow_end(struct str line, size_t at)
{
    struct scan s = {0};
    for (size_t i = at; i < line.n; i++) {
        char c = line.p[i];
        if (!s.quote && s.depth == 0 && (c == ',' || c == ']' || c == '}')) {
            return i;
        }
        scan_char(&s, c);
    }
    return line.n;
}

/* The key before line[at] with its colon, or "-" where there is none. */
static struct str lead_of(struct str line, size_t at)
{
    while (at && is_blank(line.p[at - 1])) {
        at--;
    }
    if (at == 0 || line.p[at - 1] != ':') {
        return STR("-");
    }
    size_t begin = at;
    while (begin && !strchr("{,", line.p[begin - 1])) {
        begin--;
    }
    struct str key = str_trim(str_slice(line, begin, at));
    while (str_starts(key, STR("- ")) || str_starts(key, STR("["))) {
        key = str_trim(str_slice(key, 1, key.n));
    }
    return key;
}

void yaml_text_formula(struct str bytes, size_t at, bool flow, struct yaml_trap *out)
{
    size_t begin;
    struct str line = yaml_text_line(bytes, at, &begin);
    size_t from = at - begin;
    size_t to = flow ? flow_end(line, from) : line.n;
    out->lead = lead_of(line, from);
    out->formula = str_trim(str_slice(line, from, to));
}

bool yaml_text_is_formula_key(struct str key)
{
    static const char *const keys[] = {"when", "if", "require", "for", "$if", "$for"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (str_is(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static bool is_formula_key(struct str lead)
{
    return lead.n && yaml_text_is_formula_key(str_slice(lead, 0, lead.n - 1));
}

/* Does a value start at line[i]: is there a separator and a blank, or a bracket, before it? */
static bool is_value_start(struct str line, size_t i)
{
    size_t k = i;
    while (k && is_blank(line.p[k - 1])) {
        k--;
    }
    if (k == 0 || !strchr(":-,[{", line.p[k - 1])) {
        return false;
    }
    return k < i || line.p[k - 1] == '[' || line.p[k - 1] == '{' || line.p[k - 1] == ',';
}

static bool is_in_flow(struct str line, size_t at)
{
    struct scan s = {0};
    for (size_t i = 0; i < at; i++) {
        scan_char(&s, line.p[i]);
    }
    return s.depth > 0;
}

/* A `when: 'A' = x`: begins like YAML's own signs, where only a formula can stand. */
static bool is_sign_start(struct str line, size_t i)
{
    return strchr("'\"@%!`|&[{", line.p[i]) && is_formula_key(lead_of(line, i));
}

/* Does the formula at line[i] hold what ends a plain value of YAML? */
static bool is_cut(struct str line, size_t i)
{
    bool cut = str_find(str_slice(line, i, line.n), STR(": ")) >= 0;
    size_t end = is_in_flow(line, i) ? flow_end(line, i) : i;
    for (size_t k = i; k < end && !cut; k++) {
        cut = strchr(",[]{}", line.p[k]) != NULL;
    }
    return cut;
}

bool yaml_text_trap(struct str bytes, size_t at, struct yaml_trap *out)
{
    size_t begin;
    struct str line = yaml_text_line(bytes, at, &begin);
    size_t stop = at - begin < line.n ? at - begin + 1 : line.n;
    for (size_t i = 0; i < stop; i++) {
        char c = line.p[i];
        if (is_blank(c) || !is_value_start(line, i)) {
            continue;
        }
        bool formula = c == '=' || is_sign_start(line, i) ||
                       (is_formula_key(lead_of(line, i)) && is_cut(line, i));
        if (formula) {
            yaml_text_formula(bytes, begin + i, is_in_flow(line, i), out);
            /* The last formula before the fault is the culprit, unless the fault is inside this one. */
            size_t end = (size_t)(out->formula.p - bytes.p) + out->formula.n;
            if (at <= end) {
                return true;
            }
        }
    }
    return false;
}

bool yaml_text_lookalike(struct str line, unsigned *out_col, struct lookalike *out)
{
    bool in_front = true;
    *out_col = 0;
    for (size_t i = 0; i < line.n; i++) {
        *out_col += ((unsigned char)line.p[i] & 0xC0) != 0x80;
        bool here = in_front || line.p[i - 1] == ':' || line.p[i - 1] == '-';
        if (here && lookalike_at(str_slice(line, i, line.n), out) &&
            (out->kind == LOOKALIKE_BLANK || (in_front && out->kind == LOOKALIKE_DASH))) {
            return true;
        }
        in_front = in_front && is_blank(line.p[i]);
    }
    return false;
}

static const struct yaml_phrase unfinished[] = {
    {"", "found `-` without a blank behind it", "write `- `"},
    {"", "found `:` without a blank behind it", "write `key: value`"},
    {"", "found a line without `: ` where a key was expected", "write `key: value`"},
};

const struct yaml_phrase *yaml_text_unfinished(struct str above, struct str line, unsigned *out_col)
{
    struct str a = str_trim(above), b = str_trim(line);
    size_t indent = (size_t)(a.p - above.p), below = (size_t)(b.p - line.p);
    *out_col = (unsigned)indent + 1;
    if (a.n > 1 && a.p[0] == '-' && !strchr(" \t-", a.p[1])) {
        return &unfinished[0];
    }
    ptrdiff_t colon = str_find(a, STR(":"));
    if (!a.n || indent != below || a.p[0] == '#' || str_find(a, STR(": ")) >= 0 ||
        a.p[a.n - 1] == ':' || strchr("-'\"[{", a.p[0])) {
        return NULL;
    }
    *out_col += colon >= 0 ? (unsigned)colon : 0;
    return colon >= 0 ? &unfinished[1] : &unfinished[2];
}

void yaml_text_hint(struct diags *d, struct diag *one, const struct yaml_trap *t)
{
    diag_hint(d, one, "write\n    %.*s >-\n      %.*s", STR_ARG(t->lead), STR_ARG(t->formula));
}

/* libyaml's phrases in ours. */
static const struct yaml_phrase phrases[] = {
    {"mapping values are not allowed", "found `: ` inside a value or a key where none can stand",
     "quote the value, or indent the key like its neighbours"},
    {"did not find expected key", "this is no further key of the mapping begun above",
     "check the indentation, and that a quoted value ends its line"},
    {"did not find expected '-'", "this is no further item (`- `) of the list begun above",
     "check the indentation"},
    {"did not find expected node content", "found the end or a sign where a value was expected",
     "write a value, or close the bracket"},
    {"could not find expected ':'", "found a line without `: ` where a key was expected",
     "write `key: value`, or indent the line if it belongs to the value above"},
    {"did not find expected ',' or ']'", "found something else than `,` or `]` inside a list [ ]",
     "quote values that contain , [ ] { }"},
    {"did not find expected ',' or '}'",
     "found something else than `,` or `}` inside a mapping { }",
     "quote values that contain , [ ] { }"},
    {"found unexpected end of stream", "a quote opened before is never closed", "close the quote"},
    {"found unexpected document indicator",
     "a quote or bracket is still open where this document ends", "close it"},
    {"found unknown escape character", "found a \\ escape that YAML does not know in double quotes",
     "write \\\\ for a backslash, or use single quotes"},
    {"did not find expected <document start>", "found text behind the end of the document",
     "begin a further document with a line `---`"},
    {"block sequence entries are not allowed", "found a list item (`- `) where none can stand",
     "begin the list on the line below its key"},
    {"block mapping", "found a key where none can stand", "check the indentation"},
    {"found a tab character", "found a tab; expected blanks",
     "replace the tabs of this file by blanks"},
    {"found undefined tag handle", "found a tag (`!`); it is not part of this language",
     "quote the value"},
    {"did not find expected comment or line break",
     "found text behind | or >; the text begins on the next line",
     "move the text to the next line and indent it"},
    {"exceeded maximum", "lists and mappings are nested too deep", "use fewer levels"},
};

const struct yaml_phrase *yaml_text_phrase(const char *problem)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
        if (problem && strstr(problem, phrases[i].theirs)) {
            return &phrases[i];
        }
    }
    return NULL;
}
