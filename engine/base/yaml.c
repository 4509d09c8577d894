/* libyaml's events, and a new beginning behind what it does not read. The tree grows in yaml_build.c. */
#include "engine/base/yaml.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/yaml_priv.h"

#include <yaml.h>

#include <stdlib.h>

static struct diag_pos pos_of(const struct yaml_build *b, const yaml_mark_t *m)
{
    return (struct diag_pos){b->file, b->base_line + (unsigned)m->line + 1,
                             (unsigned)m->column + 1};
}

/* The byte of libyaml's character `index`. Amortised O(1): asked in ascending order. */
static size_t byte_of(struct yaml_build *b, size_t index)
{
    if (index < b->at_index) {
        b->at_index = 0;
        b->at_byte = b->base;
    }
    while (b->at_index < index && b->at_byte < b->bytes.n) {
        do {
            b->at_byte++;
        } while (b->at_byte < b->bytes.n &&
                 ((unsigned char)b->bytes.p[b->at_byte] & 0xC0u) == 0x80u);
        b->at_index++;
    }
    return b->at_byte;
}

static enum yaml_style style_of(yaml_scalar_style_t s)
{
    switch (s) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return YAML_SINGLE_QUOTED;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return YAML_DOUBLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
        return YAML_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return YAML_FOLDED;
    case YAML_ANY_SCALAR_STYLE:
    case YAML_PLAIN_SCALAR_STYLE:
        return YAML_PLAIN;
    }
    return YAML_PLAIN;
}

static void check_signs(struct yaml_build *b, const yaml_char_t *tag, const yaml_char_t *anchor,
                        const yaml_mark_t *m)
{
    if (tag || anchor) {
        yaml_check_sign(b, tag ? '!' : '&', pos_of(b, m), byte_of(b, m->index));
    }
}

static void put_text(struct yaml_build *b, struct yaml_node *n, struct str text)
{
    if (text.n > YAML_SCALAR_MAX) {
        diag_add(b->d, DIAG_ERROR, "yaml-limit", n->pos,
                 "this text has %zu bytes; at most %d are allowed", text.n, YAML_SCALAR_MAX);
        return;
    }
    n->text = str_dup(b->a, text);
}

static void put_style(struct yaml_build *b, struct yaml_node *n, const yaml_event_t *e)
{
    n->style = style_of(e->data.scalar.style);
    n->quoted = n->style != YAML_PLAIN;
    bool in_quotes = n->style == YAML_SINGLE_QUOTED || n->style == YAML_DOUBLE_QUOTED;
    if (in_quotes && e->end_mark.line > e->start_mark.line) {
        b->quote = n->pos;
        b->quote_end = pos_of(b, &e->end_mark).line;
    }
}

static void on_scalar(struct yaml_build *b, const yaml_event_t *e)
{
    struct yaml_node *n = yaml_build_node(b, YAML_SCALAR, pos_of(b, &e->start_mark));
    struct str text = {(const char *)e->data.scalar.value, e->data.scalar.length};
    bool has_sign = e->data.scalar.tag || e->data.scalar.anchor;
    size_t begin = byte_of(b, e->start_mark.index);
    yaml_check_gap(b, begin);
    check_signs(b, e->data.scalar.tag, e->data.scalar.anchor, &e->start_mark);
    size_t end = byte_of(b, e->end_mark.index); /* behind all that asks for the start */
    b->gap = b->gap > end ? b->gap : end;
    put_style(b, n, e);
    if (has_sign && !text.n) {
        n->kind = YAML_ABSENT; /* told */
    }
    put_text(b, n, text);
    if (!n->quoted && !has_sign && text.n <= YAML_SCALAR_MAX) {
        yaml_check_plain(b, n, begin, end);
    }
    yaml_build_add(b, n);
}

static void on_alias(struct yaml_build *b, const yaml_event_t *e)
{
    struct diag_pos pos = pos_of(b, &e->start_mark);
    yaml_check_sign(b, '*', pos, byte_of(b, e->start_mark.index));
    yaml_build_add(b, yaml_build_node(b, YAML_ABSENT, pos));
}

static bool on_open(struct yaml_build *b, enum yaml_kind kind, const yaml_event_t *e, bool flow)
{
    struct yaml_node *n = yaml_build_node(b, kind, pos_of(b, &e->start_mark));
    n->in_flow = flow || n->in_flow;
    if (b->depth == YAML_DEPTH_MAX) {
        diag_add(b->d, DIAG_ERROR, "yaml-limit", n->pos,
                 "lists and mappings are nested deeper than %d levels", YAML_DEPTH_MAX);
        b->limit = true;
        return false;
    }
    yaml_build_add(b, n);
    b->stack[b->depth++] = (struct yaml_frame){.node = n, .flow = flow};
    return true;
}

static void on_close(struct yaml_build *b)
{
    b->depth--;
    yaml_check_duplicates(b, b->stack[b->depth].node);
}

static void on_document(struct yaml_build *b, const yaml_event_t *e)
{
    b->depth = 0;
    b->root = NULL;
    if (e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end) {
        yaml_fail(b, "yaml-tag", pos_of(b, &e->start_mark),
                  "found a %TAG directive; tags are not part of this language");
    }
}

