#include "adapters/http_client.h"

#include "adapters/http_intake.h"
#include "adapters/http_watch.h"
#include "adapters/net_guard.h"
#include "engine/base/mem.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* libcurl must never end a call by its own clock: the caller counts. */
#define CONNECT_MAX_MS (24 * 3600 * 1000L)
#define PROBE_S        60L   /* a kept connection is probed after so long */
#define KEPT_MAX       1000L /* connections; `parallel` is at most as much */

struct http_client {
    struct endpoint *ep;
    struct http_events on;
    CURLM *multi;
    struct http_watch watch;
    CURL *model;        /* what is the same in all requests */
    struct arena arena; /* of `tls` */
    const struct tls_out_conf *tls;
    const struct net_guard *guard;
    struct http_call *spare;
    const char *url, *method; /* in `arena` */
    size_t body_max;
};

struct http_call {
    struct http_call *next; /* spare */
    struct http_client *client;
    CURL *easy;
    void *arg;
    struct curl_slist headers[HTTP_HEADERS_MAX];
    struct http_intake in;
    size_t size; /* of the request's body */
    bool is_connected, is_denied;
    bool is_other; /* its method and address are not the client's */
};

/* No memory, as xmalloc(). */
static void *must(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

/* ---- libcurl and the loop ---- */

static void end_calls(struct http_client *c);

static void on_ready(void *arg, int fd, bool in, bool out)
{
    struct http_client *c = arg;
    int running, what = (in ? CURL_CSELECT_IN : 0) | (out ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(c->multi, fd, what, &running);
    end_calls(c);
}

static void on_time(void *arg)
{
    on_ready(arg, CURL_SOCKET_TIMEOUT, false, false);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *slot)
{
    struct http_client *c = arg;
    bool in = what & CURL_POLL_IN, out = what & CURL_POLL_OUT;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        in = out = false;
    }
    curl_multi_assign(c->multi, fd, http_watch_socket(&c->watch, fd, slot, in, out));
    return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
    struct http_client *c = arg;
    (void)multi;
    http_watch_timer(&c->watch, ms);
    return 0;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *at)
{
    struct http_call *call = arg;
    struct http_client *c = call->client;
    (void)purpose; /* there are only connections */
    if (c->guard && net_guard_denies(c->guard, &at->addr)) {
        call->is_denied = true; /* another address of the name may do */
        return CURL_SOCKET_BAD;
    }
    int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    c->ep->counters.connections_open++;
    return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
    struct http_client *c = arg;
    c->ep->counters.connections_open--;
    return close(fd);
}

/* ---- what comes back ---- */

static size_t take_line(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    return http_intake_line(&call->in, str_from(p, size * n)) ? size * n : 0;
}

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
    struct http_call *call = arg;
    return http_intake_body(&call->in, str_from(p, size * n)) ? size * n : 0;
}

/* Before there is a connection the number is that of the call before. */
static bool is_sent(struct http_call *call)
{
    long n = 0;
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &n);
    return n > 0 && call->is_connected;
}

/* All of the body was given to the kernel. */
static bool is_out(struct http_call *call)
{
    curl_off_t n = 0;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &n);
    return n >= (curl_off_t)call->size;
}

/* There is a connection. libcurl would send a request again where a kept connection died under it; but then
 * it may have arrived, and a repeat is the engine's affair: it says so with its attempt. */
static int before_request(void *arg, char *ip, char *local_ip, int port, int local_port)
{
    struct http_call *call = arg;
    (void)ip, (void)local_ip, (void)port, (void)local_port;
    if (is_sent(call)) {
        return CURL_PREREQFUNC_ABORT;
    }
    call->is_connected = true;
    call->client->on.connected(call->arg);
    return CURL_PREREQFUNC_OK;
}

static const char *reason_of(CURL *easy, CURLcode code)
{
    static const struct {
        CURLcode code;
        const char *text;
    } reasons[] = {
        {CURLE_OK, "the answer was cut short"},
        {CURLE_COULDNT_RESOLVE_HOST, "the host name cannot be resolved"},
        {CURLE_COULDNT_CONNECT, "cannot connect"},
        {CURLE_PEER_FAILED_VERIFICATION, "the server's certificate is not trusted"},
        {CURLE_SSL_CERTPROBLEM, "the files of tls cannot be used"},
        {CURLE_SSL_CONNECT_ERROR, "the TLS handshake failed"},
        {CURLE_GOT_NOTHING, "the peer closed the connection"},
        {CURLE_ABORTED_BY_CALLBACK, "the peer closed the connection"}, /* before_request() */
        {CURLE_UNSUPPORTED_PROTOCOL, "the answer is no HTTP"}, /* HTTP/0.9: no status line */
        {CURLE_WEIRD_SERVER_REPLY, "the answer is no HTTP"},
        {CURLE_OPERATION_TIMEDOUT, "no answer within `within`"}, /* a mail's own clock */
        {CURLE_LOGIN_DENIED, "the server refuses the user or password"},
        {CURLE_USE_SSL_FAILED, "the server offers no TLS"},
        {CURLE_WRITE_ERROR, "the head of the answer is too large"}, /* take_line() */
    };
    long why = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &why);
    if (code == CURLE_COULDNT_CONNECT && why == ECONNREFUSED) {
        return "connection refused";
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].code == code) {
            return reasons[i].text;
        }
    }
    return "the connection was lost";
}

