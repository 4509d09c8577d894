#include "engine/fhir/narrative_words.h"

static const char *const elements[] = {
    "a",  "abbr",    "acronym", "address", "area",   "b",        "bdo", "big",   "blockquote",
    "br", "caption", "cite",    "code",    "col",    "colgroup", "dd",  "dfn",   "div",
    "dl", "dt",      "em",      "h1",      "h2",     "h3",       "h4",  "h5",    "h6",
    "hr", "i",       "img",     "kbd",     "li",     "map",      "ol",  "p",     "pre",
    "q",  "samp",    "small",   "span",    "strong", "sub",      "sup", "table", "tbody",
    "td", "tfoot",   "th",      "thead",   "tr",     "tt",       "ul",  "var",
};

static const char *const attributes[] = {
    "title",     "style",    "class", "id",      "lang",  "xml:lang", "dir",
    "accesskey", "tabindex", "span",  "width",   "align", "valign",   "char",
    "charoff",   "abbr",     "axis",  "headers", "scope", "rowspan",  "colspan",
};

/* Of one element alone. Source: FHIR R4 "Narrative" 2.4.0, HTML 4.0 chapters 7 to 11 and the attributes that the XPath of txt-1
 * lists. */
static const struct own_attribute {
    const char *element, *name;
} own_attributes[] = {
    {"a", "href"},
    {"a", "name"},
    {"a", "charset"},
    {"a", "type"},
    {"a", "hreflang"},
    {"a", "rel"},
    {"a", "rev"},
    {"a", "shape"},
    {"a", "coords"},
    {"img", "src"},
    {"img", "border"},
    {"img", "alt"},
    {"img", "longdesc"},
    {"img", "height"},
    {"img", "usemap"},
    {"img", "ismap"},
    {"map", "name"},
    {"area", "shape"},
    {"area", "coords"},
    {"area", "href"},
    {"area", "nohref"},
    {"area", "alt"},
    {"table", "summary"},
    {"table", "border"},
    {"table", "frame"},
    {"table", "rules"},
    {"table", "cellspacing"},
    {"table", "cellpadding"},
    {"pre", "space"},
    {"pre", "xml:space"},
    {"table", "bgcolor"},
    {"tr", "bgcolor"},
    {"td", "bgcolor"},
    {"td", "height"},
    {"td", "nowrap"},
    {"th", "bgcolor"},
    {"th", "height"},
    {"th", "nowrap"},
    {"ol", "start"},
    {"ol", "type"},
    {"ol", "compact"},
    {"ul", "type"},
    {"ul", "compact"},
    {"dl", "compact"},
    {"li", "type"},
    {"li", "value"},
    {"img", "hspace"},
    {"img", "vspace"},
    {"blockquote", "cite"},
    {"q", "cite"},
};

bool fhir_narrative_has_element(struct str name)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        if (name.n && name.p[0] == elements[i][0] && str_is(name, elements[i])) {
            return true;
        }
    }
    return false;
}

bool fhir_narrative_has_attribute(struct str element, struct str name)
{
    if (str_starts(name, STR("xmlns"))) {
        return true;
    }
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (str_is(name, attributes[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof own_attributes / sizeof *own_attributes; i++) {
        const struct own_attribute *o = &own_attributes[i];
        if (str_is(element, o->element) && str_is(name, o->name)) {
            return true;
        }
    }
    return false;
}
