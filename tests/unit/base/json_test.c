#include "engine/base/json.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* y: must be read; n: must be refused; i: RFC 8259 leaves it open, and `want` says what we do.
 * Where `want` is given it is the tree written back on one line. */
struct row {
    char kind;
    const char *name;
    struct str in;
    const char *want; /* NULL: as `in`; i: NULL means refused */
};

#define J(kind, name, text, want)                                                                  \
    {                                                                                              \
        kind, name, {text, sizeof(text) - 1}, want                                                 \
    }

static const struct row structure[] = {
    J('y', "array empty", "[]", NULL),
    J('y', "array with blanks", "[ ]", "[]"),
    J('y', "array of one", "[1]", NULL),
    J('y', "array nested", "[[],[[]]]", NULL),
    J('y', "array of all kinds", "[null,1,\"1\",{},true,false]", NULL),
    J('y', "array behind line feed", "[1\n]", "[1]"),
    J('y', "array behind blank", " [1]", "[1]"),
    J('y', "array before blank", "[2] ", "[2]"),
    J('y', "object empty", "{}", NULL),
    J('y', "object", "{\"a\":1,\"b\":[2]}", NULL),
    J('y', "object with empty key", "{\"\":0}", NULL),
    J('y', "object with NUL in key", "{\"a\\u0000b\":1}", NULL),
    J('y', "object with line feeds", "{\n\"a\": \"b\"\n}", "{\"a\":\"b\"}"),
    J('y', "object order is kept", "{\"b\":1,\"a\":2}", NULL),
    J('y', "lonely false", "false", NULL),
    J('y', "lonely null", "null", NULL),
    J('y', "lonely true", "true", NULL),
    J('y', "lonely number", "42", NULL),
    J('y', "lonely negative", "-1", NULL),
    J('y', "lonely string", "\"x\"", NULL),
    J('y', "final line feed", "[\"a\"]\n", "[\"a\"]"),
    J('y', "blanks of all kinds", "\t\r\n [\t\r\n 1\t\r\n ,\t\r\n 2]", "[1,2]"),
    J('n', "nothing", "", NULL),
    J('n', "blank only", " ", NULL),
    J('n', "array without comma", "[1 true]", NULL),
    J('n', "array with colon", "[\"a\":1]", NULL),
    J('n', "array closed twice", "[1]]", NULL),
    J('n', "array double comma", "[1,,2]", NULL),
    J('n', "array leading comma", "[,1]", NULL),
    J('n', "array trailing comma", "[1,]", NULL),
    J('n', "array only comma", "[,]", NULL),
    J('n', "array only minus", "[-]", NULL),
    J('n', "array unclosed", "[1", NULL),
    J('n', "array unclosed after comma", "[1,", NULL),
    J('n', "array unclosed nested", "[[1]", NULL),
    J('n', "array closed as object", "[1}", NULL),
    J('n', "array with form feed", "[\f]", NULL),
    J('n', "array with vertical tab", "[\v1]", NULL),
    J('n', "array with no-break blank",
      "[\xC2\xA0"
      "1]",
      NULL),
    J('n', "object unquoted key", "{a:1}", NULL),
    J('n', "object single quotes", "{'a':1}", NULL),
    J('n', "object number key", "{1:1}", NULL),
    J('n', "object no colon", "{\"a\" 1}", NULL),
    J('n', "object double colon", "{\"a\"::1}", NULL),
    J('n', "object no value", "{\"a\":}", NULL),
    J('n', "object comma for colon", "{\"a\",1}", NULL),
    J('n', "object trailing comma", "{\"a\":1,}", NULL),
    J('n', "object double comma", "{\"a\":1,,\"b\":2}", NULL),
    J('n', "object key only", "{\"a\"", NULL),
    J('n', "object unclosed", "{\"a\":1", NULL),
    J('n', "object closed as array", "{\"a\":1]", NULL),
    J('n', "object with comment", "{\"a\":1}/**/", NULL),
    J('n', "object line comment", "{\"a\":1}//", NULL),
    J('n', "object key twice", "{\"a\":1,\"a\":1}", NULL),
    J('n', "object key twice by escape", "{\"a\":1,\"\\u0061\":2}", NULL),
    J('n', "trailing value", "[] 1", NULL),
    J('n', "trailing NUL", "[]\0", NULL),
    J('n', "two values", "1 2", NULL),
    J('n', "angle bracket", "<.>", NULL),
    J('n', "capital True", "[True]", NULL),
    J('n', "cut true", "[tru", NULL),
    J('n', "nul", "[nul]", NULL),
    J('n', "word joined", "truefalse", NULL),
    J('n', "bare word", "abc", NULL),
    J('n', "no UTF-8 outside", "[\xE9]", NULL),
    J('n', "byte order mark of UTF-16", "\xFF\xFE[\0]\0", NULL),
    J('n', "half a byte order mark", "\xEF\xBB[]", NULL),
    J('i', "byte order mark is skipped", "\xEF\xBB\xBF[1]", "[1]"),
};

