/* Documents `map:`: head, parameters, what reads and uses them. The value itself is compile_item.c. */
#include "engine/rules/compile_priv.h"

#include "engine/rules/compile_data.h"
#include "engine/rules/compile_fhir.h"
#include "engine/rules/compile_v2.h"

static const char *const map_keys[] = {"map",  "reads", "to",    "version", "at",    "needs",
                                       "with", "let",   "nulls", "value",   "tests", NULL};

static struct map *find_map(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nmaps; i++) {
        if (str_eq(c->r->maps[i]->name, name)) {
            return c->r->maps[i];
        }
    }
    return NULL;
}

struct map *compile_find_map(struct compiler *c, const struct yaml_node *n)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!compile_text(c, n, "the name of a map", &name)) {
        return NULL;
    }
    struct map *m = find_map(c, name);
    if (m) {
        return m;
    }
    for (; k < c->r->nmaps && k < 64; k++) {
        names[k] = c->r->maps[k]->name;
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-map", n->pos, "no map is called %.*s", STR_ARG(name));
    diag_means(one, DIAG_REFERS, name);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it in a document that begins with map: %.*s", STR_ARG(name));
    }
    return NULL;
}

/* ---- is it used where it can be? ---- */

static bool reads_structure(const struct map *m, const struct structure *s)
{
    for (unsigned i = 0; i < m->nstructures; i++) {
        if (strcmp(structure_name(m->structures[i]), structure_name(s)) == 0) {
            return true;
        }
    }
    return false;
}

bool compile_same_type(const char *a, const char *b)
{
    size_t n = strcspn(a, "_");
    return n == strcspn(b, "_") && strncmp(a, b, n) == 0;
}

/* DFT_P11 comes to a map that reads DFT_P03: it is checked for that, too, when all is compiled. */
static bool extend(struct compiler *c, struct map *m, const struct structure *s)
{
    const struct structure **all = ARENA_ARRAY(c->a, const struct structure *, m->nstructures + 1);
    bool *family = ARENA_ARRAY(c->a, bool, m->nstructures + 1);
    bool any = false;
    for (unsigned i = 0; i < m->nstructures; i++) {
        any = any || compile_same_type(structure_name(m->structures[i]), structure_name(s));
        all[i] = m->structures[i];
        family[i] = m->is_family[i];
    }
    if (any && m->nstructures < CHECK_STRUCTURES_MAX) {
        all[m->nstructures] = s;
        family[m->nstructures++] = false;
        m->structures = all;
        m->is_family = family;
        m->is_stale = true;
    }
    return any;
}

void compile_maps_again(struct compiler *c)
{
    bool any = true;
    while (any) {
        any = false;
        for (unsigned i = 0; i < c->r->nmaps; i++) {
            struct map *m = c->r->maps[i];
            if (m->is_stale && m->is_compiled) {
                any = true;
                c->file = m->file;
                compile_map(c, m->doc);
            }
        }
    }
}

static struct str reads_text(struct compiler *c, const struct map *m)
{
    struct str all = STR("");
    for (unsigned i = 0; i < m->nreads; i++) {
        all = str_printf(c->a, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "", STR_ARG(m->reads[i]));
    }
    return all;
}

static bool suits_structures(struct compiler *c, struct map *m, struct diag_pos pos)
{
    bool any = m->datatype || m->nstructures == 0; /* none: told where it is declared */
    for (unsigned i = 0; i < c->names.nstructures && !any; i++) {
        const struct structure *s = c->names.structure[i];
        if (!reads_structure(m, s) && !extend(c, m, s)) {
            struct str reads = reads_text(c, m);
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "wrong-structure", pos,
                               "the map %.*s reads %.*s; %s comes here, too", STR_ARG(m->name),
                               STR_ARG(reads), structure_name(s)),
                      "add it to the map's reads:, or send other types elsewhere");
            return false;
        }
    }
    return true;
}

