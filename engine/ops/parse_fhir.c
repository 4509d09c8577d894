#include "engine/ops/parse_fhir.h"

#include "engine/base/json_out.h"
#include "engine/fhir/canonical.h"
#include "engine/fhir/member.h"

enum { PATH_WIDTH = 48, TYPE_WIDTH = 16 };

struct printer {
    struct buf *out;
    struct buf path; /* of the value that is printed */
};

void parse_fhir_json(struct buf *out, const struct json *root)
{
    struct arena a = {0};
    json_write(out, fhir_canonical(&a, root), 0);
    buf_putc(out, '\n');
    arena_free(&a);
}

static void print_value(struct printer *p, const struct json *j, unsigned type);

static void print_leaf(struct printer *p, const struct json *j, unsigned type)
{
    struct buf value = {0};
    json_write(&value, j, 0);
    buf_printf(p->out, "%-*.*s %-*s %.*s\n", PATH_WIDTH, (int)p->path.n, p->path.p, TYPE_WIDTH,
               type ? fhir_type_name(type) : "", (int)value.n, value.p);
    buf_free(&value);
}

/* `key` behind the path, and behind the value the path as it was. */
static void print_member(struct printer *p, struct str key, const struct json *j, unsigned type)
{
    size_t before = p->path.n;
    buf_puts(&p->path, before ? "." : "");
    buf_put_str(&p->path, key);
    print_value(p, j, type);
    p->path.n = before;
}

static void print_object(struct printer *p, const struct json *j, unsigned type)
{
    struct fhir_chain c;
    struct fhir_member m;
    fhir_chain_of(&c, type);
    json_each(member, j)
    {
        bool known = c.levels && fhir_member_find(&c, member->key, &m);
        print_member(p, member->key, member, known ? m.type : 0);
    }
}

static void print_array(struct printer *p, const struct json *j, unsigned type)
{
    size_t before = p->path.n;
    unsigned index = 0;
    json_each(item, j)
    {
        buf_printf(&p->path, "[%u]", index++);
        print_value(p, item, type);
        p->path.n = before;
    }
}

static void print_value(struct printer *p, const struct json *j, unsigned type)
{
    bool resource = type && fhir_type_kind(type) == FHIR_RESOURCE;
    unsigned own = resource && j->kind == JSON_OBJECT ? fhir_resource_of(j) : 0;
    if (j->kind == JSON_OBJECT && j->first) {
        print_object(p, j, own ? own : type);
    } else if (j->kind == JSON_ARRAY && j->first) {
        print_array(p, j, type);
    } else {
        print_leaf(p, j, type);
    }
}

void parse_fhir_text(struct buf *out, const struct json *root)
{
    struct arena a = {0};
    unsigned t = fhir_resource_of(root);
    struct printer p = {.out = out};
    const struct json *ordered = fhir_canonical(&a, root);
    buf_puts(&p.path, fhir_type_name(t));
    print_value(&p, ordered, t);
    buf_free(&p.path);
    arena_free(&a);
}