static const struct row numbers[] = {
    J('y', "zero", "[0]", NULL),
    J('y', "minus zero stays", "[-0]", NULL),
    J('y', "trailing zeros stay", "[1.10]", NULL),
    J('y', "many digits stay", "[123456789012345678901234567890.12345678901234567890]", NULL),
    J('y', "exponent", "[1e5]", NULL),
    J('y', "exponent capital plus", "[1E+2]", NULL),
    J('y', "exponent minus", "[1e-2]", NULL),
    J('y', "zero exponent", "[0e1]", NULL),
    J('y', "fraction exponent", "[123.456e78]", NULL),
    J('y', "minus int", "[-123]", NULL),
    J('i', "huge exponent is kept as text", "[1.5e+9999]", "[1.5e+9999]"),
    J('i', "tiny exponent is kept as text", "[123.456e-789]", "[123.456e-789]"),
    J('i', "too large for 64 bits is kept", "[100000000000000000000]", "[100000000000000000000]"),
    J('n', "leading zero", "[012]", NULL),
    J('n', "minus leading zero", "[-01]", NULL),
    J('n', "plus", "[+1]", NULL),
    J('n', "no digits before point", "[.5]", NULL),
    J('n', "no digits behind point", "[1.]", NULL),
    J('n', "point exponent", "[1.e3]", NULL),
    J('n', "minus point", "[-.5]", NULL),
    J('n', "empty exponent", "[1e]", NULL),
    J('n', "empty signed exponent", "[1e+]", NULL),
    J('n', "double exponent", "[1e2e3]", NULL),
    J('n', "two points", "[1.2.3]", NULL),
    J('n', "double minus", "[--1]", NULL),
    J('n', "minus blank", "[- 1]", NULL),
    J('n', "blank inside", "[1 000]", NULL),
    J('n', "hexadecimal", "[0x1]", NULL),
    J('n', "NaN", "[NaN]", NULL),
    J('n', "Infinity", "[-Infinity]", NULL),
    J('n', "letter behind", "[1a]", NULL),
    J('n', "full-width digit", "[\xEF\xBC\x91]", NULL),
    J('n', "cut after minus", "-", NULL),
    J('n', "cut after point", "1.", NULL),
};

