#include "engine/base/json_splice.h"

#include <criterion/criterion.h>

static struct arena arena;

static void begin(void)
{
    arena_init(&arena);
}

static void end(void)
{
    arena_free(&arena);
}

TestSuite(json_splice, .init = begin, .fini = end);

static struct json *parse(const char *text)
{
    struct json *out = NULL;
    struct json_fault fault;
    cr_assert(json_parse(&arena, str_of(text), NULL, &out, &fault) == 0, "%s", text);
    return out;
}

static const char *written(const char *src, const struct json *was, const struct json *now,
                           uint32_t *out_pieces)
{
    struct splices s = json_splices(&arena, str_of(src), was, now);
    char *p = arena_zalloc(&arena, splices_size(s) + 1);
    splices_write(s, str_of(src), p);
    *out_pieces = s.n;
    return p;
}

Test(json_splice, what_nobody_changed_is_one_piece)
{
    static const char *const rows[] = {
        "{}",
        " [ ] ",
        "\xEF\xBB\xBF{\"a\" : 1.50 ,\r\n\t\"b\":[ true , null,\"x\\u0041\\\"\" ] , \"c\":{ } }\n",
        "[[[[1e5]]], -0, \"\", {\"\":\"\\\\\"}]",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json *was = parse(rows[i]);
        uint32_t n;
        cr_expect_str_eq(written(rows[i], was, json_copy(&arena, was), &n), rows[i]);
        cr_expect_eq(n, 1, "%s: %u", rows[i], n);
    }
}

/* Of the root's member `in` (NULL: the root itself) an edit: '-' takes member or item `what` out, '=' puts `value` in its
 * place, '+' puts it behind. */
struct row {
    const char *name, *src, *in;
    char op;
    const char *what, *value, *want;
    uint32_t pieces;
};

static const struct row rows[] = {
    {"a value", "{\"a\": 1, \"b\" : 2 }", NULL, '=', "b", "30", "{\"a\": 1, \"b\" : 30 }", 3},
    {"the first value", "{\"a\":1,\"b\":2}", NULL, '=', "a", "\"x\"", "{\"a\":\"x\",\"b\":2}", 3},
    {"one out of the middle", "{ \"a\":1 , \"b\":2 , \"c\":3 }", NULL, '-', "b", "",
     "{ \"a\":1, \"c\":3 }", 3},
    {"the first", "{ \"a\":1, \"b\":2}", NULL, '-', "a", "", "{ \"b\":2}", 2},
    {"the last", "{\n  \"a\":1,\n  \"b\":2\n}", NULL, '-', "b", "", "{\n  \"a\":1\n}", 2},
    {"the only one", "{ \"a\":1 }", NULL, '-', "a", "", "{}", 2},
    {"one behind, as the others stand", "{\n  \"a\": 1\n}\n", NULL, '+', "b", "[true]",
     "{\n  \"a\": 1,\n  \"b\": [true]\n}\n", 5},
    {"one in what was empty", "{}", NULL, '+', "a", "1", "{\"a\":1}", 3},
    {"an item", "{\"a\":[1, 2,3]}", "a", '=', "1", "20", "{\"a\":[1, 20,3]}", 3},
    {"an item out", "{\"a\":[1, 2,3]}", "a", '-', "1", "", "{\"a\":[1,3]}", 0},
    {"an item behind", "{\"a\":[\n 1\n]}", "a", '+', "", "2", "{\"a\":[\n 1,\n 2\n]}", 0},
    {"what is beside stays", "{\"n\":1.50,\"a\":{\"b\":\"\\u0041\"},\"m\":1E2}", "a", '+', "c", "0",
     "{\"n\":1.50,\"a\":{\"b\":\"\\u0041\",\"c\":0},\"m\":1E2}", 3},
    {"an object for a text", "{\"a\":{\"b\":\"x\"}}", "a", '=', "b", "{\"c\":[]}",
     "{\"a\":{\"b\":{\"c\":[]}}}", 3},
    {"a key with a quote", "{}", NULL, '+', "a\"b", "1", "{\"a\\\"b\":1}", 3},
};

static void take_out(struct json *in, const struct json *gone)
{
    struct json *next, *one = in->first;
    in->first = in->last = NULL;
    in->count = 0;
    for (; one; one = next) {
        next = one->next;
        one->next = NULL;
        if (one != gone && in->kind == JSON_OBJECT) {
            json_add(in, one->key, one);
        } else if (one != gone) {
            json_push(in, one);
        }
    }
}

static void edit(struct json *now, const struct row *r)
{
    struct json *in = r->in ? json_get(now, r->in) : now;
    struct json *one =
        in->kind == JSON_OBJECT ? json_get(in, r->what) : json_at(in, (uint32_t)(r->what[0] - '0'));
    struct json *value = r->value[0] ? json_dup(&arena, parse(r->value)) : NULL;
    if (r->op == '-') {
        take_out(in, one);
    } else if (r->op == '=') {
        one->kind = value->kind;
        one->text = value->text;
        one->first = value->first;
        one->last = value->last;
        one->at = 0;
    } else if (in->kind == JSON_OBJECT) {
        json_add(in, str_of(r->what), value);
    } else {
        json_push(in, value);
    }
}

Test(json_splice, what_changed_is_written_as_its_neighbours_are)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct json *was = parse(rows[i].src), *now = json_copy(&arena, was);
        uint32_t n;
        edit(now, &rows[i]);
        const char *got = written(rows[i].src, was, now, &n);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
        cr_expect(!rows[i].pieces || n == rows[i].pieces, "%s: %u pieces", rows[i].name, n);
        struct buf a = {0}, b = {0};
        json_write(&a, now, 0);
        json_write(&b, parse(got), 0);
        cr_expect(str_eq(buf_str(&a), buf_str(&b)), "%s: the same values", rows[i].name);
        buf_free(&a);
        buf_free(&b);
    }
}
