#include "engine/journal/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/journal/wire.h"

enum {
    PAGE_HASH = 8,
    WRITE_BYTES = 256 * 1024,
    HEADER_SECTIONS = 192,
    HEADER_MARKS = 320,
    GUESSES = 4
};
static const char MAGIC[8] = {'C', 'O', 'R', 'R', 'K', 'E', 'Y', 'S'};
static const char TEMPORARY[] = "keys.tmp";

/* ---- names ---- */

void keys_name(unsigned level, uint64_t first, uint64_t last, char out[KEYS_NAME])
{
    if (level == 0) {
        (void)snprintf(out, KEYS_NAME, "%08llu.keys", (unsigned long long)first);
    } else {
        (void)snprintf(out, KEYS_NAME, "%08llu-%08llu.ids", (unsigned long long)first,
                       (unsigned long long)last);
    }
}

static bool read_number(struct str s, uint64_t *out)
{
    int64_t n = 0;
    bool ok = s.n >= 8 && s.n <= 18 && s.p[0] >= '0' && s.p[0] <= '9' && str_to_i64(s, &n);
    *out = (uint64_t)n;
    return ok && n > 0;
}

bool keys_name_parse(const char *name, bool *out_is_merged, uint64_t *out_first, uint64_t *out_last)
{
    struct str s = str_of(name), first;
    *out_is_merged = str_ends(s, STR(".ids"));
    if (!*out_is_merged) {
        bool ok = str_ends(s, STR(".keys")) && read_number(str_slice(s, 0, s.n - 5), out_first);
        *out_last = *out_first;
        return ok;
    }
    struct str rest = str_slice(s, 0, s.n - 4);
    return str_split(&rest, '-', &first) && read_number(first, out_first) &&
           read_number(rest, out_last) && *out_first <= *out_last;
}

/* ---- header ---- */

static unsigned rows_in_page(enum keys_section s)
{
    return s == KEYS_OUTPUT ? KEYS_OUTPUTS : s == KEYS_FILTER ? KEYS_FILTER_BLOCKS : KEYS_ROWS;
}

static unsigned row_bytes(enum keys_section s)
{
    return s == KEYS_OUTPUT ? 32 : s == KEYS_FILTER ? KEYS_BLOCK : 16;
}

static uint64_t pages_of(enum keys_section s, uint64_t rows)
{
    unsigned each = rows_in_page(s);
    return rows / each + (rows % each != 0);
}

