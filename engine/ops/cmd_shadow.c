#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/flow/engine.h"
#include "engine/hl7/dtm.h"
#include "engine/hl7/path.h"
#include "engine/ops/commands.h"
#include "engine/ops/crew.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/files.h"
#include "engine/ops/history.h"
#include "engine/ops/messages.h"
#include "engine/ops/shadow_out.h"
#include "engine/ops/target.h"

enum { PROGRESS_EVERY = 10000 };

struct shadow_args {
    struct target_args target;
    struct str since, until, source, expect;
    int examples, threads;
    bool shows_values;
};

static const struct opt options[] = {
    TARGET_OPTIONS(shadow_args),
    OPT(shadow_args, since, "since", STR, NULL, NULL, 0,
        "Messages received this long ago or later (2h, 7d), or since 2026-11-24T09:30 (UTC). "
        "Default: all."),
    OPT(shadow_args, until, "until", STR, NULL, NULL, 0, "Received before; written like --since."),
    OPT(shadow_args, source, "source", STR, NULL, NULL, 0,
        "Messages from this source alone; of files: the source they come from. Default there: the "
        "first one that a route reads a message from."),
    OPT(shadow_args, expect, "expect", PATH, NULL, NULL, 0,
        "A file of differences that are meant: - { route: visits, to: desk, at: type }."),
    OPT(shadow_args, examples, "examples", INT, "3", "0..100", 0,
        "Values shown of each difference, at most."),
    CREW_OPTION(shadow_args),
    OPT(shadow_args, shows_values, "show-values", BOOL, "false", NULL, 0,
        "Show values as they are; else letters are x and digits 9."),
    {0},
};

/* A run of the command. */
struct shadowing {
    struct command_run *r;
    struct shadow s;
    struct history h;
    int64_t since_us, until_us;
    uint64_t from, seen; /* first number of the journal; messages looked at */
    bool shows_progress;
};

/* ---- the journal ---- */

static void show_progress(struct shadowing *g, uint64_t seq)
{
    uint64_t all = journal_durable(g->h.journal);
    g->from = g->from ? g->from : seq;
    if (g->shows_progress && ++g->seen % PROGRESS_EVERY == 0) {
        double part = all > g->from ? (double)(seq - g->from) / (double)(all - g->from) : 1;
        fprintf(stderr, "\r%llu messages, %d%%, %llu differ", (unsigned long long)g->s.run,
                (int)(part * 100), (unsigned long long)g->s.different);
    }
}

static void look(struct shadowing *g, const struct entry_message *m, struct str source)
{
    char id[27];
    entry_id_text(m->id, id);
    struct arena a = {0};
    struct batch_headers headers;
    struct batch walk;
    struct batch_item item;
    batch_open(&walk, &a, m->raw);
    struct shadow_message one = {
        .source = source,
        .raw = m->raw,
        .cause = engine_cause(g->h.journal, m, &a),
        .received_us = m->received_us,
        .id_hi = m->id.hi,
        .id_lo = m->id.lo,
        .label = str_of(id),
    };
    for (uint32_t i = 0; i < m->nmembers; i++) {
        one.raw = str_from(m->raw.p + m->members[i].from, m->members[i].n);
        one.id_lo = engine_member_id(m->id, i + 1).lo;
        while (batch_next(&walk, &item) && item.kind != BATCH_MESSAGE) {
        }
        batch_headers_read(&a, walk.file_header, walk.header, &headers);
        one.batch = &headers;
        shadow_message(&g->s, &one);
    }
    if (m->nmembers == 0) {
        shadow_message(&g->s, &one);
    }
    arena_free(&a);
}

/* What people did (moved, made anew) has a cause, and came as another message; of answers those that routes read are messages, and
 * have an id. */
static bool has_come(const struct entry_message *m)
{
    bool is_caused = m->cause.hi || m->cause.lo;
    return m->status != ENTRY_ANSWERED &&
           (!is_caused || (m->id_hash && m->status != ENTRY_CONTINUED)) && m->raw.n;
}

static bool on_message(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct shadowing *g = arg;
    const struct shadow_args *args = g->r->args;
    struct str source = journal_name_text(g->h.journal, JOURNAL_SOURCE, m->source);
    bool came = has_come(m);
    show_progress(g, seq);
    if (came && m->received_us >= g->since_us && m->received_us < g->until_us &&
        (!args->source.n || str_eq(args->source, source))) {
        look(g, m, source);
    }
    return true;
}

static int run_journal(struct shadowing *g)
{
    const struct shadow_args *args = g->r->args;
    const char *state = target_state(g->r, &args->target);
    if (!state || history_open(g->r, state, &g->h) != 0) {
        return COMMAND_CANNOT;
    }
    int rc = history_forward(&g->h, g->since_us, on_message, g);
    history_remark(&g->h);
    if (g->shows_progress) {
        fputs("\r\033[K", stderr);
    }
    g->h.shows_progress = false;
    history_close(&g->h);
    return rc;
}

/* ---- files ---- */

/* When a message of a file was received: its MSH-7, so that every run is the same. */
static int64_t time_of(struct arena *a, struct str raw)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct dtm t;
    if (hl7_parse(a, raw, &m, &fault) < 0) {
        return 0;
    }
    struct str at = hl7_component(&m.d, hl7_field(&m, &m.seg[0], 7), 1);
    return dtm_parse(at, DTM_BOTH, &t, NULL) == 0 ? dtm_to_us(&t, 0) : 0;
}

