#include "engine/fhir/narrative.h"

#include "engine/fhir/narrative_words.h"

enum { DEPTH_MAX = 64, NAME_MAX = 16, ATTRIBUTES_MAX = 32 };

struct reader {
    const char *begin, *at, *end;
    struct str open[DEPTH_MAX]; /* elements around */
    unsigned depth;
    bool has_content;
    struct str wanted; /* an id that is looked for */
    bool is_there;
    struct fhir_narrative_fault *fault;
};

static const char namespace[] = "http://www.w3.org/1999/xhtml";

static bool fail(struct reader *r, const char *at, const char *text, struct str name)
{
    bool is_word = name.n <= NAME_MAX;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], letter = (char)(c | 0x20);
        is_word = is_word && ((letter >= 'a' && letter <= 'z') || (c >= '1' && c <= '6') ||
                              c == '-' || c == ':');
    }
    *r->fault =
        (struct fhir_narrative_fault){(size_t)(at - r->begin), text, is_word ? name : STR("")};
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && is_blank(*r->at)) {
        r->at++;
    }
}

static bool starts(const struct reader *r, struct str want)
{
    return str_starts(str_from(r->at, (size_t)(r->end - r->at)), want);
}

static bool take(struct reader *r, struct str want)
{
    bool has = starts(r, want);
    r->at += has ? want.n : 0;
    return has;
}

/* Go behind the next `mark`. */
static bool skip_behind(struct reader *r, struct str mark)
{
    ptrdiff_t at = str_find(str_from(r->at, (size_t)(r->end - r->at)), mark);
    r->at += at < 0 ? 0 : at + (ptrdiff_t)mark.n;
    return at >= 0;
}

static struct str read_name(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && !is_blank(*r->at) && !strchr("<>/=\"'&", *r->at)) {
        r->at++;
    }
    return str_from(start, (size_t)(r->at - start));
}

/* ---- text and entities ---- */

/* Source: XML 1.0, 2.2 Char. */
static bool is_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xd800) ||
           (c >= 0xe000 && c < 0xfffe) || (c >= 0x10000 && c <= 0x10ffff);
}

/* The character with this number, decimal or behind an x; 0: none. */
static uint32_t numbered(struct str s)
{
    bool hex = s.n > 1 && s.p[0] == 'x';
    uint32_t all = 0;
    for (size_t i = hex; i < s.n; i++) {
        char c = s.p[i], letter = (char)(c | 0x20);
        bool digit = c >= '0' && c <= '9';
        if ((!digit && !(hex && letter >= 'a' && letter <= 'f')) || all > 0x10ffff) {
            return 0;
        }
        all = all * (hex ? 16 : 10) + (uint32_t)(digit ? c - '0' : letter - 'a' + 10);
    }
    return s.n > hex && is_char(all) ? all : 0;
}

/* The character, or some other that is no blank; 0: this is no entity. */
static uint32_t entity(struct str s)
{
    if (s.n > 1 && s.p[0] == '#') {
        return numbered(str_slice(s, 1, s.n));
    }
    bool good = str_is(s, "lt") || str_is(s, "gt") || str_is(s, "amp") || str_is(s, "quot") ||
                str_is(s, "apos");
    return good ? '&' : 0;
}

/* At an &. *out_blank: it stands for one. */
static bool read_entity(struct reader *r, bool *out_blank)
{
    const char *start = r->at++;
    struct str rest = str_from(r->at, (size_t)(r->end - r->at));
    ptrdiff_t semi = str_index(str_slice(rest, 0, 12), ';');
    uint32_t c = semi < 0 ? 0 : entity(str_slice(rest, 0, (size_t)semi));
    if (!c) {
        return fail(r, start,
                    "an & that begins no entity of XML; expected &lt; &gt; &amp; &quot; &apos; or "
                    "a number, and other characters as they are",
                    STR(""));
    }
    r->at += semi + 1;
    *out_blank = c <= ' ';
    return true;
}

/* A byte of a text: no control character, which XML cannot hold. */
static bool read_char(struct reader *r)
{
    unsigned char c = (unsigned char)*r->at;
    if (c < 0x20 && !is_char(c)) {
        return fail(r, r->at, "a control character; expected text that XML can hold", STR(""));
    }
    r->at++;
    return true;
}

/* ---- attributes ---- */

