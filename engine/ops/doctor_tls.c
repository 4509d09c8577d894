/* Probes of TLS: who speaks without it, whether the files of each `tls` can be used, how long they hold, and the
 * handshake of destinations. */
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "engine/flow/tls.h"
#include "engine/ops/doctor.h"
#include "engine/ops/files.h"

enum { DAYS_SOON = 30, GREET_MS = 2000, REFUSAL_MS = 100 };

/* ---- without it ---- */

/* Accepted in the configuration, and a risk all the same. */
static bool is_source_open(const struct plan_source *s)
{
    const struct opt *row = opt_find(s->adapter->in_opts, STR("plaintext"));
    const struct opt *tls = opt_find(s->adapter->in_opts, STR("tls"));
    const char *conf = s->conf;
    bool is_accepted = row && *(const int *)(const void *)(conf + row->offset) > 0;
    return is_accepted && tls && !*(const void *const *)(const void *)(conf + tls->offset);
}

void doctor_plaintext(struct doctor *d)
{
    static const char means[] = "others on the network can read patient data along the way";
    for (unsigned i = 0; d->plan && i < d->plan->nsources; i++) {
        const struct plan_source *s = &d->plan->sources[i];
        if (is_source_open(s)) {
            doctor_find(d, DOCTOR_WARNING, means,
                        "give it `tls`, or an address of this machine with a tunnel before it",
                        "source %.*s speaks without TLS: plaintext: accepted", STR_ARG(s->name));
        }
    }
    for (unsigned i = 0; d->plan && i < d->plan->ndestinations; i++) {
        const struct plan_destination *t = &d->plan->destinations[i];
        if (t->adapter->out_is_exposed && t->adapter->out_is_exposed(t->conf)) {
            doctor_find(d, DOCTOR_WARNING, means,
                        "have the peer speak TLS and give it `tls` (https:// in a URL), or a "
                        "tunnel on this machine",
                        "destination %.*s speaks without TLS", STR_ARG(t->name));
        }
    }
}

/* ---- certificates ---- */

static void judge_days(struct doctor *d, struct str name, const char *file, int64_t days)
{
    if (days < 0) {
        doctor_find(d, DOCTOR_ERROR, "peers refuse it, or are refused by it",
                    "renew it, then reload", "%.*s, %s: over since %lld days", STR_ARG(name), file,
                    (long long)-days);
    } else if (days < DAYS_SOON) {
        doctor_find(d, DOCTOR_WARNING, "afterwards every connection with it fails",
                    "renew it, then reload", "%.*s, %s: over in %lld days", STR_ARG(name), file,
                    (long long)days);
    }
}

static void judge_use(struct doctor *d, const struct doctor_setting *s, const char *file,
                      struct str pem)
{
    const char *why = tls_pem_unfit(pem, s->is_source, (int64_t)time(NULL));
    if (why) {
        doctor_find(d, DOCTOR_ERROR, "peers refuse it", "have another one signed, then reload",
                    "%.*s, %s: %s", STR_ARG(s->endpoint), file, why);
    }
}

bool doctor_is_certificate(const struct opt *row, bool *out_is_authority)
{
    static const char *const names[] = {"cert", "crl", "ca", "client-ca", NULL};
    unsigned which = 0;
    while (names[which] && strcmp(row->name, names[which]) != 0) {
        which++;
    }
    *out_is_authority = which >= 2;
    return row->kind == OPT_PATH && names[which];
}

static void find_unusable(struct doctor *d, const struct doctor_setting *s, const char *why)
{
    doctor_find(d, DOCTOR_ERROR,
                s->is_source ? "the daemon does not start with it; one that runs keeps what it has"
                             : "no message leaves by this way until it is mended",
                "look at the file that is named: its path, its rights, whether it is whole",
                "%s %.*s: tls: %s", s->is_source ? "source" : "destination", STR_ARG(s->endpoint),
                why);
}

static bool is_out(const struct opt *table)
{
    return table == tls_out_opts || table == tls_url_opts;
}

/* As the daemon loads them, but for a key that systemd hands down to it alone. */
static bool are_usable(struct doctor *d, const struct doctor_setting *s, const void *conf)
{
    const struct tls_in_conf *in = conf;
    const struct tls_out_conf *out = conf;
    char why[TLS_WHY_MAX] = "";
    const struct opt_secret *key = is_out(s->row->group) ? &out->key : &in->key;
    if (key->from == OPT_SECRET_CREDENTIAL && !getenv("CREDENTIALS_DIRECTORY")) {
        return true;
    }
    struct tls_context *x =
        is_out(s->row->group) ? tls_context_connect(out, why) : tls_context_listen(in, why);
    if (!x) {
        find_unusable(d, s, why);
        return false;
    }
    tls_context_unref(&x);
    return true;
}

