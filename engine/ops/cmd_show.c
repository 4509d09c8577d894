#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include "engine/flow/answer.h"
#include "engine/ops/commands.h"
#include "engine/ops/finder.h"
#include "engine/ops/parse_out.h"
#include "engine/ops/target.h"
#include "engine/rules/ruleset.h"

enum { SLACK_S = 3600 };

struct show_args {
    struct target_args target;
    bool content, raw, control;
};

static const struct opt options[] = {
    TARGET_OPTIONS(show_args),
    OPT(show_args, control, "control-id", BOOL, "false", NULL, 0,
        "ID is a control id (MSH-10): the newest message that bears it."),
    OPT(show_args, content, "content", BOOL, "false", NULL, 0,
        "Also what it says, as a labelled tree, and what peers answered: patient data."),
    OPT(show_args, raw, "raw", BOOL, "false", NULL, 0,
        "Only its bytes, as they were received: patient data."),
    {0},
};

/* Something that was recorded about an output. */
struct event {
    struct event *next;
    uint32_t output;
    struct entry_outcome o; /* texts in the arena */
};

struct show {
    struct command_run *run;
    struct history h;
    struct finder finder;
    uint64_t seq;    /* 0: not found */
    bool is_reading; /* oldest first: a later one may follow */
    struct entry_message m;
    struct event *first, **last;
};

/* ---- finding it ---- */

static void keep_outputs(struct show *s, const struct entry_message *m)
{
    struct arena *a = s->run->arena;
    struct entry_output *v = ARENA_ARRAY(a, struct entry_output, m->noutputs + 1);
    for (uint32_t i = 0; i < m->noutputs; i++) {
        v[i] = m->outputs[i];
        v[i].id_part = str_dup(a, v[i].id_part);
        v[i].finding = str_dup(a, v[i].finding);
        v[i].options = str_dup(a, v[i].options);
        v[i].keys = NULL;
        v[i].payload = (struct splices){NULL, (uint32_t)splices_size(m->outputs[i].payload)};
    }
    s->m.outputs = v;
}

static void keep_members(struct show *s, const struct entry_message *m)
{
    struct entry_member *v = ARENA_ARRAY(s->run->arena, struct entry_member, m->nmembers);
    for (uint32_t i = 0; i < m->nmembers; i++) {
        v[i] = m->members[i];
        v[i].reason = str_dup(s->run->arena, v[i].reason);
    }
    s->m.members = v;
}

static bool on_message(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct show *s = arg;
    struct arena *a = s->run->arena;
    struct arena scratch = {0};
    bool is_it = finder_matches(&s->finder, &scratch, m);
    arena_free(&scratch);
    if (!is_it) {
        return true;
    }
    s->seq = seq;
    s->m = *m;
    s->m.peer = str_dup(a, m->peer);
    s->m.engine_version = str_dup(a, m->engine_version);
    s->m.reason = str_dup(a, m->reason);
    s->m.reply = str_dup(a, m->reply);
    s->m.raw = str_dup(a, m->raw);
    keep_members(s, m);
    keep_outputs(s, m);
    return s->is_reading && s->finder.q.control.n;
}

static bool on_outcome(void *arg, const struct entry_outcome *o)
{
    struct show *s = arg;
    struct event *e = ARENA_NEW(s->run->arena, struct event);
    e->output = o->ref.output;
    e->o = *o;
    e->o.by = str_dup(s->run->arena, o->by);
    e->o.reply = str_dup(s->run->arena, o->reply);
    *s->last = e;
    s->last = &e->next;
    return true;
}

static int find_in(struct show *s, size_t i)
{
    history_span(&s->h, i);
    int rc = finder_serves(&s->finder, i) ? finder_run(&s->finder, i, on_message, s) : 0;
    if (rc == 0) {
        s->is_reading = true;
        rc = history_messages(&s->h, on_message, s);
        s->is_reading = false;
    }
    return rc == COMMAND_CANNOT ? rc : 0;
}

/* The first half of an id is the time of receipt: older volumes need no look. */
static bool is_past(const struct show *s)
{
    int64_t newest = s->h.newest_us;
    return !s->finder.q.control.n && newest &&
           newest + (int64_t)SLACK_S * 1000000 < (int64_t)s->finder.id.hi;
}

