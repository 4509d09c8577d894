#include "engine/journal/verify.h"

#include "engine/base/err.h"
#include "engine/journal/manifest.h"
#include "engine/journal/refmap.h"
#include "engine/journal/survey.h"

struct verify {
    const struct verify_conf *conf;
    struct verify_result *r;
    struct arena arena;
    uint64_t floor, settled;
    uint32_t part_outputs; /* of the body whose parts we are in */
    struct buf first_part;
    bool is_in_parts;
    struct refmap
        carried; /* outputs whose message stands only in a carry; those settled are gone */
};

static void on_damage(void *ctx, const struct survey_damage *d)
{
    struct verify *v = ctx;
    char name[32];
    volume_name(d->number, name);
    v->r->damages++;
    v->r->lost += d->to >= d->from ? d->to - d->from + 1 : 0;
    if (v->conf->on_damage) {
        v->conf->on_damage(v->conf->arg, name, d->from, d->to);
    }
}

/* A settled output is open again. */
static void count_again(struct verify *v, struct entry_ref ref)
{
    v->settled -= v->settled > 0;
    if (ref.seq < v->floor) {
        refmap_set(&v->carried, ref.seq, ref.output, 1);
    }
}

static void count_final(struct verify *v, struct entry_ref ref)
{
    bool is_carried = refmap_get(&v->carried, ref.seq, ref.output);
    v->settled += is_carried || ref.seq >= v->floor;
    if (is_carried) {
        refmap_set(&v->carried, ref.seq, ref.output, 0);
    }
}

static void count_outcomes(struct verify *v, struct str body)
{
    struct entry_outcomes o;
    if (entry_get_outcomes(&v->arena, body, &o) == 0) {
        for (uint32_t i = 0; i < o.n; i++) {
            enum entry_verdict verdict = o.v[i].verdict;
            if (verdict == ENTRY_RELEASED && str_is(o.v[i].reply, ENTRY_AGAIN)) {
                count_again(v, o.v[i].ref);
            } else if (verdict != ENTRY_HELD && verdict != ENTRY_RELEASED) {
                count_final(v, o.v[i].ref);
            }
        }
    }
    arena_reset(&v->arena);
}

/* What its own volume still holds is counted there. */
static void count_carried(struct verify *v, struct str body)
{
    uint64_t seq;
    const uint32_t *outputs;
    uint32_t n;
    if (entry_peek_carry(&v->arena, body, &seq, &outputs, &n) == 0 && seq < v->floor) {
        for (uint32_t i = 0; i < n; i++) {
            v->r->outputs += refmap_get(&v->carried, seq, outputs[i]) ? 0 : 1;
            refmap_set(&v->carried, seq, outputs[i], 1);
        }
    }
    arena_reset(&v->arena);
}

static void on_entry(void *ctx, const struct stored *s)
{
    struct verify *v = ctx;
    if (s->e.type == ENTRY_PART) {
        v->part_outputs = v->is_in_parts ? v->part_outputs : entry_peek_outputs(s->e.body);
        if (!v->is_in_parts) {
            buf_clear(&v->first_part);
            buf_put_str(&v->first_part, s->e.body);
        }
        v->is_in_parts = true;
        return;
    }
    if (entry_is_message(s->e.type)) {
        bool has_parts = s->flags & ENTRY_FLAG_PARTED;
        v->r->outputs += !has_parts       ? entry_peek_outputs(s->e.body)
                         : v->is_in_parts ? v->part_outputs
                                          : 0;
    } else if (s->e.type == ENTRY_CARRY) {
        count_carried(v, s->flags & ENTRY_FLAG_PARTED ? buf_str(&v->first_part) : s->e.body);
    } else if (s->e.type == ENTRY_OUTCOME && !(s->flags & ENTRY_FLAG_PARTED)) {
        count_outcomes(v, s->e.body);
    }
    v->is_in_parts = v->is_in_parts && s->e.type == ENTRY_CHECKPOINT;
}