/* Every path whose name says that certificates or a CRL are in it. */
static void look_at_certificate(struct doctor *d, const struct doctor_setting *s,
                                const struct opt *row, struct str path)
{
    bool is_authority;
    struct str pem;
    const char *why;
    int64_t first = 0, longest = 0;
    if (!doctor_is_certificate(row, &is_authority) || !path.n) {
        return;
    }
    const char *file = str_dup(d->arena, path).p;
    if (!files_read(d->arena, file, &pem, &why)) {
        find_unusable(d, s, str_printf(d->arena, "%s: %s: %s", row->name, file, why).p);
    } else if (tls_pem_days(pem, (int64_t)time(NULL), &first, &longest) == 0) {
        find_unusable(
            d, s, str_printf(d->arena, "%s: %s: nothing whole in PEM is in it", row->name, file).p);
    } else { /* one authority that holds is enough */
        judge_days(d, s->endpoint, file, is_authority ? longest : first);
        if (strcmp(row->name, "cert") == 0) {
            judge_use(d, s, file, pem);
        }
    }
}

static void look_at_group(struct doctor *d, const struct doctor_setting *s)
{
    bool is_tls =
        s->row->kind == OPT_GROUP && (s->row->group == tls_in_opts || is_out(s->row->group));
    const char *conf = is_tls ? *(const char *const *)s->value : NULL;
    if (!conf || !are_usable(d, s, conf)) {
        return;
    }
    for (const struct opt *row = s->row->group; row->name; row++) {
        if (row->kind == OPT_PATH) {
            look_at_certificate(d, s, row, *(const struct str *)(const void *)(conf + row->offset));
        }
    }
}

void doctor_certificates(struct doctor *d)
{
    doctor_each_setting(d, look_at_group);
}

/* ---- handshakes ---- */

/* How a destination speaks TLS; NULL: it does not. */
static const struct tls_out_conf *tls_of(const struct plan_destination *t)
{
    static const struct tls_out_conf plain = {0}; /* the system's authorities */
    const char *conf = t->conf;
    const struct opt *row = opt_find(t->adapter->out_opts, STR("tls"));
    const struct opt *url = opt_find(t->adapter->out_opts, STR("url"));
    const struct tls_out_conf *c =
        row && row->kind == OPT_GROUP && is_out(row->group)
            ? *(const struct tls_out_conf *const *)(const void *)(conf + row->offset)
            : NULL;
    bool is_https =
        url && url->kind == OPT_STR &&
        str_starts(*(const struct str *)(const void *)(conf + url->offset), STR("https:"));
    return c || !is_https ? c : &plain;
}

static bool await(int fd, enum tls_step step, int ms)
{
    struct pollfd p = {.fd = fd, .events = step == TLS_WANTS_WRITE ? POLLOUT : POLLIN};
    return poll(&p, 1, ms) == 1;
}

/* NULL, or what went wrong. */
static const char *greet(struct tls *t, int fd)
{
    char byte[TLS_READ_MIN];
    enum tls_step step;
    while ((step = tls_handshake(t)) == TLS_WANTS_READ || step == TLS_WANTS_WRITE) {
        if (!await(fd, step, GREET_MS)) {
            return "no handshake of TLS within 2 s";
        }
    }
    if (step == TLS_DONE && await(fd, TLS_WANTS_READ, REFUSAL_MS) &&
        tls_read(t, byte, sizeof byte) < 0 && tls_was_refused(t)) {
        return tls_why(t); /* TLS 1.3 judges our certificate afterwards */
    }
    return step == TLS_FAILED ? tls_why(t) : NULL;
}

bool doctor_greet(struct doctor *d, const struct plan_destination *t, const struct opt_hostport *at,
                  int fd, const char **out_why)
{
    const struct tls_out_conf *conf = tls_of(t);
    char why[TLS_WHY_MAX];
    struct tls_context *x = conf ? tls_context_connect(conf, why) : NULL;
    if (!x) {
        return true;
    }
    struct tls *session = tls_new(x, fd, str_dup(d->arena, at->host).p);
    *out_why = greet(session, fd);
    tls_free(&session);
    tls_context_unref(&x);
    return *out_why == NULL;
}
