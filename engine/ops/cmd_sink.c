#include <errno.h>
#include <signal.h>

#include "engine/flow/tls.h"
#include "engine/ops/commands.h"
#include "engine/ops/files.h"
#include "engine/ops/report.h"
#include "engine/ops/sink.h"
#include "engine/ops/sink_http.h"

struct sink_args {
    struct tls_in_conf tls;
    struct sink_conf c;
    struct str ledger, status, fail_status, body, retry_after, verify_signature;
    bool ledger_hl7;
};

static const struct opt options[] = {
    OPT(sink_args, c.listen, "listen", HOSTPORT, "127.0.0.1:0", NULL, 0,
        "Where to listen; port 0 takes a free one."),
    OPT(sink_args, tls.cert, "cert", PATH, NULL, NULL, 0, "Speak TLS, with this certificate."),
    OPT(sink_args, tls.key, "key", SECRET, NULL, "path", 0, "Its private key."),
    OPT(sink_args, tls.client_ca, "client-ca", PATH, NULL, NULL, 0,
        "Refuse clients without a certificate signed by these authorities."),
    OPT(sink_args, c.reply, "reply", ENUM, "AA", "AA|AE|AR|none|drop", 0,
        "mllp: the answer: a code, none at all, or drop the connection."),
    OPT(sink_args, c.fail_with, "fail-with", ENUM, "AE", "AA|AE|AR|none|drop", 0,
        "mllp: the answer of --fail-every and --fail-first."),
    OPT(sink_args, status, "status", STR, "200", "1..4", 0,
        "http: the answer: 200 to 599, none at all, or drop the connection."),
    OPT(sink_args, fail_status, "fail-status", STR, "503", "1..4", 0,
        "http: the answer of --fail-every and --fail-first."),
    OPT(sink_args, body, "body", PATH, NULL, NULL, 0,
        "http: a file that every answer carries: JSON, FHIR or HL7 v2."),
    OPT(sink_args, retry_after, "retry-after", STR, NULL, "1..64", 0,
        "http: value of Retry-After in answers from 300 on."),
    OPT(sink_args, verify_signature, "verify-signature", PATH, NULL, NULL, 0,
        "http: a file of secrets as `sign:` has them; what is not signed with one is answered "
        "401."),
    OPT(sink_args, c.fail_every, "fail-every", INT, "0", "0..", 0,
        "Each n-th message gets it; 0: none."),
    OPT(sink_args, c.fail_first, "fail-first", INT, "0", "0..", 0, "The first n messages get it."),
    OPT(sink_args, c.delay_ms, "delay", MS, "0ms", "0ms..1h", 0,
        "Wait so long before each answer."),
    OPT(sink_args, c.messages, "messages", INT, "0", "0..", 0, "End after so many; 0: no limit."),
    OPT(sink_args, c.seconds, "seconds", INT, "0", "0..", 0, "End after so long; 0: no limit."),
    OPT(sink_args, c.print, "print", BOOL, "false", NULL, 0,
        "Print a line a message: number, MSH-10, MSH-9, answer; http: request, key, answer."),
    OPT(sink_args, c.show_content, "show-content", BOOL, "false", NULL, 0,
        "With --print: the message too. It is PHI."),
    OPT(sink_args, ledger, "ledger", PATH, NULL, NULL, 0,
        "Write `control-id TAB patient TAB answer` a message; http: `key TAB path TAB answer`."),
    OPT(sink_args, c.ledger_hash, "ledger-hash", BOOL, "false", NULL, 0,
        "Add `TAB hash` of its bytes to each line of the ledger."),
    OPT(sink_args, ledger_hl7, "ledger-hl7", BOOL, "false", NULL, 0,
        "http: name HL7 v2 bodies in the ledger as mllp does: `control-id TAB patient TAB "
        "answer`."),
    {0},
};

