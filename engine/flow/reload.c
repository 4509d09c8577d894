/* A plan takes the place of another one: what runs is kept by name, what is new is opened, what went is let go. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/engine_priv.h"
#include "engine/flow/park.h"

#include <stdlib.h>

static void index_names(struct engine *e)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        uint32_t id = e->destinations[i]->name_id;
        if (id >= e->nby_name_id) {
            uint32_t n = id + 16;
            e->by_name_id = xrealloc(e->by_name_id, n * sizeof(struct destination *));
            memset(e->by_name_id + e->nby_name_id, 0,
                   (n - e->nby_name_id) * sizeof(struct destination *));
            e->nby_name_id = n;
        }
        e->by_name_id[id] = e->destinations[i];
    }
}

static void index_routes(struct engine *e)
{
    unsigned n = rules_route_count(e->plan->rules);
    e->route_ids = xrealloc(e->route_ids, (n ? n : 1) * sizeof(*e->route_ids));
    for (unsigned i = 0; i < e->plan->nsources; i++) {
        if (e->plan->sources[i].has_ack_to) {
            e->ack_route = journal_name(e->conf.journal, JOURNAL_ROUTE, STR("(acknowledgement)"));
        }
    }
    for (unsigned i = 0; i < n; i++) {
        e->route_ids[i] =
            journal_name(e->conf.journal, JOURNAL_ROUTE, rules_route_name(e->plan->rules, i));
    }
}

/* Whose answers do routes read? */
static void index_answers(struct engine *e)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        struct destination *t = e->destinations[i];
        t->index = i;
        t->is_asked = rules_reads_answers(e->plan->rules, i);
        if (t->is_asked) {
            t->answers_id = journal_name(e->conf.journal, JOURNAL_SOURCE, t->own_name);
        }
    }
}

static struct source *find_source(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        if (str_eq(e->sources[i]->own_name, name)) {
            return e->sources[i];
        }
    }
    return NULL;
}

static struct destination *find_destination(const struct engine *e, struct str name)
{
    for (unsigned i = 0; i < e->ndestinations; i++) {
        if (str_eq(e->destinations[i]->own_name, name)) {
            return e->destinations[i];
        }
    }
    return NULL;
}

/* The running destination for `want`: that of its name, else the one whose name it says it had. */
static struct destination *find_heir(const struct engine *e, const struct plan_destination *want)
{
    struct destination *t = find_destination(e, want->name);
    return t || !want->was.n ? t : find_destination(e, want->was);
}

/* The destination of `p` that goes on with what `t` has queued; NULL: `t` is removed. */
static const struct plan_destination *heir_in(const struct engine *e, const struct plan *p,
                                              const struct destination *t)
{
    for (unsigned i = 0; i < p->ndestinations; i++) {
        if (find_heir(e, &p->destinations[i]) == t) {
            return &p->destinations[i];
        }
    }
    return NULL;
}

static int refuse_removal(const struct destination *t, struct diags *d)
{
    diag_hint(d,
              diag_add(d, DIAG_ERROR, "destination-not-empty", DIAG_NOWHERE,
                       "destination \"%.*s\" was removed but has undelivered messages",
                       STR_ARG(t->own_name)),
              "keep it until they are delivered or dropped; or say `was: %.*s` under the name that "
              "takes its place; or reload with --hold-pending, which keeps them until it is "
              "configured again",
              STR_ARG(t->own_name));
    return ERR_STATE;
}

/* A name that others had before stays theirs: messages of theirs may wait under it. */
static int refuse_name(const struct plan_destination *want, struct diags *d)
{
    diag_add(d, DIAG_ERROR, "name-used", want->pos,
             "\"%.*s\" cannot take over the queue of \"%.*s\": a destination of that name has run "
             "here before; expected a new name",
             STR_ARG(want->name), STR_ARG(want->was));
    return ERR_STATE;
}

static int check_destinations(const struct engine *e, const struct plan *p,
                              enum engine_pending pending, struct diags *d)
{
    int r = 0;
    for (unsigned i = 0; i < e->ndestinations; i++) {
        const struct destination *t = e->destinations[i];
        const struct plan_destination *heir = heir_in(e, p, t);
        bool is_lost = !heir && !queue_is_empty(t->queue) && pending == ENGINE_REFUSE_PENDING;
        uint32_t id =
            heir ? journal_name_id(e->conf.journal, JOURNAL_DESTINATION, heir->name) : t->name_id;
        if (is_lost) {
            r = refuse_removal(t, d);
        } else if (id != 0 && id != t->name_id) {
            r = refuse_name(heir, d);
        }
    }
    return r;
}

/* The running source for `want`: the one of that name with its new settings, or a new one. NULL with
 * findings when it cannot listen. */
static struct source *take_source(struct engine *e, const struct plan_source *want, struct diags *d)
{
    struct source *s = find_source(e, want->name);
    if (s && s->ep.adapter == want->adapter) { /* also with the same settings: files may be new */
        return want->adapter->in->reload(s, want->conf, d) == 0 ? s : NULL;
    }
    s = source_new(e, want);
    if (source_open(s, d) < 0) {
        source_free(&s);
    }
    return s;
}

static bool is_running(const struct engine *e, const struct source *s)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        if (e->sources[i] == s) {
            return true;
        }
    }
    return false;
}

/* Open what is new; on failure close it again and give the others their old settings back. */
static struct source **take_sources(struct engine *e, const struct plan *p, struct diags *d)
{
    struct source **v = xcalloc(p->nsources + 1, sizeof(struct source *));
    unsigned n = 0;
    while (n < p->nsources && (v[n] = take_source(e, &p->sources[n], d))) {
        n++;
    }
    if (n == p->nsources) {
        return v;
    }
    while (n-- > 0) {
        if (is_running(e, v[n])) {
            (void)v[n]->ep.adapter->in->reload(v[n], v[n]->ep.conf,
                                               d); /* it held these a moment ago */
        } else {
            source_free(&v[n]);
        }
    }
    free(v);
    return NULL;
}

