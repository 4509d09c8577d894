/* What is written beside messages: names, states, and the journal's own states: damage, and what came from a backup. */
#include "engine/journal/journal_priv.h"

#include <stdio.h>

static const struct str DAMAGE_KEY = {"damage", 6};
static const struct str ACCEPTED_KEY = {"accepted", 8};
static const struct str RESTORED_KEY = {"restored", 8};

static void append_name(struct journal *j, enum journal_kind kind, uint32_t id, struct str name)
{
    buf_putc(&j->scratch, (char)kind);
    wire_put_var(&j->scratch, id);
    wire_put_str(&j->scratch, name);
    /* a checkpoint in front of it holds the name already */
    (void)journal_put_scratch(j, ENTRY_NAMES, NULL, NULL);
}

uint32_t journal_name_id(const struct journal *j, enum journal_kind kind, struct str name)
{
    return tables_name_id(&j->tables, kind, name);
}

bool journal_rename(struct journal *j, enum journal_kind kind, uint32_t id, struct str name)
{
    if (j->is_fenced || name.n > TABLES_KEY_MAX || tables_rename(&j->tables, kind, id, name) != 0) {
        return false;
    }
    append_name(j, kind, id, name);
    return true;
}

struct str journal_name_first(const struct journal *j, enum journal_kind kind, uint32_t id)
{
    return tables_name_first(&j->tables, kind, id);
}

uint32_t journal_name(struct journal *j, enum journal_kind kind, struct str name)
{
    uint32_t id = tables_name_id(&j->tables, kind, name);
    if (id) {
        return id;
    }
    id = j->tables.nnames[kind] + 1;
    if (j->is_fenced || name.n == 0 || name.n > TABLES_KEY_MAX ||
        tables_name_add(&j->tables, kind, id, name) != 0) {
        return 0;
    }
    append_name(j, kind, id, name);
    if (kind == JOURNAL_DESTINATION) {
        (void)consumer_get(j, id, ENTRY_INTERACTIVE);
        (void)consumer_get(j, id, ENTRY_BULK);
    }
    return id;
}

struct str journal_name_text(const struct journal *j, enum journal_kind kind, uint32_t id)
{
    return tables_name_text(&j->tables, kind, id);
}

void journal_state_set(struct journal *j, struct str owner, struct str key, struct str value,
                       journal_done_fn done, void *arg)
{
    if (j->is_fenced || owner.n + key.n + 1 > TABLES_KEY_MAX) {
        if (done) {
            done(arg, JOURNAL_REFUSED, 0);
        }
        return;
    }
    wire_put_str(&j->scratch, owner);
    wire_put_str(&j->scratch, key);
    wire_put_str(&j->scratch, value);
    tables_state_set(&j->tables, owner, key, value);
    if (journal_put_scratch(j, ENTRY_STATE, done, arg) == 0 && done) {
        done(arg, JOURNAL_REFUSED, 0);
    }
}

struct str journal_state(const struct journal *j, struct str owner, struct str key)
{
    return tables_state(&j->tables, owner, key);
}

bool journal_state_next(const struct journal *j, struct str owner, size_t *cursor,
                        struct str *out_key, struct str *out_value)
{
    return tables_state_next(&j->tables, owner, cursor, out_key, out_value);
}

/* ---- its own ---- */

/* 0: it has none. */
static uint64_t own_number(const struct journal *j, struct str key)
{
    int64_t n = 0;
    return str_to_i64(journal_state(j, JOURNAL_OWN, key), &n) && n > 0 ? (uint64_t)n : 0;
}

static void set_own_number(struct journal *j, struct str key, uint64_t number)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    journal_state_set(j, JOURNAL_OWN, key, str_from(text, (size_t)n), NULL, NULL);
}

bool journal_is_degraded(const struct journal *j)
{
    return journal_state(j, JOURNAL_OWN, DAMAGE_KEY).n > 0;
}

void journal_accept_damage(struct journal *j)
{
    if (journal_is_degraded(j)) {
        set_own_number(j, ACCEPTED_KEY, j->ops->newest(j));
        journal_state_set(j, JOURNAL_OWN, DAMAGE_KEY, str_from("", 0), NULL, NULL);
    }
}

uint64_t journal_accepted(const struct journal *j)
{
    return own_number(j, ACCEPTED_KEY);
}

uint64_t journal_restored(const struct journal *j)
{
    return own_number(j, RESTORED_KEY);
}

void journal_note_restored(struct journal *j, uint64_t through)
{
    set_own_number(j, RESTORED_KEY, through);
    j->restored = through;
}

void journal_note_damage(struct journal *j, uint64_t from, uint64_t to)
{
    char text[64];
    int n =
        snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)from, (unsigned long long)to);
    journal_state_set(j, JOURNAL_OWN, DAMAGE_KEY, str_from(text, (size_t)n), NULL, NULL);
}