void keys_header_put(char page[KEYS_PAGE], const struct keys_header *h)
{
    memset(page, 0, KEYS_PAGE);
    memcpy(page, MAGIC, sizeof(MAGIC));
    wire_store32(page + 8, KEYS_VERSION);
    wire_store32(page + 12, h->level);
    memcpy(page + 16, h->journal_id, 16);
    const uint64_t facts[] = {h->first,
                              h->last,
                              h->salt,
                              h->first_seq,
                              h->last_seq,
                              (uint64_t)h->oldest_us,
                              (uint64_t)h->newest_us,
                              h->oldest_ref,
                              h->newest_ref,
                              h->messages};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        wire_store64(page + 32 + 8 * i, facts[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        wire_store64(page + 112 + 8 * i, h->destinations[i]);
    }
    for (size_t i = 0; i < KEYS_SECTIONS; i++) {
        wire_store64(page + HEADER_SECTIONS + 16 * i, h->section[i].page);
        wire_store64(page + HEADER_SECTIONS + 16 * i + 8, h->section[i].rows);
    }
    wire_store32(page + HEADER_MARKS, h->has_marks);
    wire_store64(page + KEYS_PAGE - 8, hash64(page, KEYS_PAGE - 8, 0));
}

static bool fits(const struct keys_header *h, uint64_t file_bytes)
{
    uint64_t pages = file_bytes / KEYS_PAGE;
    for (size_t i = 0; i < KEYS_SECTIONS; i++) {
        uint64_t rows = h->section[i].rows, page = h->section[i].page;
        uint64_t need = pages_of((enum keys_section)i, rows);
        if (rows && (page == 0 || page > pages || need > pages - page)) {
            return false;
        }
    }
    return true;
}

int keys_header_get(const char page[KEYS_PAGE], uint64_t file_bytes, struct keys_header *out)
{
    if (memcmp(page, MAGIC, sizeof(MAGIC)) != 0 || wire_load32(page + 8) != KEYS_VERSION ||
        wire_load64(page + KEYS_PAGE - 8) != hash64(page, KEYS_PAGE - 8, 0)) {
        return ERR_DAMAGE;
    }
    *out = (struct keys_header){.level = wire_load32(page + 12),
                                .first = wire_load64(page + 32),
                                .last = wire_load64(page + 40),
                                .salt = wire_load64(page + 48),
                                .first_seq = wire_load64(page + 56),
                                .last_seq = wire_load64(page + 64),
                                .oldest_us = (int64_t)wire_load64(page + 72),
                                .newest_us = (int64_t)wire_load64(page + 80),
                                .oldest_ref = wire_load64(page + 88),
                                .newest_ref = wire_load64(page + 96),
                                .messages = wire_load64(page + 104),
                                .has_marks = wire_load32(page + HEADER_MARKS) & 1};
    memcpy(out->journal_id, page + 16, 16);
    for (size_t i = 0; i < 8; i++) {
        out->destinations[i] = wire_load64(page + 112 + 8 * i);
    }
    for (size_t i = 0; i < KEYS_SECTIONS; i++) {
        out->section[i].page = wire_load64(page + HEADER_SECTIONS + 16 * i);
        out->section[i].rows = wire_load64(page + HEADER_SECTIONS + 16 * i + 8);
    }
    bool ok = out->level <= KEYS_LEVELS && out->first && out->first <= out->last;
    return ok && fits(out, file_bytes) ? 0 : ERR_DAMAGE;
}

/* ---- writing ---- */

static void write_out(struct keys_writer *w)
{
    for (size_t at = 0; at < w->out.n && !w->failed;) {
        ssize_t put = w->disk.pwrite(w->disk.arg, w->file, w->out.p + at, w->out.n - at, w->at);
        w->failed = put > 0 ? 0 : put == 0 ? -EIO : (int)put;
        at += put > 0 ? (size_t)put : 0;
        w->at += put > 0 ? (uint64_t)put : 0;
    }
    buf_clear(&w->out);
}

static char *page_now(struct keys_writer *w)
{
    return w->out.p + w->out.n - KEYS_PAGE;
}

static void end_page(struct keys_writer *w)
{
    if (w->in_page == 0) {
        return;
    }
    char *p = page_now(w);
    wire_store64(p, hash64(p + PAGE_HASH, KEYS_PAGE - PAGE_HASH, w->h.salt + w->page));
    w->page++;
    w->in_page = 0;
    if (w->out.n >= WRITE_BYTES) {
        write_out(w);
    }
}

/* Where the next row of the section goes. */
static char *next_row(struct keys_writer *w)
{
    if (w->in_page == rows_in_page(w->section)) {
        end_page(w);
    }
    if (w->in_page == 0) {
        static const char zeroes[KEYS_PAGE];
        buf_put(&w->out, zeroes, KEYS_PAGE);
    }
    w->h.section[w->section].rows++;
    return page_now(w) + PAGE_HASH + row_bytes(w->section) * w->in_page++;
}

void keys_begin(struct keys_writer *w, const struct disk *d, const struct keys_header *h)
{
    *w = (struct keys_writer){.disk = *d, .h = *h, .at = KEYS_PAGE, .page = 1};
    keys_name(h->level, h->first, h->last, w->name);
    (void)d->unlink(d->arg, TEMPORARY); /* usually there is none */
    w->file = d->open(d->arg, TEMPORARY, O_RDWR | O_CREAT | O_EXCL);
    w->failed = w->file < 0 ? w->file : 0;
}

void keys_section(struct keys_writer *w, enum keys_section s)
{
    end_page(w);
    w->section = s;
    w->h.section[s].page = w->page;
}

void keys_put(struct keys_writer *w, const struct keys_row *row)
{
    char *p = next_row(w);
    wire_store64(p, row->hash);
    wire_store64(p + 8, row->place);
}

void keys_put_output(struct keys_writer *w, const struct keys_output *o)
{
    char *p = next_row(w);
    wire_store32(p, o->seq);
    wire_store32(p + 4, o->place);
    wire_store64(p + 8, (uint64_t)o->received_us);
    wire_store32(p + 16, o->destination);
    wire_store32(p + 20, o->route);
    wire_store32(p + 24, o->source);
    wire_store32(p + 28, o->flags);
}

void keys_put_filter(struct keys_writer *w, const struct keys_filter *f)
{
    keys_section(w, KEYS_FILTER);
    for (uint64_t i = 0; i < f->blocks; i++) {
        memcpy(next_row(w), f->words + i * (KEYS_BLOCK / 8), KEYS_BLOCK);
    }
}

static void close_writer(struct keys_writer *w)
{
    if (w->file >= 0) {
        (void)w->disk.close(w->disk.arg, w->file); /* synced, or not worth an error */
        w->file = -1;
    }
    buf_free(&w->out);
}

void keys_abandon(struct keys_writer *w)
{
    close_writer(w);
    (void)w->disk.unlink(w->disk.arg, TEMPORARY); /* the next start removes it otherwise */
}

int keys_finish(struct keys_writer *w)
{
    char page[KEYS_PAGE];
    end_page(w);
    write_out(w);
    keys_header_put(page, &w->h);
    buf_put(&w->out, page, KEYS_PAGE);
    w->at = 0;
    write_out(w);
    int rc = w->failed ? w->failed : w->disk.datasync(w->disk.arg, w->file);
    close_writer(w);
    rc = rc < 0 ? rc : w->disk.rename(w->disk.arg, TEMPORARY, w->name);
    if (rc < 0) {
        keys_abandon(w);
        return rc == -ENOSPC || rc == -EDQUOT ? ERR_SPACE : ERR_IO;
    }
    (void)w->disk.sync_dir(w->disk.arg); /* a name that is lost is made again */
    return 0;
}

/* ---- reading ---- */

static int read_page(struct keys_file *f, uint64_t page)
{
    f->page = 0;
    for (size_t n = 0; n < KEYS_PAGE;) {
        ssize_t got =
            f->disk.pread(f->disk.arg, f->file, f->bytes + n, KEYS_PAGE - n, page * KEYS_PAGE + n);
        if (got <= 0) {
            return got < 0 ? ERR_IO : ERR_DAMAGE;
        }
        n += (size_t)got;
    }
    f->reads++;
    return 0;
}

static int want_page(struct keys_file *f, uint64_t page)
{
    if (f->page == page) {
        return 0;
    }
    int rc = read_page(f, page);
    if (rc == 0 && wire_load64(f->bytes) !=
                       hash64(f->bytes + PAGE_HASH, KEYS_PAGE - PAGE_HASH, f->h.salt + page)) {
        rc = ERR_DAMAGE;
    }
    f->page = rc == 0 ? page : 0;
    return rc;
}

int keys_open(struct keys_file *f, const struct disk *d, const char *name)
{
    f->disk = *d;
    f->page = f->reads = 0;
    f->file = d->open(d->arg, name, O_RDONLY);
    if (f->file < 0) {
        return f->file == -ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    int64_t size = d->size(d->arg, f->file);
    int rc = size < KEYS_PAGE ? ERR_DAMAGE : read_page(f, 0);
    rc = rc == 0 ? keys_header_get(f->bytes, (uint64_t)size, &f->h) : rc;
    if (rc != 0) {
        keys_close(f);
    }
    return rc;
}

void keys_close(struct keys_file *f)
{
    if (f->file >= 0) {
        (void)f->disk.close(f->disk.arg, f->file); /* read only */
        f->file = -1;
    }
}

/* The bytes of a row, or NULL with the reason in *out_rc. */
static const char *row_at(struct keys_file *f, enum keys_section s, uint64_t row, int *out_rc)
{
    unsigned each = rows_in_page(s);
    *out_rc = want_page(f, f->h.section[s].page + row / each);
    return *out_rc == 0 ? f->bytes + PAGE_HASH + row % each * row_bytes(s) : NULL;
}

/* Where between rows low and high, whose hashes are known, `hash` stands if all is even. */
static uint64_t guess(uint64_t low, uint64_t high, uint64_t from, uint64_t to, uint64_t hash)
{
    if (hash <= from || to <= from) {
        return low;
    }
    double part = (double)(hash - from) / (double)(to - from);
    uint64_t at = low + (uint64_t)(part * (double)(high - low));
    return at >= high ? high - 1 : at;
}

/* The page that `row` stands in: is what is sought before it, behind it, or in it? Narrows low and high. */
static int narrow(struct keys_file *f, enum keys_section s, uint64_t hash, uint64_t row,
                  struct keys_row *low, struct keys_row *high)
{
    int rc;
    uint64_t first = row - row % KEYS_ROWS, end = first + KEYS_ROWS;
    end = end > f->h.section[s].rows ? f->h.section[s].rows : end;
    const char *p = row_at(f, s, first, &rc);
    if (!p) {
        return rc;
    }
    const char *last = p + 16 * (end - first - 1);
    if (wire_load64(p) >= hash) { /* the first of the page may not be the first of all */
        *high = (struct keys_row){wire_load64(p), first};
    } else if (wire_load64(last) < hash) {
        *low = (struct keys_row){wire_load64(last), end};
    } else {
        uint64_t at = first;
        while (wire_load64(p + 16 * (at - first)) < hash) {
            at++;
        }
        low->place = high->place = at;
    }
    return 0;
}

int keys_seek(struct keys_file *f, enum keys_section s, uint64_t hash, struct keys_cursor *out)
{
    /* hash: of a row that is known there; place: its number. What is sought is in low..high. */
    struct keys_row low = {0, 0}, high = {UINT64_MAX, f->h.section[s].rows};
    for (unsigned tries = 0; low.place < high.place; tries++) {
        uint64_t middle = low.place + (high.place - low.place) / 2;
        uint64_t row =
            tries < GUESSES ? guess(low.place, high.place, low.hash, high.hash, hash) : middle;
        int rc = narrow(f, s, hash, row, &low, &high);
        if (rc != 0) {
            return rc;
        }
    }
    *out = (struct keys_cursor){s, low.place};
    return 0;
}

int keys_next(struct keys_file *f, struct keys_cursor *c, struct keys_row *out)
{
    int rc;
    if (c->row >= f->h.section[c->section].rows) {
        return 0;
    }
    const char *p = row_at(f, c->section, c->row, &rc);
    if (!p) {
        return rc;
    }
    *out = (struct keys_row){wire_load64(p), wire_load64(p + 8)};
    c->row++;
    return 1;
}

int keys_output_at(struct keys_file *f, uint64_t i, struct keys_output *out)
{
    int rc;
    if (i >= f->h.section[KEYS_OUTPUT].rows) {
        return 0;
    }
    const char *p = row_at(f, KEYS_OUTPUT, i, &rc);
    if (!p) {
        return rc;
    }
    *out = (struct keys_output){.seq = wire_load32(p),
                                .place = wire_load32(p + 4),
                                .received_us = (int64_t)wire_load64(p + 8),
                                .destination = wire_load32(p + 16),
                                .route = wire_load32(p + 20),
                                .source = wire_load32(p + 24),
                                .flags = wire_load32(p + 28)};
    return 1;
}

int keys_load_filter(struct keys_file *f, struct keys_filter *out)
{
    struct keys_filter made;
    uint64_t blocks = f->h.section[KEYS_FILTER].rows;
    if (blocks == 0) {
        return ERR_DAMAGE;
    }
    keys_filter_init(&made, blocks);
    for (uint64_t i = 0; i < blocks; i += KEYS_FILTER_BLOCKS) {
        int rc;
        uint64_t n = blocks - i < KEYS_FILTER_BLOCKS ? blocks - i : KEYS_FILTER_BLOCKS;
        const char *p = row_at(f, KEYS_FILTER, i, &rc);
        if (!p) {
            keys_filter_free(&made);
            return rc;
        }
        memcpy(made.words + i * (KEYS_BLOCK / 8), p, n * KEYS_BLOCK);
    }
    *out = made;
    return 0;
}
