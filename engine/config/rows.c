#include "engine/config/rows.h"

#include "engine/config/config.h"

/* clang-format off */
const struct opt config_top_rows[] = {
    OPT(top_conf, state, "state", STR, "/var/lib/corridor", "1..4096", 0,
        "Directory of the journal and the admin socket; a relative one is relative to the working directory."),
    OPT(top_conf, sources, "sources", NODE, NULL, NULL, OPT_RELOAD, "Where messages come from, by name."),
    OPT(top_conf, destinations, "destinations", NODE, NULL, NULL, OPT_RELOAD, "Where outputs go, by name."),
    OPT(top_conf, routes, "routes", LIST, NULL, NULL, OPT_RELOAD,
        "A directory: every *.yaml below it is read, in byte order of path; or one file; or a list of them, where one with ! before it is left out. Relative to this file."),
    OPT(top_conf, retention_ms, "retention", MS, "30d", NULL, 0,
        "How long settled messages are kept; unsettled ones are never dropped."),
    OPT(top_conf, disk_bytes, "disk", BYTES, NULL, "64MiB..", 0,
        "Bound of the journal; settled history goes first. Default: 80 % of the file system."),
    OPT(top_conf, volume_bytes, "volume-size", BYTES, "64MiB", "4MiB..256MiB", 0, "Size of a journal file."),
    OPT(top_conf, admin, "admin", NODE, NULL, NULL, 0, "The admin API over TCP too, besides the unix socket."),
    OPT_GROUP(top_conf, metrics, "metrics", config_metrics_rows, 0,
        "A listener for those who watch: /metrics, /healthz and /readyz without a token, nothing else."),
    OPT_GROUP(top_conf, alerts, "alerts", config_alerts_rows, OPT_RELOAD,
        "Limits of conditions, and who is told of them; see docs/monitoring.md."),
    {0},
};

const struct opt config_source_rows[] = {
    OPT(source_conf, ack, "ack", NODE, NULL, NULL, OPT_RELOAD,
        "When to answer: stored (after the message is on disk, the default), never, {answered-by, within}, or {application-to}. MSH-15 and MSH-16 are honoured."),
    OPT(source_conf, unrouted, "unrouted", ENUM, "accept", "accept|reject", OPT_RELOAD,
        "A type that no route reads: accept it (counted) or answer AR."),
    OPT(source_conf, senders, "senders", LIST, NULL, NULL, OPT_RELOAD,
        "Whose messages are taken: MSH-3 and MSH-4 as EPIC|MAIN, EPIC or |MAIN; others are answered AR. Without it all are."),
    OPT(source_conf, timezone, "timezone", STR, NULL, "1..64", OPT_RELOAD,
        "Time zone of dates without an offset, as America/Chicago."),
    OPT(source_conf, versions, "versions", LIST, NULL, "2.1|2.2|2.3|2.3.1|2.4|2.5|2.5.1|2.6|2.7|2.7.1|2.8|2.8.1|2.8.2|2.9", OPT_RELOAD,
        "HL7 versions this feed sends; paths in its routes are checked against them."),
    OPT(source_conf, profile, "profile", STR, NULL, "1..64", OPT_RELOAD,
        "Dialect of the sender: a profile: document among the routes gives its names, tables and types."),
    OPT_GROUP(source_conf, validate, "validate", config_validate_rows, OPT_RELOAD,
        "Check messages before the routes see them; without it nothing is checked."),
    OPT(source_conf, duplicates, "duplicates", NODE, NULL, NULL, OPT_RELOAD,
        "What counts as sent again, and what happens to it."),
    OPT(source_conf, expect, "expect", NODE, NULL, NULL, OPT_RELOAD,
        "A list of what is expected: {days: mon-fri, hours: 07-18, at-least: 20/h}; when less comes the condition `quiet` opens."),
    OPT(source_conf, sequence_numbers, "sequence-numbers", ENUM, "off", "off|on", OPT_RELOAD,
        "The sequence number protocol: MSH-13 must be the number expected next, else AE with that number in MSA-4."),
    OPT(source_conf, batch, "batch", NODE, NULL, NULL, OPT_RELOAD, "How batches (FHS, BHS, BTS, FTS) are taken apart and answered."),
    OPT(source_conf, parts, "continuation", NODE, NULL, NULL, OPT_RELOAD, "How messages that come in parts (DSC, MSH-14, ADD) are put together."),
    {0},
};

