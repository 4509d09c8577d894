/* A client's context, loaded again when its files change. */
#include "engine/flow/tls.h"

#include "engine/base/hash.h"

#include <sys/stat.h>

static uint64_t add_stamp(uint64_t stamp, struct str path)
{
    struct stat st = {0};
    if (path.n && stat(path.p, &st) == 0) {
        const int64_t v[] = {(int64_t)st.st_ino, (int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
                             (int64_t)st.st_mtim.tv_nsec};
        stamp = hash64_str(str_from((const char *)v, sizeof v), stamp);
    }
    return stamp + 1;
}

static uint64_t stamp_of(const struct tls_out_conf *c)
{
    struct str key = c->key.from == OPT_SECRET_FILE ? c->key.name : STR("");
    return add_stamp(add_stamp(add_stamp(add_stamp(0, c->ca), c->crl), c->cert), key);
}

struct tls_context *tls_client_context(struct tls_client *c, const struct tls_out_conf *conf,
                                       char why[TLS_WHY_MAX])
{
    uint64_t stamp = stamp_of(conf);
    why[0] = 0;
    if (c->x && c->stamp == stamp) {
        return c->x;
    }
    struct tls_context *x = tls_context_connect(conf, why);
    if (x) {
        tls_context_unref(&c->x);
        c->x = x;
    }
    c->stamp = stamp;
    return c->x;
}

void tls_client_close(struct tls_client *c)
{
    tls_context_unref(&c->x);
    *c = (struct tls_client){0};
}
