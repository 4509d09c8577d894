#include "adapters/mail.h"

#include "adapters/tell.h"
#include "engine/base/clock.h"
#include "engine/flow/secret.h"

enum { RECIPIENTS_MAX = 50 };

static const char *verdict(const struct http_answer *a)
{
    (void)a; /* the library has said it */
    return NULL;
}

static void mail_open(struct teller *t)
{
    t->state = tell_new(t, verdict);
}

static void put_date(struct buf *out, int64_t wall_us)
{
    char date[CLOCK_NET_SIZE];
    clock_net(wall_us, date);
    buf_printf(out, "Date: %s +0000\r\n", date);
}

void mail_compose(struct buf *out, const struct mail_conf *c, const struct notice *n,
                  int64_t wall_us)
{
    buf_printf(out, "From: <%.*s>\r\nTo: ", STR_ARG(c->from));
    for (size_t i = 0; i < c->to.n; i++) {
        buf_printf(out, "%s<%.*s>", i ? ",\r\n " : "", STR_ARG(c->to.v[i]));
    }
    buf_printf(out, "\r\nSubject: %.*s\r\n", STR_ARG(n->subject));
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

static void mail_tell(struct teller *t, const struct notice *n)
{
    const struct mail_conf *c = t->conf;
    struct buf body = {0}, password = {0};
    const char *why = c->user.n ? secret_read(&c->password, &password) : NULL;
    buf_putc(&password, 0);
    if (why) {
        tell_fail(t->state, "the secret of password cannot be read");
    } else {
        struct http_mail mail = {.from = c->from.p,
                                 .to = c->to.v,
                                 .nto = c->to.n,
                                 .user = c->user.n ? c->user.p : NULL,
                                 .password = password.p,
                                 .in_the_clear = c->encryption == MAIL_IN_THE_CLEAR};
        struct http_target to = {.url = c->server.p, .mail = &mail, .tls = c->tls};
        mail_compose(&body, c, n, clock_wall_us(t->clock));
        tell_send(t->state, &to, buf_str(&body), NULL, c->within_ms);
    }
    buf_free(&body);
    buf_forget(&password);
}

static void mail_close(struct teller *t)
{
    struct tell *state = t->state;
    tell_free(&state);
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
