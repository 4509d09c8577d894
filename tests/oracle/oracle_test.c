/* Holds our parser against values that two independent parsers read from real messages.
 *     zcat oracle.jsonl.gz | oracle_test CORPUS exceptions.tsv
 * One JSON object a line: file, path SEG[n]-f(r)-c-s counted from 1, value (decoded), state, by.
 * exceptions.tsv: file, path or "*", why we differ. A difference that is not listed is red, and so is a
 * row that no longer differs. Also: every message of CORPUS/msgs is parsed, or refused with a place, and
 * its fields put together again are its bytes. */
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/charset.h"
#include "engine/base/utf8.h"
#include "engine/hl7/edit.h"
#include "engine/hl7/escape.h"
#include "engine/hl7/path.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_MAX = 50, FILES_MAX = 4096 };

struct exception {
    char file[200], path[64];
    unsigned hits;
};

/* One expectation. */
struct row {
    char file[200], path[64], state[16];
    struct buf value;
};

struct test {
    const char *corpus;
    struct exception ex[ROWS_MAX];
    unsigned nex;
    struct arena arena; /* of the message at hand */
    char file[200];
    struct hl7 m;
    int parsed; /* rc of its parse */
    unsigned long rows, matched, listed, unlisted;
};

/* ---- reading ---- */

static struct str read_file(struct arena *a, const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "oracle: cannot open %s\n", path);
        exit(1);
    }
    (void)fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    char *p = arena_alloc(a, n + 1);
    n = fread(p, 1, n, f);
    (void)fclose(f); /* only read */
    return str_from(p, n);
}

static void put_utf8(struct buf *b, unsigned c)
{
    char t[4];
    buf_put(b, t, utf8_put(t, c));
}

static unsigned hex4(const char *p)
{
    char t[5] = {p[0], p[1], p[2], p[3], 0};
    return (unsigned)strtoul(t, NULL, 16);
}

/* The JSON string at `p`, behind its opening quote. */
static void json_string(const char *p, struct buf *out)
{
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    buf_clear(out);
    for (; *p && *p != '"'; p++) {
        if (*p != '\\') {
            buf_putc(out, *p);
            continue;
        }
        p++;
        const char *hit = strchr(from, *p);
        if (*p == 'u') {
            unsigned c = hex4(p + 1);
            p += 4;
            if (c >= 0xd800 && c < 0xdc00 && p[1] == '\\') {
                c = 0x10000 + ((c - 0xd800) << 10) + (hex4(p + 3) - 0xdc00);
                p += 6;
            }
            put_utf8(out, c);
        } else {
            buf_putc(out, hit ? to[hit - from] : *p);
        }
    }
}

static bool member(const char *line, const char *name, struct buf *out)
{
    char key[32];
    snprintf(key, sizeof(key), "\"%s\": \"", name);
    const char *at = strstr(line, key);
    buf_clear(out);
    if (at) {
        json_string(at + strlen(key), out);
    }
    return at != NULL;
}

static void member_text(const char *line, const char *name, char *out, size_t size)
{
    struct buf b = {0};
    (void)member(line, name, &b); /* absent is empty */
    snprintf(out, size, "%.*s", (int)b.n, b.p ? b.p : "");
    buf_free(&b);
}

static void read_row(const char *line, struct row *r)
{
    member_text(line, "file", r->file, sizeof(r->file));
    member_text(line, "path", r->path, sizeof(r->path));
    member_text(line, "state", r->state, sizeof(r->state));
    (void)member(line, "value", &r->value); /* absent is empty */
}

static void read_exceptions(struct test *t, const char *name)
{
    char line[1000];
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof(line), f)) {
        struct exception *e = &t->ex[t->nex];
        if (line[0] == '#') {
            continue;
        }
        if (t->nex == ROWS_MAX || sscanf(line, "%199[^\t]\t%63[^\t]", e->file, e->path) != 2) {
            fprintf(stderr, "oracle: %s: more than %d rows, or a row without tabs\n", name,
                    ROWS_MAX);
            exit(1);
        }
        t->nex++;
    }
    if (f) {
        (void)fclose(f); /* only read */
    }
}

/* ---- comparing ---- */

static void load(struct test *t, const char *file)
{
    struct hl7_fault fault;
    if (strcmp(file, t->file) == 0) {
        return;
    }
    arena_reset(&t->arena);
    snprintf(t->file, sizeof(t->file), "%s", file);
    t->parsed = hl7_parse(&t->arena, read_file(&t->arena, t->corpus, file), &t->m, &fault);
}

static struct path path_of(const char *text)
{
    char seg[4] = {0}, ours[64];
    unsigned n, f, r, c, s;
    struct path p = {0};
    size_t at;
    const char *why;
    if (sscanf(text, "%3[^[][%u]-%u(%u)-%u-%u", seg, &n, &f, &r, &c, &s) != 6) {
        fprintf(stderr, "oracle: path %s not understood\n", text);
        exit(1);
    }
    snprintf(ours, sizeof(ours), "%s[%u]-%u[%u].%u.%u", seg, n, f, r, c, s);
    if (path_compile(str_of(ours), false, &p, &at, &why) != 0) {
        fprintf(stderr, "oracle: %s: %s\n", ours, why);
        exit(1);
    }
    return p;
}