/* Does the loop walk what the map starts at: the group by its name, or the one that the segment opens? */
static bool is_start(const struct map *m, const struct structure *s, unsigned node)
{
    char seg[4] = {0};
    if (str_is(m->at_seg, structure_place(s, node).name)) {
        return true;
    }
    memcpy(seg, m->at_seg.p, m->at_seg.n < 3 ? m->at_seg.n : 3);
    for (unsigned n = 0, g; m->at_seg.n == 3; n++) {
        g = structure_group_opened_by(s, seg, n);
        if (g == node || g == STRUCTURE_NONE) {
            return g == node;
        }
    }
    return false;
}

/* The map starts at a segment or group: the loop around must be at the same. */
static bool suits_loop(struct compiler *c, const struct map *m, struct diag_pos pos)
{
    bool unknown = c->route && c->types_unknown; /* told there */
    if (!m->at_seg.n || unknown) {
        return true;
    }
    const struct element *e = c->names.element;
    bool same = e && str_is(m->at_seg, e->seg);
    for (unsigned i = 0; e && !same && i < c->names.nstructures; i++) {
        bool group = !e->is_segment[i] && e->node[i] != STRUCTURE_NONE;
        same = group && is_start(m, c->names.structure[i], e->node[i]);
    }
    if (!same) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-loop", pos,
                           "the map %.*s starts at %.*s, and no loop is at one here",
                           STR_ARG(m->name), STR_ARG(m->at_seg)),
                  "put this into for: %.*s", STR_ARG(m->at_seg));
    }
    return same;
}

static void note_use(struct compiler *c, struct map *m)
{
    struct map ***uses = c->map ? &c->map->uses : &c->route->uses;
    unsigned *n = c->map ? &c->map->nuses : &c->route->nuses,
             *cap = c->map ? &c->map->cap_uses : &c->route->cap_uses;
    for (unsigned i = 0; i < *n; i++) {
        if ((*uses)[i] == m) {
            return;
        }
    }
    compile_grow(c->a, uses, *n, cap);
    (*uses)[(*n)++] = m;
}

bool compile_use_map(struct compiler *c, struct map *m, struct diag_pos pos)
{
    note_use(c, m);
    if (m->is_unread) {
        return true; /* told where it is declared */
    }
    if (m->data.kind != DATA_HL7 || c->names.data != DATA_HL7) {
        return compile_suits_data(c, m, pos);
    }
    return suits_structures(c, m, pos) && suits_loop(c, m, pos);
}

/* ---- the head ---- */

/* to: json, or a type of FHIR. */
static void read_target(struct compiler *c, const struct yaml_node *doc, struct map *m)
{
    const struct yaml_node *to = yaml_get(doc, "to");
    struct str text;
    if (!to) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos,
                                    "the map has no to:, what it makes");
        diag_means(one, DIAG_LACKS, STR("to"));
        diag_hint(c->d, one, "write to: json, or a type of FHIR, as to: Patient");
        return;
    }
    if (!compile_text(c, to, "to: wants json or a type of FHIR, which", &text)) {
        return;
    }
    const struct yaml_node *version = yaml_get(doc, "version");
    bool is_message = memchr(text.p, '^', text.n) || str_is(text, "ACK");
    bool is_other = str_is(text, "json") || fhir_type(text);
    if (is_message || (!is_other && (version || compile_v2_may_be_part(text)))) {
        m->v2 = compile_v2_to(c, doc, to);
        m->is_known = m->v2 != NULL;
        return;
    }
    if (version) {
        diag_add(c->d, DIAG_ERROR, "bad-value", version->key->pos,
                 "version: is for maps to HL7 v2, as to: ADT^A31 or to: NK1");
    }
    m->fhir = str_is(text, "json") ? 0 : compile_fhir_to(c, to);
    m->is_known = m->fhir || str_is(text, "json");
}

