/* Who a peer is, by its certificate: names and subject; and which chain is good enough without a list. */
#include <openssl/x509v3.h>

#include "engine/flow/tls_priv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool is_text(const char *name, const ASN1_STRING *s)
{
    size_t n = (size_t)ASN1_STRING_length(s);
    return strlen(name) == n && strncasecmp(name, (const char *)ASN1_STRING_get0_data(s), n) == 0;
}

static bool is_address(const char *name, const ASN1_OCTET_STRING *s)
{
    ASN1_OCTET_STRING *want = a2i_IPADDRESS(name);
    bool is = want && ASN1_OCTET_STRING_cmp(want, s) == 0;
    ASN1_OCTET_STRING_free(want);
    tls_forget_errors(); /* a name that is no address is one */
    return is;
}

/* What kind of name it is: each is compared with its like alone, so that a mail address or URI, which others may choose more
 * freely, never passes for a host. */
static int kind_of(const char *name)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    tls_forget_errors(); /* a name that is no address is one */
    ASN1_OCTET_STRING_free(address);
    const char *mark = strpbrk(name, "=:@");
    return address        ? GEN_IPADD
           : !mark        ? GEN_DNS
           : *mark == '=' ? GEN_DIRNAME /* of the subject */
           : *mark == ':' ? GEN_URI
                          : GEN_EMAIL;
}

static bool is_alternative(const char *name, int kind, const GENERAL_NAME *g)
{
    if (g->type != kind) {
        return false;
    }
    switch (kind) {
    case GEN_DNS:
        return is_text(name, g->d.dNSName);
    case GEN_EMAIL:
        return is_text(name, g->d.rfc822Name);
    case GEN_URI:
        return is_text(name, g->d.uniformResourceIdentifier);
    case GEN_IPADD:
        return is_address(name, g->d.iPAddress);
    default:
        return false;
    }
}

static bool has_alternative(X509 *cert, const char *name, int kind)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {
        found = is_alternative(name, kind, sk_GENERAL_NAME_value(all, i));
    }
    GENERAL_NAMES_free(all);
    return found;
}

void tls_peer_subject(X509 *cert, char out[TLS_SUBJECT_MAX])
{
    BIO *to = BIO_new(BIO_s_mem());
    char *text = NULL;
    X509_NAME_print_ex(to, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
    long n = BIO_get_mem_data(to, &text);
    snprintf(out, TLS_SUBJECT_MAX, "%.*s", (int)n, text ? text : "");
    BIO_free(to);
}

/* `name` is "CN=..." with the whole common name. */
static bool has_common_name(X509 *cert, const char *name)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = -1;
    if (strncmp(name, "CN=", 3) != 0) {
        return false;
    }
    while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
        const X509_NAME_ENTRY *one = X509_NAME_get_entry(subject, at);
        unsigned char *text = NULL;
        int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(one));
        bool is = n >= 0 && strlen(name + 3) == (size_t)n && memcmp(name + 3, text, (size_t)n) == 0;
        OPENSSL_free(text);
        if (is) {
            return true;
        }
    }
    return false;
}

bool tls_peer_is_named(X509 *cert, const char *subject, char *const *names)
{
    for (char *const *name = names; *name; name++) {
        int kind = kind_of(*name);
        bool is = kind == GEN_DIRNAME ? strcmp(*name, subject) == 0 || has_common_name(cert, *name)
                                      : has_alternative(cert, *name, kind);
        if (is) {
            return true;
        }
    }
    return false;
}

/* An anchor is trusted because its file says so; nobody above it publishes lists that we could have. */
static bool is_anchor_without_list(X509_STORE_CTX *store)
{
    int last = sk_X509_num(X509_STORE_CTX_get0_chain(store)) - 1;
    return X509_STORE_CTX_get_error(store) == X509_V_ERR_UNABLE_TO_GET_CRL &&
           X509_STORE_CTX_get_error_depth(store) == last && last > 0;
}

int tls_peer_on_verify(int ok, X509_STORE_CTX *store)
{
    if (!ok && is_anchor_without_list(store)) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    return ok;
}

bool tls_peer_expect(X509_VERIFY_PARAM *param, const char *name)
{
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool is = X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    tls_forget_errors(); /* a name that is no address is one */
    return is;
}

const char *tls_peer_unfit(struct x509_st *own, bool is_server, int64_t now_s)
{
    time_t now = (time_t)now_s;
    int purpose = is_server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;
    if (X509_cmp_time(X509_get0_notBefore(own), &now) > 0) {
        return "not valid yet";
    }
    if (X509_check_purpose(own, purpose, 0) != 1) {
        return is_server ? "not meant for servers (extended key usage)"
                         : "not meant for clients (extended key usage)";
    }
    return NULL;
}
