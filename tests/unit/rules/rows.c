#include "tests/unit/rules/rows.h"

#include "engine/base/buf.h"

static void expect(const struct row *row, const char *got)
{
    size_t n = strlen(row->want);
    bool open = n >= 3 && strcmp(row->want + n - 3, "...") == 0;
    bool same = open ? strncmp(got, row->want, n - 3) == 0 : strcmp(got, row->want) == 0;
    cr_expect(same, "%s\n  got  %s\n  want %s", row->name, got, row->want);
}

const char *rows_text(const char *frame, const char *text)
{
    const char *hole = frame ? strstr(frame, "@@") : NULL;
    cr_assert(!frame || hole, "the frame has no @@: %s", frame);
    return frame ? str_printf(&kit_arena, "%.*s%s%s", (int)(hole - frame), frame, text, hole + 2).p
                 : text;
}

/* Frames declare more than a row uses. */
static void drop_idle(struct diags *d)
{
    static const char *const idle[] = {"unused-table",         "unused-map",
                                       "unused-steps",         "undecided-miss",
                                       "undecided-conversion", "lossy-conversion"};
    struct diag **at = &d->first;
    d->last = NULL;
    while (*at) {
        bool is_idle = false;
        for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
            is_idle = is_idle || strcmp((*at)->code, idle[i]) == 0;
        }
        if (is_idle) {
            *at = (*at)->next;
            d->count--;
        } else {
            d->last = *at;
            at = &(*at)->next;
        }
    }
}

void rows_idle(const char *frame, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        expect(&rows[i],
               str_dup(&kit_arena, str_trim(str_of(kit_check(rows_text(frame, rows[i].text))))).p);
    }
}

void rows_check(const char *frame, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct diags d;
        struct ruleset *r = kit_compile(rows_text(frame, rows[i].text), &d);
        drop_idle(&d);
        struct str got = str_trim(str_of(kit_findings(&d)));
        cr_expect((r == NULL) == (d.errors > 0), "%s", rows[i].name);
        expect(&rows[i], str_dup(&kit_arena, got).p);
    }
}

const char *rows_versions(const char *yaml, const char *first, const char *second)
{
    struct diags d;
    struct rules_env env = kit_env;
    struct rules_file file = {"r.yaml", str_of(yaml)};
    struct str versions[2] = {str_of(first ? first : ""), str_of(second ? second : "")};
    struct rules_source sources[1] = {env.sources[0]};
    diags_init(&d, &kit_arena);
    sources[0].versions = versions;
    sources[0].nversions = first ? second ? 2 : 1 : 0;
    env.sources = sources;
    env.nsources = 1;
    rules_compile(&kit_arena, &file, 1, &env, &d);
    return kit_findings(&d);
}

/* What kit_run() tells; NULL, and the row has failed, where the text does not compile. */
static const char *told(const char *frame, const char *message, const struct row *row)
{
    struct diags d;
    const char *text = rows_text(frame, row->text);
    bool good = kit_compile(text, &d) != NULL;
    cr_expect(good, "%s\n  got  %s", row->name, kit_findings(&d));
    return good ? kit_run(text, message) : NULL;
}

void rows_told(const char *frame, const char *message, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = told(frame, message, &rows[i]);
        if (got) {
            expect(&rows[i], got);
        }
    }
}

/* The payload of the only output; NULL, and the row has failed, where there is none. */
static const char *payload(const char *frame, const char *message, const struct row *row)
{
    const char *all = told(frame, message, row), *first = all ? strchr(all, '\n') : NULL;
    bool one = first && !strchr(first + 1, '\n') && strncmp(all, "accepted", 8) == 0 &&
               !strstr(all, " held <");
    cr_expect(!all || one, "%s\n  got  %s", row->name, all);
    return one ? strstr(first, ": ") + 2 : NULL;
}

void rows_payload(const char *frame, const char *message, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = payload(frame, message, &rows[i]);
        if (got) {
            expect(&rows[i], got);
        }
    }
}

/* Segments of `message` that begin with the three letters of `seg`. */
static const char *lines(const char *message, const char *seg)
{
    struct str rest = str_of(message), line, all = STR("");
    while (rest.n && str_split(&rest, '\r', &line)) {
        if (str_starts(line, str_from(seg, 3))) {
            all = str_printf(&kit_arena, "%.*s%s%.*s", STR_ARG(all), all.n ? "\r" : "",
                             STR_ARG(line));
        }
    }
    return all.n ? all.p : str_printf(&kit_arena, "no %.3s", seg).p;
}

void rows_lines(const char *frame, const char *message, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = payload(frame, message, &rows[i]), *want = rows[i].want;
        if (got) {
            expect(&rows[i], lines(got, strncmp(want, "no ", 3) == 0 ? want + 3 : want));
        }
    }
}

void rows_eval(const char *message, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        expect(&rows[i], kit_eval(rows[i].text, message));
    }
}
