/* The tree as it grows: what is open, which key waits for its value, which documents are whole. */
#include "engine/base/yaml_priv.h"

struct yaml_node *yaml_build_node(struct yaml_build *b, enum yaml_kind kind, struct diag_pos pos)
{
    struct yaml_node *n = ARENA_NEW(b->a, struct yaml_node);
    n->kind = kind;
    n->pos = pos;
    n->in_flow = b->depth && b->stack[b->depth - 1].flow;
    return n;
}

static void attach_key(struct yaml_build *b, struct yaml_frame *f, struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR && (n->quoted || n->text.n)) {
        if (!n->quoted && str_is(n->text, "<<")) {
            struct diag *one =
                yaml_fail(b, "yaml-merge", n->pos,
                          "found the merge key `<<`; it is not part of this language");
            diag_hint(b->d, one, "write the keys out");
        }
        f->key = n;
        return;
    }
    yaml_fail(b, "yaml-key", n->pos,
              n->kind == YAML_SCALAR || n->kind == YAML_ABSENT
                  ? "found a value without a key before its colon"
                  : "found a list or mapping where a key was expected; a key is a text");
    f->key = ARENA_NEW(b->a, struct yaml_node);
    *f->key =
        (struct yaml_node){.kind = YAML_SCALAR, .quoted = true, .pos = n->pos, .text = STR("")};
}

static void append(struct yaml_frame *f, struct yaml_node *n)
{
    if (f->last) {
        f->last->next = n;
    } else {
        f->node->first = n;
    }
    f->last = n;
    f->node->count++;
}

void yaml_build_add(struct yaml_build *b, struct yaml_node *n)
{
    struct yaml_frame *f = yaml_build_top(b);
    if (!f) {
        b->root = n;
    } else if (f->node->kind == YAML_SEQUENCE) {
        append(f, n);
    } else if (!f->key) {
        attach_key(b, f, n);
    } else {
        n->key = f->key;
        f->key = NULL;
        append(f, n);
    }
}

bool yaml_build_wants_key(struct yaml_build *b)
{
    const struct yaml_frame *f = yaml_build_top(b);
    return f && f->node->kind == YAML_MAPPING && !f->key;
}

void yaml_build_end(struct yaml_build *b)
{
    if (!b->root || b->root->kind == YAML_ABSENT) {
        b->root = NULL;
        return;
    }
    struct yaml_doc *doc = ARENA_NEW(b->a, struct yaml_doc);
    doc->root = b->root;
    if (b->last) {
        b->last->next = doc;
    } else {
        b->first = doc;
    }
    b->last = doc;
    b->root = NULL;
}