static void run_text(struct shadowing *g, const char *file, const struct message_text *text)
{
    const struct shadow_args *args = g->r->args;
    struct arena a = {0};
    struct buf raw = {0};
    struct batch_headers headers;
    if (rules_is_data(text->bytes)) {
        buf_put_str(&raw, text->bytes);
    } else {
        messages_with_cr(text->bytes, &raw);
    }
    batch_headers_read(&a, text->file_header, text->batch_header, &headers);
    struct shadow_message one = {.source = args->source,
                                 .batch = &headers,
                                 .raw = buf_str(&raw),
                                 .received_us = time_of(&a, buf_str(&raw)),
                                 .id_lo = ++g->seen,
                                 .label = str_printf(&a, "%s:%u", file, text->line)};
    if (!one.source.n) {
        one.source = shadow_guess_source(g->s.pair.was, &a, one.raw);
    }
    shadow_message(&g->s, &one);
    buf_free(&raw);
    arena_free(&a);
}

static int run_file(struct shadowing *g, const char *path)
{
    struct arena a = {0};
    struct str bytes;
    const char *why;
    struct diags d;
    int status = COMMAND_FINE;
    diags_init(&d, &a);
    if (files_read(&a, path, &bytes, &why)) {
        struct message_text whole = {.bytes = bytes, .line = 1};
        struct message_file f = rules_is_data(bytes) ? (struct message_file){.v = &whole, .n = 1}
                                                     : messages_split(&a, path, bytes, &d);
        for (size_t i = 0; i < f.n; i++) {
            run_text(g, path, &f.v[i]);
        }
    } else {
        status = command_fail(g->r, "%s: %s", path, why);
    }
    arena_free(&a);
    return status;
}

/* ---- the run ---- */

static struct plan *load(struct command_run *r, const char *path)
{
    struct diags d;
    diags_init(&d, r->arena);
    struct plan *p = config_load(path, r->adapters, &d);
    if (!p) {
        excerpt_tell(&d);
        (void)command_fail(r, "%s: %u error%s; nothing was run", path, d.errors,
                           d.errors == 1 ? "" : "s"); /* the status is the caller's */
    }
    return p;
}

static bool read_expected(struct command_run *r, struct shadow_tally *t, struct str file)
{
    struct str bytes;
    const char *why;
    struct diags d;
    diags_init(&d, r->arena);
    if (!file.n) {
        return true;
    }
    if (!files_read(r->arena, file.p, &bytes, &why)) {
        (void)command_fail(r, "%s: %s", file.p, why); /* the status is the caller's */
        return false;
    }
    bool good = shadow_tally_expect(t, file.p, bytes, &d);
    excerpt_tell(&d);
    return good;
}

static void print(struct shadowing *g)
{
    const struct shadow_args *args = g->r->args;
    if (g->r->json) {
        struct report *r = shadow_out_json(&g->s);
        report_print(&r);
        return;
    }
    struct buf out = {0};
    shadow_out_text(&out, &g->s, args->expect);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
}

static int compare(struct command_run *r, struct plan *was, const struct plan *now,
                   struct shadow_tally *t)
{
    const struct shadow_args *args = r->args;
    struct shadowing g = {.r = r, .shows_progress = isatty(STDERR_FILENO)};
    if (history_window(r, args->since, args->until, &g.since_us, &g.until_us) != 0) {
        return COMMAND_CANNOT;
    }
    shadow_init(&g.s, was, now, crew_workers(args->threads), t);
    int status = r->noperands == 1 ? run_journal(&g) : COMMAND_FINE;
    for (int i = 1; i < r->noperands && status == COMMAND_FINE; i++) {
        status = run_file(&g, r->operands[i]);
    }
    shadow_flush(&g.s);
    if (status == COMMAND_FINE) {
        print(&g);
        status = t->unexpected ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    shadow_free(&g.s);
    return status;
}

static int run(struct command_run *r)
{
    const struct shadow_args *args = r->args;
    const char *config = config_find(args->target.config.n ? args->target.config.p : NULL,
                                     getenv("CORRIDOR_CONFIG"));
    struct shadow_tally t;
    struct plan *was = load(r, config), *now = was ? load(r, r->operands[0]) : NULL;
    int status = COMMAND_CANNOT;
    shadow_tally_init(&t, (unsigned)args->examples, args->shows_values);
    if (now && read_expected(r, &t, args->expect)) {
        status = compare(r, was, now, &t);
    }
    shadow_tally_free(&t);
    plan_unref(&was);
    plan_unref(&now);
    return status;
}

const struct command cmd_shadow = {
    .name = "shadow",
    .operands = "NEW-CONF [FILE...]",
    .summary = "Show what another configuration would make of the stored traffic.",
    .details =
        "  Every message that the journal holds (or those of the files) goes through the routes of "
        "the\n"
        "  configuration and of NEW-CONF, with the id and time it was received with. What comes "
        "out\n"
        "  differently is counted by route, destination and field. Nothing is sent or written; a "
        "running\n"
        "  daemon is not disturbed. Status 1 when anything differs that --expect does not name.",
    .options = options,
    .args_size = sizeof(struct shadow_args),
    .min = 1,
    .max = -1,
    .example = "corridor shadow --since 7d next/corridor.yaml",
    .run = run,
};