/* The value behind =, in quotes. */
static bool read_value(struct reader *r, struct str *out)
{
    bool blank;
    char quote = r->at < r->end ? *r->at : 0;
    if (quote != '"' && quote != '\'') {
        return fail(r, r->at, "an attribute without its value in quotes", STR(""));
    }
    const char *start = ++r->at;
    while (r->at < r->end && *r->at != quote) {
        if (*r->at == '<') {
            return fail(r, r->at, "a < in the value of an attribute; expected &lt;", STR(""));
        }
        if (*r->at == '&' ? !read_entity(r, &blank) : !read_char(r)) {
            return false;
        }
    }
    if (r->at == r->end) {
        return fail(r, start, "the value of an attribute does not end", STR(""));
    }
    *out = str_from(start, (size_t)(r->at - start));
    r->at++;
    return true;
}

/* A link that runs something, or hides what it does behind the number of a character. */
static bool is_script(struct str name, struct str value)
{
    bool href = str_is(name, "href"), link = href || str_is(name, "src");
    struct str whole = str_trim(value);
    ptrdiff_t colon = str_index(whole, ':');
    struct str scheme = str_slice(whole, 0, colon < 0 ? 0 : (size_t)colon);
    bool is_query = str_index(scheme, '/') >= 0 || str_index(scheme, '?') >= 0;
    return link &&
           (str_eq_nocase(scheme, STR("javascript")) || str_eq_nocase(scheme, STR("vbscript")) ||
            (href && str_eq_nocase(scheme, STR("data"))) ||
            (str_index(scheme, '&') >= 0 && !is_query));
}

/* Source: HTML 4, 6.4 and RFC 3986: what no URL has. In the source of an image blanks are found, behind data: and in base64. */
static bool is_url(struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == ' ' || strchr("<>{}\\^`", value.p[i])) {
            return false;
        }
    }
    return true;
}

/* The attributes of one tag, so far. */
struct tag {
    struct str element, names[ATTRIBUTES_MAX];
    size_t n;
    bool has_namespace, has_source;
};

/* No name twice, and no more than there are. */
static bool note_name(struct reader *r, struct tag *tag, const char *start, struct str name)
{
    for (size_t i = 0; i < tag->n; i++) {
        if (str_eq(tag->names[i], name)) {
            return fail(r, start, "an attribute that stands twice in one tag", name);
        }
    }
    if (tag->n == ATTRIBUTES_MAX) {
        return fail(r, start, "more than 32 attributes in one tag", STR(""));
    }
    tag->names[tag->n++] = name;
    tag->has_source = tag->has_source || (str_is(tag->element, "img") && str_is(name, "src"));
    return true;
}

/* One name="value". */
static bool read_attribute(struct reader *r, struct tag *tag)
{
    const char *start = r->at;
    struct str name = read_name(r), value, element = tag->element;
    skip_blanks(r);
    if (!name.n || !take(r, STR("="))) {
        return fail(r, start, "something in a tag that is no attribute; expected name=\"value\"",
                    STR(""));
    }
    skip_blanks(r);
    if (!read_value(r, &value)) {
        return false;
    }
    if (!fhir_narrative_has_attribute(element, name)) {
        return fail(r, start, "an attribute that narrative does not allow there", name);
    }
    if (is_script(name, value)) {
        return fail(r, start, "a link to a script", name);
    }
    if (str_is(name, "href") && !is_url(str_trim(value))) {
        return fail(r, start, "a link with a blank or bracket; expected a URL", name);
    }
    if (!note_name(r, tag, start, name)) {
        return false;
    }
    if (str_is(name, "xmlns")) {
        tag->has_namespace = str_is(value, namespace);
        if (!tag->has_namespace) {
            return fail(r, start, "another namespace than that of XHTML", STR(""));
        }
    }
    bool names = str_is(name, "id") || (str_is(name, "name") && str_is(element, "a"));
    r->is_there = r->is_there || (names && r->wanted.n && str_eq(value, r->wanted));
    return true;
}

/* ---- tags ---- */

/* Attributes up to > or />. */
static bool read_attributes(struct reader *r, struct tag *tag)
{
    for (;;) {
        const char *before = r->at;
        skip_blanks(r);
        if (r->at == r->end) {
            return fail(r, r->at, "a tag that does not end; expected >", STR(""));
        }
        if (*r->at == '>' || *r->at == '/') {
            return true;
        }
        if (r->at == before) {
            return fail(r, r->at, "two attributes without a blank between them", STR(""));
        }
        if (!read_attribute(r, tag)) {
            return false;
        }
    }
}