const struct opt config_destination_rows[] = {
    OPT(destination_conf, order_by, "order-by", STR, "patient", "1..1000", OPT_RELOAD,
        "What stays in order: patient, none, all, or =FORMULA."),
    OPT(destination_conf, parallel, "parallel", INT, "8", "1..1000", OPT_RELOAD, "Deliveries under way at once."),
    OPT(destination_conf, retry, "retry", NODE, NULL, NULL, OPT_RELOAD, "How failed deliveries are repeated."),
    OPT(destination_conf, answers, "answers", NODE, NULL, NULL, OPT_RELOAD,
        "{from: SOURCE}: the peer answers CA on the connection, and its application over another one, to this source; the answer settles the message."),
    OPT(destination_conf, replies, "replies", NODE, NULL, NULL, OPT_RELOAD,
        "What a reply code means: {AE: hold, AR: retry}; delivered, hold, retry or refused."),
    OPT(destination_conf, on_unknown, "on-unknown", ENUM, "retry", "retry|hold", OPT_RELOAD,
        "Sent and never answered, also because of a crash: send again, or hold where a repeat does harm."),
    OPT(destination_conf, on_hold, "on-hold", ENUM, "wait", "wait|continue", OPT_RELOAD,
        "Whether later messages of the same key wait for a held one."),
    OPT(destination_conf, shape, "shape", STR, NULL, "1..64", OPT_RELOAD,
        "A `shape:` document among the routes: which elements of FHIR resources this server takes, and which it wants."),
    OPT(destination_conf, was, "was", STR, NULL, "1..64", OPT_RELOAD,
        "The name it had before: what is queued there is taken over, and keeps its ids."),
    OPT(destination_conf, oldest_ms, "oldest-waiting", MS, "0", "0..never", OPT_RELOAD,
        "Condition oldest-waiting opens when an output waits for so long; 0: as `alerts` says."),
    OPT(destination_conf, backlog, "backlog", BYTES, NULL, "1MiB..", OPT_RELOAD,
        "Bytes of the journal that may wait for it; beyond it messages routed there are refused. Default: a quarter of `disk`."),
    {0},
};

const struct opt config_ack_rows[] = {
    OPT(ack_conf, application_to, "application-to", STR, NULL, "1..64", OPT_RELOAD,
        "A destination: in enhanced mode AA, AE and AR go there as messages of their own, and the connection carries CA, CE and CR alone."),
    OPT(ack_conf, answered_by, "answered-by", STR, NULL, "1..64", OPT_RELOAD,
        "A destination: its answer to what a message sends there is passed on to the sender, under the sender's ids."),
    OPT(ack_conf, within_ms, "within", MS, "30s", "100ms..1h", OPT_RELOAD,
        "Longest wait. Then AR and nothing is sent, if nothing was; else no answer and the connection closes."),
    {0},
};

const struct opt config_batch_rows[] = {
    OPT(batch_conf, split, "split", BOOL, "yes", NULL, OPT_RELOAD,
        "Take a frame that begins with FHS or BHS apart; no: it is no message, and answered AR."),
    OPT(batch_conf, counts, "counts", ENUM, "reject", "reject|warn", OPT_RELOAD,
        "BTS-1 or FTS-1 differ from what is there, or a line belongs to no message: AE and nothing is taken, or a line in the log."),
    OPT(batch_conf, reply, "reply", ENUM, "one-per-batch", "one-per-batch|one-per-message|errors-only", OPT_RELOAD,
        "One acknowledgement; a batch with one for each message; or a batch with those of rejected messages alone."),
    {0},
};

const struct opt config_parts_rows[] = {
    OPT(parts_conf, join, "join", BOOL, "yes", NULL, OPT_RELOAD,
        "Wait for all parts of a message whose last segment is DSC with F in DSC-2, and route the whole; no: each part is a message."),
    OPT(parts_conf, within_ms, "within", MS, "10m", "1s..1d", OPT_RELOAD,
        "How long the next part is waited for; then the message is given up, and the log says `parts-missing`."),
    OPT(parts_conf, most, "parts", INT, "100", "2..1000", OPT_RELOAD, "Parts that a message may have; 16 MiB in all."),
    OPT(parts_conf, unmatched, "unmatched", ENUM, "accept", "accept|reject", OPT_RELOAD,
        "MSH-14 names no part that waits to be continued, and nothing else says it is a part: take it as a message, or answer AR."),
    {0},
};