/* UTF-8 as it is; else by MSH-18, else ISO 8859-1: what `corridor parse` does. */
static struct str to_utf8(struct test *t, struct str s)
{
    enum charset c = CHARSET_8859_1;
    size_t bad;
    if (utf8_valid_to(s) == s.n) {
        return s;
    }
    if (!charset_of_msh18(hl7_field(&t->m, &t->m.seg[0], 18), t->m.d.repetition, &c) ||
        c == CHARSET_ASCII || c == CHARSET_UTF8) {
        c = CHARSET_8859_1;
    }
    return charset_decode(&t->arena, c, s, &s, &bad) == 0 ? s : str_from(NULL, 0);
}

static bool same(struct test *t, const struct row *r, char *out_state)
{
    static const char *const states[] = {"absent", "empty", "null", "value"};
    struct path p = path_of(r->path);
    struct hl7_val v = path_get(&t->m, &p);
    struct str text = to_utf8(t, hl7_unescape(&t->arena, &t->m.d, v.raw));
    strcpy(out_state, states[v.state]);
    return strcmp(states[v.state], r->state) == 0 &&
           (v.state != HL7_VALUE || str_eq(text, buf_str(&r->value)));
}

static struct exception *find_exception(struct test *t, const struct row *r)
{
    for (unsigned i = 0; i < t->nex; i++) {
        struct exception *e = &t->ex[i];
        if (strcmp(e->file, r->file) == 0 &&
            (strcmp(e->path, "*") == 0 || strcmp(e->path, r->path) == 0)) {
            return e;
        }
    }
    return NULL;
}

static void judge(struct test *t, const struct row *r)
{
    char state[16] = "refused";
    load(t, r->file);
    t->rows++;
    if (t->parsed == 0 && same(t, r, state)) {
        t->matched++;
        return;
    }
    struct exception *e = find_exception(t, r);
    if (e) {
        e->hits++;
        t->listed++;
        return;
    }
    t->unlisted++;
    if (t->unlisted <= 400) {
        printf("differs: %s %s: ours %s, theirs %s\n", r->file, r->path, state, r->state);
    }
}

static void compare_all(struct test *t)
{
    char *line = NULL;
    size_t cap = 0;
    struct row r = {0};
    while (getline(&line, &cap, stdin) > 0) {
        read_row(line, &r);
        judge(t, &r);
    }
    buf_free(&r.value);
    free(line);
}

/* ---- every message, whole ---- */

static bool fields_make_the_line(const struct hl7 *m, const struct hl7_seg *s, struct buf *b)
{
    struct str line = hl7_seg_text(m, s);
    bool header = hl7_is_header(s->id);
    uint32_t first = header ? 2 : 1;
    buf_clear(b);
    buf_put_str(b, str_slice(line, 0, s->fields ? m->mark[s->mark] - s->begin : line.n));
    for (uint32_t f = first; f < first + s->fields; f++) {
        buf_putc(b, m->d.field);
        buf_put_str(b, hl7_field(m, s, f));
    }
    return str_eq(buf_str(b), line);
}

static bool is_whole(struct arena *a, const struct hl7 *m)
{
    struct buf b = {0};
    bool ok = m->segs > 0;
    for (uint32_t i = 0; ok && i < m->segs; i++) {
        ok = fields_make_the_line(m, &m->seg[i], &b);
        ok = ok && (i == 0 || m->seg[i].begin > m->seg[i - 1].end);
    }
    struct edit *e = edit_new(a, m);
    struct splices s = edit_splices(e, a);
    buf_clear(&b);
    buf_reserve(&b, splices_size(s) + 1);
    splices_write(s, m->raw, b.p);
    ok = ok && str_eq(str_from(b.p, splices_size(s)), m->raw);
    buf_free(&b);
    return ok;
}

static unsigned check_messages(const char *corpus, unsigned *out_bad)
{
    char dir[512];
    unsigned n = 0, refused = 0;
    struct arena a = {0};
    snprintf(dir, sizeof(dir), "%s/msgs", corpus);
    DIR *d = opendir(dir);
    for (struct dirent *one; d && (one = readdir(d)) != NULL;) {
        struct hl7 m;
        struct hl7_fault f = {0};
        if (one->d_name[0] == '.') {
            continue;
        }
        arena_reset(&a);
        struct str raw = read_file(&a, dir, one->d_name);
        bool is_ok = hl7_parse(&a, raw, &m, &f) == 0;
        bool is_located = !is_ok && f.text && f.path && f.code && f.at <= raw.n;
        n++;
        refused += !is_ok;
        if (!(is_ok ? is_whole(&a, &m) : is_located)) {
            printf("not whole: %s\n", one->d_name);
            ++*out_bad;
        }
    }
    if (d) {
        (void)closedir(d); /* only read */
    }
    arena_free(&a);
    printf("messages %u: parsed %u, refused with a place %u, not whole %u\n", n, n - refused,
           refused, *out_bad);
    return n;
}

int main(int argc, char **argv)
{
    static struct test t;
    unsigned bad = 0, stale = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: oracle_test CORPUS EXCEPTIONS < values\n");
        return 1;
    }
    t.corpus = argv[1];
    read_exceptions(&t, argv[2]);
    compare_all(&t);
    for (unsigned i = 0; i < t.nex; i++) {
        if (!t.ex[i].hits) {
            printf("no difference any more: %s %s\n", t.ex[i].file, t.ex[i].path);
            stale++;
        }
    }
    unsigned n = check_messages(t.corpus, &bad);
    printf("matched %lu of %lu; %lu differ as listed in %u rows, %lu are not listed\n", t.matched,
           t.rows, t.listed, t.nex, t.unlisted);
    arena_free(&t.arena);
    printf("%lu passed, %lu failed\n", t.matched + n - bad, t.unlisted + stale + bad);
    return t.unlisted || stale || bad || !t.rows || !n;
}