/* Volumes that are missing between two, or whose header cannot be read. */
static void check_row(struct verify *v, const struct survey *s, size_t i)
{
    const struct volume *one = &s->v[i];
    uint64_t before = i ? s->v[i - 1].last_seq : 0;
    if (one->is_lost) {
        uint64_t to = i + 1 < s->n && !s->v[i + 1].is_lost ? s->v[i + 1].first_seq - 1 : before + 1;
        on_damage(v, &(struct survey_damage){.number = one->number, .from = before + 1, .to = to});
    } else if (i && one->number != s->v[i - 1].number + 1) {
        on_damage(v, &(struct survey_damage){
                         .number = one->number - 1, .from = before + 1, .to = one->first_seq - 1});
    }
    int copies = one->is_lost ? 2 : survey_copies(&s->disk, one->number, one->salt);
    if (copies >= 0 && copies < 2) { /* nothing is lost by it */
        on_damage(v, &(struct survey_damage){
                         .number = one->number, .from = one->first_seq, .to = one->first_seq - 1});
    }
}

/* The device refuses: what it holds of the volume, from its beginning or from where it stopped, is not known. */
static void tell_unreadable(struct verify *v, const struct survey *s, size_t i)
{
    const struct volume *one = &s->v[i];
    uint64_t to = one->last_seq == UINT64_MAX ? one->first_seq : one->last_seq;
    on_damage(v, &(struct survey_damage){.number = one->number, .from = one->first_seq, .to = to});
}

static int verify_volumes(struct verify *v, struct survey *s)
{
    for (size_t i = 0; i < s->n; i++) {
        uint64_t live = s->v[i].number == v->conf->live_volume ? v->conf->live_end : 0;
        check_row(v, s, i);
        if (v->r->volumes == 0) {
            v->floor = v->r->first_seq = s->v[i].first_seq;
        }
        int rc = survey_volume(s, i, live);
        if (rc == ERR_NOT_FOUND && v->conf->live_volume) {
            continue; /* settled, and let go since */
        }
        if (rc != 0) {
            tell_unreadable(v, s, i);
        }
        v->r->volumes++;
        if (!s->v[i].is_lost && s->v[i].last_seq != UINT64_MAX) {
            v->r->last_seq = s->v[i].last_seq;
        }
        if (v->conf->on_progress) {
            v->conf->on_progress(v->conf->arg, i + 1, s->n);
        }
    }
    return 0;
}

/* Of a stopped journal: newer volumes than those here were begun, or the newest was cut off. */
static void check_end(struct verify *v, const struct survey *s)
{
    uint64_t newest = s->n ? s->v[s->n - 1].number : 0, begun = survey_newest(&s->disk);
    uint64_t next = v->r->last_seq + 1;
    if (v->conf->live_volume || manifest_stands(&s->disk)) {
        return;
    }
    if (begun > newest || (s->is_short && !s->ended)) {
        uint64_t number = begun > newest ? begun : newest;
        on_damage(v, &(struct survey_damage){.number = number, .from = next, .to = next});
    }
}

int journal_verify(const struct verify_conf *conf, struct verify_result *out)
{
    struct verify_result r = {0};
    struct verify v = {.conf = conf, .r = &r};
    struct survey s = {0};
    s.goes_on = true;
    s.upto = conf->live_volume; /* not what is begun while we read */
    int rc = survey_begin(&s, &conf->disk, 0);
    s.on_damage = on_damage;
    s.on_entry = on_entry;
    s.ctx = &v;
    if (rc == 0 && s.is_foreign) {
        rc = ERR_TYPE;
    }
    if (rc == 0) {
        rc = verify_volumes(&v, &s);
        check_end(&v, &s);
    }
    r.entries = s.entries;
    r.bytes = s.bytes;
    r.torn_bytes = s.torn_bytes;
    r.unsettled = r.outputs > v.settled ? r.outputs - v.settled : 0;
    survey_free(&s);
    arena_free(&v.arena);
    buf_free(&v.first_part);
    refmap_free(&v.carried);
    if (rc == 0) {
        *out = r;
    }
    return rc;
}

void verify_live(const struct journal *j, uint64_t *out_volume, uint64_t *out_end)
{
    *out_volume = j->ops->newest(j);
    *out_end = j->ops->live_end(j);
}