static const struct row strings[] = {
    J('y', "empty", "\"\"", NULL),
    J('y', "all short escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""),
    J('y', "u escape", "\"\\u0061\\u30AF\"", "\"a\xE3\x82\xAF\""),
    J('y', "u escape lower case", "\"\\u00e9\"", "\"\xC3\xA9\""),
    J('y', "surrogate pair", "\"\\uD83D\\uDE00\"", "\"\xF0\x9F\x98\x80\""),
    J('y', "last code point", "\"\\uDBFF\\uDFFF\"", "\"\xF4\x8F\xBF\xBF\""),
    J('y', "noncharacter", "\"\\uFFFF\"", "\"\xEF\xBF\xBF\""),
    J('y', "escaped backslash and u", "\"\\\\u0061\"", NULL),
    J('y', "escaped NUL", "\"\\u0000\"", NULL),
    J('y', "escaped control", "\"\\u0012\"", NULL),
    J('y', "delete", "\"\x7f\"", NULL),
    J('y', "two bytes", "\"\xC3\xA9\"", NULL),
    J('y', "three bytes", "\"\xE2\x82\xAC\"", NULL),
    J('y', "four bytes", "\"\xF0\x9D\x84\x9E\"", NULL),
    J('y', "line separator", "\"\xE2\x80\xA8\"", NULL),
    J('y', "comment inside", "\"a/*b*/c/d//e\"", NULL),
    J('y', "escape in a key", "{\"\\u0061\\n\":1}", "{\"a\\n\":1}"),
    J('i', "first surrogate alone", "\"\\uD800\"", NULL),
    J('i', "first surrogate and letter", "\"\\uD800a\"", NULL),
    J('i', "first surrogate and escape", "\"\\uD800\\n\"", NULL),
    J('i', "first surrogate twice", "\"\\uD800\\uD800\\uDC00\"", NULL),
    J('i', "second surrogate alone", "\"\\uDC00\"", NULL),
    J('i', "overlong", "\"\xC0\xAF\"", NULL),
    J('i', "encoded surrogate", "\"\xED\xA0\x80\"", NULL),
    J('i', "beyond Unicode", "\"\xF4\x90\x80\x80\"", NULL),
    J('i', "tail byte alone", "\"\x81\"", NULL),
    J('i', "cut sequence", "\"\xE0\xFF\"", NULL),
    J('n', "unclosed", "\"a", NULL),
    J('n', "only a quote", "\"", NULL),
    J('n', "single quotes", "['a']", NULL),
    J('n', "line feed", "\"a\nb\"", NULL),
    J('n', "tab", "\"\t\"", NULL),
    J('n', "NUL", "\"a\0b\"", NULL),
    J('n', "escape at the end", "\"\\", NULL),
    J('n', "escaped closing quote", "\"\\\"", NULL),
    J('n', "unknown escape", "\"\\a\"", NULL),
    J('n', "x escape", "\"\\x00\"", NULL),
    J('n', "capital U", "\"\\U0061\"", NULL),
    J('n', "escaped NUL byte", "\"\\\0\"", NULL),
    J('n', "three digits", "\"\\u00A\"", NULL),
    J('n', "no hex", "\"\\u00G1\"", NULL),
    J('n', "cut u", "\"\\u12", NULL),
    J('n', "cut second u", "\"\\uD834\\u", NULL),
    J('n', "second u bad", "\"\\uD834\\uDd1x\"", NULL),
    J('n', "escape behind text at the end", "\"ab\\", NULL),
    J('n', "bare escape", "[\\n]", NULL),
    J('n', "text before", "x\"a\"", NULL),
};

static void check(const struct row *r)
{
    struct arena a = {0};
    struct buf b = {0};
    struct json *v = NULL;
    struct json_fault fault = {0};
    char *exact = malloc(r->in.n + 1); /* so that a sanitizer sees a step too far */
    memcpy(exact, r->in.p, r->in.n);
    int rc = json_parse(&a, str_from(exact, r->in.n), NULL, &v, &fault);
    bool want = r->kind == 'y' || (r->kind == 'i' && r->want);
    cr_expect_eq(rc == 0, want, "%s: %s", r->name, fault.text);
    if (rc == 0) {
        json_write(&b, v, 0);
        cr_expect(str_eq(buf_str(&b), r->want ? str_of(r->want) : r->in), "%s: %.*s", r->name,
                  STR_ARG(buf_str(&b)));
    } else {
        cr_expect(fault.text && fault.at <= r->in.n, "%s", r->name);
    }
    free(exact);
    buf_free(&b);
    arena_free(&a);
}

Test(json, structure_as_in_rfc_8259)
{
    for (size_t i = 0; i < sizeof(structure) / sizeof(structure[0]); i++) {
        check(&structure[i]);
    }
}

Test(json, numbers_as_in_rfc_8259)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        check(&numbers[i]);
    }
}

Test(json, strings_as_in_rfc_8259)
{
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        check(&strings[i]);
    }
}

static int parse(struct arena *a, struct str in, const struct json_options *o, struct json **out,
                 struct json_fault *f)
{
    return json_parse(a, in, o, out, f);
}

