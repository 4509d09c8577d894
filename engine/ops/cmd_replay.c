#include <errno.h>
#include <signal.h>

#include "engine/flow/tls.h"
#include "engine/ops/commands.h"
#include "engine/ops/files.h"
#include "engine/ops/messages.h"
#include "engine/ops/replay.h"
#include "engine/ops/replay_gen.h"
#include "engine/ops/report.h"
#include "engine/ops/wire.h"

struct replay_args {
    struct tls_out_conf tls;
    struct str to, ledger, write, expect;
    int pace;
    int64_t speed;
    int64_t connections, window, messages, seconds, rate, reply_within;
    int64_t generate, seed, patients;
    bool fresh_ids, by_patient, reconnect, ledger_hash;
};

static const struct opt options[] = {
    OPT(replay_args, to, "to", STR, NULL, NULL, 0,
        "Where to send: mllp://HOST:PORT, or mllps:// over TLS."),
    OPT(replay_args, tls.ca, "ca", PATH, NULL, NULL, 0,
        "mllps: authorities that may sign the server's certificate; else the system's."),
    OPT(replay_args, tls.cert, "cert", PATH, NULL, NULL, 0,
        "mllps: our certificate, for a server that asks for one."),
    OPT(replay_args, tls.key, "key", SECRET, NULL, "path", 0, "mllps: its private key."),
    OPT(replay_args, tls.server_name, "server-name", STR, NULL, "1..255", 0,
        "mllps: the name in the server's certificate, if it is not the host's."),
    OPT(replay_args, connections, "connections", INT, "1", "1..10000", 0,
        "Connections to send over."),
    OPT(replay_args, window, "window", INT, "1", "1..100000", 0,
        "Unanswered messages a connection."),
    OPT(replay_args, messages, "messages", INT, "0", "0..", 0,
        "Stop after so many; 0: every message once."),
    OPT(replay_args, seconds, "seconds", INT, "0", "0..", 0,
        "Send for so long, over and over; 0: no limit."),
    OPT(replay_args, rate, "rate", INT, "0", "0..", 0,
        "Messages a second; 0: as fast as answers come."),
    OPT(replay_args, pace, "pace", ENUM, "fast", "fast|original", 0,
        "original: with the gaps between the times in MSH-7."),
    OPT(replay_args, speed, "speed", INT, "1", "1..1000000", 0,
        "With --pace original: so many times faster."),
    OPT(replay_args, expect, "expect", PATH, NULL, NULL, 0,
        "A file of `CONTROL-ID CODE` lines: answers that are expected (AE for a message that is to "
        "be "
        "refused); others are to be positive."),
    OPT(replay_args, fresh_ids, "fresh-ids", BOOL, "false", NULL, 0,
        "Give each message sent its own MSH-10."),
    OPT(replay_args, by_patient, "by-patient", BOOL, "false", NULL, 0,
        "Send all messages of a patient over one connection."),
    OPT(replay_args, reconnect, "reconnect", BOOL, "false", NULL, 0,
        "Connect again after a loss and resend what was not answered."),
    OPT(replay_args, reply_within, "reply-within", MS, "30s", "1ms..1h", 0,
        "Give a connection up after so long."),
    OPT(replay_args, ledger, "ledger", PATH, NULL, NULL, 0,
        "Write `control-id TAB patient` for each positive answer."),
    OPT(replay_args, ledger_hash, "ledger-hash", BOOL, "false", NULL, 0,
        "Ledger lines `control-id TAB patient TAB answer TAB hash` for each message."),
    OPT(replay_args, generate, "generate", INT, "0", "0..10000000", 0,
        "Make so many synthetic messages instead of reading files."),
    OPT(replay_args, seed, "seed", INT, "1", "1..", 0,
        "Of the synthetic messages: same seed, same bytes."),
    OPT(replay_args, patients, "patients", INT, "500", "1..10000000", 0,
        "People in the synthetic messages."),
    OPT(replay_args, write, "write", PATH, NULL, NULL, 0,
        "Write the messages to a file instead of sending them."),
    {0},
};

/* Bytes before, between and after messages are cut out as messages, too. */
static bool has_message(const struct message_file *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (str_starts(f->v[i].bytes, STR("MSH"))) {
            return true;
        }
    }
    return false;
}

static int load_file(struct command_run *r, const char *path, struct replay_corpus *corpus)
{
    struct str bytes;
    const char *why;
    struct diags d;
    if (!files_read(r->arena, path, &bytes, &why)) {
        return command_fail(r, "%s: %s", path, why);
    }
    diags_init(&d, r->arena);
    struct message_file f = messages_split(r->arena, path, bytes, &d);
    if (!has_message(&f)) {
        return command_fail(r, "%s: no message in it; expected HL7 v2 text that begins with MSH",
                            path);
    }
    struct buf saw = {0};
    messages_saw(&f, &saw);
    if (saw.n) {
        fprintf(stderr, "%s: %zu message%s; %.*s\n", path, f.n, f.n == 1 ? "" : "s",
                STR_ARG(buf_str(&saw)));
    }
    buf_free(&saw);
    for (size_t i = 0; i < f.n; i++) {
        struct buf cr = {0};
        messages_with_cr(f.v[i].bytes, &cr);
        replay_corpus_add(corpus, buf_str(&cr));
        buf_free(&cr);
    }
    return 0;
}

