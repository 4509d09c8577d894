/* `tests:` of routes, maps and by themselves. Everything under a test is literal. */
#include "engine/hl7/batch.h"
#include "engine/rules/compile_priv.h"
#include "engine/rules/conform.h"
#include "engine/rules/test_priv.h"

static const char *const test_keys[] = {
    "name",  "route",  "map",   "source",  "received", "message", "cause",    "input", "with",
    "exact", "expect", "reply", "dropped", "held",     "outputs", "findings", NULL};

/* 2026-11-20T15:00:00Z, unless a test says when it was received. */
static const int64_t received_default_us = INT64_C(1795186800) * 1000000;

static bool test_source(struct compiler *c, const struct yaml_node *n, struct rules_test *t)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!n) {
        return true;
    }
    if (!compile_text(c, n, "source:", &name)) {
        return false;
    }
    for (unsigned i = 0; i < c->r->nsources; i++) {
        if (str_eq(c->r->sources[i].name, name)) {
            t->source = i;
            return true;
        }
        if (k < 64) {
            names[k++] = c->r->sources[i].name;
        }
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-source", n->pos,
                                "no source is called %.*s", STR_ARG(name));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
    return false;
}

static bool test_received(struct compiler *c, const struct yaml_node *n, struct rules_test *t)
{
    struct moment m;
    struct str text;
    t->received_us = received_default_us;
    if (!n) {
        return true;
    }
    if (!compile_text(c, n, "received:", &text)) {
        return false;
    }
    if (!moment_read(text, VALUE_DATETIME, &m) || !m.has_offset || m.part[MOMENT_SECOND] < 0) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-date", n->pos,
                           "received: is a point in time with its offset"),
                  "write 2026-11-20T15:00:00Z or 2026-11-20T09:00:00-06:00");
        return false;
    }
    t->received_us = moment_local_us(&m) - (int64_t)m.offset_min * 60000000;
    return true;
}

/* A block of text holds the message; anything else names its file. */
static bool is_inline(const struct yaml_node *n)
{
    return str_starts(n->text, STR("MSH")) || n->style == YAML_LITERAL || n->style == YAML_FOLDED;
}

/* The only message of the bytes, without what a file has around it. */
static bool one_message(struct compiler *c, const struct yaml_node *n, struct str bytes,
                        struct batch_headers *headers, struct str *out)
{
    struct batch walk;
    struct batch_item item;
    unsigned count = 0;
    batch_open(&walk, c->a, bytes);
    while (batch_next(&walk, &item)) {
        if (item.kind == BATCH_MESSAGE) {
            *out = count++ ? *out : str_dup(c->a, item.bytes);
            batch_headers_read(c->a, walk.file_header, walk.header, headers);
        }
    }
    if (count != 1) {
        diag_add(c->d, DIAG_ERROR, "bad-message", n->pos,
                 count ? "there are %u messages in it, a test takes one"
                       : "there is no message in it (%u); one begins with MSH",
                 count);
    }
    return count == 1;
}

/* FHIR and JSON are one message, as they stand. */
static bool take_message(struct compiler *c, const struct yaml_node *n, struct str bytes,
                         struct batch_headers *headers, struct str *out)
{
    struct json *data;
    struct str why;
    if (!rules_is_data(bytes)) {
        return one_message(c, n, bytes, headers, out);
    }
    *out = str_dup(c->a, bytes);
    if (rules_read_data(c->a, *out, &data, &why) != 0) {
        diag_add(c->d, DIAG_ERROR, "bad-message", n->pos, "this is no JSON: %.*s", STR_ARG(why));
        return false;
    }
    return true;
}

/* A value as YAML writes it: of unquoted scalars those that JSON spells so. */
static struct json *yaml_value(struct compiler *c, const struct yaml_node *n)
{
    const struct yaml_node *item = NULL;
    struct json *all = json_new(c->a, n->kind == YAML_MAPPING ? JSON_OBJECT : JSON_ARRAY);
    if (n->kind == YAML_SCALAR) {
        bool number = !n->quoted && json_is_number(n->text),
             truth = !n->quoted && (str_is(n->text, "true") || str_is(n->text, "false"));
        return number  ? json_new_number(c->a, n->text)
               : truth ? json_new_bool(c->a, n->text.n == 4)
                       : json_new_string(c->a, n->text);
    }
    if (n->kind == YAML_MAPPING) {
        yaml_each(child, n)
        {
            json_add(all, child->key->text, yaml_value(c, child));
        }
        return all;
    }
    while ((item = yaml_next_item(n, item))) {
        json_push(all, yaml_value(c, item));
    }
    return all;
}

/* message:, cause: */
static bool test_message(struct compiler *c, const struct yaml_node *n,
                         struct batch_headers *headers, struct str *out)
{
    struct str text, bytes;
    const char *why = "";
    if (!n) {
        return true;
    }
    struct str what =
        str_printf(c->a, "%.*s: wants a file or a block of text, which", STR_ARG(n->key->text));
    if (!compile_text(c, n, what.p, &text)) {
        return false;
    }
    if (is_inline(n)) {
        return take_message(c, n, text, headers, out);
    }
    if (!c->env->read_file ||
        !c->env->read_file(c->env->arg, c->a, c->file->name, text, &bytes, &why)) {
        diag_add(c->d, DIAG_ERROR, "unreadable", n->pos, "%.*s cannot be read: %s", STR_ARG(text),
                 why);
        return false;
    }
    return take_message(c, n, bytes, headers, out);
}

