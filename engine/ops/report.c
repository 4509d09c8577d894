#include "engine/ops/report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/buf.h"

/* A struct report is a json_t under our name. */
static json_t *of(const struct report *r)
{
    return (json_t *)(uintptr_t)r;
}

static json_t *text_of(struct str s)
{
    json_t *v = json_stringn(s.p ? s.p : "", s.n);
    return v ? v : json_string("?");
}

struct report *report_object(void)
{
    return (struct report *)json_object();
}

struct report *report_list(void)
{
    return (struct report *)json_array();
}

void report_free(struct report **r)
{
    json_decref(of(*r));
    *r = NULL;
}

/* Composing fails only without memory or on a wrong kind of parent: both are ours. */
static void must(int failed)
{
    if (failed) {
        abort();
    }
}

void report_set_text(struct report *object, const char *key, struct str text)
{
    must(json_object_set_new(of(object), key, text_of(text)));
}

void report_set_int(struct report *object, const char *key, int64_t n)
{
    must(json_object_set_new(of(object), key, json_integer(n)));
}

void report_set_real(struct report *object, const char *key, double n)
{
    must(json_object_set_new(of(object), key, json_real(n)));
}

void report_set_bool(struct report *object, const char *key, bool yes)
{
    must(json_object_set_new(of(object), key, json_boolean(yes)));
}

void report_set(struct report *object, const char *key, struct report *taken)
{
    must(json_object_set_new(of(object), key, of(taken)));
}

void report_add(struct report *list, struct report *taken)
{
    must(json_array_append_new(of(list), of(taken)));
}

void report_add_int(struct report *list, int64_t n)
{
    must(json_array_append_new(of(list), json_integer(n)));
}

struct report *report_share(const struct report *r)
{
    return (struct report *)json_incref(of(r));
}

void report_add_text(struct report *list, struct str text)
{
    must(json_array_append_new(of(list), text_of(text)));
}

static int put_piece(const char *p, size_t n, void *out)
{
    buf_put(out, p, n);
    return 0;
}

void report_put(const struct report *r, struct buf *out)
{
    must(json_dump_callback(of(r), put_piece, out, JSON_COMPACT | JSON_REAL_PRECISION(12)));
}

void report_print(struct report **r)
{
    struct buf line = {0};
    report_put(*r, &line);
    buf_putc(&line, '\n');
    fwrite(line.p, 1, line.n, stdout);
    buf_free(&line);
    report_free(r);
}

struct report *report_parse(struct str text)
{
    return (struct report *)json_loadb(text.p ? text.p : "", text.n, 0, NULL);
}

const struct report *report_get(const struct report *object, const char *key)
{
    return (const struct report *)json_object_get(of(object), key);
}

const struct report *report_at(const struct report *list, size_t i)
{
    return (const struct report *)json_array_get(of(list), i);
}

bool report_is_list(const struct report *r)
{
    return json_is_array(of(r));
}

size_t report_count(const struct report *list)
{
    return json_array_size(of(list));
}

const char *report_text(const struct report *r, const char *key)
{
    const char *s = json_string_value(of(report_get(r, key)));
    return s ? s : "";
}

const char *report_item_text(const struct report *list, size_t i)
{
    const char *s = json_string_value(of(report_at(list, i)));
    return s ? s : "";
}

int64_t report_int(const struct report *r, const char *key)
{
    return json_integer_value(of(report_get(r, key)));
}

bool report_bool(const struct report *r, const char *key)
{
    return json_is_true(of(report_get(r, key)));
}

int64_t report_item_int(const struct report *list, size_t i)
{
    return json_integer_value(of(report_at(list, i)));
}

static const char *kind_trouble(const json_t *v, char kind)
{
    switch (kind) {
    case 't':
        return json_is_string(v) ? NULL : "expected a text";
    case 'n':
        return json_is_integer(v) && json_integer_value(v) >= 0 ? NULL : "expected a number";
    case 'b':
        return json_is_boolean(v) ? NULL : "expected true or false";
    default:
        return json_is_array(v) ? NULL : "expected a list";
    }
}

const char *report_misfit(const struct report *object, const struct report_row *rows,
                          const char **out_why)
{
    const char *key;
    json_t *v;
    json_object_foreach(of(object), key, v)
    {
        const struct report_row *row = rows;
        while (row->key && strcmp(row->key, key) != 0) {
            row++;
        }
        *out_why = row->key ? kind_trouble(v, row->kind) : "is not known here";
        if (*out_why) {
            return key;
        }
    }
    return NULL;
}