Test(json, keeps_its_limits)
{
    struct arena a = {0};
    struct buf b = {0};
    struct json *v;
    struct json_fault f;
    for (int i = 0; i < 65; i++) {
        buf_putc(&b, '[');
    }
    for (int i = 0; i < 65; i++) {
        buf_putc(&b, ']');
    }
    cr_expect_eq(parse(&a, str_slice(buf_str(&b), 1, b.n - 1), NULL, &v, &f), 0);
    cr_expect_eq(parse(&a, buf_str(&b), NULL, &v, &f), ERR_LIMIT);
    cr_expect_eq(f.at, 64);
    cr_expect_eq(parse(&a, buf_str(&b), &(struct json_options){.depth = 65}, &v, &f), 0);
    buf_clear(&b);
    for (int i = 0; i < 100000; i++) {
        buf_puts(&b, "{\"a\":[");
    }
    cr_expect_eq(parse(&a, buf_str(&b), &(struct json_options){.depth = 1000000}, &v, &f),
                 ERR_LIMIT);
    cr_expect_eq(parse(&a, STR("[1,2,3]"), &(struct json_options){.nodes = 4}, &v, &f), 0);
    cr_expect_eq(parse(&a, STR("[1,2,3]"), &(struct json_options){.nodes = 3}, &v, &f), ERR_LIMIT);
    cr_expect_eq(f.at, 5);
    buf_free(&b);
    arena_free(&a);
}

Test(json, says_where)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        {"{\n  \"a\": 1,\n  \"b\" 2\n}", "f:3:7: error: expected : after a key\n"},
        {"{\"a\":1,\n\"a\":2}", "f:2:1: error: this key stands in the object twice\n"},
        {"[\"\xC3\xA4\", x]", "f:1:7: error: found something that begins no value; expected { [ \" "
                              "a number, true, false or null\n"},
        {"\xEF\xBB\xBF[1,]", "f:1:4: error: found something that begins no value; expected { [ \" "
                             "a number, true, false or null\n"},
        {"[01]", "f:1:3: error: this is no number; expected -?digits[.digits][e[+-]digits] without "
                 "a leading 0\n"},
        {"[1", "f:1:3: error: expected , or ] in an array\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct buf b = {0};
        struct json *v;
        struct json_fault f;
        struct diags d;
        diags_init(&d, &a);
        cr_expect_eq(parse(&a, str_of(rows[i].in), NULL, &v, &f), ERR_SYNTAX);
        json_fault_diag(&d, "f", str_of(rows[i].in), &f);
        diags_print(&b, &d);
        cr_expect(str_is(buf_str(&b), rows[i].want), "%.*s", STR_ARG(buf_str(&b)));
        buf_free(&b);
        arena_free(&a);
    }
}

Test(json, finds_duplicates_among_many_keys_and_keeps_them_when_asked)
{
    struct arena a = {0};
    struct buf b = {0};
    struct json *v;
    struct json_fault f;
    buf_putc(&b, '{');
    for (int i = 0; i < 5000; i++) {
        buf_printf(&b, "\"k%d\":%d,", i, i);
    }
    size_t at = b.n;
    buf_puts(&b, "\"k17\":0,\"k3\":0}");
    cr_expect_eq(parse(&a, buf_str(&b), NULL, &v, &f), ERR_SYNTAX);
    cr_expect_eq(f.at, at);
    cr_expect_eq(
        parse(&a, buf_str(&b), &(struct json_options){.duplicates = JSON_DUPLICATES_KEEP}, &v, &f),
        0);
    cr_expect_eq(v->count, 5002);
    cr_expect(str_is(json_get(v, "k17")->text, "17"));
    buf_free(&b);
    arena_free(&a);
}

Test(json, gives_values_and_places)
{
    struct arena a = {0};
    struct json *v;
    struct json_fault f;
    int64_t n = 0;
    struct str src = STR("{\"a\": [10, \"x\", 1.0], \"b\": null}");
    cr_assert_eq(parse(&a, src, NULL, &v, &f), 0);
    struct json *list = json_get(v, "a");
    cr_expect_eq(list->at, 6);
    cr_expect_eq(list->key_at, 1);
    cr_expect_eq(list->count, 3);
    cr_expect(json_to_i64(json_at(list, 0), &n) && n == 10);
    cr_expect_not(json_to_i64(json_at(list, 1), &n));
    cr_expect_not(json_to_i64(json_at(list, 2), &n));
    cr_expect(str_is(json_text(json_at(list, 1)), "x"));
    cr_expect_null(json_text(list).p);
    cr_expect_null(json_at(list, 3));
    cr_expect_null(json_at(v, 0));
    cr_expect_null(json_get(v, "c"));
    cr_expect_null(json_get(list, "a"));
    cr_expect_null(json_get(NULL, "a"));
    cr_expect_str_eq(json_kind_text(json_get(v, "b")), "null");
    cr_expect_str_eq(json_kind_text(NULL), "nothing");
    /* Texts without escapes are borrowed. */
    cr_expect_eq(json_at(list, 1)->text.p, src.p + 12);
    arena_free(&a);
}