/* False: this document cannot be read further. */
static bool on_event(struct yaml_build *b, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return true;
    case YAML_DOCUMENT_START_EVENT:
        on_document(b, e);
        return true;
    case YAML_DOCUMENT_END_EVENT:
        yaml_check_gap(b, byte_of(b, e->start_mark.index));
        yaml_build_end(b);
        return true;
    case YAML_ALIAS_EVENT:
        on_alias(b, e);
        return true;
    case YAML_SCALAR_EVENT:
        on_scalar(b, e);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        check_signs(b, e->data.sequence_start.tag, e->data.sequence_start.anchor, &e->start_mark);
        return on_open(b, YAML_SEQUENCE, e,
                       e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        check_signs(b, e->data.mapping_start.tag, e->data.mapping_start.anchor, &e->start_mark);
        return on_open(b, YAML_MAPPING, e, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(b);
        return true;
    }
    return true;
}

/* Returns the byte where libyaml gave up. */
static size_t report_fault(struct yaml_build *b, const yaml_parser_t *p)
{
    struct yaml_fault f = {.problem = p->problem ? p->problem : "",
                           .context = p->context ? p->context : "",
                           .pos = pos_of(b, &p->problem_mark),
                           .context_pos = pos_of(b, &p->context_mark),
                           .at = byte_of(b, p->problem_mark.index)};
    yaml_report_fault(b, &f);
    return f.at;
}

/* Read from b->base until the end or the first fault; true at the end. *out_at: byte of the fault. */
static bool run(struct yaml_build *b, size_t *out_at)
{
    yaml_parser_t parser;
    yaml_event_t event;
    if (!yaml_parser_initialize(&parser)) {
        abort(); /* no memory */
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->bytes.p + b->base,
                                 b->bytes.n - b->base);
    bool end = false, ok = true;
    while (ok && !end) {
        if (!yaml_parser_parse(&parser, &event)) {
            *out_at = report_fault(b, &parser);
            ok = false;
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        *out_at = byte_of(b, event.start_mark.index);
        ok = on_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return ok;
}

/* After a fault at `at`: begin again at the next line `---`. False when there is none. */
static bool restart(struct yaml_build *b, size_t at)
{
    for (size_t i = at > b->base ? at - 1 : at; i + 3 < b->bytes.n; i++) {
        struct str s = str_slice(b->bytes, i + 1, b->bytes.n);
        if (b->bytes.p[i] != '\n' || !str_starts(s, STR("---")) ||
            (s.n > 3 && !strchr(" \t\r\n", s.p[3]))) {
            continue;
        }
        for (size_t k = b->base; k <= i; k++) {
            b->base_line +=
                b->bytes.p[k] == '\n' || (b->bytes.p[k] == '\r' && b->bytes.p[k + 1] != '\n');
        }
        b->base = b->at_byte = i + 1;
        b->at_index = 0;
        b->gap = b->gap > b->base ? b->gap : b->base;
        b->depth = 0;
        b->root = NULL;
        return true;
    }
    return false;
}

static bool check_file(struct diags *d, const char *file, struct str bytes)
{
    struct diag_pos pos = {file, 0, 0};
    static const char utf16[2][2] = {{'\xFF', '\xFE'}, {'\xFE', '\xFF'}};
    if (bytes.n > YAML_FILE_MAX) {
        diag_add(d, DIAG_ERROR, "yaml-limit", pos,
                 "this file has %zu bytes; at most %d are allowed", bytes.n, YAML_FILE_MAX);
        return false;
    }
    if (bytes.n >= 2 && (!memcmp(bytes.p, utf16[0], 2) || !memcmp(bytes.p, utf16[1], 2))) {
        struct diag *one =
            diag_add(d, DIAG_ERROR, "yaml-utf8", pos, "this file is UTF-16; expected UTF-8");
        diag_hint(d, one, "save the file as UTF-8");
        return false;
    }
    return true;
}

int yaml_parse(struct arena *a, const char *file, struct str bytes, struct diags *d,
               struct yaml_doc **out_first)
{
    unsigned before = d->errors;
    file = str_dup(a, str_of(file ? file : "")).p;
    *out_first = NULL;
    if (!check_file(d, file, bytes)) {
        return ERR_LIMIT;
    }
    if (str_starts(bytes, STR("\xEF\xBB\xBF"))) {
        bytes = str_slice(bytes, 3, bytes.n);
    }
    if (!yaml_text_check(file, bytes, d)) {
        return ERR_SYNTAX;
    }
    struct yaml_build *b = X_NEW(struct yaml_build);
    *b = (struct yaml_build){.a = a, .d = d, .file = file, .bytes = bytes.n ? bytes : STR("")};
    size_t at = 0;
    for (unsigned tries = 0; !run(b, &at) && tries < YAML_ERRORS_MAX; tries++) {
        if (!restart(b, at)) {
            break;
        }
    }
    *out_first = b->first;
    int result = d->errors == before ? 0 : b->limit ? ERR_LIMIT : ERR_SYNTAX;
    free(b);
    return result;
}