const struct opt config_duplicates_rows[] = {
    OPT(duplicates_conf, window_ms, "window", MS, "24h", "0..3650d", OPT_RELOAD,
        "A message sent again within this time (same MSH-3, MSH-4, MSH-10) is answered again, not processed; 0: never looked for."),
    OPT(duplicates_conf, differs, "differs", ENUM, "process", "process|reject", OPT_RELOAD,
        "The same control id over another body (MSH-7 aside): take it as new, counted; or answer AE 205."),
    {0},
};

const struct opt config_answers_rows[] = {
    OPT(answers_conf, from, "from", STR, NULL, "1..64", OPT_REQUIRED | OPT_RELOAD,
        "A source of this engine: AA, AE and AR come there, each as a message whose MSA-2 is the MSH-10 of what was sent; CA, CE and CR on the connection."),
    OPT(answers_conf, within_ms, "within", MS, "5m", "100ms..1d", OPT_RELOAD,
        "How long it is waited for after CA; then the message is sent again under the same MSH-10, or held as `on-unknown` says."),
    OPT(answers_conf, most, "most", INT, "1000", "1..10000", OPT_RELOAD,
        "Messages with the peer at once that wait for such an answer; no more are sent meanwhile."),
    {0},
};

const struct opt config_retry_rows[] = {
    OPT(retry_conf, first_ms, "first", MS, "1s", "10ms..1h", OPT_RELOAD, "Wait before the first repeat; doubled each time."),
    OPT(retry_conf, longest_ms, "longest", MS, "5m", "10ms..1d", OPT_RELOAD, "Longest wait between repeats."),
    OPT(retry_conf, give_up_ms, "give-up-after", MS, "never", "1s..never", OPT_RELOAD, "Hold the message after so long."),
    {0},
};

const struct opt config_admin_rows[] = {
    OPT(admin_conf, listen, "listen", HOSTPORT, NULL, NULL, OPT_REQUIRED,
        "A loopback address and port; whoever asks shows the token in STATE/admin.token."),
    {0},
};