/* ---- ending ---- */

/* Failed attempts are not counted: the outcome tells. */
static void count_connections(struct http_call *call)
{
    long n = 0;
    curl_easy_getinfo(call->easy, CURLINFO_NUM_CONNECTS, &n);
    call->client->ep->counters.connections += call->is_connected ? (uint64_t)n : 0;
}

static void end_call(struct http_call *call, CURLcode code, const char *reason)
{
    struct http_client *c = call->client;
    struct http_intake *in = &call->in;
    struct http_answer a = {.is_sent = is_sent(call)};
    count_connections(call);
    if (in->is_head_done) {
        a.status = in->status;
        a.is_cut = !reason && code != CURLE_OK && !in->is_enough;
        a.is_early = !is_out(call);
        a.is_late = reason != NULL;
        a.is_coded = in->is_coded;
        a.body = buf_str(&in->body);
        a.retry_after = buf_str(&in->retry_after);
        a.etag = buf_str(&in->etag);
    } else {
        bool is_denied = call->is_denied && !call->is_connected;
        a.reason = reason      ? reason
                   : is_denied ? "the host leads to an address that deny names"
                               : reason_of(call->easy, code);
    }
    curl_multi_remove_handle(c->multi, call->easy);
    c->on.done(call->arg, &a);
    http_intake_clear(in);
    call->next = c->spare;
    c->spare = call;
}

static void end_calls(struct http_client *c)
{
    int left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(c->multi, &left))) {
        char *call = NULL;
        CURLcode code = m->data.result; /* the message goes with its handle */
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
        end_call((struct http_call *)(void *)call, code, NULL);
    }
}

void http_client_stop(struct http_call *call, const char *reason)
{
    end_call(call, CURLE_OK, reason);
}

/* ---- beginning ---- */

static void set_limits(CURL *e)
{
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* resolver threads are not waited for */
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MAX_MS);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, PROBE_S);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, PROBE_S / 10);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
}

static void set_target(CURL *e, const struct http_target *t)
{
    curl_easy_setopt(e, CURLOPT_URL, t->url);
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, t->method);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "corridor/" CORRIDOR_VERSION);
}

/* Of a new connection, before its handshake. libcurl verifies the server's name. */
static CURLcode dress(CURL *e, void *ssl_ctx, void *arg)
{
    struct http_client *c = arg;
    char why[TLS_WHY_MAX];
    (void)e;
    if (tls_context_dress(ssl_ctx, c->tls, why) == 0) {
        return CURLE_OK;
    }
    log_event(c->ep->log, LOG_LEVEL_ERROR, "tls", log_str("destination", c->ep->name),
              log_cstr("text", why));
    return CURLE_SSL_CERTPROBLEM;
}

static void set_tls(CURL *e, struct http_client *c)
{
    if (c->tls && c->tls->ca.n) { /* nobody else, and not read twice */
        curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* every connection is judged anew */
    curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, c->tls ? dress : NULL);
    curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, c);
}

/* `sockets` is handed to the one that closes them, when the call that opened them may be over. */
static void set_callbacks(CURL *e, struct http_client *sockets)
{
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, sockets);
}

static struct http_call *new_call(struct http_client *c)
{
    struct http_call *call = X_NEW(struct http_call);
    call->client = c;
    call->easy = must(curl_easy_duphandle(c->model));
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(call->easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
    return call;
}

/* A list of what is the caller's, without copies. */
static struct curl_slist *list_headers(struct http_call *call, const char *const *headers)
{
    struct curl_slist *list = NULL;
    unsigned n = 0;
    while (n < HTTP_HEADERS_MAX && headers[n]) {
        n++;
    }
    while (n-- > 0) {
        call->headers[n] = (struct curl_slist){(char *)(uintptr_t)headers[n], list};
        list = &call->headers[n];
    }
    return list;
}

/* Reads and deletions have no body, and no length of one. */
static void set_place(struct http_call *call, const char *method, const char *url, struct str body)
{
    const struct http_client *c = call->client;
    if (!method && !call->is_other) {
        return;
    }
    call->is_other = method != NULL;
    curl_easy_setopt(call->easy, method && body.n == 0 ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, method ? method : c->method);
    curl_easy_setopt(call->easy, CURLOPT_URL, url ? url : c->url);
}

struct http_call *http_client_send(struct http_client *c, struct str body,
                                   const char *const *headers, void *arg)
{
    return http_client_send_to(c, NULL, NULL, body, headers, arg);
}

struct http_call *http_client_send_to(struct http_client *c, const char *method, const char *url,
                                      struct str body, const char *const *headers, void *arg)
{
    struct http_call *call = c->spare;
    if (call) {
        c->spare = call->next;
    } else {
        call = new_call(c);
    }
    call->arg = arg;
    call->size = body.n;
    call->is_connected = call->is_denied = false;
    call->in.body_max = c->body_max;
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, list_headers(call, headers));
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, body.n ? body.p : "");
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
    set_place(call, method, url, body);
    curl_multi_add_handle(c->multi, call->easy);
    return call;
}

