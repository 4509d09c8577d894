/* tls_kit.h - the certificates of tests/support/certificates, made once for all tests of a program. */
#ifndef CORRIDOR_TESTS_TLS_KIT_H
#define CORRIDOR_TESTS_TLS_KIT_H

/* Their directory. */
const char *tls_kit(void);

#endif