/* Was a type of FHIR meant by what is none of anything? Those have small letters. */
static bool is_like_fhir(const struct yaml_node *reads)
{
    const struct yaml_node *item = yaml_next_item(reads, NULL);
    struct str text = item && item->kind == YAML_SCALAR ? item->text : STR("");
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] >= 'a' && text.p[i] <= 'z') {
            return true;
        }
    }
    return false;
}

/* No version has it: told at its at:, not where the map is used. */
static bool is_no_segment(const struct compiler *c, struct str name)
{
    return name.n == 3 && name.p[0] != 'Z' && !dict_segment_any(str_dup(c->a, name).p, NULL, NULL);
}

void compile_declare_map(struct compiler *c, const struct yaml_node *doc)
{
    struct map *m = ARENA_NEW(c->a, struct map);
    const struct yaml_node *name = yaml_get(doc, "map"), *reads = yaml_get(doc, "reads"),
                           *item = NULL;
    if (!compile_text(c, name, "map: wants a name, which", &m->name)) {
        return;
    }
    const struct map *other = find_map(c, m->name);
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", name->pos,
                 "a map %.*s stands already at %s:%u", STR_ARG(m->name), other->pos.file,
                 other->pos.line);
        return;
    }
    m->pos = name->pos;
    m->file = c->file;
    m->doc = doc;
    m->index = c->r->nmaps;
    read_target(c, doc, m);
    m->reads = ARENA_ARRAY(c->a, struct str, (reads ? reads->count : 0) + 1);
    while ((item = yaml_next_item(reads, item))) {
        m->reads[m->nreads++] = item->kind == YAML_SCALAR ? item->text : STR("");
    }
    const struct yaml_node *at = yaml_get(doc, "at");
    m->at_seg = at && at->kind == YAML_SCALAR && !is_no_segment(c, at->text) ? at->text : STR("");
    compile_grow(c->a, &c->r->maps, c->r->nmaps, &c->cap_maps);
    c->r->maps[c->r->nmaps++] = m;
    /* Parameters and structures are wanted before any body is compiled. */
    compile_begin(c, &m->needs);
    c->map = m;
    compile_versions(c, NULL, 0, &c->names);
    m->is_unread = reads && !compile_reads(c, reads, &c->names, &m->datatype);
    m->data = c->names.types;
    if (m->is_unread && m->data.kind == DATA_HL7 && is_like_fhir(reads)) {
        m->data.kind = DATA_JSON; /* any name may be there */
    }
    compile_data_names(c, &m->data);
    (void)compile_params(c, doc, &m->params, &m->nparams); /* findings tell */
    m->nstructures = c->names.nstructures;
    m->structures = ARENA_ARRAY(c->a, const struct structure *, m->nstructures + 1);
    memcpy(m->structures, c->names.structure, m->nstructures * sizeof(*m->structures));
    m->is_family = ARENA_ARRAY(c->a, bool, m->nstructures + 1);
    memcpy(m->is_family, c->names.is_family, m->nstructures * sizeof(*m->is_family));
    m->nslots = c->nslots;
    c->map = NULL;
}

static bool no_nulls(struct compiler *c, const struct yaml_node *n)
{
    diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "FHIR has no null"),
              "nulls: omit leaves the key out, nulls: error refuses it");
    return false;
}

static bool read_nulls(struct compiler *c, const struct yaml_node *n, struct map *m)
{
    static const char *const words[] = {"omit", "null", "error"};
    for (unsigned i = 0; n && i < 3; i++) {
        if (n->kind == YAML_SCALAR && str_is(n->text, words[i])) {
            m->nulls = (enum map_nulls)i;
            return m->nulls != NULLS_NULL || !m->fhir || no_nulls(c, n);
        }
    }
    if (n && n->kind != YAML_ABSENT) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "nulls: is omit, null or error");
    }
    return !n;
}

/* $this of a map over a datatype. */
static void enter_datatype(const struct map *m, struct shape *shape)
{
    *shape =
        (struct shape){.kind = SHAPE_HL7, .type = m->datatype, .of = type_class_of(m->datatype)};
}

