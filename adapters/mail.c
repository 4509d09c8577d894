#include "adapters/mail.h"

#include "adapters/files_worker.h"
#include "adapters/http_client.h"
#include "engine/base/arena.h"
#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/flow/secret.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RECIPIENTS_MAX = 50 };

/* One that is sent, on a thread beside the loop: the server may take its time. */
struct letter {
    struct files_job job; /* first */
    struct endpoint ep;
    struct log log; /* the thread's own */
    struct arena arena;
    struct http_mail mail;
    struct buf body, password;
    const char *why; /* NULL: the server has it */
    atomic_bool is_given_up;
};

struct mail {
    struct teller *teller;
    struct files_worker *worker; /* NULL: no thread was to be had */
    struct letter *letter;       /* NULL: none is under way */
    bool is_closing;
};

static void put_date(struct buf *out, int64_t wall_us)
{
    char date[CLOCK_NET_SIZE];
    clock_net(wall_us, date);
    buf_printf(out, "Date: %s +0000\r\n", date);
}

/* One line of ASCII, whatever the names of the configuration are. */
static void put_subject(struct buf *out, struct str subject)
{
    buf_puts(out, "Subject: ");
    for (size_t i = 0; i < subject.n; i++) {
        unsigned char c = (unsigned char)subject.p[i];
        buf_putc(out, c < ' ' || c == 0x7f ? ' ' : c > '~' ? '?' : subject.p[i]);
    }
    buf_puts(out, "\r\n");
}

void mail_compose(struct buf *out, const struct mail_conf *c, const struct notice *n,
                  int64_t wall_us)
{
    buf_printf(out, "From: <%.*s>\r\nTo: ", STR_ARG(c->from));
    for (size_t i = 0; i < c->to.n; i++) {
        buf_printf(out, "%s<%.*s>", i ? ",\r\n " : "", STR_ARG(c->to.v[i]));
    }
    buf_puts(out, "\r\n");
    put_subject(out, n->subject);
    put_date(out, wall_us);
    buf_printf(out, "Message-ID: <%.*s@corridor>\r\n", STR_ARG(n->id));
    buf_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
                  "\r\n");
    struct str rest = n->text, line;
    while (rest.n && str_split(&rest, '\n', &line)) {
        buf_printf(out, "%.*s\r\n", STR_ARG(line));
    }
}

/* ---- on its way ---- */

static void work(struct files_job *list)
{
    for (; list; list = list->next) {
        struct letter *l = (struct letter *)list;
        l->why = http_mail_send(&l->ep, &l->mail, buf_str(&l->body));
    }
}

static void letter_free(struct letter *l)
{
    buf_free(&l->body);
    buf_forget(&l->password);
    arena_free(&l->arena);
    free(l);
}

static void on_sent(void *arg, struct files_job *job)
{
    struct mail *m = arg;
    const char *why = ((struct letter *)job)->why;
    m->letter = NULL;
    letter_free((struct letter *)job);
    if (!m->is_closing) {
        m->teller->done(m->teller, why);
    }
}

static void mail_open(struct teller *t)
{
    static const struct files_worker_ops ops = {.work = work, .done = on_sent};
    struct mail *m = X_NEW(struct mail);
    m->teller = t;
    m->worker = files_worker_new(t->loop, &ops, m);
    t->state = m;
}

/* All that the thread reads is the letter's own: the configuration may be another one meanwhile. */
static void address(struct letter *l, const struct mail_conf *c)
{
    struct arena *a = &l->arena;
    struct str *to = ARENA_ARRAY(a, struct str, c->to.n + 1);
    for (size_t i = 0; i < c->to.n; i++) {
        to[i] = str_dup(a, c->to.v[i]);
    }
    l->mail = (struct http_mail){.url = str_dup(a, c->server).p,
                                 .from = str_dup(a, c->from).p,
                                 .to = to,
                                 .nto = c->to.n,
                                 .user = c->user.n ? str_dup(a, c->user).p : NULL,
                                 .password = l->password.p,
                                 .in_the_clear = c->encryption == MAIL_IN_THE_CLEAR,
                                 .tls = c->tls ? tls_out_copy(a, c->tls) : NULL,
                                 .within_ms = c->within_ms,
                                 .is_given_up = &l->is_given_up};
}

