/* The way through the journal: pieces, newest first, and the messages in them. */
#include "engine/ops/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/ops/history_priv.h"
#include "engine/ops/target.h"

enum { PIECE_FIRST = 4 << 20, PIECE_MOST = 64 << 20, OPEN_TRIES = 3, NOTES_MANY = 65536 };

static int cannot(const struct history *h, int failed)
{
    return command_fail(h->run, "%s: %s", h->dir,
                        failed == ERR_TYPE ? "written by a newer version" : "cannot be read");
}

int history_open(struct command_run *r, const char *state, struct history *out)
{
    struct history h = {.run = r, .dir = str_printf(r->arena, "%s/journal", state).p};
    struct journal_read_conf conf = {0};
    struct stat st;
    if (stat(h.dir, &st) != 0) {
        return command_fail(r, "%s: there is no journal", h.dir);
    }
    int failed = disk_open_dir(h.dir, &h.disk);
    if (failed) {
        return command_fail(r, "%s: %s", h.dir, strerror(-failed));
    }
    failed = ERR_IO;
    conf.disk = h.disk;
    for (int i = 0; i < OPEN_TRIES && failed == ERR_IO; i++) { /* a volume may go while we look */
        if (target_live(r, state, &conf.live_volume, &conf.live_end) == COMMAND_CANNOT) {
            disk_close(&h.disk);
            return COMMAND_CANNOT;
        }
        failed = journal_open_read(&conf, &h.journal);
    }
    if (failed) {
        disk_close(&h.disk);
        return cannot(&h, failed);
    }
    h.from = h.upto = journal_durable(h.journal) + 1;
    h.view = keys_view_new(h.journal);
    h.shows_progress = isatty(STDERR_FILENO);
    *out = h;
    return 0;
}

void history_close(struct history *h)
{
    if (h->shows_progress && h->piece > 1) {
        fputs("\r\033[K", stderr);
    }
    keys_view_free(&h->view);
    journal_close_read(&h->journal);
    disk_close(&h->disk);
    map64_free(&h->by_seq);
    map64_free(&h->carried);
    free(h->notes);
    arena_free(&h->texts);
}

static void show_progress(const struct history *h)
{
    char when[CLOCK_RFC3339_SIZE];
    if (h->shows_progress && h->piece > 0 && h->newest_us) {
        clock_rfc3339(h->newest_us, when);
        fprintf(stderr, "\rread back to %s", when);
    }
}

int history_back(struct history *h)
{
    uint64_t floor = journal_floor(h->journal);
    if (h->is_over || h->from <= floor) {
        return 0;
    }
    show_progress(h);
    history_forget_told(h);
    h->upto = h->from;
    while (h->from >= h->upto && h->from > floor) {
        h->bytes += h->bytes < PIECE_FIRST  ? PIECE_FIRST
                    : h->bytes < PIECE_MOST ? h->bytes
                                            : PIECE_MOST;
        h->from = journal_recent(h->journal, h->bytes);
    }
    h->piece++;
    h->newest_us = 0;
    return 1;
}

int history_next(struct history *h, struct journal_cursor *c, uint64_t upto, struct arena *a,
                 bool counts, struct entry *out)
{
    for (;;) {
        uint64_t at = c->next;
        arena_reset(a);
        int rc = journal_next(h->journal, c, a, out);
        if (rc == 1) {
            return out->seq < upto;
        }
        if (rc == 0) {
            return 0;
        }
        if (journal_is_gone(h->journal, at)) { /* settled, and let go by its writer meanwhile */
            h->is_over = true;
            return 0;
        }
        if (rc != ERR_DAMAGE) {
            return cannot(h, rc);
        }
        h->damaged += counts;
        if (c->next >= upto) {
            return 0;
        }
    }
}

void history_span(struct history *h, size_t i)
{
    const struct keys_span *s = keys_view_span(h->view, i);
    if (!s->has_keys || h->nnotes > NOTES_MANY) {
        show_progress(h);
        history_forget_told(h);
    }
    h->from = s->first_seq;
    h->upto = s->last_seq + 1 < journal_durable(h->journal) + 1 ? s->last_seq + 1
                                                                : journal_durable(h->journal) + 1;
    h->piece++;
    h->newest_us = s->has_keys ? s->h.newest_us : 0;
}

bool history_is_told(struct history *h, struct arena *a, const struct entry *e, uint64_t *out_seq,
                     struct entry_message *out)
{
    uint64_t seen;
    if (entry_get_any(a, e, out_seq, out) != 0) {
        return false;
    }
    return entry_is_message(e->type) ||
           (*out_seq < journal_floor(h->journal) && !map64_get(&h->carried, *out_seq, &seen) &&
            map64_put(&h->carried, *out_seq, 1));
}

int history_messages(struct history *h, history_message_fn fn, void *arg)
{
    struct journal_cursor c = {.next = h->from};
    struct arena a = {0};
    struct entry e;
    int rc;
    while ((rc = history_next(h, &c, h->upto, &a, true, &e)) == 1) {
        struct entry_message m;
        uint64_t seq;
        if (!history_is_told(h, &a, &e, &seq, &m)) {
            continue;
        }
        h->newest_us = m.received_us > h->newest_us ? m.received_us : h->newest_us;
        if (!fn(arg, seq, &m)) {
            rc = 0;
            break;
        }
    }
    arena_free(&a);
    return rc;
}

int history_forward(struct history *h, int64_t since_us, history_message_fn fn, void *arg)
{
    size_t n = keys_view_count(h->view), i = 0;
    int rc = 0;
    while (i + 1 < n && keys_view_span(h->view, i)->has_keys &&
           keys_view_span(h->view, i)->h.newest_us < since_us) {
        i++;
    }
    for (; i < n && rc == 0; i++) {
        history_span(h, i);
        h->is_over = false;
        rc = history_messages(h, fn, arg);
    }
    return rc;
}

void history_remark(const struct history *h)
{
    if (h->damaged) {
        fprintf(
            stderr,
            "corridor %s: %llu places of the journal cannot be read; corridor verify names them\n",
            h->run->command->name, (unsigned long long)h->damaged);
    }
}
