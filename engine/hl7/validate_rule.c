#include "engine/hl7/validate.h"

#define ROW(id, name, initial, error, summary) [VALIDATE_##id] = {name, initial, error, summary},
static const struct validate_row rows[VALIDATE_RULES + 1] = {VALIDATE_TABLE(ROW)};

const struct validate_row *validate_row(unsigned rule)
{
    return rule < VALIDATE_RULES ? &rows[rule] : NULL;
}

const char *validate_level_text(enum validate_level l)
{
    static const char *const words[] = {"off", "warn", "strict"};
    return words[l];
}

static enum validate_level level_of(const char *word)
{
    return word[0] == 's' ? VALIDATE_STRICT : word[0] == 'w' ? VALIDATE_WARN : VALIDATE_OFF;
}

struct validate_levels validate_initial(enum validate_level most)
{
    struct validate_levels l = {0};
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        enum validate_level initial = level_of(rows[i].initial);
        l.of[i] = (uint8_t)(initial < most ? initial : most);
    }
    return l;
}

bool validate_set_level(struct validate_levels *l, struct str rule, struct str level)
{
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        enum validate_level to = level.n ? level_of(level.p) : VALIDATE_OFF;
        if (str_is(rule, rows[i].name) && str_is(level, validate_level_text(to))) {
            l->of[i] = (uint8_t)to;
            return true;
        }
    }
    return false;
}

bool validate_is_on(const struct validate_levels *l)
{
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        if (l->of[i] != VALIDATE_OFF) {
            return true;
        }
    }
    return false;
}