static void mail_tell(struct teller *t, const struct notice *n)
{
    const struct mail_conf *c = t->conf;
    struct mail *m = t->state;
    struct letter *l = X_NEW(struct letter);
    const char *why = c->user.n && secret_read(&c->password, &l->password)
                          ? "the secret of password cannot be read"
                      : m->worker ? NULL
                                  : "there is no thread to be had";
    if (why) {
        letter_free(l);
        t->done(t, why);
        return;
    }
    buf_putc(&l->password, 0);
    address(l, c);
    log_init(&l->log, t->log->level, t->log->clock, t->log->sink, t->log->sink_arg);
    l->ep = (struct endpoint){.name = str_of(t->name), .clock = t->clock, .log = &l->log};
    mail_compose(&l->body, c, n, clock_wall_us(t->clock));
    m->letter = l;
    files_worker_add(m->worker, &l->job);
}

/* Waits for the thread, which looks up about once a second. */
static void mail_close(struct teller *t)
{
    struct mail *m = t->state;
    m->is_closing = true;
    if (m->letter) {
        atomic_store(&m->letter->is_given_up, true);
    }
    files_worker_free(&m->worker);
    free(m);
    t->state = NULL;
}

/* ---- what the table cannot say ---- */

/* One @ with something on both sides, and nothing that could end a line or a command. */
static bool is_address(struct str s)
{
    ptrdiff_t at = str_index(s, '@');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("<>,;:\"()\\", s.p[i])) {
            return false;
        }
    }
    return at > 0 && (size_t)at + 1 < s.n && s.n <= 254 &&
           str_index(str_slice(s, (size_t)at + 1, s.n), '@') < 0;
}

static bool is_server(struct str s)
{
    struct opt_hostport to;
    bool has_scheme = str_starts(s, STR("smtp://")) || str_starts(s, STR("smtps://"));
    ptrdiff_t at = str_find(s, STR("://"));
    struct str host = str_slice(s, at < 0 ? s.n : (size_t)at + 3, s.n);
    return has_scheme && opt_read_hostport(host, &to) && to.port > 0;
}

struct mail_check {
    const struct yaml_node *map;
    struct diags *d;
};

static void fault(const struct mail_check *k, const char *key, const char *found,
                  const char *expected)
{
    const struct yaml_node *at = yaml_get(k->map, key);
    diag_add(k->d, DIAG_ERROR, "option-type", at ? at->pos : k->map->pos, "`%s` %s; expected %s",
             key, found, expected);
}

static void check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct mail_conf *c = conf;
    const struct mail_check k = {map, d};
    if (!is_server(c->server)) {
        fault(&k, "server", "is no mail server", "smtp://HOST:PORT or smtps://HOST:PORT");
    }
    if (!is_address(c->from)) {
        fault(&k, "from", "is no address", "one as corridor@example.org");
    }
    if (c->to.n == 0 || c->to.n > RECIPIENTS_MAX) {
        fault(&k, "to", c->to.n ? "has more than 50 addresses" : "has no address", "1 to 50");
    }
    for (size_t i = 0; i < c->to.n; i++) {
        if (!is_address(c->to.v[i])) {
            fault(&k, "to", "holds what is no address", "one as it@example.org");
        }
    }
    if ((c->user.n > 0) != (c->password.from != OPT_SECRET_NONE)) {
        fault(&k, c->user.n ? "user" : "password", "stands alone", "both `user` and `password`");
    }
    if (c->tls) {
        tls_out_check(c->tls, yaml_get(map, "tls"), d);
    }
    bool is_open = c->encryption == MAIL_IN_THE_CLEAR && !str_starts(c->server, STR("smtps://"));
    if (c->user.n && is_open) {
        fault(&k, "encryption", "is off, and the password would travel in the clear",
              "`encryption: wanted`, or no user");
    }
}

static const struct tell_ops ops = {.open = mail_open, .tell = mail_tell, .close = mail_close};

const struct adapter mail_adapter = {
    .name = "mail", .summary = "Mail over SMTP", .tell = &ops, .tell_check = check};