#define RULE(id, name, initial, error, sentence) \
    OPT(validate_conf, level[VALIDATE_##id], name, ENUM, initial, "off|warn|strict", OPT_RELOAD, sentence),
const struct opt config_validate_rows[] = {
    OPT(validate_conf, conformance, "conformance", LIST, NULL, NULL, OPT_RELOAD,
        "Names of conformance: documents among the routes: what this site wants beyond the standard."),
    OPT(validate_conf, most, "most", ENUM, "strict", "warn|strict", OPT_RELOAD,
        "warn: whatever the rules say, nothing is rejected; findings are counted and logged."),
    VALIDATE_TABLE(RULE)
    {0},
};

const struct opt config_metrics_rows[] = {
    OPT(metrics_conf, listen, "listen", HOSTPORT, NULL, NULL, OPT_REQUIRED, "Address and port, as 127.0.0.1:9464."),
    OPT(metrics_conf, plaintext, "plaintext", ENUM, "loopback", "loopback|accepted", 0,
        "An address that is not this machine wants `accepted`: what is counted and the names of feeds travel in the clear."),
    {0},
};

const struct opt config_alerts_rows[] = {
    OPT_GROUP(alerts_conf, limits, "limits", condition_opts, OPT_RELOAD, "When conditions open."),
    OPT(alerts_conf, off, "off", LIST, NULL, NULL, OPT_RELOAD, "Conditions that are not watched, by name."),
    OPT(alerts_conf, at_most, "at-most", INT, "10", "1..1000", OPT_RELOAD,
        "Notices an hour and channel; what comes beyond them is told together, in the next one."),
    OPT(alerts_conf, instance, "instance", STR, NULL, "1..64", OPT_RELOAD, "Who tells, in each notice; default: the name of the host."),
    OPT_GROUP(alerts_conf, webhook, "webhook", config_webhook_rows, OPT_RELOAD, "Tell by a POST of JSON."),
    OPT_GROUP(alerts_conf, mail, "mail", config_mail_rows, OPT_RELOAD, "Tell by mail."),
    {0},
};

const struct opt config_webhook_rows[] = {
    OPT(webhook_conf, url, "url", STR, NULL, "8..2000", OPT_REQUIRED, "Where to: http:// or https://."),
    OPT(webhook_conf, token, "token", SECRET, NULL, NULL, OPT_RELOAD, "Sent as `Authorization: Bearer`; read for each notice."),
    OPT(webhook_conf, plaintext, "plaintext", ENUM, "refused", "refused|accepted", OPT_RELOAD,
        "`accepted`: the token may go to another machine over http://, where others can read along."),
    OPT_GROUP(webhook_conf, tls, "tls", tls_url_opts, OPT_RELOAD, "How the server is known, and our certificate."),
    OPT(webhook_conf, within_ms, "within", MS, "10s", "100ms..2m", OPT_RELOAD, "Wait so long for the answer, then try again later."),
    {0},
};

const struct opt config_mail_rows[] = {
    OPT(mail_conf, server, "server", STR, NULL, "8..300", OPT_REQUIRED, "smtp://HOST:PORT or smtps://HOST:PORT."),
    OPT(mail_conf, from, "from", STR, NULL, "3..254", OPT_REQUIRED, "Address of the sender."),
    OPT(mail_conf, to, "to", LIST, NULL, NULL, OPT_REQUIRED, "Addresses of those who are told."),
    OPT(mail_conf, user, "user", STR, NULL, "1..254", OPT_RELOAD, "User at the server; wants `password`."),
    OPT(mail_conf, password, "password", SECRET, NULL, NULL, OPT_RELOAD, "The user's; read for each notice."),
    OPT(mail_conf, encryption, "encryption", ENUM, "wanted", "wanted|off", OPT_RELOAD,
        "smtp:// goes over to TLS (STARTTLS) or nothing is sent; off: in the clear, without a password."),
    OPT_GROUP(mail_conf, tls, "tls", tls_url_opts, OPT_RELOAD, "How the server is known, and our certificate."),
    OPT(mail_conf, within_ms, "within", MS, "30s", "1s..5m", OPT_RELOAD, "Wait so long for the server, then try again later."),
    {0},
};

const struct opt config_expect_rows[] = {
    OPT(expect_conf, days, "days", LIST, "mon-sun", NULL, OPT_RELOAD, "Days on which it is expected: mon-fri, sat, [mon, wed-fri]."),
    OPT(expect_conf, hours, "hours", STR, "00-24", "3..11", OPT_RELOAD, "Hours of these days, as 07-18 or 22:30-06, by the clock of `timezone`."),
    OPT(expect_conf, at_least, "at-least", STR, NULL, "3..32", OPT_REQUIRED, "Messages in a time: 20/h, 5/15m; 1s to 1d."),
    {0},
};

#define REPLY(n, name) \
    OPT(replies_conf, code[n], name, ENUM, "default", "default|delivered|hold|retry|refused", OPT_RELOAD, "What " name " means.")
const struct opt config_replies_rows[] = {
    REPLY(0, "AA"), REPLY(1, "AE"), REPLY(2, "AR"), REPLY(3, "CA"), REPLY(4, "CE"), REPLY(5, "CR"), {0},
};
/* clang-format on */

static const struct config_section sections[] = {
    {"top level", "Keys of corridor.yaml.", config_top_rows},
    {"admin", "Administration over TCP.", config_admin_rows},
    {"alerts", "Conditions that a person should know of.", config_alerts_rows},
    {"alerts.limits", "One row a condition.", condition_opts},
    {"alerts.webhook", "JSON by POST.", config_webhook_rows},
    {"alerts.mail", "Mail over SMTP.", config_mail_rows},
    {"metrics", "For those who watch.", config_metrics_rows},
    {"sources.NAME", "Besides the key that names the adapter.", config_source_rows},
    {"sources.NAME.ack", "Answered by a destination, or over one.", config_ack_rows},
    {"sources.NAME.batch", "Batches in one frame or request.", config_batch_rows},
    {"sources.NAME.continuation", "Messages in parts.", config_parts_rows},
    {"sources.NAME.duplicates", "Messages sent again.", config_duplicates_rows},
    {"sources.NAME.expect", "A list of these: what comes at least, and when.", config_expect_rows},
    {"destinations.NAME", "Besides the key that names the adapter.", config_destination_rows},
    {"destinations.NAME.retry", "Repeats.", config_retry_rows},
    {"destinations.NAME.answers", "Application answers over another connection.",
     config_answers_rows},
    {"destinations.NAME.replies", "Reply codes.", config_replies_rows},
    {"conformance elements",
     "Of a `conformance:` document among the routes: what is said of each place.",
     rules_element_rows},
    {NULL, NULL, NULL},
};

const struct config_section *config_sections(void)
{
    return sections;
}
