/* validate.h - is this document a resource of FHIR R4? Elements, types, cardinality, choices, formats of primitives,
 * required bindings, targets of references, extensions, contained resources, Bundles, narrative, from the tables of
 * model.h and terms.h. Formulas (invariants) are evaluated in rules/invariant.h, on the places that are found here.
 * Findings have a place as FHIRPath writes it and as a byte of the document, and never tell what a value was. Pure;
 * what is allocated lives in the arena of the report, and borrows from the document.
 * Source: FHIR R4 4.0.1 "JSON Representation" 2.1.3, "Resource" 2.26, "Extensibility" 2.4, "References" 2.3.0.1,
 * "Bundle" 2.36. Differs: profiles are not looked at; XML is not read. */
#ifndef CORRIDOR_FHIR_VALIDATE_H
#define CORRIDOR_FHIR_VALIDATE_H

#include "engine/base/json.h"
#include "engine/fhir/model.h"
#include "engine/hl7/validate.h"

/* X(id, key, initial level, IssueType of the finding, what it wants). Order: as findings are looked for. */
/* clang-format off */
#define FHIR_RULE_TABLE(X) \
    X(JSON, "json", "strict", "structure", "The text is one JSON value in UTF-8: no key twice in an object, at most 64 levels.") \
    X(RESOURCE_TYPE, "resource-type", "strict", "structure", "The document, an entry and what is contained are resources of a type of R4.") \
    X(ELEMENTS, "elements", "strict", "structure", "Members are elements of their type, one type of a choice, that of its property in a code system and of its item in a questionnaire; an array where they may repeat, and only there.") \
    X(JSON_KINDS, "json-kinds", "strict", "structure", "A value is the object, text, number or boolean that its type is in JSON.") \
    X(EMPTY_VALUES, "empty-values", "strict", "structure", "No object, array or text is empty, an id alone is no element; null stands only beside the id or extensions of a primitive.") \
    X(REQUIRED, "required", "strict", "required", "Elements that must be there are there.") \
    X(FORMATS, "formats", "strict", "value", "Primitives have the form of their type: ids, dates, uris, base64, ranges of numbers; the size of an attachment is that of its data.") \
    X(HABITS, "habits", "warn", "value", "Texts have no blanks at their ends, base64 has none, references say to what, decimals have at most 18 digits, companion arrays the length of their arrays.") \
    X(CODES, "codes", "strict", "code-invalid", "Codes of a required binding are in its value set; languages, media types, and units of ages, durations and distances are some.") \
    X(SYSTEMS, "systems", "strict", "value", "The system of an identifier or code is an absolute uri and no value set, the url of a definition and the systems in it absolute; a value that is called a uri is one.") \
    X(REFERENCES, "references", "strict", "value", "References are to a type that may stand there, #id to what is contained, enableWhen to another item.") \
    X(RESOLVED, "resolved", "warn", "not-found", "What an entry refers to by a urn is in the Bundle.") \
    X(EXTENSIONS, "extensions", "strict", "extension", "An extension has an absolute url without a version, and a value or extensions, not both.") \
    X(EXTENDED, "extended", "strict", "extension", "An extension that R4 itself defines stands where it may, with a value of its types, and no more often.") \
    X(CONTAINED, "contained", "strict", "invalid", "Contained resources have ids of their own, are referred to, and contain none; no version, update or security label.") \
    X(BUNDLES, "bundles", "strict", "invalid", "Entries have a fullUrl (but in batches and transactions), absolute and that of the resource; a document has what its Composition refers to, and what belongs to it alone, a message its focus; the outcome of a search is an OperationOutcome.") \
    X(NARRATIVE, "narrative", "strict", "invalid", "Narrative is a div of XHTML with the elements and attributes that are allowed, and something to read.") \
    X(INVARIANTS, "invariants", "strict", "invariant", "The invariants of R4 hold.") \
    X(UNDECIDED, "undecided", "warn", "processing", "Invariants can be evaluated, and what they compare can be compared.") \
    X(ADVICE, "advice", "off", "invariant", "Invariants that R4 publishes as warnings hold: narrative is there, names suit machines.")
/* clang-format on */

#define FHIR_RULE_ID(id, name, initial, code, summary) FHIR_RULE_##id,
enum fhir_rule {
    FHIR_RULE_TABLE(FHIR_RULE_ID) FHIR_RULES /* how many */
};

struct fhir_rule_row {
    const char *name;    /* key of the option, code of the finding */
    const char *initial; /* level where validation is on: "strict", "warn", "off" */
    const char *code;    /* of IssueType */
    const char *summary; /* what it wants, one sentence */
};

/* The row of a rule; NULL behind the last. */
const struct fhir_rule_row *fhir_rule_row(unsigned rule);

struct fhir_levels {
    uint8_t of[FHIR_RULES]; /* enum validate_level */
};
/* Every rule at its initial level, but none above `most`. */
struct fhir_levels fhir_levels_initial(enum validate_level most);
/* "codes", "off": false where one of them is not known. */
bool fhir_levels_set(struct fhir_levels *l, struct str rule, struct str level);

/* An object of the document that is a resource or has a complex type. */
struct fhir_place {
    const struct fhir_place *up;       /* what holds it; NULL: the document */
    const struct fhir_place *resource; /* that it belongs to; itself where it is one */
    const struct fhir_place *next;     /* in the order of the document */
    const struct json *json;
    struct str name; /* of the element; of the document its type */
    int32_t index;   /* in its array; -1: it is in none */
    uint16_t type;   /* fhir/model.h */
    bool is_resource;
};

enum { FHIR_ISSUES_MAX = 100 }; /* kept; the rest is counted */

struct fhir_issue {
    enum fhir_rule rule;
    bool is_error;   /* else a warning */
    const char *key; /* of an invariant, "pat-1"; else NULL */
    struct str path; /* "Patient.contact[0].name"; empty: the document as a whole */
    struct str text; /* what was found, what was expected; no content */
    uint32_t at;     /* byte of the document */
};

struct fhir_report {
    struct arena *a;
    struct str src;
    struct fhir_levels levels;
    struct json *root; /* NULL: no JSON */
    unsigned type;     /* of the document; 0: not known */
    const struct fhir_place *places;
    struct fhir_issue *v;
    unsigned n;                /* kept */
    unsigned errors, warnings; /* all of them, also those not kept */
    uint32_t of[FHIR_RULES];
};

/* Read `src` and look at its structure. `levels` is copied. O(n log n). */
void fhir_validate(struct fhir_report *r, struct arena *a, struct str src,
                   const struct fhir_levels *levels);
/* The same of JSON that is read already, out of `src`. */
void fhir_validate_tree(struct fhir_report *r, struct arena *a, struct str src, struct json *root,
                        const struct fhir_levels *levels);
/* One more finding, unless the rule is off; `member` (may be empty) is below the place, `index` its item or -1.
 * `at` is a byte of the document. Returns it where it is kept, else NULL. */
struct fhir_issue *fhir_found(struct fhir_report *r, enum fhir_rule rule,
                              const struct fhir_place *place, struct str member, int32_t index,
                              uint32_t at, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));
/* In the order of the document. */
void fhir_report_sort(struct fhir_report *r);
/* "Patient.contact[0]", in the arena. */
struct str fhir_place_text(struct arena *a, const struct fhir_place *place);
/* "Patient.birthDate: this is no date (formats), and 3 more": the reason of a rejection, in the report's arena. */
struct str fhir_report_reason(const struct fhir_report *r);

#endif