/* ---- life ---- */

struct http_client *http_client_new(struct endpoint *ep, const struct http_target *target,
                                    const struct http_events *on)
{
    struct http_client *c = X_NEW(struct http_client);
    c->ep = ep;
    c->tls = target->tls ? tls_out_copy(&c->arena, target->tls) : NULL;
    c->on = *on;
    c->guard = target->guard;
    c->body_max = target->body_max;
    c->url = str_dup(&c->arena, str_of(target->url)).p;
    c->method = target->method ? str_dup(&c->arena, str_of(target->method)).p : NULL;
    c->watch =
        (struct http_watch){.loop = ep->loop, .on_ready = on_ready, .on_time = on_time, .arg = c};
    http_watch_open(&c->watch);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    c->multi = must(curl_multi_init());
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, KEPT_MAX);
    c->model = must(curl_easy_init());
    set_limits(c->model);
    set_target(c->model, target);
    set_callbacks(c->model, c);
    set_tls(c->model, c);
    return c;
}

void http_client_free(struct http_client **cp)
{
    struct http_client *c = *cp;
    if (!c) {
        return;
    }
    while (c->spare) {
        struct http_call *call = c->spare;
        c->spare = call->next;
        curl_easy_cleanup(call->easy);
        free(call);
    }
    curl_easy_cleanup(c->model);
    curl_multi_cleanup(c->multi);
    http_watch_close(&c->watch);
    curl_global_cleanup();
    arena_free(&c->arena);
    free(c);
    *cp = NULL;
}

/* ---- mail ---- */

struct letter {
    struct str unsent;
    const atomic_bool *is_given_up;
};

static size_t give_body(char *p, size_t size, size_t n, void *arg)
{
    struct letter *l = arg;
    n = size * n < l->unsent.n ? size * n : l->unsent.n;
    memcpy(p, l->unsent.p, n);
    l->unsent = str_slice(l->unsent, n, l->unsent.n);
    return n;
}

/* What the server says; its code tells enough. */
static size_t pass_over(char *p, size_t size, size_t n, void *arg)
{
    (void)p, (void)arg;
    return size * n;
}

/* Asked about once a second, and at everything that happens. */
static int is_given_up(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct letter *l = arg;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(l->is_given_up);
}

static void set_letter(CURL *e, struct letter *l, const struct http_mail *m)
{
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(e, CURLOPT_READDATA, l);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, pass_over);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, pass_over);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, is_given_up);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, l);
    curl_easy_setopt(e, CURLOPT_MAIL_FROM, m->from);
    if (m->user) {
        curl_easy_setopt(e, CURLOPT_USERNAME, m->user);
        curl_easy_setopt(e, CURLOPT_PASSWORD, m->password);
    }
}

/* The second limit is for one answer, and the only one that holds for that to QUIT. */
static void set_mail_limits(CURL *e, const struct http_mail *m)
{
    set_limits(e);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(e, CURLOPT_USE_SSL, m->in_the_clear ? CURLUSESSL_NONE : CURLUSESSL_ALL);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)m->within_ms);
    curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(m->within_ms + 999) / 1000);
}

static const char *mail_reason_of(CURL *easy, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    bool is_said = code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED;
    return status >= 400 && !is_said ? "the server refuses the mail" : reason_of(easy, code);
}

const char *http_mail_send(struct endpoint *ep, const struct http_mail *m, struct str body)
{
    struct http_client c = {.ep = ep, .tls = m->tls}; /* what dress() and set_tls() ask for */
    struct letter letter = {body, m->is_given_up};
    struct curl_slist *to = NULL;
    curl_global_init(
        CURL_GLOBAL_DEFAULT); /* counted: the last client of the loop may go meanwhile */
    CURL *e = must(curl_easy_init());
    for (size_t i = 0; i < m->nto; i++) {
        struct curl_slist *longer = must(curl_slist_append(to, m->to[i].p));
        to = longer;
    }
    curl_easy_setopt(e, CURLOPT_URL, m->url);
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT, to);
    set_mail_limits(e, m);
    set_letter(e, &letter, m);
    set_tls(e, &c);
    CURLcode code = curl_easy_perform(e);
    const char *why = code == CURLE_OK ? NULL : mail_reason_of(e, code);
    curl_easy_cleanup(e);
    curl_slist_free_all(to);
    curl_global_cleanup();
    return why;
}