static int load(struct command_run *r, struct replay_corpus *corpus)
{
    const struct replay_args *args = r->args;
    for (int i = 0; i < r->noperands; i++) {
        int failed = load_file(r, r->operands[i], corpus);
        if (failed) {
            return failed;
        }
    }
    struct buf b = {0};
    for (int64_t i = 1; i <= args->generate; i++) {
        buf_clear(&b);
        replay_generate((uint64_t)args->seed, (uint64_t)i, (unsigned)args->patients, &b);
        replay_corpus_add(corpus, buf_str(&b));
    }
    buf_free(&b);
    return corpus->n ? 0 : command_fail(r, "nothing to send; expected files or --generate N");
}

/* ---- what is expected ---- */

static void expect_of(struct replay_corpus *corpus, struct str id, signed char code,
                      size_t *out_found)
{
    for (size_t i = 0; i < corpus->n; i++) {
        if (str_eq(corpus->v[i].id, id)) {
            corpus->v[i].expected = code;
            ++*out_found;
        }
    }
}

static signed char code_of(struct str text)
{
    for (int i = 0; i < REPLAY_CODES; i++) {
        if (str_is(text, replay_code_names[i])) {
            return (signed char)i;
        }
    }
    return -1;
}

static int load_expected(struct command_run *r, struct replay_corpus *corpus, const char *path)
{
    struct str bytes, line;
    const char *why;
    if (!files_read(r->arena, path, &bytes, &why)) {
        return command_fail(r, "%s: %s", path, why);
    }
    while (str_entry(&bytes, &line)) {
        ptrdiff_t blank = str_index(line, '\t');
        blank = blank < 0 ? str_index(line, ' ') : blank;
        size_t end = blank < 0 ? line.n : (size_t)blank, found = 0;
        struct str id = str_slice(line, 0, end);
        signed char code = code_of(str_trim(str_slice(line, end, line.n)));
        if (code < 0) {
            return command_fail(r, "%s: %.*s: expected CONTROL-ID and AA, AE, AR, CA, CE or CR",
                                path, STR_ARG(id));
        }
        expect_of(corpus, id, code, &found);
        if (!found) {
            return command_fail(r, "%s: no message has the control id %.*s", path, STR_ARG(id));
        }
    }
    return 0;
}

static int write_out(struct command_run *r, const struct replay_corpus *corpus, const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!f) {
        return command_fail(r, "%s: %s", path, strerror(errno));
    }
    for (size_t i = 0; i < corpus->n; i++) {
        const struct replay_message *m = &corpus->v[i];
        fprintf(f, "%.*s%.*s%.*s", STR_ARG(m->before), STR_ARG(m->id), STR_ARG(m->after));
    }
    int failed = ferror(f) | (f == stdout ? fflush(f) : fclose(f));
    return failed ? command_fail(r, "%s: cannot write it", path) : COMMAND_FINE;
}

static void report_latency(struct report *to, const struct replay_hist *h)
{
    static const struct {
        const char *name;
        double part;
    } points[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
    struct report *l = report_object();
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        report_set_int(l, points[i].name, (int64_t)replay_hist_at(h, points[i].part));
    }
    report_set_int(l, "max", (int64_t)h->longest);
    report_set(to, "latency_us", l);
}

static double per_second(const struct replay_result *res)
{
    return res->took_us > 0 ? (double)res->answered * 1e6 / (double)res->took_us : 0;
}

static void print_json(const struct replay_result *res)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"sent", res->sent},
                {"resent", res->resent},
                {"answered", res->answered},
                {"mismatched", res->mismatched},
                {"unreadable", res->unreadable},
                {"lost", res->lost},
                {"unexpected", res->unexpected},
                {"connects", res->connects},
                {"disconnects", res->disconnects},
                {"bytes", res->bytes}};
    struct report *r = report_object(), *codes = report_object();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        report_set_int(r, rows[i].name, (int64_t)rows[i].n);
    }
    for (int i = 0; i < REPLAY_CODES; i++) {
        if (res->codes[i]) {
            report_set_int(codes, replay_code_names[i], (int64_t)res->codes[i]);
        }
    }
    report_set(r, "codes", codes);
    report_set_real(r, "seconds", (double)res->took_us / 1e6);
    report_set_real(r, "per_second", per_second(res));
    report_latency(r, &res->latency);
    report_print(&r);
}