static bool read_start(struct reader *r)
{
    const char *start = r->at++;
    struct str name = read_name(r);
    struct tag tag = {.element = name};
    if (r->depth == 0 && !str_is(name, "div")) {
        return fail(r, start, "no div around the narrative", STR(""));
    }
    if (!fhir_narrative_has_element(name)) {
        return fail(r, start, "an element that narrative does not allow", name);
    }
    if (r->depth == DEPTH_MAX) {
        return fail(r, start, "elements nested too deep; at most 64", STR(""));
    }
    if (!read_attributes(r, &tag)) {
        return false;
    }
    if (r->depth == 0 && !tag.has_namespace) {
        return fail(r, start, "a div without xmlns=\"http://www.w3.org/1999/xhtml\"", STR(""));
    }
    r->has_content = r->has_content || tag.has_source;
    if (take(r, STR("/"))) {
        return take(r, STR(">")) || fail(r, r->at, "a / in a tag; expected /> at its end", STR(""));
    }
    r->at++;
    r->open[r->depth++] = name;
    return true;
}

static bool read_end(struct reader *r)
{
    const char *start = r->at;
    r->at += 2;
    struct str name = read_name(r);
    skip_blanks(r);
    if (r->depth == 0 || !str_eq(name, r->open[r->depth - 1]) || !take(r, STR(">"))) {
        return fail(r, start, "an end tag that ends another element than the innermost", STR(""));
    }
    r->depth--;
    return true;
}

/* Behind <!--: in XML no comment has two hyphens but at its end. */
static bool read_comment(struct reader *r, const char *start)
{
    if (!skip_behind(r, STR("--"))) {
        return fail(r, start, "a comment that does not end", STR(""));
    }
    return take(r, STR(">")) ||
           fail(r, r->at - 2, "two hyphens in a comment; expected --> at its end", STR(""));
}

static bool read_markup(struct reader *r)
{
    const char *start = r->at;
    if (take(r, STR("<!--"))) {
        return read_comment(r, start);
    }
    if (take(r, STR("<![CDATA["))) {
        skip_blanks(r);
        r->has_content = r->has_content || !starts(r, STR("]]>"));
        return skip_behind(r, STR("]]>")) ||
               fail(r, start, "a CDATA section that does not end", STR(""));
    }
    if (r->end - r->at >= 2 && (r->at[1] == '!' || r->at[1] == '?')) {
        return fail(r, start, "a declaration or instruction; expected elements and text alone",
                    STR(""));
    }
    return r->end - r->at >= 2 && r->at[1] == '/' ? read_end(r) : read_start(r);
}

/* A character of text. Source: XML 1.0, 2.4: ]]> may not stand in it. */
static bool read_text(struct reader *r)
{
    bool blank = is_blank(*r->at);
    if (starts(r, STR("]]>"))) {
        return fail(r, r->at, "]]> outside of a CDATA section; expected ]]&gt;", STR(""));
    }
    bool good = *r->at == '&' ? read_entity(r, &blank) : read_char(r);
    r->has_content = r->has_content || !blank;
    return good;
}

static bool read_div(struct reader *r)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != '<') {
        return fail(r, r->at, "no div around the narrative", STR(""));
    }
    do {
        bool good = true;
        if (r->at == r->end) {
            return fail(r, r->at, "the text ends inside an element", STR(""));
        }
        good = *r->at == '<' ? read_markup(r) : read_text(r);
        if (!good) {
            return false;
        }
    } while (r->depth);
    skip_blanks(r);
    return r->at == r->end || fail(r, r->at, "something behind the div", STR(""));
}

bool fhir_narrative_check(struct str div, struct fhir_narrative_fault *out)
{
    struct reader r = {.begin = div.p, .at = div.p, .end = div.p + div.n, .fault = out};
    return read_div(&r) &&
           (r.has_content || fail(&r, r.begin, "a narrative with nothing to read in it", STR("")));
}

bool fhir_narrative_has_id(struct str div, struct str id)
{
    struct fhir_narrative_fault fault;
    struct reader r = {
        .begin = div.p, .at = div.p, .end = div.p + div.n, .wanted = id, .fault = &fault};
    (void)read_div(&r); /* up to its first fault, which is told elsewhere */
    return r.is_there;
}
