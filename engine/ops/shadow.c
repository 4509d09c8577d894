#include "engine/ops/shadow.h"

#include "engine/ops/shadow_crew.h"

void shadow_init(struct shadow *s, struct plan *was, const struct plan *now, unsigned threads,
                 struct shadow_tally *tally)
{
    *s = (struct shadow){.threads = threads, .tally = tally, .first_us = INT64_MAX};
    shadow_pair_init(&s->pair, &tally->arena, was, now);
}

void shadow_free(struct shadow *s)
{
    shadow_crew_free(&s->crew);
}

struct str shadow_guess_source(const struct plan *p, struct arena *a, struct str raw)
{
    struct hl7 m;
    struct rules_input in = {.m = NULL};
    struct str why;
    if (rules_read(a, raw, &m, &in, &why) == 0) {
        for (unsigned i = 0; i < p->nsources; i++) {
            in.source = i;
            if (rules_reads(p->rules, &in, a)) {
                return p->sources[i].name;
            }
        }
    }
    return p->nsources ? p->sources[0].name : STR("");
}

/* ---- one message ---- */

static void note_time(struct shadow *s, int64_t at_us)
{
    s->first_us = at_us < s->first_us ? at_us : s->first_us;
    s->last_us = at_us > s->last_us ? at_us : s->last_us;
}

/* What came of a message. */
static void on_turn(void *arg, const struct shadow_turn *t)
{
    struct shadow *s = arg;
    if (t->is_stranger) {
        s->strangers++;
        return;
    }
    if (t->is_unread) {
        s->unread++;
        return;
    }
    s->run++;
    s->untouched += t->is_same;
    s->different += t->found != NULL;
    note_time(s, t->m.received_us);
    for (const struct shadow_found *one = t->found; one; one = one->next) {
        shadow_tally_add(s->tally, &one->what, s->run, t->m.label);
    }
}

void shadow_message(struct shadow *s, const struct shadow_message *m)
{
    s->crew = s->crew ? s->crew : shadow_crew_new(&s->pair, s->threads, on_turn, s);
    shadow_crew_add(s->crew, m);
}

void shadow_flush(struct shadow *s)
{
    if (s->crew) {
        shadow_crew_flush(s->crew);
    }
}
