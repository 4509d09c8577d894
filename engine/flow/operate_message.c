/* Messages of our own: a moved output, or one made anew, is an entry whose cause is the one it came from. */
#include "engine/base/hash.h"
#include "engine/flow/operate_priv.h"

#include <stdio.h>

/* Whatever they are for reads them from the journal. */
static void appended(void *arg, enum journal_status status, uint64_t seq)
{
    struct engine *e = arg;
    (void)seq;
    for (unsigned i = 0; i < e->ndestinations && status == JOURNAL_STORED; i++) {
        queue_look(e->destinations[i]->queue);
    }
    engine_kick(e);
}

struct entry_id operate_id(const struct engine *e, struct entry_id id, uint32_t output,
                           uint32_t destination)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%016llx%016llx/%u/%u", (unsigned long long)id.hi,
                     (unsigned long long)id.lo, output, destination);
    return (struct entry_id){
        id.hi, hash_keyed(journal_hash_key(e->conf.journal), str_from(text, (size_t)n))};
}

bool operate_append(struct engine *e, const struct msg *m, struct entry_id id,
                    const struct entry_output *outputs, uint32_t n)
{
    struct entry_message own = m->e;
    own.id = id;
    own.cause = m->e.id;
    own.status = ENTRY_ACCEPTED;
    own.id_hash = 0; /* it is no copy of the first one */
    own.reply = own.reason = STR("");
    own.outputs = outputs;
    own.noutputs = n;
    own.nmembers = 0; /* one of its messages, if it was a batch */
    return journal_append_message(e->conf.journal, &own, appended, e) != 0;
}

struct msg *operate_read(struct engine *e, uint64_t seq)
{
    struct msg *m = msg_new(&e->pool);
    if (journal_read_message(e->conf.journal, seq, &m->arena, &m->e) != 0) {
        msg_unref(&m);
        return NULL;
    }
    m->seq = seq;
    return m;
}
