/* Why a certificate or a handshake was refused, in words: OpenSSL's codes by table, and its queue of errors. */
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include "engine/flow/tls_priv.h"

static const char *certificate_reason(bool is_server, long code)
{
    static const struct {
        long code;
        const char *of_client, *of_server;
    } rows[] = {
#define BOTH(code, text) {code, "the client's certificate " text, "the server's certificate " text}
        BOTH(X509_V_ERR_CERT_HAS_EXPIRED, "has expired"),
        BOTH(X509_V_ERR_CERT_NOT_YET_VALID, "is not valid yet"),
        BOTH(X509_V_ERR_CERT_REVOKED, "is revoked"),
        BOTH(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "is signed by nobody but itself"),
        BOTH(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "is signed by an authority that is not trusted"),
        BOTH(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
             "is signed by an authority that is not trusted"),
        BOTH(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "is signed by an authority that is not trusted"),
        BOTH(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
             "is signed by an authority that is not trusted"),
        BOTH(X509_V_ERR_CERT_SIGNATURE_FAILURE, "has a signature that is wrong"),
        BOTH(X509_V_ERR_UNABLE_TO_GET_CRL, "is of an authority without a list in crl"),
        BOTH(X509_V_ERR_CRL_HAS_EXPIRED,
             "cannot be judged: the list in crl is past its next update"),
        BOTH(X509_V_ERR_CRL_NOT_YET_VALID, "cannot be judged: the list in crl is not valid yet"),
        BOTH(X509_V_ERR_HOSTNAME_MISMATCH, "is for another name"),
        BOTH(X509_V_ERR_IP_ADDRESS_MISMATCH, "is for another address"),
        BOTH(X509_V_ERR_APPLICATION_VERIFICATION, "is of a subject that is not in names"),
        BOTH(X509_V_ERR_EE_KEY_TOO_SMALL, "has a key that is too weak"),
        BOTH(X509_V_ERR_CA_KEY_TOO_SMALL, "is signed with a key that is too weak"),
        BOTH(X509_V_ERR_CA_MD_TOO_WEAK, "is signed with a hash that is too weak"),
        BOTH(X509_V_ERR_INVALID_PURPOSE, "is not meant for this use (extended key usage)"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == code) {
            return is_server ? rows[i].of_client : rows[i].of_server;
        }
    }
    return X509_verify_cert_error_string(code);
}

const char *tls_protocol_reason(int reason)
{
    static const struct {
        int reason;
        const char *text;
    } rows[] = {
        {SSL_R_UNSUPPORTED_PROTOCOL, "the peer speaks no version of TLS that is allowed"},
        {SSL_R_UNKNOWN_PROTOCOL, "the peer speaks no version of TLS that is allowed"},
        {SSL_R_VERSION_TOO_LOW, "the peer speaks no version of TLS that is allowed"},
        {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer wants another version of TLS"},
        {SSL_R_NO_SHARED_CIPHER, "the peer offers no cipher suite that is allowed"},
        {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "the peer offers no signature that is allowed"},
        {SSL_R_NO_SHARED_GROUPS, "the peer offers no key exchange that is allowed"},
        {SSL_R_NO_SUITABLE_KEY_SHARE, "the peer offers no key exchange that is allowed"},
        {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client showed no certificate"},
        {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS"},
        {SSL_R_HTTP_REQUEST, "the peer does not speak TLS"},
        {SSL_R_UNEXPECTED_EOF_WHILE_READING, "the peer hung up during the handshake"},
        {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer refused: handshake failure"},
        {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer does not trust our certificate's authority"},
        {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer refused our certificate"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer refused our certificate"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer says that our certificate has expired"},
        {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "the peer says that our certificate is revoked"},
        {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the peer wants a certificate of ours"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].reason == reason) {
            return rows[i].text;
        }
    }
    return NULL;
}

const char *tls_handshake_reason(bool is_server, long verdict, bool is_cut)
{
    unsigned long last = ERR_peek_last_error();
    const char *text =
        ERR_GET_LIB(last) == ERR_LIB_SSL ? tls_protocol_reason(ERR_GET_REASON(last)) : NULL;
    if (ERR_GET_REASON(last) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        return certificate_reason(is_server, verdict);
    }
    if (text || is_cut) {
        return text ? text : "the peer hung up during the handshake";
    }
    text = ERR_reason_error_string(last);
    return text ? text : "the TLS handshake failed";
}

int tls_last_reason(void)
{
    return ERR_GET_REASON(ERR_peek_last_error());
}

void tls_forget_errors(void)
{
    ERR_clear_error();
}
