/* tls.h - TLS 1.2 and 1.3 on a socket that does not block, for listeners and clients: what their option tables
 * say, certificates and keys as loaded (a context), and one session on a socket. Beside jws.h the only user of OpenSSL.
 *
 * Current practice: ECDHE and AEAD only, no compression, no renegotiation, no session tickets or resumption (every
 * connection is judged anew, so that a revoked certificate does not come back with an old ticket), no early data.
 * A client always verifies the server's certificate and its name. There is no switch for less.
 * A context is counted and outlives the plan that asked for it. Loop thread, or the one thread of a command.
 * Source: RFC 8446, RFC 5246, RFC 9325 (BCP 195), RFC 5280 (CRLs). */
#ifndef CORRIDOR_FLOW_TLS_H
#define CORRIDOR_FLOW_TLS_H

#include "engine/base/buf.h"
#include "engine/base/opt.h"

#include <sys/types.h>

enum tls_version { TLS_VERSION_1_2, TLS_VERSION_1_3 };

/* tls: under a listener. */
struct tls_in_conf {
    struct str cert;
    struct opt_secret key;
    struct str client_ca, crl;
    struct opt_list names;
    int min_version; /* enum tls_version */
    int64_t handshake_within;
};

/* tls: under a destination. */
struct tls_out_conf {
    struct str ca, crl, cert;
    struct opt_secret key;
    struct str server_name; /* empty: the host it connects to */
    int min_version;        /* enum tls_version */
};

extern const struct opt tls_in_opts[];
/* The second is for who takes the name from a URL. */
extern const struct opt tls_out_opts[], tls_url_opts[];
/* What the tables cannot say, as findings at their places in `map`, the value of tls:. Pure. */
void tls_in_check(const struct tls_in_conf *c, const struct yaml_node *map, struct diags *d);
void tls_out_check(const struct tls_out_conf *c, const struct yaml_node *map, struct diags *d);
/* A copy that lives in `a`. */
const struct tls_out_conf *tls_out_copy(struct arena *a, const struct tls_out_conf *c);

/* ---- contexts ---- */

enum { TLS_WHY_MAX = 512 };

/* Certificates, keys and rules as loaded. */
struct tls_context;

/* Read the files and make a context with one reference; NULL with a sentence in `why` that names the file. */
struct tls_context *tls_context_listen(const struct tls_in_conf *c, char why[TLS_WHY_MAX]);
struct tls_context *tls_context_connect(const struct tls_out_conf *c, char why[TLS_WHY_MAX]);
struct tls_context *tls_context_ref(struct tls_context *x);
void tls_context_unref(struct tls_context **x);
/* When the first of its own certificate and its CRLs ends, in seconds since 1970, and which that is ("certificate",
 * "crl"); INT64_MAX: it has neither. */
int64_t tls_context_until_s(const struct tls_context *x, const char **out_what);
/* Whole days from now_s to until_s; negative when over: -1 within the first day. */
int64_t tls_days_left(int64_t until_s, int64_t now_s);

/* The settings of a client on the SSL_CTX that somebody else made (libcurl), who verifies the server's name
 * himself. 0, or -1 with a sentence. */
int tls_context_dress(void *ssl_ctx, const struct tls_out_conf *c, char why[TLS_WHY_MAX]);

/* A client's context that is loaded again when its files change: no reload is needed. Zeroed: empty. Its settings
 * stay the same in content as long as it is open. */
struct tls_client {
    struct tls_context *x;
    uint64_t stamp; /* of the files */
};
/* The context to use now, borrowed; NULL with a sentence. New files that cannot be used leave the old context in
 * place, with the sentence once. `why` is empty when there is nothing to tell. */
struct tls_context *tls_client_context(struct tls_client *c, const struct tls_out_conf *conf,
                                       char why[TLS_WHY_MAX]);
void tls_client_close(struct tls_client *c);

/* ---- sessions ---- */

/* The first byte of a TLS connection: no protocol of text begins with it. */
enum { TLS_CLIENT_HELLO = 0x16 };
enum { TLS_READ_MIN = 16384 }; /* least room of a read: nothing stays behind in the session */
enum tls_step { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_FAILED };

struct tls;

/* On a connected socket, which stays the caller's. `host`: a client's peer, a name or an address, used where the
 * settings name none; NULL for a listener. */
struct tls *tls_new(struct tls_context *x, int fd, const char *host);
void tls_free(struct tls **t);
/* Go on with the handshake. TLS_FAILED is final: tls_why(). */
enum tls_step tls_handshake(struct tls *t);
/* Why it failed, a sentence part (static) without anything of the peer's. */
const char *tls_why(const struct tls *t);
/* The subject of a peer's certificate that an authority vouches for and that was refused for what it says; "" else.
 * Of the session. */
const char *tls_subject(const struct tls *t);
/* As recv() with room for TLS_READ_MIN at least, and send(): -1 with EAGAIN when it must wait, 0 at the end. A write
 * that had to wait is repeated with the same bytes, or these and more. */
ssize_t tls_read(struct tls *t, void *p, size_t n);
ssize_t tls_write(struct tls *t, const void *p, size_t n);
/* After a read or write that failed: the peer refused us with an alert and has sent nothing else, so that it has taken
 * nothing of ours. In TLS 1.3 a client's certificate is judged when the client is through with its handshake. */
bool tls_was_refused(const struct tls *t);
/* Tell the peer that nothing more comes. What it sends can still be read. */
void tls_end(struct tls *t);

/* ---- certificates by themselves ---- */

/* Days until the certificates (CRLs, where there are some and no certificate) of a PEM text end: of the first, and
 * of the one that lasts longest. How many there are; 0: none could be read. */
unsigned tls_pem_days(struct str pem, int64_t now_s, int64_t *out_first, int64_t *out_longest);
/* Why peers refuse the first certificate of a PEM text, which is our own, though it is whole and not over: "not valid yet";
 * static. NULL: nothing is known against it, or there is none. `is_server`: we listen with it. */
const char *tls_pem_unfit(struct str pem, bool is_server, int64_t now_s);

#endif