static void compile_body(struct compiler *c, struct map *m, const struct yaml_node *doc)
{
    const struct yaml_node *let = yaml_get(doc, "let"), *value = yaml_get(doc, "value"),
                           *at = yaml_get(doc, "at");
    struct loop_scope save;
    struct loop data = {.pos = m->pos};
    bool good = true;
    if (m->datatype) {
        enter_datatype(m, &data.shape);
        compile_enter(c, &data, &save);
    }
    if (m->is_unread && m->data.kind == DATA_HL7) { /* perhaps a datatype that is misspelt */
        data.shape = (struct shape){.kind = SHAPE_ANY};
        compile_enter(c, &data, &save);
    }
    if (m->data.kind != DATA_HL7) {
        data.shape = compile_data_shape(&m->data);
        compile_enter(c, &data, &save);
    }
    if (at && m->data.kind != DATA_HL7) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-value", at->pos, "at: is for messages of HL7 v2"),
                  "say under reads: what it begins with, as Patient or Bundle.entry");
        good = false;
    } else if (at) {
        m->at = ARENA_NEW(c->a, struct loop);
        good = compile_loop(c, at, m->at);
        m->at_seg = good ? m->at_seg : STR(""); /* told here, not where it is used */
        compile_enter(c, m->at, &save);
    }
    good = (!let || compile_lets(c, let, &m->lets)) && good;
    if (!value) {
        diag_means(diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos, "the map has no value:"),
                   DIAG_LACKS, STR("value"));
    } else if (good) {
        struct fhir_slot whole = {.type = m->fhir};
        struct v2_slot message = m->v2 ? compile_v2_whole(m->v2) : (struct v2_slot){0};
        c->slot = m->fhir ? &whole : NULL;
        c->v2 = m->v2 ? &message : NULL;
        m->value = compile_item(c, value, ITEM_IS_ROOT);
        c->slot = NULL;
        c->v2 = NULL;
    }
    compile_unused(c, m->nparams);
}

void compile_map(struct compiler *c, const struct yaml_node *doc)
{
    struct map *m = find_map(c, yaml_get(doc, "map")->text);
    if (!m || m->doc != doc) {
        return; /* its name was refused */
    }
    m->is_stale = false;
    compile_begin(c, &m->needs);
    c->map = m;
    c->route = NULL;
    (void)compile_keys(c, doc, "a map", map_keys, NULL); /* go on: all errors at once */
    (void)read_nulls(c, yaml_get(doc, "nulls"), m);      /* findings tell */
    if (!yaml_get(doc, "reads")) {
        struct diag *one =
            diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos,
                     "the map has no reads:, the messages or the datatype it is for");
        diag_means(one, DIAG_LACKS, STR("reads"));
        diag_hint(c->d, one,
                  "write reads: SIU_S12, reads: ADT, reads: CX, reads: Patient or reads: json");
    }
    compile_versions(c, NULL, 0, &c->names);
    compile_data_names(c, &m->data);
    c->names.resource = 0; /* it may begin inside the message */
    c->names.nstructures = m->nstructures;
    memcpy(c->names.structure, m->structures, m->nstructures * sizeof(*m->structures));
    memcpy(c->names.is_family, m->is_family, m->nstructures * sizeof(*m->is_family));
    for (unsigned i = 0; i < m->nparams; i++) {
        unsigned slot;
        const struct shape any = {.kind = SHAPE_ANY};
        (void)compile_declare(c, m->params[i].name, &any, m->params[i].pos,
                              &slot); /* was told when the map was declared */
    }
    c->names.is_anywhere = !yaml_get(doc, "at"); /* what uses it says where */
    c->names.typing = (const struct profile *const *)c->r->profiles;
    c->names.ntyping = c->r->nprofiles;
    compile_body(c, m, doc);
    m->nslots = c->nslots > m->nslots ? c->nslots : m->nslots;
    m->is_compiled = true;
    c->map = NULL;
}
