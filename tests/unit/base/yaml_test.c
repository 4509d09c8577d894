#include "engine/base/yaml.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct read {
    struct arena a;
    struct diags d;
    struct yaml_doc *doc;
    int rc;
    struct buf text; /* the findings as lines */
};

static struct read read_yaml(struct str bytes)
{
    struct read r = {0};
    struct arena *a = calloc(1, sizeof(*a));
    diags_init(&r.d, a);
    r.rc = yaml_parse(a, "f", bytes, &r.d, &r.doc);
    diags_print(&r.text, &r.d);
    buf_putc(&r.text, '\0');
    return r;
}

static void done(struct read *r)
{
    struct arena *a = r->d.arena;
    buf_free(&r->text);
    arena_free(a);
    free(a);
}

/* The tree on one line: {k: v, ..}, [..], plain, 'quoted', a comment behind as %. */
static void show(struct buf *out, const struct yaml_node *n)
{
    const char *sep = "";
    switch (n->kind) {
    case YAML_ABSENT:
        buf_puts(out, "<absent>");
        return;
    case YAML_SCALAR:
        buf_printf(out, n->quoted ? "'%.*s'" : "%.*s", STR_ARG(n->text));
        buf_puts(out, n->comment_after ? "%" : "");
        return;
    case YAML_SEQUENCE:
    case YAML_MAPPING:
        buf_puts(out, n->kind == YAML_SEQUENCE ? "[" : "{");
        yaml_each(child, n)
        {
            buf_puts(out, sep);
            if (n->kind == YAML_MAPPING) {
                show(out, child->key);
                buf_puts(out, ": ");
            }
            show(out, child);
            sep = ", ";
        }
        buf_puts(out, n->kind == YAML_SEQUENCE ? "]" : "}");
        return;
    }
}

