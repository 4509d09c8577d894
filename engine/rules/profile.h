/* profile.h - what is different about one sender: names that stand for formulas or texts, tables of its own,
 * types of its Z-segments. Compiled with the routes, constant afterwards.
 * Source: docs/language.md "Names and profiles". */
#ifndef CORRIDOR_RULES_PROFILE_H
#define CORRIDOR_RULES_PROFILE_H

#include "engine/rules/formula.h"

struct need;

struct profile_name {
    struct str name;
    unsigned id;          /* of the name among all profiles */
    struct node *formula; /* NULL: a text */
    struct str literal;
    struct diag_pos pos;
    struct need *needs; /* what the formula wants of the feed (check.h) */
};

/* A table that takes the place of another one for this feed. */
struct profile_table {
    struct str name;
    struct table *table;
    struct diag_pos pos;
};

/* A field of a Z-segment: its datatype, constant text of the dictionary. */
struct profile_type {
    struct path path;
    const char *type;
    struct diag_pos pos;
};

struct profile {
    struct str name;
    struct diag_pos pos;
    const struct profile *extends; /* or NULL */
    struct profile_name *names;
    struct profile_table *tables;
    struct profile_type *types;
    unsigned nnames, ntables, ntypes;
    bool is_partial; /* a key of it is not known: what it lacks may stand there */
};

/* The own one, else that of the profile it extends; NULL: none has it. */
static inline const struct profile_name *profile_name_at(const struct profile *p, unsigned id)
{
    for (; p; p = p->extends) {
        for (unsigned i = 0; i < p->nnames; i++) {
            if (p->names[i].id == id) {
                return &p->names[i];
            }
        }
    }
    return NULL;
}

static inline const struct table *profile_table_of(const struct profile *p, struct str name)
{
    for (; p; p = p->extends) {
        for (unsigned i = 0; i < p->ntables; i++) {
            if (str_eq(p->tables[i].name, name)) {
                return p->tables[i].table;
            }
        }
    }
    return NULL;
}

static inline const char *profile_type_of(const struct profile *p, const struct path *at)
{
    for (; p; p = p->extends) {
        for (unsigned i = 0; i < p->ntypes; i++) {
            const struct path *t = &p->types[i].path;
            if (memcmp(t->seg, at->seg, 3) == 0 && t->field == at->field) {
                return p->types[i].type;
            }
        }
    }
    return NULL;
}

#endif
