#include "engine/hl7/validate.h"

/* clang-format off */
static const struct validate_row rows[VALIDATE_RULES + 1] = {
    [VALIDATE_VERSION] = {"version", "warn", 203, "MSH-12 names a version of HL7 v2."},
    [VALIDATE_MESSAGE_TYPE] = {"message-type", "warn", 201, "MSH-9 names a type and event that the standard has a structure for (Z-events are free)."},
    [VALIDATE_STRUCTURE] = {"structure", "strict", 100, "Required segments are there, all stand in order, none more often than the structure allows."},
    [VALIDATE_UNEXPECTED] = {"unexpected-segments", "warn", 100, "Every segment is one of the structure, or a Z-segment."},
    [VALIDATE_REQUIRED] = {"required-fields", "strict", 101, "Required fields hold something."},
    [VALIDATE_REQUIRED_PARTS] = {"required-components", "warn", 101, "Where a field is filled, the components that its datatype requires are too."},
    [VALIDATE_REPETITIONS] = {"repetitions", "warn", 102, "A field repeats no more often than its version allows."},
    [VALIDATE_EXTRA_FIELDS] = {"extra-fields", "warn", 102, "Nothing stands behind the last field of a segment."},
    [VALIDATE_PARTS] = {"components", "warn", 102, "A value has no more components and subcomponents than its datatype."},
    [VALIDATE_DATES] = {"dates", "strict", 102, "DT, TM, DTM and TS hold dates and times."},
    [VALIDATE_NUMBERS] = {"numbers", "strict", 102, "NM and SI hold numbers."},
    [VALIDATE_TABLES] = {"tables", "warn", 103, "Codes of type ID are in the HL7 table of their place."},
    [VALIDATE_USER_TABLES] = {"user-tables", "off", 103, "Codes of type IS, and coded elements, are among the values that HL7 suggests for their place."},
    [VALIDATE_LENGTHS] = {"lengths", "off", 104, "No value is longer than its version allows (104 from 2.7, 102 before)."},
    [VALIDATE_WITHDRAWN] = {"withdrawn", "off", 102, "Fields that the version has withdrawn are empty."},
    [VALIDATE_SITE_USAGE] = {"site-usage", "strict", 101, "As the conformance document says: R is there, X is not, C as its condition decides."},
    [VALIDATE_SITE_TIMES] = {"site-times", "strict", 102, "As the conformance document says: how often a segment or field stands."},
    [VALIDATE_SITE_LENGTH] = {"site-length", "strict", 102, "As the conformance document says: shortest and longest value, in characters."},
    [VALIDATE_SITE_VALUES] = {"site-values", "strict", 103, "As the conformance document says: the value is fixed, or one of a set."},
};
/* clang-format on */

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
