#include "adapters/files_name.h"

#include "engine/base/clock.h"
#include "engine/hl7/hl7.h"
#include "engine/hl7/path.h"

enum field {
    FIELD_ID,
    FIELD_DATE,
    FIELD_TIME,
    FIELD_TYPE,
    FIELD_EVENT,
    FIELD_CONTROL_ID,
    FIELD_EXTENSION,
    FIELDS
};

static const char *const names[FIELDS] = {"id",    "date",       "time",     "type",
                                          "event", "control-id", "extension"};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* The field at the beginning of `s`, which begins with {, and how long it is with its brackets. */
static enum field field_at(struct str s, size_t *out_n)
{
    ptrdiff_t end = str_index(s, '}');
    enum field f = FIELDS;
    *out_n = end < 0 ? s.n : (size_t)end + 1;
    struct str name = str_slice(s, 1, end < 0 ? s.n : (size_t)end);
    for (unsigned i = 0; i < FIELDS && end > 0; i++) {
        f = str_is(name, names[i]) ? (enum field)i : f;
    }
    return f;
}

/* The longest name that the part can become. */
static size_t longest(struct str part)
{
    static const size_t most[FIELDS + 1] = {
        26, 8, 6, FILES_NAME_PART, FILES_NAME_PART, FILES_NAME_PART, 4, 0};
    size_t total = 0;
    for (size_t i = 0, n = 1; i < part.n; i += n) {
        bool is_field = part.p[i] == '{';
        n = 1;
        total += is_field ? most[field_at(str_from(part.p + i, part.n - i), &n)] : 1;
    }
    return total;
}

static const char *part_fault(struct str part)
{
    if (longest(part) > FILES_NAME_LONGEST) {
        return "has a part that can become longer than 240 bytes; expected fewer fields in it";
    }
    if (part.n == 0) {
        return "has an empty part or begins with /; expected a name below the directory";
    }
    if (part.p[0] == '.') {
        return "has a part that begins with a dot; expected a letter, a digit or a field";
    }
    return NULL;
}

static const char *field_fault(struct str s, bool *io_has_id, size_t *out_n)
{
    enum field f = field_at(s, out_n);
    if (f == FIELDS) {
        return "names a field that is none; expected {id}, {date}, {time}, {type}, {event}, "
               "{control-id} or {extension}";
    }
    *io_has_id = *io_has_id || f == FIELD_ID;
    return NULL;
}

const char *files_name_fault(struct str template)
{
    bool has_id = false;
    struct str rest = template, part;
    const char *why = template.n > FILES_NAME_TEMPLATE ? "is longer than 100 bytes" : NULL;
    do {
        (void)str_split(&rest, '/', &part);
        why = why ? why : part_fault(part);
    } while (rest.n);
    for (size_t i = 0, n = 1; i < template.n && !why; i += n) {
        char c = template.p[i];
        n = 1;
        if (c == '{') {
            why = field_fault(str_from(template.p + i, template.n - i), &has_id, &n);
        } else if (!is_plain(c) && c != '.' && c != '/') {
            why = "has a character that is no letter, digit, . - _ or /";
        }
    }
    if (!why && template.n && template.p[template.n - 1] == '/') {
        why = "ends with /; expected a name of a file";
    }
    return why || has_id ? why : "does not name {id}; without it two messages could share a file";
}

static void put_part(struct buf *out, struct str s)
{
    s = s.n ? s : STR("none");
    for (size_t i = 0; i < s.n && i < FILES_NAME_PART; i++) {
        buf_putc(out, is_plain(s.p[i]) ? s.p[i] : '_');
    }
}

/* MSH-9.1, MSH-9.2 or MSH-10 of the first line. */
static void put_header(struct buf *out, struct str payload, unsigned field, unsigned component)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    ptrdiff_t end = str_index(payload, '\r');
    struct str line = str_slice(payload, 0, end < 0 ? payload.n : (size_t)end + 1);
    struct str value = {0};
    if (hl7_parse(&a, line, &m, &fault) == 0) {
        value = hl7_component(&m.d, hl7_field(&m, &m.seg[0], field), component);
    }
    put_part(out, value);
    arena_free(&a);
}

static void put_field(struct buf *out, enum field f, const struct files_name *n)
{
    struct civil t = civil_of_us(n->wall_us);
    switch (f) {
    case FIELD_ID:
        put_part(out, n->id);
        break;
    case FIELD_DATE:
        buf_printf(out, "%04d%02d%02d", t.year, t.month, t.day);
        break;
    case FIELD_TIME:
        buf_printf(out, "%02d%02d%02d", t.hour, t.minute, t.second);
        break;
    case FIELD_TYPE:
        put_header(out, n->payload, 9, 1);
        break;
    case FIELD_EVENT:
        put_header(out, n->payload, 9, 2);
        break;
    case FIELD_CONTROL_ID:
        put_header(out, n->payload, 10, 1);
        break;
    case FIELD_EXTENSION:
        buf_puts(out, n->is_json ? "json" : "hl7");
        break;
    case FIELDS:
        break; /* the template was checked */
    }
}

void files_name_put(struct buf *out, struct str template, const struct files_name *n)
{
    for (size_t i = 0, step = 1; i < template.n; i += step) {
        step = 1;
        if (template.p[i] == '{') {
            enum field f = field_at(str_from(template.p + i, template.n - i), &step);
            put_field(out, f, n);
        } else {
            buf_putc(out, template.p[i]);
        }
    }
}
