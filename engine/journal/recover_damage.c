/* What is lost of a journal: entries and volumes that cannot be read, or that are missing at either end. */
#include "engine/journal/recover_priv.h"

void recover_add_damage(struct recovery *o, const struct survey_damage *one)
{
    if (o->ndamages < RECOVER_DAMAGES_MOST) {
        o->damages[o->ndamages++] = *one;
    }
}

void recover_place_lost(struct recovery *o)
{
    struct survey *s = &o->survey;
    for (size_t i = 0; i < s->n; i++) {
        struct volume *v = &s->v[i];
        uint64_t before = i ? s->v[i - 1].last_seq : 0;
        bool has_gap = i && v->number != s->v[i - 1].number + 1;
        if (!v->is_lost && !has_gap) {
            continue;
        }
        struct survey_damage d = {.number = v->number, .from = before + 1};
        if (v->is_lost) {
            v->first_seq = before + 1;
            bool is_known = i + 1 < s->n && !s->v[i + 1].is_lost;
            v->last_seq = is_known ? s->v[i + 1].first_seq - 1
                                   : before + VOLUME_BYTES_MOST / VOLUME_ENTRY_HEADER;
            d.to = v->last_seq;
        } else {
            d.to = v->first_seq - 1;
        }
        recover_add_damage(o, &d);
    }
}

static void tell(struct recovery *o, uint64_t number, uint64_t from, uint64_t to)
{
    recover_add_damage(o, &(struct survey_damage){.number = number, .from = from, .to = to});
}

void recover_find_missing_end(struct recovery *o)
{
    const struct survey *s = &o->survey;
    uint64_t begun = survey_newest(&o->conf->disk), newest = s->n ? s->v[s->n - 1].number : 0;
    if (begun > newest) {
        o->is_behind = begun;
        tell(o, begun, o->end_seq + 1, o->end_seq + 1);
    } else if (s->is_short && !s->ended) {
        tell(o, newest, o->end_seq + 1, o->end_seq + 1);
    }
}

void recover_find_missing_beginning(struct recovery *o, struct journal *j)
{
    const struct volume *first = &((const struct files *)j->store)->v[0];
    uint64_t lost = consumers_lost(j, first->first_seq, o->ended);
    if (lost) {
        tell(o, first->number - 1, lost, first->first_seq - 1);
    }
}

bool recover_has_damage_behind(const struct recovery *o, uint64_t seq)
{
    for (size_t i = 0; i < o->ndamages; i++) {
        if (o->damages[i].to >= seq) {
            return true;
        }
    }
    return false;
}

void recover_report(struct recovery *o, struct journal *j)
{
    struct journal_report *r = o->report;
    const struct survey *s = &o->survey;
    uint64_t accepted = journal_accepted(j);
    r->entries = s->entries;
    r->first_seq = s->n ? s->v[0].first_seq : 0;
    r->last_seq = o->end_seq;
    r->torn_bytes = s->torn_bytes;
    r->volumes = s->n;
    for (size_t i = 0; i < o->ndamages; i++) {
        const struct survey_damage *d = &o->damages[i];
        if (d->number <= accepted) {
            continue;
        }
        r->damaged_from = r->damaged_from && r->damaged_from < d->from ? r->damaged_from : d->from;
        r->damaged_to = r->damaged_to > d->to ? r->damaged_to : d->to;
        diag_hint(
            o->d,
            diag_add(
                o->d, DIAG_WARNING, "journal-damage", DIAG_NOWHERE,
                "volume %llu: entries %llu to %llu cannot be read; nothing behind them is lost",
                (unsigned long long)d->number, (unsigned long long)d->from,
                (unsigned long long)d->to),
            "run `corridor verify`, then `corridor verify --accept`");
    }
}