Test(yaml, reads_what_is_written_as_text)
{
    static const struct {
        const char *name, *in, *want;
    } rows[] = {
        {"nothing at all", "", ""},
        {"only a comment", "# x\n", ""},
        {"empty document", "---\n", ""},
        {"scalar types are not guessed", "a: NO\nb: 00123\nc: 2.10\nd: 20261124\ne: null\n",
         "{a: NO, b: 00123, c: 2.10, d: 20261124, e: null};"},
        {"quoted and plain", "a: 'x'\nb: \"y\\n\"\nc: ''\n", "{a: 'x', b: 'y\n', c: ''};"},
        {"blocks are quoted", "a: |\n  one\n  two\nb: >-\n  x\n  y\n",
         "{a: 'one\ntwo\n', b: 'x y'};"},
        {"formula in a block", "a: >-\n  =x & ': ' & '#'\n", "{a: '=x & ': ' & '#''};"},
        {"lists", "- a\n- [b, c]\n- {d: e}\n", "[a, [b, c], {d: e}];"},
        {"documents", "route: a\n---\nmap: b\n---\n", "{route: a};{map: b};"},
        {"byte order mark",
         "\xEF\xBB\xBF"
         "a: b\n",
         "{a: b};"},
        {"carriage returns", "a: b\r\nc: d\r\n", "{a: b, c: d};"},
        {"comment behind an unquoted value is seen", "a: b   # note\nc: 'd' # note\ne: f\n",
         "{a: b%, c: 'd', e: f};"},
        {"a run of # is a comment", "a: b ## note\n", "{a: b%};"},
        {"a lone # ends the line", "a: b #\n", "{a: b%};"},
        {"# inside a word is text", "a: b#c\n", "{a: b#c};"},
        {"formulas",
         "a: =PID-3[1].4.1.oneOf('x', \"y\")\nb: [ =NTE-3.text() ]  # the NTE\nc: =FT1-2   # "
         "part\n",
         "{a: =PID-3[1].4.1.oneOf('x', \"y\"), b: [=NTE-3.text()], c: =FT1-2%};"},
        {"a quoted tilde is a text", "a: '~'\n", "{a: '~'};"},
        {"a quoted merge key is a key", "'<<': a\n", "{'<<': a};"},
        {"tab in a comment", "a: b # x\ty\n", "{a: b%};"},
        {"tab in quotes and blocks", "a: 'x\ty'\nb: |\n  x\ty\n", "{a: 'x\ty', b: 'x\ty\n'};"},
        {"NUL by escape", "a: \"x\\0y\"\n", "{a: 'x'};"},
        {"wide characters", "a: \xC3\xA4\xF0\x9F\x98\x80\n", "{a: \xC3\xA4\xF0\x9F\x98\x80};"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_yaml(str_of(rows[i].in));
        struct buf out = {0};
        for (struct yaml_doc *doc = r.doc; doc; doc = doc->next) {
            show(&out, doc->root);
            buf_putc(&out, ';');
        }
        if (strstr(rows[i].name, "NUL")) {
            cr_expect_eq(r.doc->root->first->text.n, 3, "%s", rows[i].name);
        } else {
            cr_expect(str_is(buf_str(&out), rows[i].want), "%s: %.*s %s", rows[i].name,
                      STR_ARG(buf_str(&out)), r.text.p);
        }
        cr_expect_eq(r.rc, 0, "%s: %s", rows[i].name, r.text.p);
        buf_free(&out);
        done(&r);
    }
}

Test(yaml, reports_each_fault_where_it_stands)
{
    static const struct {
        const char *name, *in, *want[3]; /* beginnings or parts of the findings, in order */
    } rows[] = {
        {"a key twice",
         "a: 1\nb: 2\na: 3\n",
         {"f:3:1: error: the key `a` on line 3 stands on line 1 already"}},
        {"a key three times",
         "{a: 1, a: 2, a: 3}\n",
         {"f:1:8: error: the key `a`", "f:1:14: error"}},
        {"anchor", "a: &x b\n", {"f:1:4: error: found an anchor (`&`)"}},
        {"anchor and alias",
         "a: &x b\nc: *x\n",
         {"f:1:4: error: found an anchor", "f:2:4: error: found an alias"}},
        {"tag", "a: !!str 5\n", {"f:1:4: error: found a tag (`!`)"}},
        {"local tag on a mapping", "a: !x {b: c}\n", {"f:1:4: error: found a tag"}},
        {"merge key", "<<: {a: b}\n", {"f:1:1: error: found the merge key `<<`"}},
        {"key with nothing",
         "a:\nb: c\n",
         {"f:1:1: error: found the key `a` with nothing after it"}},
        {"key with only a comment",
         "a: # none\n",
         {"f:1:1: error: found the key `a` with nothing"}},
        {"list item with nothing", "-\n- a\n", {"f:1:2: error: found a list item with nothing"}},
        {"tilde", "a: ~\n", {"f:1:4: error: found `~`"}},
        {"glued #", "a: b #c\n", {"f:1:4: error: `#` directly followed by text"}},
        {"several at once",
         "a: ~\nb: x #y\nb: &q z\n",
         {"f:1:4: error: found `~`", "f:2:4: error: `#`", "f:3:1: error: the key `b`"}},
        {"columns count characters", "\xC3\xA4\xC3\xB6: ~\n", {"f:1:5: error: found `~`"}},
        {"tab as indentation", "a:\n\tb: c\n", {"f:2:1: error: found a tab"}},
        {"tab between values", "a:\tb\n", {"f:1:3: error: found a tab between values"}},
        {"tab behind a value", "a: b\t\nc: d\n", {"f:1:5: error: found a tab between values"}},
        {"bad utf-8",
         "a: b\nc: \xC0\xAF\n",
         {"f:2:4: error: byte 0xC0 is not UTF-8", "f:2:5: error: byte 0xAF"}},
        {"control character", "a: \x01\n", {"f:1:4: error: found the character U+0001"}},
        {"line separator",
         "a: b\xE2\x80\xA8"
         "c\n",
         {"f:1:5: error: found the character U+2028"}},
        {"UTF-16",
         "\xFF\xFE"
         "a",
         {"f: error: this file is UTF-16"}},
        {"TAG directive",
         "%TAG ! tag:x,2000:\n---\na: b\n",
         {"f:1:1: error: found a %TAG directive"}},
        {"list as key", "[a, b]: c\n", {"f:1:1: error: found a list or mapping where a key"}},
        {"value without key", "?\n: c\n", {": error: found a value without a key"}},
        {"open quote", "a: 'b\nc: d\n", {"f:1:4: error: a quote opened before is never closed"}},
        {"bad indentation", "a: b\n c: d\n", {"f:2:3: error: found `: ` inside a value"}},
        {"bracket",
         "a: [b, c\nd: e\n",
         {"f:1:4: error: the bracket that opens here is not closed"}},
        {"a key without its blank",
         "a:\n  z: y\n  b:x\n  c: d\n",
         {"f:3:3: error: found a line without `: ` where a key was expected"}},
        {"a quote that the next one closes",
         "a: 'b\nc: d\ne: 'f'\n",
         {"f:1:4: error: the quote that opens here is closed on line 3 only"}},
        {"an index of a key in braces",
         "set: { PV1-3[1].9: x }\nb: { c: [1], d[+]: y }\n",
         {"f:1:8: error: found a key with [ ] inside { }, where YAML takes [ for a list; put it in "
          "quotes, \"PV1-3[1].9\", or on a line of its own"}},
        {"a comma that makes a key",
         "a: { b: c, d }\n",
         {"f:1:12: error: found the key `d` with nothing after it; write '' for an empty text, or "
          "leave the key out; if it belongs to the value before it, quote that value"}},
        {"at sign", "a: @b\n", {"f:1:4: error: an unquoted value cannot begin with `@`"}},
        {"next document is read after a fault",
         "a: [\n---\nb: ~\n",
         {"f:2:1: error", "f:3:4: error: found `~`"}},
        {"line numbers after a restart",
         "a: @\n---\nb: c\n---\nd: @\n---\ne: ~\n",
         {"f:1:4: error", "f:5:4: error", "f:7:4: error: found `~`"}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_yaml(str_of(rows[i].in));
        const char *at = r.text.p;
        for (int k = 0; k < 3 && rows[i].want[k]; k++) {
            at = at ? strstr(at, rows[i].want[k]) : NULL;
            cr_expect(at, "%s: no `%s` in\n%s", rows[i].name, rows[i].want[k], r.text.p);
        }
        cr_expect_neq(r.rc, 0, "%s", rows[i].name);
        done(&r);
    }
}

Test(yaml, says_which_sign_is_missing_or_only_looks_like_one)
{
    static const struct {
        const char *name, *in, *want;
    } rows[] = {
        {"a first key without its blank", "a:b\nc: d\n",
         "f:1:2: error: found `:` without a blank behind it; write `key: value`"},
        {"a first key without its colon", "a: b\n---\nmap x\r\nc: d\n",
         "f:3:1: error: found a line without `: ` where a key was expected; write `key: value`"},
        {"a list item without its blank", "do:\n  -a: b\n    c: d\n",
         "f:2:3: error: found `-` without a blank behind it; write `- `"},
        {"a text that goes on", "a: b\n  c\n d: e\n", "f:3:3: error: found `: ` inside a value"},
        {"blanks that are none", "a:\n  b: c\n\xC2\xA0 d: e\n  f: g\n",
         "f:3:1: error: found a no-break space; YAML takes it for a letter; type an ordinary "
         "blank"},
        {"a blank that is none behind the colon",
         "a:\n  b:\xC2\xA0"
         "c\n  f: g\n",
         "f:2:5: error: found a no-break space; YAML takes it for a letter; type an ordinary "
         "blank"},
        {"a dash that is none", "a: b\n\xE2\x80\x94\nc: d\n",
         "f:2:1: error: found a dash of a word processor; YAML takes it for a letter; type a "
         "hyphen, -"},
        {"a dash within a text is no fault", "a: b \xE2\x80\x94 c\n d: e\n",
         "f:2:3: error: found `: ` inside a value"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_yaml(str_of(rows[i].in));
        cr_expect(strstr(r.text.p, rows[i].want) == r.text.p, "%s: %s", rows[i].name, r.text.p);
        done(&r);
    }
}

Test(yaml, shows_the_lines_to_write_for_a_formula_yaml_cannot_carry)
{
    static const struct {
        const char *name, *in, *want;
    } rows[] = {
        {"colon", "set:\n  PID-8: =iif(x = 'a: b', 1, 2)\n",
         "\n    PID-8: >-\n      =iif(x = 'a: b', 1, 2)\n"},
        {"hash", "a: =x.join(' # ')\n", "\n    a: >-\n      =x.join(' # ')\n"},
        {"glued hash", "a: =x.join(' #1')\n", "\n    a: >-\n      =x.join(' #1')\n"},
        {"quote first", "- when: 'A' = PID-3\n", "\n    when: >-\n      'A' = PID-3\n"},
        {"percent first", "if: %resource.id = 'x'\n", "\n    if: >-\n      %resource.id = 'x'\n"},
        {"bracket in braces", "set: { A: =PID-3[1].1, B: c }\n",
         "\n    A: >-\n      =PID-3[1].1\n"},
        {"comma in braces", "set: { A: =coalesce(x, y), B: c }\n",
         "\n    A: >-\n      =coalesce(x, y)\n"},
        {"comma in a list", "set: [ =coalesce(x, y) ]\n", "\n    - >-\n      =coalesce(x, y)\n"},
        {"tag sign", "require: !x\n", "\n    require: >-\n      !x\n"},
        {"pipe", "if: | x\n", "\n    if: >-\n      | x\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct read r = read_yaml(str_of(rows[i].in));
        cr_expect(strstr(r.text.p, rows[i].want), "%s:\n%s", rows[i].name, r.text.p);
        cr_expect(strstr(r.text.p, "under >-"), "%s:\n%s", rows[i].name, r.text.p);
        cr_expect_eq(r.rc, ERR_SYNTAX, "%s", rows[i].name);
        done(&r);
    }
}

Test(yaml, gives_places_of_keys_and_values)
{
    struct read r = read_yaml(STR("a:\n  - b: c\n    \xC3\xA4: d\n"));
    const struct yaml_node *item = yaml_get(r.doc->root, "a")->first;
    const struct yaml_node *d = yaml_get(item, "\xC3\xA4");
    cr_assert(d);
    cr_expect_eq(item->pos.line, 2);
    cr_expect_eq(item->pos.col, 5);
    cr_expect_eq(d->key->pos.line, 3);
    cr_expect_eq(d->key->pos.col, 5);
    cr_expect_eq(d->pos.col, 8);
    cr_expect_eq(item->count, 2);
    cr_expect_null(yaml_get(item, "x"));
    cr_expect_null(yaml_get(d, "x"));
    cr_expect_null(yaml_get(NULL, "x"));
    done(&r);
}

Test(yaml, takes_one_step_for_a_list_of_one)
{
    struct read r = read_yaml(STR("one: a\nlist: [b, c]\n"));
    const struct yaml_node *one = yaml_get(r.doc->root, "one"),
                           *list = yaml_get(r.doc->root, "list");
    cr_expect_eq(yaml_next_item(one, NULL), one);
    cr_expect_null(yaml_next_item(one, one));
    const struct yaml_node *b = yaml_next_item(list, NULL);
    cr_expect(str_is(b->text, "b"));
    cr_expect(str_is(yaml_next_item(list, b)->text, "c"));
    cr_expect_null(yaml_next_item(list, yaml_next_item(list, b)));
    cr_expect_null(yaml_next_item(NULL, NULL));
    done(&r);
}

Test(yaml, keeps_its_limits)
{
    struct buf b = {0};
    for (int i = 0; i < YAML_DEPTH_MAX; i++) {
        buf_putc(&b, '[');
    }
    buf_putc(&b, 'x');
    for (int i = 0; i < YAML_DEPTH_MAX; i++) {
        buf_putc(&b, ']');
    }
    struct read r = read_yaml(buf_str(&b));
    cr_expect_eq(r.rc, 0, "%s", r.text.p);
    done(&r);
    buf_clear(&b);
    for (int i = 0; i <= YAML_DEPTH_MAX; i++) {
        buf_putc(&b, '[');
    }
    buf_puts(&b, "\n---\na: ~\n");
    r = read_yaml(buf_str(&b));
    cr_expect_eq(r.rc, ERR_LIMIT);
    cr_expect(strstr(r.text.p, "f:1:65: error: lists and mappings are nested deeper than 64"), "%s",
              r.text.p);
    cr_expect(strstr(r.text.p, "f:3:4: error: found `~`"), "%s", r.text.p);
    done(&r);
    buf_clear(&b);
    buf_puts(&b, "a: '");
    for (int i = 0; i <= YAML_SCALAR_MAX; i++) {
        buf_putc(&b, 'x');
    }
    buf_puts(&b, "'\n");
    r = read_yaml(buf_str(&b));
    cr_expect(strstr(r.text.p, "f:1:4: error: this text has 1048577 bytes; at most 1048576"),
              "%.200s", r.text.p);
    done(&r);
    while (b.n <= YAML_FILE_MAX) {
        buf_puts(&b, "                                                                \n");
    }
    r = read_yaml(buf_str(&b));
    cr_expect_eq(r.rc, ERR_LIMIT);
    done(&r);
    buf_free(&b);
}

/* Each tag used to be looked for from the beginning of the file: the square of them, minutes for these. */
Test(yaml, reads_a_file_of_tags_in_the_time_of_its_size, .timeout = 30)
{
    struct buf b = {0};
    for (int i = 0; i < 250000; i++) {
        buf_puts(&b, "- !x y\n");
    }
    struct read r = read_yaml(buf_str(&b));
    cr_expect_eq(r.rc, ERR_SYNTAX);
    cr_expect(strstr(r.text.p, "f:1:3: error: found a tag"), "%.200s", r.text.p);
    done(&r);
    buf_free(&b);
}
