#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/ops/commands.h"
#include "engine/ops/hours.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

enum { BY_HOUR, BY_DAY, WHEN_COLUMN = 16, NAME_COLUMN = 16 };

struct hours_args {
    struct target_args target;
    struct str since, until;
    int by;
};

static const struct opt options[] = {
    TARGET_OPTIONS(hours_args),
    OPT(hours_args, since, "since", STR, "24h", NULL, 0,
        "Received this long ago or later (2h, 7d), or since 2026-11-24T09:30 (UTC)."),
    OPT(hours_args, until, "until", STR, NULL, NULL, 0, "Received before; written like --since."),
    OPT(hours_args, by, "by", ENUM, "hour", "hour|day", 0, "A line for each; UTC."),
    {0},
};

static struct str name_of(const struct hours *t, const struct hours_row *row)
{
    return journal_name_text(t->h->journal,
                             row->is_destination ? JOURNAL_DESTINATION : JOURNAL_SOURCE, row->name);
}

static uint64_t received(const struct hours_row *row)
{
    return row->messages[ENTRY_ACCEPTED] + row->messages[ENTRY_FILTERED] +
           row->messages[ENTRY_REJECTED];
}

static void print_row(const struct hours *t, const struct hours_row *row)
{
    char when[CLOCK_RFC3339_SIZE];
    struct str name = name_of(t, row);
    clock_rfc3339(row->from_us, when);
    printf("%.*sZ  %s %-*.*s", WHEN_COLUMN, when, row->is_destination ? "to  " : "from",
           NAME_COLUMN, STR_ARG(name));
    if (row->is_destination) {
        printf("  outputs %llu", (unsigned long long)row->outputs);
        if (row->failed_routes) {
            printf(", failed routes %llu", (unsigned long long)row->failed_routes);
        }
        printf("\n");
        return;
    }
    printf("  received %llu, accepted %llu, filtered %llu, rejected %llu\n",
           (unsigned long long)received(row), (unsigned long long)row->messages[ENTRY_ACCEPTED],
           (unsigned long long)row->messages[ENTRY_FILTERED],
           (unsigned long long)row->messages[ENTRY_REJECTED]);
}

static struct report *row_report(const struct hours *t, const struct hours_row *row)
{
    char when[CLOCK_RFC3339_SIZE];
    struct report *o = report_object();
    clock_rfc3339(row->from_us, when);
    report_set_text(o, "from", str_of(when));
    report_set_text(o, row->is_destination ? "destination" : "source", name_of(t, row));
    if (row->is_destination) {
        report_set_int(o, "outputs", (int64_t)row->outputs);
        report_set_int(o, "failed_routes", (int64_t)row->failed_routes);
        return o;
    }
    report_set_int(o, "received", (int64_t)received(row));
    for (int s = ENTRY_ACCEPTED; s <= ENTRY_CONTINUED; s++) {
        report_set_int(o, history_status_text((enum entry_status)s), (int64_t)row->messages[s]);
    }
    return o;
}

static void print(const struct command_run *r, const struct hours *t)
{
    struct report *list = r->json ? report_list() : NULL;
    for (size_t i = 0; i < t->n; i++) {
        if (list) {
            report_add(list, row_report(t, &t->v[i]));
        } else {
            print_row(t, &t->v[i]);
        }
    }
    if (list) {
        report_print(&list);
    }
}

static int run(struct command_run *r)
{
    const struct hours_args *args = r->args;
    struct history h;
    struct hours t;
    hours_init(&t, &h);
    const char *state = target_state(r, &args->target);
    t.span_us = (args->by == BY_DAY ? 24 : 1) * (int64_t)3600 * 1000000;
    if (!state || history_window(r, args->since, args->until, &t.since_us, &t.until_us) != 0 ||
        history_open(r, state, &h) != 0) {
        hours_free(&t);
        return COMMAND_CANNOT;
    }
    int failed = hours_count(&t);
    if (!failed) {
        print(r, &t);
    }
    history_close(&h);
    if (!failed) {
        history_remark(&h);
    }
    bool found = t.n > 0;
    hours_free(&t);
    return failed ? failed : found ? COMMAND_FINE : COMMAND_FINDINGS;
}

const struct command cmd_hours = {
    .name = "hours",
    .operands = "",
    .summary = "Count by hour what came in and what was made of it.",
    .details =
        "  A line an hour for each source and each destination, oldest first; also beside the\n"
        "  running daemon. Messages count as long as the journal keeps them (`retention`).\n"
        "  Status 1 when there is none.",
    .options = options,
    .args_size = sizeof(struct hours_args),
    .example = "corridor hours -c conf/corridor.yaml --since 7d --by day",
    .run = run,
};