static int find(struct show *s)
{
    int rc = 0;
    for (size_t i = keys_view_count(s->h.view); rc == 0 && i-- > 0;) {
        if (s->seq || is_past(s) || s->h.is_over) {
            break;
        }
        if (!finder_skips(&s->finder, i)) {
            rc = find_in(s, i);
        }
    }
    return rc == 0 && s->seq ? history_outcomes(&s->h, s->seq, on_outcome, s) : rc;
}

/* What to look for. */
static bool ask(struct show *s, struct str what)
{
    const struct show_args *a = s->run->args;
    struct finder_query q = {.until_us = INT64_MAX, .status = -1, .state = -1};
    if (a->control) {
        q.control = what;
    } else {
        q.id = what;
    }
    return finder_init(&s->finder, &s->h, &q);
}

/* ---- for people ---- */

static struct str name(const struct show *s, enum journal_kind kind, uint32_t id)
{
    return journal_name_text(s->h.journal, kind, id);
}

/* A reason of our own is all that there is. */
static bool is_said(const struct show *s, const struct event *e)
{
    const struct show_args *args = s->run->args;
    struct str said = answer_said(e->o.reply);
    return args->content && said.n && !str_eq(said, history_reply_text(s->run->arena, e->o.reply));
}

static void print_answer(const struct show *s, const struct event *e)
{
    struct buf text = {0};
    if (is_said(s, e)) {
        history_answer_put(&text, e->o.reply, "            | ");
        printf("%.*s", STR_ARG(buf_str(&text)));
    }
    buf_free(&text);
}

static void print_events(const struct show *s, uint32_t output)
{
    char when[CLOCK_RFC3339_SIZE];
    for (const struct event *e = s->first; e; e = e->next) {
        if (e->output != output) {
            continue;
        }
        struct str reply = history_reply_text(s->run->arena, e->o.reply);
        clock_rfc3339(e->o.at_us, when);
        printf("            %s %s, attempt %u%s%.*s%s%.*s\n", when,
               history_verdict_text(e->o.verdict), e->o.attempt, e->o.by.n ? ", by " : "",
               STR_ARG(e->o.by), reply.n ? ", " : "", STR_ARG(reply));
        print_answer(s, e);
    }
}

static void print_output(const struct show *s, uint32_t i)
{
    const struct entry_output *o = &s->m.outputs[i];
    struct history_output now = history_output(&s->h, s->seq, &s->m, i);
    printf("output %-4u %.*s: %s, by route %.*s, %u bytes", i + 1,
           STR_ARG(name(s, JOURNAL_DESTINATION, o->destination)), history_state_text(now.state),
           STR_ARG(name(s, JOURNAL_ROUTE, o->route)), o->payload.n);
    if (now.why.n) {
        printf(" (%.*s)", STR_ARG(now.why));
    }
    putchar('\n');
    print_events(s, i);
}

static void print_members(const struct show *s)
{
    for (uint32_t i = 0; i < s->m.nmembers; i++) {
        const struct entry_member *one = &s->m.members[i];
        printf("in it %-5u %s", i + 1, history_status_text(one->status));
        if (one->reason.n) {
            printf(" (%.*s)", STR_ARG(one->reason));
        }
        if (one->noutputs) {
            printf(", outputs %u to %u", one->first_output, one->first_output + one->noutputs - 1);
        }
        printf("\n");
    }
}

static void print_facts(const struct show *s)
{
    const struct entry_message *m = &s->m;
    char when[CLOCK_RFC3339_SIZE], id[27];
    clock_rfc3339(m->received_us, when);
    entry_id_text(m->id, id);
    struct str reply = history_reply_text(s->run->arena, m->reply);
    printf("message     %s\nreceived    %s\nsource      %.*s, from %.*s\nbytes       %zu\nstatus   "
           "   %s",
           id, when, STR_ARG(name(s, JOURNAL_SOURCE, m->source)), STR_ARG(m->peer), m->raw.n,
           history_status_text(m->status));
    if (m->reason.n) {
        printf(" (%.*s)", STR_ARG(m->reason));
    }
    printf("\nreply       %.*s\nentry       %llu, by version %.*s, configuration %016llx\n",
           STR_ARG(reply.n ? reply : STR("none")), (unsigned long long)s->seq,
           STR_ARG(m->engine_version), (unsigned long long)m->plan_hash);
    if (m->cause.hi || m->cause.lo) {
        entry_id_text(m->cause, id);
        printf("cause       %s\n", id);
    }
    print_members(s);
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (history_has_output(m, i)) {
            print_output(s, i);
        }
    }
}

