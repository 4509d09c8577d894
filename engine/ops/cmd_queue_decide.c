/* `queue release`, `drop` and `move` of some outputs: those that the daemon holds, then those that the journal knows of. */
#include <stdio.h>

#include "engine/ops/cmd_queue_priv.h"
#include "engine/ops/locate.h"

enum { IDS_MOST = 1000 };

struct sum {
    long long done, failed;
    struct report *failures, *missing; /* lists */
};

static void add_up(struct sum *sum, const struct report *a)
{
    const struct report *failures = report_get(a, "failures"), *missing = report_get(a, "missing");
    sum->done += (long long)report_int(a, "done");
    sum->failed += (long long)report_int(a, "failed");
    for (size_t i = 0; i < report_count(failures); i++) {
        report_add(sum->failures, report_share(report_at(failures, i)));
    }
    for (size_t i = 0; i < report_count(missing); i++) {
        report_add(sum->missing, report_share(report_at(missing, i)));
    }
}

static int do_all(struct queue_session *s, const char *place, struct sum *sum)
{
    struct str next = STR("");
    bool has_more = true;
    while (has_more) {
        struct report *o = cmd_queue_order(s);
        report_set_bool(o, "all", true);
        report_set_text(o, "next", next);
        struct report *a = cmd_queue_post(s, place, o);
        if (!a) {
            return COMMAND_CANNOT;
        }
        add_up(sum, a);
        has_more = report_bool(a, "more");
        next = str_dup(s->r->arena, str_of(report_text(a, "next")));
        report_free(&a);
    }
    return 0;
}

/* What is not held is looked for in the journal: it may wait. Ids that are nowhere stay missing. */
static int do_missing(struct queue_session *s, const char *place, struct sum *sum)
{
    size_t n = report_count(sum->missing);
    struct located *v = ARENA_ARRAY(s->r->arena, struct located, n + 1);
    struct report *o = cmd_queue_order(s), *entries = report_list(), *missing = report_list();
    for (size_t i = 0; i < n; i++) {
        if (locate_read_id(s->r, report_item_text(sum->missing, i), &v[i].id) != 0) {
            return COMMAND_CANNOT;
        }
    }
    int failed = n ? locate(s->r, s->state, v, n) : 0;
    for (size_t i = 0; i < n && !failed; i++) {
        if (v[i].seq) {
            report_add_int(entries, (int64_t)v[i].seq);
        } else {
            report_add(missing, report_share(report_at(sum->missing, i)));
        }
    }
    report_free(&sum->missing);
    sum->missing = missing;
    bool has_some = report_count(entries) > 0;
    report_set(o, "entries", entries);
    struct report *a = !failed && has_some ? cmd_queue_post(s, place, report_share(o)) : NULL;
    report_free(&o);
    if (a) {
        add_up(sum, a);
    }
    failed = failed ? failed : has_some && !a ? COMMAND_CANNOT : 0;
    report_free(&a);
    return failed;
}

static int do_ids(struct queue_session *s, const char *place, struct sum *sum)
{
    struct report *o = cmd_queue_order(s), *ids = report_list();
    for (int i = 0; i < s->nids; i++) {
        report_add_text(ids, str_of(s->ids[i]));
    }
    report_set(o, "ids", ids);
    struct report *a = cmd_queue_post(s, place, o);
    if (!a) {
        return COMMAND_CANNOT;
    }
    add_up(sum, a);
    report_free(&a);
    return do_missing(s, place, sum);
}

static void print_sum(const struct queue_session *s, const char *done_word, struct sum *sum)
{
    if (s->r->json) {
        struct report *r = report_object();
        report_set_text(r, "destination", str_of(s->destination));
        report_set_int(r, "done", sum->done);
        report_set_int(r, "failed", sum->failed);
        report_set(r, "failures", report_share(sum->failures));
        report_set(r, "missing", report_share(sum->missing));
        report_print(&r);
        return;
    }
    printf("%s: %s %lld output%s\n", s->destination, done_word, sum->done,
           sum->done == 1 ? "" : "s");
    for (size_t i = 0; i < report_count(sum->failures); i++) {
        const struct report *f = report_at(sum->failures, i);
        printf("  %s stays as it is: %s\n", report_text(f, "id"), report_text(f, "reason"));
    }
    for (size_t i = 0; i < report_count(sum->missing); i++) {
        printf("  %s: there is no such message in the journal (any more)\n",
               report_item_text(sum->missing, i));
    }
    if (sum->failed > (long long)report_count(sum->failures)) {
        printf("  and %lld more\n", sum->failed - (long long)report_count(sum->failures));
    }
}

int cmd_queue_decide(struct queue_session *s, const char *place, const char *done_word)
{
    struct sum sum = {0, 0, report_list(), report_list()};
    struct entry_id id;
    int failed = s->args->all && s->nids > 0
                     ? command_fail(s->r, "--all and message ids exclude one another")
                 : !s->args->all && s->nids == 0
                     ? command_fail(s->r,
                                    "expected message ids, or --all; corridor queue list %s "
                                    "shows them",
                                    s->destination)
                 : s->nids > IDS_MOST ? command_fail(s->r, "at most %d ids at once", IDS_MOST)
                                      : 0;
    for (int i = 0; i < s->nids && !failed; i++) {
        failed = locate_read_id(s->r, s->ids[i], &id);
    }
    if (!failed) {
        failed = s->args->all ? do_all(s, place, &sum) : do_ids(s, place, &sum);
    }
    if (!failed) {
        print_sum(s, done_word, &sum);
        failed = sum.failed || report_count(sum.missing) ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    report_free(&sum.failures);
    report_free(&sum.missing);
    return failed;
}