static bool test_input(struct compiler *c, const struct yaml_node *n, struct rules_test *t)
{
    if (!n) {
        return true;
    }
    if (t->map && t->map->data.kind != DATA_HL7) {
        t->has_input = true;
        t->value = yaml_value(c, n);
        return true;
    }
    if (t->map && t->map->is_unread) {
        return false; /* told at its reads: */
    }
    if (!t->map || !t->map->datatype) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-test", n->pos,
                           "input: is for maps that read a datatype"),
                  "a message is given with message:");
        return false;
    }
    t->has_input = true;
    return n->kind == YAML_SCALAR ? (t->input = n->text, true)
                                  : compile_text(c, n, "input:", &t->input);
}

static const struct route *find_route(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nroutes; i++) {
        if (str_eq(c->r->routes[i]->name, name)) {
            return c->r->routes[i];
        }
    }
    return NULL;
}

/* Which route or map: the one it stands beside, or the one it names. */
static bool test_target(struct compiler *c, const struct yaml_node *doc, const struct yaml_node *n,
                        struct rules_test *t)
{
    const struct yaml_node *map = yaml_get(doc, "map"), *route = yaml_get(doc, "route");
    map = map ? map : yaml_get(n, "map");
    route = route ? route : yaml_get(n, "route");
    const struct yaml_node *conform = yaml_get(doc, "conformance");
    if (conform) {
        t->conform = compile_find_conform(c, conform->text);
        t->source = t->conform && t->conform->head.nsources ? t->conform->head.sources[0] : 0;
        return t->conform != NULL;
    }
    if (map) {
        t->map = compile_find_map(c, map);
        if (t->map) {
            ((struct map *)(uintptr_t)t->map)->is_tested = true;
        }
        return t->map != NULL;
    }
    if (!route) {
        diag_add(c->d, DIAG_ERROR, "bad-test", n->pos,
                 "a test that stands by itself names its route: or map:");
        return false;
    }
    const struct route *r = route->kind == YAML_SCALAR ? find_route(c, route->text) : NULL;
    if (!r) {
        if (route->kind == YAML_SCALAR && yaml_get(n, "route")) {
            diag_means(diag_add(c->d, DIAG_ERROR, "unknown-route", route->pos,
                                "no route is called %.*s", STR_ARG(route->text)),
                       DIAG_REFERS, route->text);
        }
        return false; /* a route with errors of its own is not there either */
    }
    t->route_name = r->name;
    t->source = r->nsources ? r->sources[0] : 0;
    return true;
}

static void add_test(struct compiler *c, const struct rules_test *t)
{
    struct ruleset *r = c->r;
    if (r->ntests == r->cap_tests) {
        r->cap_tests = r->cap_tests ? r->cap_tests * 2 : 32;
        struct rules_test *more = ARENA_ARRAY(c->a, struct rules_test, r->cap_tests);
        if (r->ntests) {
            memcpy(more, r->tests, r->ntests * sizeof(*more));
        }
        r->tests = more;
    }
    r->tests[r->ntests++] = *t;
}

static void compile_test(struct compiler *c, const struct yaml_node *doc, const struct yaml_node *n,
                         unsigned end_line)
{
    struct rules_test t = {.pos = n->pos, .node = n, .end_line = end_line};
    const struct yaml_node *name = yaml_get(n, "name");
    if (!compile_keys(c, n, "a test", test_keys, NULL)) {
        return;
    }
    t.name = name && name->kind == YAML_SCALAR ? name->text : STR("");
    if (!t.name.n) {
        diag_add(c->d, DIAG_ERROR, "missing-key", n->pos, "the test has no name:");
    }
    bool good = test_target(c, doc, n, &t);
    good = good && test_source(c, yaml_get(n, "source"), &t);
    good = test_received(c, yaml_get(n, "received"), &t) && good;
    good = test_message(c, yaml_get(n, "message"), &t.headers, &t.message) && good;
    good = test_message(c, yaml_get(n, "cause"), &(struct batch_headers){0}, &t.cause) && good;
    good = good && test_input(c, yaml_get(n, "input"), &t) && compile_expected(c, n, &t);
    if (good && t.name.n) {
        add_test(c, &t);
    }
}

void compile_tests(struct compiler *c, const struct yaml_node *doc)
{
    const struct yaml_node *tests = yaml_get(doc, "tests"), *item = NULL;
    if (!c->env->with_tests || !tests) {
        return;
    }
    c->map = NULL;
    c->route = NULL;
    if (tests->kind != YAML_SEQUENCE && tests->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", tests->pos, "tests: is a list, this is %s",
                 yaml_kind_text(tests));
        return;
    }
    unsigned behind = tests->next && tests->next->key ? tests->next->key->pos.line : 0;
    while ((item = yaml_next_item(tests, item))) {
        compile_test(c, doc, item, item != tests && item->next ? item->next->pos.line : behind);
    }
}
