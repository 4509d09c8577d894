#include "engine/base/json_splice.h"

#include <stdlib.h>

static void must(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Of a copy in which every third value went, every fifth is new and each fourth object or array has one more: the bytes
 * read again as the same tree. Untouched it is one piece, the source. */
static void change(struct arena *a, struct json *parent, unsigned *n)
{
    struct json *one = parent->first, *next;
    parent->first = parent->last = NULL;
    parent->count = 0;
    for (; one; one = next) {
        next = one->next;
        one->next = NULL;
        unsigned now = ++*n;
        if (now % 3 == 0) {
            continue;
        }
        if (now % 5 == 0) {
            *one = (struct json){.kind = JSON_TRUE, .key = one->key, .key_at = one->key_at};
        }
        change(a, one, n);
        if (parent->kind == JSON_OBJECT) {
            json_add(parent, one->key, one);
        } else {
            json_push(parent, one);
        }
    }
    if (parent->kind == JSON_ARRAY && ++*n % 4 == 0) {
        json_push(parent, json_new(a, JSON_NULL));
    } else if (parent->kind == JSON_OBJECT && ++*n % 4 == 0 && !json_get(parent, "new\"")) {
        json_add(parent, STR("new\""), json_new(a, JSON_OBJECT));
    }
}

static void splice(struct arena *a, struct str src, const struct json *was)
{
    struct json_options keep = {.duplicates = JSON_DUPLICATES_KEEP};
    struct json *now = json_copy(a, was), *again;
    struct json_fault fault;
    struct buf want = {0}, got = {0};
    unsigned n = 0;
    struct splices s = json_splices(a, src, was, now);
    must(s.n == 1 && !s.v[0].literal && s.v[0].from == 0 && s.v[0].n == src.n);
    change(a, now, &n);
    s = json_splices(a, src, was, now);
    char *p = arena_alloc(a, splices_size(s) + 1);
    splices_write(s, src, p);
    must(json_parse(a, str_from(p, splices_size(s)), &keep, &again, &fault) == 0);
    json_write(&want, now, 0);
    json_write(&got, again, 0);
    must(str_eq(buf_str(&want), buf_str(&got)));
    buf_free(&want);
    buf_free(&got);
}

/* What was read and written back reads again, to the same text; faults lie inside the input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct buf once = {0}, twice = {0};
    struct json *v, *again;
    struct json_fault fault;
    struct json_options keep = {.duplicates =
                                    n & 1 ? JSON_DUPLICATES_KEEP : JSON_DUPLICATES_REFUSE};
    struct str src = str_from((const char *)data, n);
    if (json_parse(&a, src, &keep, &v, &fault) == 0) {
        json_write(&once, v, 0);
        if (json_parse(&a, buf_str(&once), &keep, &again, &fault)) {
            abort();
        }
        json_write(&twice, again, 0);
        if (!str_eq(buf_str(&once), buf_str(&twice))) {
            abort();
        }
        splice(&a, src, v);
    } else if (fault.at > n || !fault.text) {
        abort();
    }
    buf_free(&once);
    buf_free(&twice);
    arena_free(&a);
    return 0;
}