static void print_json(const struct sink_result *res)
{
    struct report *r = report_object(), *answers = report_object();
    report_set_int(r, "messages", (int64_t)res->messages);
    report_set_int(r, "bytes", (int64_t)res->bytes);
    report_set_int(r, "connections", (int64_t)res->connections);
    report_set_int(r, "unreadable", (int64_t)res->unreadable);
    report_set_int(r, "tls_refused", (int64_t)res->tls_refused);
    for (int i = 0; i < SINK_REPLIES; i++) {
        if (res->answers[i]) {
            report_set_int(answers, sink_reply_names[i], (int64_t)res->answers[i]);
        }
    }
    report_set(r, "answers", answers);
    report_print(&r);
}

static void print_text(const struct sink_result *res)
{
    printf("messages %llu", (unsigned long long)res->messages);
    for (int i = 0; i < SINK_REPLIES; i++) {
        if (res->answers[i]) {
            printf(", %s %llu", sink_reply_names[i], (unsigned long long)res->answers[i]);
        }
    }
    printf(", connections %llu\n", (unsigned long long)res->connections);
}

static int run_mllp(struct command_run *r, const char **out_why)
{
    struct sink_args *args = r->args;
    struct sink_result res;
    int failed = sink_run(&args->c, &res, out_why);
    if (!failed && r->json) {
        print_json(&res);
    } else if (!failed) {
        print_text(&res);
    }
    return failed;
}

static void print_http_json(const struct sink_http_result *res)
{
    struct report *r = report_object(), *answers = report_object();
    char text[SINK_HTTP_TEXT];
    report_set_int(r, "requests", (int64_t)res->requests);
    report_set_int(r, "bytes", (int64_t)res->bytes);
    report_set_int(r, "connections", (int64_t)res->connections);
    report_set_int(r, "repeated", (int64_t)res->repeated);
    report_set_int(r, "keyless", (int64_t)res->keyless);
    if (res->tls_refused) {
        report_set_int(r, "tls_refused", (int64_t)res->tls_refused);
    }
    if (res->events) {
        report_set_int(r, "events", (int64_t)res->events);
    }
    if (res->forged) {
        report_set_int(r, "forged", (int64_t)res->forged);
    }
    for (int i = 0; i < SINK_HTTP_ANSWERS; i++) {
        if (res->answers[i]) {
            report_set_int(answers, sink_http_answer_text(i, text), (int64_t)res->answers[i]);
        }
    }
    report_set(r, "answers", answers);
    report_print(&r);
}

static void print_http_text(const struct sink_http_result *res)
{
    char text[SINK_HTTP_TEXT];
    printf("requests %llu", (unsigned long long)res->requests);
    for (int i = 0; i < SINK_HTTP_ANSWERS; i++) {
        if (res->answers[i]) {
            printf(", %s %llu", sink_http_answer_text(i, text),
                   (unsigned long long)res->answers[i]);
        }
    }
    printf(", repeated %llu, keyless %llu", (unsigned long long)res->repeated,
           (unsigned long long)res->keyless);
    if (res->events) {
        printf(", events %llu", (unsigned long long)res->events);
    }
    if (res->forged) {
        printf(", forged %llu", (unsigned long long)res->forged);
    }
    printf(", connections %llu\n", (unsigned long long)res->connections);
}

static int run_http(struct command_run *r, const struct webhook_secrets *secrets,
                    const char **out_why)
{
    const struct sink_args *args = r->args;
    struct sink_http_result res;
    struct str body = STR("");
    const char *why;
    if (args->body.n && !files_read(r->arena, args->body.p, &body, &why)) {
        return command_fail(r, "%s: %s", args->body.p, why);
    }
    struct sink_http_conf c = {.listen = args->c.listen,
                               .tls = args->c.tls,
                               .answer = sink_http_answer(args->status),
                               .fail_with = sink_http_answer(args->fail_status),
                               .fail_every = args->c.fail_every,
                               .fail_first = args->c.fail_first,
                               .delay_ms = args->c.delay_ms,
                               .messages = args->c.messages,
                               .seconds = args->c.seconds,
                               .body = body,
                               .retry_after = args->retry_after.p,
                               .secrets = args->verify_signature.n ? secrets : NULL,
                               .print = args->c.print,
                               .show_content = args->c.show_content,
                               .ledger = args->c.ledger,
                               .ledger_hash = args->c.ledger_hash,
                               .ledger_hl7 = args->ledger_hl7};
    int failed = sink_http_run(&c, &res, out_why);
    if (!failed && r->json) {
        print_http_json(&res);
    } else if (!failed) {
        print_http_text(&res);
    }
    return failed;
}