/* ---- content ---- */

/* FHIR and JSON as they are, with line breaks for people. False: it is HL7 v2. */
static bool put_data(const struct show *s, bool as_json, struct buf *out)
{
    struct json *data;
    struct str why;
    if (s->m.nmembers || !rules_is_data(s->m.raw)) {
        return false;
    }
    if (rules_read_data(s->run->arena, s->m.raw, &data, &why) == 0) {
        json_write(out, data, as_json ? 0 : 2);
        buf_putc(out, '\n');
    } else if (as_json) {
        buf_puts(out, "null\n");
    } else {
        buf_printf(out, "%.*s; --raw gives the bytes\n", STR_ARG(why));
    }
    return true;
}

/* The tree or its JSON; what does not parse is said, and where to go on. */
static void put_content(const struct show *s, bool as_json, struct buf *out)
{
    if (put_data(s, as_json, out)) {
        return;
    }
    struct hl7 m;
    struct hl7_fault fault;
    struct diags d;
    struct arena *a = s->run->arena;
    diags_init(&d, a);
    bool ok = hl7_parse(a, s->m.raw, &m, &fault) == 0;
    fault = s->m.nmembers ? (struct hl7_fault){.path = "", .text = "a batch of several messages"}
                          : fault;
    struct hl7_text set = {0};
    if (ok) {
        set = message_charset(&m, &d);
    } else {
        (void)diag_add_path(&d, DIAG_ERROR, "refused", str_of(fault.path), "%s", fault.text);
    }
    if (as_json) {
        parse_out_json(out, ok ? &m : NULL, set, &d);
    } else if (ok) {
        parse_out_text(out, &m, set, s->run->colour);
    } else {
        buf_printf(out, "%s; --raw gives the bytes\n", fault.text);
    }
}

/* ---- for programs ---- */

static void json_time(struct json_out *j, const char *key, int64_t us)
{
    char when[CLOCK_RFC3339_SIZE];
    clock_rfc3339(us, when);
    json_out_pair_cstr(j, key, when);
}

/* The first KiB, as far as it is text. */
static void json_answer(struct json_out *j, const struct show *s, const struct event *e)
{
    if (is_said(s, e)) {
        struct str said = answer_said(e->o.reply);
        json_out_pair(j, "answer", str_slice(said, 0, utf8_valid_to(said)));
    }
}

static void json_output(struct json_out *j, const struct show *s, uint32_t i)
{
    const struct entry_output *o = &s->m.outputs[i];
    struct history_output now = history_output(&s->h, s->seq, &s->m, i);
    json_out_object(j);
    json_out_pair(j, "destination", name(s, JOURNAL_DESTINATION, o->destination));
    json_out_pair(j, "route", name(s, JOURNAL_ROUTE, o->route));
    json_out_pair_int(j, "bytes", o->payload.n);
    json_out_pair_cstr(j, "state", history_state_text(now.state));
    json_out_pair(j, "reason", now.why);
    json_out_key(j, "events");
    json_out_array(j);
    for (const struct event *e = s->first; e; e = e->next) {
        if (e->output == i) {
            json_out_object(j);
            json_time(j, "at", e->o.at_us);
            json_out_pair_cstr(j, "verdict", history_verdict_text(e->o.verdict));
            json_out_pair_int(j, "attempt", e->o.attempt);
            json_out_pair(j, "by", e->o.by);
            json_out_pair(j, "reply", history_reply_text(s->run->arena, e->o.reply));
            json_answer(j, s, e);
            json_out_end(j);
        }
    }
    json_out_end(j);
    json_out_end(j);
}