static void print_text(const struct replay_result *res)
{
    printf("sent %llu, answered %llu", (unsigned long long)res->sent,
           (unsigned long long)res->answered);
    for (int i = 0; i < REPLAY_CODES; i++) {
        if (res->codes[i]) {
            printf(", %s %llu", replay_code_names[i], (unsigned long long)res->codes[i]);
        }
    }
    printf("\n");
    if (res->mismatched || res->unreadable || res->lost || res->resent) {
        printf("wrong id %llu, unreadable %llu, unanswered %llu, resent %llu\n",
               (unsigned long long)res->mismatched, (unsigned long long)res->unreadable,
               (unsigned long long)res->lost, (unsigned long long)res->resent);
    }
    if (res->unexpected) {
        printf("not as expected %llu\n", (unsigned long long)res->unexpected);
    }
    printf("%.3f s, %.0f messages a second\n", (double)res->took_us / 1e6, per_second(res));
    printf("latency us: median %llu, 99%% %llu, longest %llu\n",
           (unsigned long long)replay_hist_at(&res->latency, 0.5),
           (unsigned long long)replay_hist_at(&res->latency, 0.99),
           (unsigned long long)res->latency.longest);
}

static bool is_clean(const struct replay_result *res, bool expects)
{
    if (expects) {
        return !res->unexpected && !res->mismatched && !res->unreadable && !res->lost;
    }
    return !res->codes[REPLAY_AE] && !res->codes[REPLAY_AR] && !res->codes[REPLAY_CE] &&
           !res->codes[REPLAY_CR] && !res->mismatched && !res->unreadable && !res->lost;
}

static int open_tls(struct command_run *r, bool is_tls, struct tls_context **out)
{
    const struct tls_out_conf *c = &((struct replay_args *)r->args)->tls;
    bool is_given = c->ca.n || c->cert.n || c->key.from != OPT_SECRET_NONE || c->server_name.n;
    char why[TLS_WHY_MAX];
    if (!is_tls) {
        return is_given
                   ? command_fail(
                         r, "--ca, --cert, --key and --server-name want --to mllps://HOST:PORT")
                   : 0;
    }
    if ((c->cert.n > 0) != (c->key.from != OPT_SECRET_NONE)) {
        return command_fail(r, "--cert and --key: expected both or none");
    }
    *out = tls_context_connect(c, why);
    return *out ? 0 : command_fail(r, "%s", why);
}

static int send_all(struct command_run *r, const struct replay_corpus *corpus)
{
    const struct replay_args *args = r->args;
    struct replay_conf conf = {.connections = (unsigned)args->connections,
                               .window = (unsigned)args->window,
                               .messages = (uint64_t)args->messages,
                               .for_us = args->seconds * 1000000,
                               .rate = (double)args->rate,
                               .pace = args->pace ? (double)args->speed : 0,
                               .expects = args->expect.n > 0,
                               .fresh_ids = args->fresh_ids,
                               .by_patient = args->by_patient,
                               .reconnect = args->reconnect,
                               .ledger_hash = args->ledger_hash,
                               .reply_within_us = args->reply_within * 1000};
    bool is_tls;
    if (!wire_address(args->to.n ? args->to.p : "", conf.host, conf.port, &is_tls)) {
        return command_fail(r, "--to wants mllp://HOST:PORT or mllps://HOST:PORT");
    }
    int refused = open_tls(r, is_tls, &conf.tls);
    if (refused) {
        return refused;
    }
    if (args->ledger.n && !(conf.ledger = fopen(args->ledger.p, "we"))) {
        return command_fail(r, "%s: %s", args->ledger.p, strerror(errno));
    }
    struct replay_result *res = arena_zalloc(r->arena, sizeof *res);
    const char *why;
    signal(SIGPIPE, SIG_IGN);
    int failed = replay_send(&conf, corpus, res, &why);
    if (conf.ledger && fclose(conf.ledger) != 0) {
        return command_fail(r, "%s: %s", args->ledger.p, strerror(errno));
    }
    tls_context_unref(&conf.tls);
    if (failed) {
        return command_fail(r, "%s:%s: %s", conf.host, conf.port, why);
    }
    if (res->tls_why) {
        fprintf(stderr, "corridor: replay: %s:%s: %s\n", conf.host, conf.port, res->tls_why);
    }
    if (r->json) {
        print_json(res);
    } else {
        print_text(res);
    }
    return is_clean(res, conf.expects) ? COMMAND_FINE : COMMAND_FINDINGS;
}

static int run(struct command_run *r)
{
    const struct replay_args *args = r->args;
    struct replay_corpus corpus = {0};
    int status = load(r, &corpus);
    if (!status && args->expect.n) {
        status = load_expected(r, &corpus, args->expect.p);
    }
    if (!status) {
        status = args->write.n ? write_out(r, &corpus, args->write.p) : send_all(r, &corpus);
    }
    replay_corpus_free(&corpus);
    return status;
}

const struct command cmd_replay = {
    .name = "replay",
    .operands = "[FILE]...",
    .summary = "Send message files to a listener, compare the answers, measure.",
    .details =
        "  Every answer is checked: MSA-2 against the oldest message outstanding on its "
        "connection, MSA-1\n"
        "  against table 0008. Status 1 when one is negative, wrong, unreadable or missing.\n"
        "  Files may hold several messages, batches, MLLP bytes and any line ending; - is standard "
        "input.",
    .options = options,
    .args_size = sizeof(struct replay_args),
    .max = -1,
    .example = "corridor replay routes/samples/adt_a01.hl7 --to mllp://127.0.0.1:2575",
    .run = run,
};
