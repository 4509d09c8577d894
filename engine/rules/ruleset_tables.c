/* Tables as others see them: names, files, and which version of them is in use. */
#include "engine/rules/profile.h"
#include "engine/rules/ruleset_priv.h"
#include "engine/rules/table.h"

unsigned rules_table_count(const struct ruleset *r)
{
    return r->ntables;
}

struct str rules_table_name(const struct table *t)
{
    return t->name;
}

unsigned rules_table_keys(const struct table *t, struct str out[8])
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        out[i] = t->columns[t->key[i]];
    }
    return t->nkeys;
}

const char *rules_table_file(const struct table *t)
{
    return t->file;
}

struct str rules_table_says(const struct ruleset *r, struct str table, struct str key)
{
    for (unsigned i = 0; i < r->ntables; i++) {
        const struct table *t = r->tables[i];
        if (!t->is_profile && t->nkeys == 1 && str_eq(t->name, table)) {
            int64_t row = table_find(t, &key);
            return row < 0 ? STR("") : table_cell(t, row, t->value);
        }
    }
    return STR("");
}

static void describe(const struct table *t, struct str profile, struct rules_table *out)
{
    *out =
        (struct rules_table){.name = t->name,
                             .profile = profile,
                             .file = t->file,
                             .is_query = t->is_query,
                             .nrows = t->nrows,
                             .value = t->columns[t->value],
                             .version = table_digest(t->columns, t->ncolumns, t->cells, t->nrows)};
    out->nkeys = rules_table_keys(t, out->keys);
}

bool rules_table_at(const struct ruleset *r, unsigned index, struct rules_table *out)
{
    for (unsigned i = 0; i < r->ntables; i++) {
        if (!r->tables[i]->is_profile && index-- == 0) {
            describe(r->tables[i], STR(""), out);
            return true;
        }
    }
    for (unsigned i = 0; i < r->nprofiles; i++) {
        const struct profile *p = r->profiles[i];
        if (index < p->ntables) {
            describe(p->tables[index].table, p->name, out);
            return true;
        }
        index -= p->ntables;
    }
    return false;
}
