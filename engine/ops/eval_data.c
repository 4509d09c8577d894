#include "engine/ops/eval_data.h"

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/ops/files.h"
#include "engine/ops/message_text.h"
#include "engine/ops/messages.h"

static const char *parse_json(struct eval_data *s, struct str bytes)
{
    struct json_fault fault;
    if (json_parse(&s->arena, bytes, NULL, &s->json, &fault) == 0) {
        return NULL;
    }
    struct diag_pos at = json_pos(s->path, bytes, fault.at);
    return str_printf(&s->arena, "%u:%u: %s", at.line, at.col, fault.text).p;
}

static const char *parse_hl7(struct eval_data *s, struct str bytes)
{
    struct diags d;
    struct hl7_fault fault;
    diags_init(&d, &s->arena);
    struct message_file f = messages_split(&s->arena, s->path, bytes, &d);
    if (!f.n) {
        return "no message in it; expected HL7 v2 text that begins with MSH, or JSON";
    }
    if (hl7_parse(&s->arena, f.v[0].bytes, &s->m, &fault) != 0) {
        return fault.text;
    }
    s->is_hl7 = true;
    s->set = message_charset(&s->m, &d);
    return NULL;
}

static const char *parse(struct eval_data *s, struct str bytes)
{
    bool bom = str_starts(bytes, STR("\xEF\xBB\xBF"));
    struct str text = str_trim(str_slice(bytes, bom ? 3 : 0, bytes.n));
    if (text.n && (text.p[0] == '{' || text.p[0] == '[')) {
        return parse_json(s, bytes);
    }
    return text.n && text.p[0] == '<'
               ? "XML files are not available in this version; expected HL7 v2 or JSON"
               : parse_hl7(s, bytes);
}

void eval_data_clear(struct eval_data *s)
{
    arena_reset(&s->arena);
    s->path = NULL;
    s->why = NULL;
    s->json = NULL;
    s->is_hl7 = false;
    s->set = (struct hl7_text){.is_set = false};
}

void eval_data_load(struct eval_data *s, const char *path)
{
    struct str bytes;
    if (s->path && strcmp(s->path, path) == 0) {
        return;
    }
    eval_data_clear(s);
    s->path = (char *)(uintptr_t)str_dup(&s->arena, str_of(path)).p;
    if (files_read(&s->arena, path, &bytes, &s->why)) {
        s->why = parse(s, bytes);
    }
}

void eval_data_free(struct eval_data *s)
{
    arena_free(&s->arena);
    arena_free(&s->zones_arena);
}

static bool read_zone(void *arg, struct arena *a, struct str name, struct str *out_bytes)
{
    struct str path = str_printf(a, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    const char *why;
    (void)arg; /* the name was looked at: zone_name_valid() */
    return files_read(a, path.p, out_bytes, &why);
}

struct rules_subject eval_data_subject(struct eval_data *s)
{
    struct clock now = clock_real();
    s->zones.a = &s->zones_arena;
    s->zones.read = read_zone;
    return (struct rules_subject){.m = s->is_hl7 ? &s->m : NULL,
                                  .json = s->json,
                                  .received_us = clock_wall_us(&now),
                                  .zones = &s->zones};
}

void eval_data_put(struct json_out *o, struct arena *a, const struct eval_data *s,
                   const struct rules_value *v)
{
    json_out_object(o);
    json_out_pair_cstr(o, "type", v->type);
    json_out_pair(o, "value", s->is_hl7 ? hl7_text_utf8(a, s->set, v->text) : v->text);
    json_out_end(o);
}