/* Every byte at every place of texts around the 8 and 16 bytes that are looked at at once. */
Test(json, plain_texts_are_written_as_they_are)
{
    struct arena a = {0};
    struct buf slow = {0}, quick = {0};
    char text[40];
    cr_expect(json_is_plain((struct str){NULL, 0}));
    for (size_t n = 0; n <= sizeof(text); n++) {
        for (unsigned c = 0; c < 256 * (n + !n); c++) {
            memset(text, 'x', sizeof(text));
            text[n ? c / 256 : 0] = (char)c;
            struct str s = str_from(text, n);
            bool plain = n == 0 || ((c & 255) >= 0x20 && (c & 255) < 0x80 && (char)c != '"' &&
                                    (char)c != '\\');
            cr_assert_eq(json_is_plain(s), plain, "%u in %zu", c, n);
            cr_assert_eq(json_look(s).has_blank, n > 0 && (c & 255) == ' ', "%u in %zu", c, n);
            struct json *o = json_new(&a, JSON_OBJECT), *v = json_new_string(&a, s);
            json_add(o, s, v);
            buf_clear(&slow);
            json_write(&slow, o, 0);
            v->is_plain = v->is_key_plain = plain;
            v->key = plain ? json_plain_key(&a, s) : s;
            buf_clear(&quick);
            json_write(&quick, json_dup(&a, o), 0);
            cr_assert(str_eq(buf_str(&slow), buf_str(&quick)), "%u in %zu", c, n);
            arena_reset(&a);
        }
    }
    buf_free(&slow);
    buf_free(&quick);
    arena_free(&a);
}

/* All kinds of values, some with much to escape, some within each other. */
static struct json *deep_tree(struct arena *a, unsigned depth, bool is_plain)
{
    static const char *const texts[] = {"", "a", "1234567", "a text of more than 16 bytes",
                                        "and another one of more than 32 bytes"};
    struct json *o = json_new(a, JSON_OBJECT), *list = json_new(a, JSON_ARRAY);
    for (unsigned i = 0; i < 5; i++) {
        struct json *v = json_new_string(a, i == depth % 5 ? STR("\"\n\x01") : str_of(texts[i]));
        struct str key = str_of(texts[(i + depth) % 5]);
        json_add(o, is_plain ? json_plain_key(a, key) : key, v);
        v->is_key_plain = is_plain;
        v->is_plain = is_plain && i != depth % 5;
        json_push(list, json_new(a, (enum json_kind)(i % 3)));
        json_push(list, json_new_number(a, STR("-12345678901234567890.5e+100")));
        json_push(list, json_new(a, i % 2 ? JSON_OBJECT : JSON_ARRAY));
    }
    struct json *no = json_new_bool(a, false);
    json_add(o, is_plain ? json_plain_key(a, STR("no")) : STR("no"), no);
    no->is_key_plain = is_plain;
    json_add(o, STR("\""), list);
    if (depth) {
        json_push(list, deep_tree(a, depth - 1, is_plain));
    }
    return o;
}

/* Both are written the same wherever the buffer ends: the writer looks for room once for several pieces. */
static void expect_written_as(const struct json *o, const struct json *same)
{
    for (unsigned indent = 0; indent < 3; indent += 2) {
        struct buf want = {0};
        json_write(&want, same, indent);
        for (size_t room = 0; room < 3000; room += room < 100 ? 1 : 37) {
            struct buf b = {.p = malloc(room), .cap = room};
            json_write(&b, o, indent);
            cr_assert(str_eq(buf_str(&b), buf_str(&want)), "room %zu, indent %u", room, indent);
            buf_free(&b);
        }
        buf_free(&want);
    }
}

Test(json, a_tree_is_written_into_any_room)
{
    struct arena made = {0};
    struct json *o = deep_tree(&made, 20, true);
    struct json *same = deep_tree(&made, 20, false);
    expect_written_as(o, same);
    arena_free(&made);
}

