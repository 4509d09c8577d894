/* What definitions say of themselves: questions, their answers, properties, systems. Source: FHIR R4
 * Questionnaire.item.enableWhen.question "the linkId for the question", initial.value "must be consistent with the type of the
 * item", answerOption.value "must agree with the item.type", CodeSystem.property.type "the type of the property value", ValueSet.compose.include.system,
 * ValueSet.expansion.contains.system and ConceptMap.group.source and target "an absolute URI". Differs: a system that begins
 * with # is a contained code system, as R4's own examples have it; a property that is not defined may be. */
#include <stdlib.h>

#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

/* What a definition has under one name. */
struct defined {
    struct str name;
    const struct json *json;
};

struct names {
    struct defined *v; /* sorted */
    unsigned n;
};

static int by_name(const void *left, const void *right)
{
    const struct defined *a = left, *b = right;
    int order = str_cmp(a->name, b->name);
    return order ? order : (a->json->at > b->json->at) - (a->json->at < b->json->at);
}

static void sort(struct names *names)
{
    if (names->n) {
        qsort(names->v, names->n, sizeof *names->v, by_name);
    }
}

/* The first one of this name; NULL: none. O(log n). */
static const struct json *named(const struct names *names, struct str name)
{
    unsigned lo = 0, hi = names->n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        bool below = str_cmp(names->v[mid].name, name) < 0;
        lo = below ? mid + 1 : lo;
        hi = below ? hi : mid;
    }
    return lo < names->n && str_eq(names->v[lo].name, name) ? names->v[lo].json : NULL;
}

/* The next place of this resource behind `p` whose element has this name; NULL: no more. */
static const struct fhir_place *next(const struct fhir_place *p, const char *name)
{
    const struct fhir_place *resource = p->resource;
    for (p = p->next; p; p = p->next) {
        if (p->resource == resource && str_is(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

/* Does `holder` have a value, and none of these types (each between blanks)? */
static bool is_of_other_type(const struct json *holder, struct str types)
{
    bool has_value = false;
    json_each(j, holder)
    {
        struct str own =
            str_starts(j->key, STR("value")) ? str_slice(j->key, 5, j->key.n) : STR("");
        has_value = has_value || own.n > 0;
        for (struct str rest = types, type; own.n && str_split(&rest, ' ', &type);) {
            if (str_eq_nocase(own, type)) {
                return false;
            }
        }
    }
    return has_value;
}

/* ---- Questionnaire ---- */

static void list_items(struct names *names, struct arena *a, const struct fhir_place *questionnaire)
{
    unsigned n = 0;
    for (const struct fhir_place *p = next(questionnaire, "item"); p; p = next(p, "item")) {
        n++;
    }
    *names = (struct names){.v = ARENA_ARRAY(a, struct defined, n + 1)};
    for (const struct fhir_place *p = next(questionnaire, "item"); p; p = next(p, "item")) {
        names->v[names->n++] = (struct defined){json_text(json_get(p->json, "linkId")), p->json};
    }
    sort(names);
}

static void check_questions(struct fhir_walk *w, const struct fhir_place *questionnaire)
{
    struct names items;
    const struct fhir_place *p = next(questionnaire, "enableWhen");
    if (!p) {
        return;
    }
    list_items(&items, w->r->a, questionnaire);
    for (; p; p = next(p, "enableWhen")) {
        const struct json *question = json_get(p->json, "question");
        struct str link = json_text(question);
        bool is_own = str_eq(link, json_text(json_get(p->up->json, "linkId")));
        if (link.n && (is_own || !named(&items, link))) {
            fhir_found(w->r, FHIR_RULE_REFERENCES, p, STR("question"), -1, question->at,
                       is_own ? "an item that is enabled by its own answer; expected the linkId of "
                                "another one"
                              : "no item of the questionnaire has this linkId");
        }
    }
}

/* The types of value[x] that answer an item of this type; empty: any. */
static struct str answers_of(struct str item_type)
{
    static const struct {
        const char *type, *answers;
    } rows[] = {
        {"boolean", "boolean"},
        {"decimal", "decimal integer"},
        {"integer", "integer"},
        {"date", "date"},
        {"dateTime", "date dateTime"},
        {"time", "time"},
        {"string", "string"},
        {"text", "string"},
        {"url", "uri"},
        {"attachment", "Attachment"},
        {"reference", "Reference"},
        {"quantity", "Quantity"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_is(item_type, rows[i].type)) {
            return str_of(rows[i].answers);
        }
    }
    return STR("");
}

/* Initial values, and answers to choose from. */
static void check_answers(struct fhir_walk *w, const struct fhir_place *questionnaire,
                          const char *element)
{
    for (const struct fhir_place *p = next(questionnaire, element); p; p = next(p, element)) {
        struct str answers = answers_of(json_text(json_get(p->up->json, "type")));
        if (answers.n && is_of_other_type(p->json, answers)) {
            fhir_found(w->r, FHIR_RULE_ELEMENTS, p, STR("value"), -1, p->json->at,
                       "a value of another type than its item has");
        }
    }
}

/* ---- CodeSystem ---- */

static void check_properties(struct fhir_walk *w, const struct fhir_place *system)
{
    const struct json *list = json_get(system->json, "property");
    if (!list || list->kind != JSON_ARRAY) {
        return;
    }
    struct names all = {.v = ARENA_ARRAY(w->r->a, struct defined, list->count + 1)};
    json_each(j, list)
    {
        all.v[all.n++] = (struct defined){json_text(json_get(j, "code")), j};
    }
    sort(&all);
    for (const struct fhir_place *p = next(system, "property"); p; p = next(p, "property")) {
        const struct json *defined =
            p->up == system ? NULL : named(&all, json_text(json_get(p->json, "code")));
        struct str type = json_text(json_get(defined, "type"));
        if (type.n && is_of_other_type(p->json, type)) {
            fhir_found(w->r, FHIR_RULE_ELEMENTS, p, STR("value"), -1, p->json->at,
                       "a value of another type than the code system defines for this property");
        }
    }
}

/* ---- ValueSet, ConceptMap ---- */

static void check_absolute(struct fhir_walk *w, const struct fhir_place *definition,
                           const char *element, const char *member)
{
    for (const struct fhir_place *p = next(definition, element); p; p = next(p, element)) {
        const struct json *system = json_get(p->json, member);
        struct str text = json_text(system);
        if (text.n && text.p[0] != '#' && !fhir_is_absolute(text)) {
            fhir_found(w->r, FHIR_RULE_SYSTEMS, p, str_of(member), -1, system->at,
                       "the system is not absolute; expected a URL or urn");
        }
    }
}

void fhir_check_definition(struct fhir_walk *w, const struct fhir_place *place)
{
    switch (place->type) {
    case FHIR_TYPE_QUESTIONNAIRE:
        check_questions(w, place);
        check_answers(w, place, "initial");
        check_answers(w, place, "answerOption");
        break;
    case FHIR_TYPE_CODE_SYSTEM:
        check_properties(w, place);
        break;
    case FHIR_TYPE_VALUE_SET:
        check_absolute(w, place, "include", "system");
        check_absolute(w, place, "exclude", "system");
        check_absolute(w, place, "contains", "system");
        break;
    case FHIR_TYPE_CONCEPT_MAP:
        check_absolute(w, place, "group", "source");
        check_absolute(w, place, "group", "target");
        break;
    default:
        break;
    }
}
