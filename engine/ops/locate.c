#include "engine/ops/locate.h"

enum { SLACK_S = 3600 };

struct locating {
    struct located *v;
    size_t n, left;
    struct located *at; /* whose outcomes are read */
};

static bool on_message(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct locating *l = arg;
    for (size_t i = 0; i < l->n; i++) {
        struct located *one = &l->v[i];
        if (!one->seq && one->id.hi == m->id.hi && one->id.lo == m->id.lo) {
            one->seq = seq;
            one->noutputs = m->noutputs;
            l->left--;
        }
    }
    return l->left > 0;
}

static bool on_outcome(void *arg, const struct entry_outcome *o)
{
    struct located *one = ((struct locating *)arg)->at;
    one->attempt = o->attempt > one->attempt ? o->attempt : one->attempt;
    return true;
}

/* The first half of an id is the time of receipt: nothing older needs a look. */
static bool is_past(const struct locating *l, const struct history *h)
{
    uint64_t oldest = UINT64_MAX;
    for (size_t i = 0; i < l->n; i++) {
        oldest = !l->v[i].seq && l->v[i].id.hi < oldest ? l->v[i].id.hi : oldest;
    }
    return h->newest_us && h->newest_us + (int64_t)SLACK_S * 1000000 < (int64_t)oldest;
}

static int look(struct locating *l, struct history *h)
{
    int rc = 0;
    while (l->left > 0 && !is_past(l, h) && (rc = history_back(h)) == 1) {
        if (history_messages(h, on_message, l) != 0) {
            return COMMAND_CANNOT;
        }
    }
    for (size_t i = 0; i < l->n && rc != COMMAND_CANNOT; i++) {
        l->at = &l->v[i];
        if (l->at->seq && history_outcomes(h, l->at->seq, on_outcome, l) != 0) {
            return COMMAND_CANNOT;
        }
    }
    return rc == COMMAND_CANNOT ? rc : 0;
}

int locate(struct command_run *r, const char *state, struct located *v, size_t n)
{
    struct locating l = {v, n, n, NULL};
    struct history h;
    if (history_open(r, state, &h) != 0) {
        return COMMAND_CANNOT;
    }
    int failed = look(&l, &h);
    history_close(&h);
    return failed;
}

int locate_read_id(const struct command_run *r, const char *text, struct entry_id *out)
{
    if (entry_id_parse(str_of(text), out) != 0) {
        return command_fail(
            r, "%s is no message id; corridor messages lists them (26 letters and digits)", text);
    }
    return 0;
}
