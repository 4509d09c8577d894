/* `alerts:` at the top, `expect:` of a source. */
#include "engine/base/zone.h"
#include "engine/config/loader.h"

enum { FLOORS_MAX = 32 };

/* ---- expect ---- */

static void bad(struct loader *l, const struct yaml_node *n, const char *key, const char *expected)
{
    const struct yaml_node *at = yaml_get(n, key);
    at = at ? at : n;
    if (at->kind == YAML_SCALAR) {
        diag_add(l->d, DIAG_ERROR, "option-type", at->pos, "`%s` is `%.*s`; expected %s", key,
                 STR_ARG(at->text), expected);
    } else {
        diag_add(l->d, DIAG_ERROR, "option-type", at->pos, "`%s` cannot be read; expected %s", key,
                 expected);
    }
}

static bool read_days(const struct opt_list *days, uint8_t *out)
{
    *out = 0;
    for (size_t i = 0; i < days->n; i++) {
        uint8_t some;
        if (!traffic_read_days(days->v[i], &some)) {
            return false;
        }
        *out |= some;
    }
    return *out != 0;
}

static void read_floor(struct loader *l, const struct yaml_node *n, struct traffic_floor *out)
{
    struct expect_conf c = {0};
    if (opt_parse(l->a, config_expect_rows, n, NULL, l->d, &c) != 0) {
        return;
    }
    if (!read_days(&c.days, &out->days)) {
        bad(l, n, "days", "days as mon-fri, sat or [mon, wed-fri]");
    } else if (!traffic_read_hours(c.hours, &out->from_min, &out->to_min)) {
        bad(l, n, "hours", "hours as 07-18, 07:30-18 or 22-06");
    } else if (!traffic_read_rate(c.at_least, &out->at_least, &out->period_us)) {
        bad(l, n, "at-least", "messages in a time as 20/h or 5/15m, from 1s to 1d");
    } else if (out->period_us / 60000000 > traffic_minutes(out)) {
        bad(l, n, "at-least",
            "a time that is no longer than `hours` last: it could never be judged");
    }
}

static const struct zone *read_zone(struct loader *l, const struct plan_source *s)
{
    struct str bytes;
    struct zone *zone = NULL;
    if (zone_name_valid(s->timezone) && loader_read_zone(l, l->a, s->timezone, &bytes)) {
        (void)zone_load(l->a, bytes, &zone, NULL); /* the rules tell of a zone that is none */
    }
    return zone;
}

void loader_expect(struct loader *l, const struct yaml_node *list, struct plan_source *s)
{
    if (!list) {
        return;
    }
    if (list->kind != YAML_SEQUENCE || list->count > FLOORS_MAX) {
        diag_add(l->d, DIAG_ERROR, "option-type", list->pos,
                 "`expect` is %s; expected a list of at most %d mappings",
                 list->kind == YAML_SEQUENCE ? "longer" : yaml_kind_text(list), FLOORS_MAX);
        return;
    }
    if (!s->timezone.n) {
        diag_add(l->d, DIAG_ERROR, "option-missing", list->pos,
                 "`expect` without `timezone`; expected the zone whose clock its hours mean");
        return;
    }
    struct traffic_floor *v = ARENA_ARRAY(l->a, struct traffic_floor, list->count + 1);
    yaml_each(one, list)
    {
        read_floor(l, one, &v[s->nfloors++]);
    }
    s->floors = v;
    s->zone = read_zone(l, s);
}

/* ---- alerts ---- */

static void read_off(struct loader *l, const struct alerts_conf *c, const struct yaml_node *at)
{
    for (size_t i = 0; i < c->off.n; i++) {
        enum condition_kind kind;
        if (condition_of(c->off.v[i], &kind)) {
            l->plan->alerts.off |= 1u << kind;
        } else {
            struct diag *one = diag_add(l->d, DIAG_ERROR, "option-limit", at->pos,
                                        "no condition is called `%.*s`", STR_ARG(c->off.v[i]));
            diag_hint(l->d, one, "corridor describe conditions lists them");
        }
    }
}

static const struct adapter *find_teller(const struct loader *l, const char *name)
{
    for (size_t i = 0; l->adapters[i]; i++) {
        if (l->adapters[i]->tell && strcmp(l->adapters[i]->name, name) == 0) {
            return l->adapters[i];
        }
    }
    return NULL;
}

static void read_teller(struct loader *l, const char *name, const void *conf,
                        const struct yaml_node *alerts)
{
    struct plan_alerts *p = &l->plan->alerts;
    const struct adapter *ad = find_teller(l, name);
    const struct yaml_node *at = yaml_get(alerts, name);
    if (!conf || !at) {
        return;
    }
    if (!ad) {
        loader_unavailable(l, at, name);
        return;
    }
    if (ad->tell_check) {
        ad->tell_check(conf, at, l->d);
    }
    p->tellers[p->ntellers++] = (struct plan_teller){ad, conf};
}

void loader_alerts(struct loader *l, const struct alerts_conf *c, const struct yaml_node *root)
{
    struct plan_alerts *p = &l->plan->alerts;
    const struct yaml_node *at = yaml_get(root, "alerts");
    opt_defaults(l->a, condition_opts, &p->limits);
    if (!c || !at) {
        return;
    }
    if (c->limits) {
        p->limits = *c->limits;
    }
    p->at_most = (unsigned)c->at_most;
    p->instance = c->instance;
    read_off(l, c, at);
    read_teller(l, "webhook", c->webhook, at);
    read_teller(l, "mail", c->mail, at);
}
