/* One mistake, one finding: what only follows from another finding goes. */
#include "engine/base/buf.h"
#include "engine/base/diag.h"

enum { NEAR_LINES = 60 };

void diag_means(struct diag *one, enum diag_role role, struct str about)
{
    one->role = role;
    one->about = about;
}

static bool in_one_file(const struct diag *a, const struct diag *b)
{
    return str_eq(str_of(a->pos.file), str_of(b->pos.file));
}

/* `one` lacks a name that is there, misspelt. */
static bool is_misspelt_beside(const struct diags *d, const struct diag *one)
{
    for (const struct diag *other = d->first; other; other = other->next) {
        unsigned far = other->pos.line > one->pos.line ? other->pos.line - one->pos.line
                                                       : one->pos.line - other->pos.line;
        if (other->role == DIAG_MISSPELT && str_eq(other->about, one->about) &&
            in_one_file(other, one) && far <= NEAR_LINES) {
            return true;
        }
    }
    return false;
}

static bool is_lost(const struct diags_lost *lost, struct str name)
{
    for (unsigned i = 0; i < lost->n; i++) {
        if (str_eq(lost->v[i], name)) {
            return true;
        }
    }
    return lost->is_all;
}

static bool stands_before(const struct diag *a, const struct diag *b)
{
    int c = str_cmp(str_of(a->pos.file), str_of(b->pos.file));
    return c != 0                       ? c < 0
           : a->pos.line != b->pos.line ? a->pos.line < b->pos.line
                                        : a->pos.col < b->pos.col;
}

/* The first place of several that refer to the same missing name. */
static bool is_repeated(const struct diags *d, struct diag *one)
{
    bool later = false;
    one->places = 0;
    for (const struct diag *other = d->first; other; other = other->next) {
        bool same = other->role == DIAG_REFERS && str_eq(other->about, one->about) &&
                    str_eq(other->text, one->text);
        one->places += same && other != one;
        later = later || (same && stands_before(other, one));
    }
    return later;
}

void diags_drop_followers(struct diags *d, const struct diags_lost *lost)
{
    struct diag *kept = NULL;
    for (struct diag *one = d->first; one; one = one->next) {
        one->follows = (one->role == DIAG_LACKS && is_misspelt_beside(d, one)) ||
                       (one->role == DIAG_REFERS && is_lost(lost, one->about));
    }
    for (struct diag *one = d->first; one; one = one->next) {
        one->follows = one->follows || (one->role == DIAG_REFERS && is_repeated(d, one));
    }
    for (struct diag **at = &d->first; *at;) {
        if (!(*at)->follows) {
            kept = *at;
            at = &kept->next;
            continue;
        }
        d->errors -= (*at)->severity == DIAG_ERROR;
        d->count--;
        *at = (*at)->next;
    }
    d->last = kept;
}