/* The same with what each part of it is written as kept with the part. */
Test(json, what_is_kept_as_written_is_written)
{
    struct arena made = {0};
    struct json *o = deep_tree(&made, 20, true);
    struct json *same = deep_tree(&made, 20, false);
    for (struct json *part = o; part; part = part->last) {
        json_keep_written(&made, part);
    }
    expect_written_as(o, same);
    arena_free(&made);
}

/* Whoever changes it has to write it anew. */
Test(json, what_is_kept_as_written_goes_with_a_change)
{
    struct arena a = {0};
    struct json *o = json_new(&a, JSON_OBJECT);
    json_add(o, STR("a"), json_new_string(&a, STR("b")));
    json_keep_written(&a, o);
    struct json *alias = json_alias(&a, o), *copy = json_dup(&a, o);
    cr_expect(str_is(o->text, "{\"a\":\"b\"}"), "%.*s", STR_ARG(o->text));
    cr_expect(str_eq(alias->text, o->text));
    cr_expect_eq(copy->text.n, 0);
    cr_expect_eq(json_text(o).n, 0);
    json_add(copy, STR("c"), json_new_bool(&a, true));
    json_add(o, STR("c"), json_new_bool(&a, true));
    cr_expect_eq(o->text.n, 0);
    arena_free(&a);
}

/* What is known of one key is not taken for known of another. */
Test(json, another_key_is_looked_at_again)
{
    struct arena a = {0};
    struct buf b = {0};
    struct json *o = json_new(&a, JSON_OBJECT), *again = json_new(&a, JSON_OBJECT);
    struct json *v = json_new_bool(&a, true);
    json_add(o, json_plain_key(&a, STR("a")), v);
    v->is_key_plain = true;
    json_add_again(again, v);
    cr_expect(v->is_key_plain);
    v->next = NULL;
    json_add(json_new(&a, JSON_OBJECT), STR("\""), v);
    json_write(&b, again, 0);
    cr_expect(str_is(buf_str(&b), "{\"\\\"\":true}"), "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
    arena_free(&a);
}

Test(json, builds_and_writes_trees)
{
    struct arena a = {0};
    struct buf b = {0};
    struct json *o = json_new(&a, JSON_OBJECT), *list = json_new(&a, JSON_ARRAY);
    json_add(o, STR("n"), json_new_number(&a, STR("1.10")));
    json_add(o, STR("l"), list);
    json_push(list, json_new_bool(&a, true));
    json_push(list, json_new(&a, JSON_NULL));
    json_push(list, json_new(&a, JSON_OBJECT));
    json_add(o, STR("s"), json_new_string(&a, STR("a\n")));
    json_write(&b, o, 0);
    cr_expect(str_is(buf_str(&b), "{\"n\":1.10,\"l\":[true,null,{}],\"s\":\"a\\n\"}"), "%.*s",
              STR_ARG(buf_str(&b)));
    buf_clear(&b);
    json_write(&b, o, 2);
    cr_expect(str_is(buf_str(&b), "{\n  \"n\": 1.10,\n  \"l\": [\n    true,\n    null,\n    {}\n  "
                                  "],\n  \"s\": \"a\\n\"\n}"),
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
    arena_free(&a);
}

Test(json, knows_numbers)
{
    cr_expect(json_is_number(STR("-1.50e+3")));
    cr_expect(json_is_number(STR("0")));
    cr_expect_not(json_is_number(STR("")));
    cr_expect_not(json_is_number(STR("00123")));
    cr_expect_not(json_is_number(STR("1 ")));
    cr_expect_not(json_is_number(STR("-")));
}

Test(json, places_one_after_another_are_as_each_by_itself)
{
    struct str src = STR("\xEF\xBB\xBF{\"a\":\r\n 1,\r\"\xC3\xA4\":\n[2]}");
    for (size_t step = 1; step <= src.n; step++) {
        struct json_place last = {0};
        for (size_t at = 0; at <= src.n + 2; at += step) {
            struct diag_pos one = json_pos("f", src, at), next = json_pos_next(&last, "f", src, at);
            cr_expect(one.line == next.line && one.col == next.col, "%zu in steps of %zu", at,
                      step);
        }
        struct diag_pos back = json_pos_next(&last, "f", src, 10);
        cr_expect(back.line == 2 && back.col == 1, "back: %u:%u", back.line, back.col);
    }
}
