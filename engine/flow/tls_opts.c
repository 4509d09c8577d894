/* Options of TLS: the tables, and what a table cannot say. */
#include "engine/flow/tls.h"

/* clang-format off */
const struct opt tls_in_opts[] = {
    OPT(tls_in_conf, cert, "cert", PATH, NULL, NULL, OPT_REQUIRED | OPT_RELOAD,
        "PEM file with the certificate and those of the authorities between it and the root, in this order."),
    OPT(tls_in_conf, key, "key", SECRET, NULL, "path", OPT_REQUIRED | OPT_RELOAD,
        "PEM file with the certificate's private key, without a passphrase: a path, file:PATH or credential:NAME."),
    OPT(tls_in_conf, client_ca, "client-ca", PATH, NULL, NULL, OPT_RELOAD,
        "PEM file of the authorities that may sign a client's certificate; with it a client without one is refused."),
    OPT(tls_in_conf, crl, "crl", PATH, NULL, NULL, OPT_RELOAD,
        "PEM file of the certificates those authorities have revoked, a list of each authority; past its next update all are refused."),
    OPT(tls_in_conf, names, "names", LIST, NULL, NULL, OPT_RELOAD,
        "Who of them may connect: a DNS name, address, mail or URI of the certificate's alternative names, or of its subject CN=..., or all of it as RFC 2253 writes it."),
    OPT(tls_in_conf, min_version, "min-version", ENUM, "1.2", "1.2|1.3", OPT_RELOAD, "Oldest version of TLS that is spoken."),
    OPT(tls_in_conf, handshake_within, "handshake-within", MS, "10s", "100ms..5m", OPT_RELOAD,
        "Close a connection whose handshake takes longer."),
    {0},
};

#define OUT_OPTS \
    OPT(tls_out_conf, ca, "ca", PATH, NULL, NULL, OPT_RELOAD, \
        "PEM file of the authorities that may sign the server's certificate; without it those of the system."), \
    OPT(tls_out_conf, crl, "crl", PATH, NULL, NULL, OPT_RELOAD, \
        "PEM file of the certificates those authorities have revoked, a list of each authority; past its next update all are refused."), \
    OPT(tls_out_conf, cert, "cert", PATH, NULL, NULL, OPT_RELOAD, \
        "PEM file with a certificate of our own, for servers that ask for one, and those of the authorities up to the root."), \
    OPT(tls_out_conf, key, "key", SECRET, NULL, "path", OPT_RELOAD, \
        "PEM file with its private key, without a passphrase: a path, file:PATH or credential:NAME."), \
    OPT(tls_out_conf, min_version, "min-version", ENUM, "1.2", "1.2|1.3", OPT_RELOAD, "Oldest version of TLS that is spoken.")

const struct opt tls_out_opts[] = {
    OUT_OPTS,
    OPT(tls_out_conf, server_name, "server-name", STR, NULL, "1..255", OPT_RELOAD,
        "Name that the server's certificate must bear, if it is not the host's."),
    {0},
};
const struct opt tls_url_opts[] = {OUT_OPTS, {0}};
/* clang-format on */

static void fault(struct diags *d, const struct yaml_node *map, const char *key, const char *text,
                  const char *hint)
{
    const struct yaml_node *at = yaml_get(map, key);
    struct diag *one = diag_add(d, DIAG_ERROR, "tls", at ? at->pos : map->pos, "%s", text);
    if (hint) {
        diag_hint(d, one, "%s", hint);
    }
}

static void check_key(const struct opt_secret *key, const struct yaml_node *map, struct diags *d)
{
    if (key->from == OPT_SECRET_ENV) {
        fault(d, map, "key", "`key` is env:; expected a path, file:PATH or credential:NAME",
              "what stands in the environment is inherited by every child");
    }
}

void tls_in_check(const struct tls_in_conf *c, const struct yaml_node *map, struct diags *d)
{
    check_key(&c->key, map, d);
    if (!c->client_ca.n && c->crl.n) {
        fault(d, map, "crl", "`crl` without `client-ca`: no client is asked for a certificate",
              "name the authorities that sign the clients' certificates: client-ca: FILE");
    }
    if (!c->client_ca.n && c->names.n) {
        fault(d, map, "names", "`names` without `client-ca`: no client is asked for a certificate",
              "name the authorities that sign the clients' certificates: client-ca: FILE");
    }
    for (size_t i = 0; i < c->names.n; i++) {
        if (!c->names.v[i].n) {
            fault(d, map, "names",
                  "`names` holds an empty text; expected a name such as "
                  "epic.example.org or CN=epic",
                  NULL);
        }
    }
}

void tls_out_check(const struct tls_out_conf *c, const struct yaml_node *map, struct diags *d)
{
    check_key(&c->key, map, d);
    if (c->cert.n && c->key.from == OPT_SECRET_NONE) {
        fault(d, map, "cert", "`cert` without `key`; expected both or none", NULL);
    }
    if (!c->cert.n && c->key.from != OPT_SECRET_NONE) {
        fault(d, map, "key", "`key` without `cert`; expected both or none", NULL);
    }
}

const struct tls_out_conf *tls_out_copy(struct arena *a, const struct tls_out_conf *c)
{
    struct tls_out_conf *own = ARENA_NEW(a, struct tls_out_conf);
    *own = *c;
    struct str *const texts[] = {&own->ca, &own->crl, &own->cert, &own->key.name,
                                 &own->server_name};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        *texts[i] = texts[i]->n ? str_dup(a, *texts[i]) : STR("");
    }
    return own;
}