/* Of a batch. */
static void json_members(struct json_out *j, const struct entry_message *m)
{
    if (m->nmembers == 0) {
        return;
    }
    json_out_key(j, "messages");
    json_out_array(j);
    for (uint32_t i = 0; i < m->nmembers; i++) {
        json_out_object(j);
        json_out_pair_cstr(j, "status", history_status_text(m->members[i].status));
        json_out_pair(j, "reason", m->members[i].reason);
        json_out_pair_int(j, "first_output", m->members[i].first_output);
        json_out_pair_int(j, "outputs", m->members[i].noutputs);
        json_out_end(j);
    }
    json_out_end(j);
}

static void print_json(const struct show *s, bool with_content)
{
    const struct entry_message *m = &s->m;
    struct buf out = {0}, content = {0};
    struct json_out j;
    char id[27];
    entry_id_text(m->id, id);
    json_out_init(&j, &out, 0);
    json_out_object(&j);
    json_out_pair_cstr(&j, "id", id);
    json_time(&j, "received", m->received_us);
    json_out_pair(&j, "source", name(s, JOURNAL_SOURCE, m->source));
    json_out_pair(&j, "peer", m->peer);
    json_out_pair_int(&j, "entry", (int64_t)s->seq);
    json_out_pair_int(&j, "bytes", (int64_t)m->raw.n);
    json_out_pair_cstr(&j, "status", history_status_text(m->status));
    json_out_pair(&j, "reason", m->reason);
    json_out_pair(&j, "reply", history_reply_text(s->run->arena, m->reply));
    json_out_pair(&j, "version", m->engine_version);
    json_out_pair(&j, "configuration",
                  str_printf(s->run->arena, "%016llx", (unsigned long long)m->plan_hash));
    json_members(&j, m);
    json_out_key(&j, "outputs");
    json_out_array(&j);
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (history_has_output(m, i)) {
            json_output(&j, s, i);
        }
    }
    json_out_end(&j);
    if (with_content) {
        put_content(s, true, &content);
        json_out_key(&j, "content");
        json_out_raw(&j, str_trim(buf_str(&content)));
    }
    json_out_end(&j);
    printf("%.*s\n", STR_ARG(buf_str(&out)));
    buf_free(&content);
    buf_free(&out);
}

static void print_text(const struct show *s, bool with_content)
{
    struct buf content = {0};
    print_facts(s);
    if (with_content) {
        put_content(s, false, &content);
        printf("\n%.*s", STR_ARG(buf_str(&content)));
    }
    buf_free(&content);
}

static void print(const struct show *s)
{
    const struct show_args *a = s->run->args;
    if (a->raw) {
        (void)fwrite(s->m.raw.p, 1, s->m.raw.n, stdout); /* a failure shows when it is flushed */
    } else if (s->run->json) {
        print_json(s, a->content);
    } else {
        print_text(s, a->content);
    }
}

static int run(struct command_run *r)
{
    const struct show_args *args = r->args;
    struct show s = {.run = r};
    s.last = &s.first;
    if (args->raw && args->content) {
        return command_fail(r, "--content and --raw exclude one another");
    }
    const char *state = target_state(r, &args->target);
    if (!state || history_open(r, state, &s.h) != 0) {
        return COMMAND_CANNOT;
    }
    if (!ask(&s, str_of(r->operands[0]))) {
        history_close(&s.h);
        return command_fail(
            r, "%s is no message id; corridor messages lists them (26 letters and digits)",
            r->operands[0]);
    }
    int failed = find(&s);
    finder_free(&s.finder);
    if (!failed && s.seq) {
        print(&s);
    } else if (!failed) {
        fprintf(stderr, "corridor show: there is no message %s\n", r->operands[0]);
    }
    history_remark(&s.h);
    history_close(&s.h);
    return failed ? failed : s.seq ? COMMAND_FINE : COMMAND_FINDINGS;
}

const struct command cmd_show = {
    .name = "show",
    .operands = "ID",
    .summary = "Everything about one message; its content only with --content or --raw.",
    .details =
        "  The id is that of `messages` and of the log. Status 1 when there is no such message.",
    .options = options,
    .args_size = sizeof(struct show_args),
    .min = 1,
    .max = 1,
    .example = "corridor show -c conf/corridor.yaml 053xbo2bkvcsq5wzv7mtbqvtxu",
    .run = run,
};