static void leave(struct engine *e, struct source *s)
{
    s->is_leaving = true;
    s->ep.adapter->in->drain(s);
    s->next_leaving = e->leaving;
    e->leaving = s;
}

static void use_sources(struct engine *e, struct source **v, unsigned n, struct plan *before)
{
    struct source **old = e->sources;
    unsigned nold = e->nsources;
    e->sources = v;
    e->nsources = n;
    for (unsigned i = 0; i < n; i++) {
        source_set(v[i], &e->plan->sources[i], i);
    }
    for (unsigned i = 0; i < nold; i++) {
        if (!is_running(e, old[i])) {
            old[i]->want = NULL; /* it takes nothing more */
            old[i]->last_plan = plan_ref(before);
            leave(e, old[i]);
        }
    }
    free(old);
}

/* The end of `want`: the running one under its new settings, or a new one. */
static struct destination *take_destination(struct engine *e, const struct plan_destination *want,
                                            struct diags *d)
{
    struct destination *t = find_heir(e, want);
    bool is_new = !t;
    if (is_new) {
        t = destination_new(e, want);
    } else if (!str_eq(t->own_name, want->name)) {
        destination_rename(t, want->name);
    }
    destination_set(t, want);
    if (is_new && destination_open(t, d) < 0) {
        log_event(e->conf.log, LOG_LEVEL_ERROR, "cannot-open", log_str("destination", t->ep.name),
                  log_str("text", d->first ? d->first->text : STR("")));
    }
    return t;
}

static bool is_among(struct destination *const *v, unsigned n, const struct destination *t)
{
    for (unsigned i = 0; i < n; i++) {
        if (v[i] == t) {
            return true;
        }
    }
    return false;
}

static void use_destinations(struct engine *e, const struct plan *p)
{
    struct destination **v = xcalloc(p->ndestinations + 1, sizeof(struct destination *));
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    for (unsigned i = 0; i < p->ndestinations; i++) {
        v[i] = take_destination(e, &p->destinations[i], &d);
    }
    for (size_t i = 0; i < e->nby_name_id; i++) {
        e->by_name_id[i] = NULL;
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        if (!is_among(v, p->ndestinations, e->destinations[i])) {
            destination_free(&e->destinations[i]);
        }
    }
    free(e->destinations);
    e->destinations = v;
    e->ndestinations = p->ndestinations;
    index_names(e);
    arena_free(&a);
}

/* Unsettled outputs of a destination that is not configured stay in the journal, and so do the volumes they
 * stand in: say so. One that is only behind, as after a crash, is read up to its first unsettled output, so
 * that it does not keep settled volumes for ever. */
static bool is_orphan(struct engine *e, uint32_t id, enum entry_class class)
{
    struct consumer *c = journal_consumer(e->conf.journal, id, class);
    struct arena a = {0};
    struct entry_message m;
    struct consumer_item item;
    int r = ERR_DAMAGE;
    while (consumer_count(c) == 0 && r == ERR_DAMAGE) {
        r = consumer_next(c, &a, &m, &item);
        arena_reset(&a);
    }
    arena_free(&a);
    return consumer_oldest(c) != 0;
}

static void look_for_orphans(struct engine *e)
{
    struct str name;
    for (uint32_t id = 1;
         (name = journal_name_text(e->conf.journal, JOURNAL_DESTINATION, id)).n > 0; id++) {
        if (id < e->nby_name_id && e->by_name_id[id]) {
            continue;
        }
        bool has_first = is_orphan(e, id, ENTRY_INTERACTIVE);
        bool has_bulk = is_orphan(e, id, ENTRY_BULK);
        if (has_first || has_bulk) {
            log_event(
                e->conf.log, LOG_LEVEL_WARN, "undelivered", log_str("destination", name),
                log_cstr("text",
                         "not configured any more, but has undelivered messages; they are kept "
                         "until it is configured again"));
        }
    }
}

/* Ids are kept for as long as any source asks back. */
static void set_window(struct engine *e, const struct plan *plan)
{
    int64_t most = 0;
    for (unsigned i = 0; i < plan->nsources; i++) {
        most = plan->sources[i].duplicates_us > most ? plan->sources[i].duplicates_us : most;
    }
    dup_set_window(e->ids, most);
    journal_keep_ids(e->conf.journal, most);
}

/* What waits of a source that goes is still judged by the rules it came under. */
static void leave_nobody_parked(struct engine *e, struct source *const *v, unsigned n)
{
    for (unsigned i = 0; i < e->nsources; i++) {
        bool stays = false;
        for (unsigned k = 0; k < n; k++) {
            stays = stays || v[k] == e->sources[i];
        }
        if (!stays) {
            parks_leave(e->parked, e->sources[i]);
        }
    }
}

int engine_reload(struct engine *e, struct plan *plan, enum engine_pending pending, struct diags *d)
{
    if (e->is_fenced || e->is_draining) {
        return ERR_STATE;
    }
    int r = check_destinations(e, plan, pending, d);
    struct source **sources = r == 0 ? take_sources(e, plan, d) : NULL;
    if (!sources) {
        return r ? r : ERR_IO;
    }
    leave_nobody_parked(e, sources, plan->nsources);
    struct plan *old = e->plan;
    e->plan = plan_ref(plan);
    use_destinations(e, plan);
    index_routes(e);
    index_answers(e);
    use_sources(e, sources, plan->nsources, old);
    set_window(e, plan);
    plan_unref(&old);
    look_for_orphans(e);
    engine_kick(e);
    return 0;
}