static int check_answer(const struct command_run *r, const char *option, struct str text)
{
    return sink_http_answer(text) >= 0
               ? COMMAND_FINE
               : command_fail(r, "--%s is %.*s; expected 200 to 599, none or drop", option,
                              STR_ARG(text));
}

/* NULL, or why the file has no secrets. */
static const char *read_secrets(struct command_run *r, const char *path,
                                struct webhook_secrets *out)
{
    struct str text;
    const char *why = NULL;
    return files_read(r->arena, path, &text, &why) ? webhook_secrets_read(text, out) : why;
}

static int open_tls(struct command_run *r)
{
    struct sink_args *args = r->args;
    const struct tls_in_conf *c = &args->tls;
    char why[TLS_WHY_MAX];
    bool has_key = c->key.from != OPT_SECRET_NONE;
    if (!c->cert.n && !has_key && !c->client_ca.n) {
        return COMMAND_FINE;
    }
    if (!c->cert.n || !has_key) {
        return command_fail(r, "--cert and --key: expected both");
    }
    args->c.tls = tls_context_listen(c, why);
    return args->c.tls ? COMMAND_FINE : command_fail(r, "%s", why);
}

static int run(struct command_run *r)
{
    struct sink_args *args = r->args;
    bool is_http = r->noperands && strcmp(r->operands[0], "http") == 0;
    if (r->noperands && !is_http && strcmp(r->operands[0], "mllp") != 0) {
        return command_fail(r, "%s is no protocol of this version; expected mllp or http",
                            r->operands[0]);
    }
    if (check_answer(r, "status", args->status) ||
        check_answer(r, "fail-status", args->fail_status)) {
        return COMMAND_CANNOT;
    }
    int refused = open_tls(r);
    if (refused) {
        return refused;
    }
    if (args->ledger.n && !(args->c.ledger = fopen(args->ledger.p, "we"))) {
        return command_fail(r, "%s: %s", args->ledger.p, strerror(errno));
    }
    struct webhook_secrets secrets = {0};
    const char *why =
        args->verify_signature.n ? read_secrets(r, args->verify_signature.p, &secrets) : NULL;
    if (why) {
        return command_fail(r, "%s: %s", args->verify_signature.p, why);
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = is_http ? run_http(r, &secrets, &why) : run_mllp(r, &why);
    tls_context_unref(&args->c.tls);
    if (args->c.ledger && fclose(args->c.ledger) != 0) {
        return command_fail(r, "%s: %s", args->ledger.p, strerror(errno));
    }
    if (failed) {
        return command_fail(r, "cannot listen on %.*s:%d: %s", STR_ARG(args->c.listen.host),
                            args->c.listen.port, why);
    }
    return COMMAND_FINE;
}

const struct command cmd_sink = {
    .name = "sink",
    .operands = "[mllp|http]",
    .summary = "A downstream for tests: answers as told, counts, stores nothing.",
    .details = "  The first line printed is the address bound. Ends on SIGTERM, SIGINT or a limit, "
               "and prints\n"
               "  what it counted. Where a message asks for accept acknowledgements, AA becomes CA "
               "and so on.\n"
               "  http: a request whose Idempotency-Key came before is counted as repeated.",
    .options = options,
    .args_size = sizeof(struct sink_args),
    .max = 1,
    .example = "corridor sink --listen 127.0.0.1:2600 --print --fail-every 100",
    .run = run,
};
