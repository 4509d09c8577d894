/* uuid.h - a UUID made of a hash, as an URN: the same for the same bytes. Pure.
 * Source: RFC 9562 section 5.8 (version 8: the version and the variant stand over a hash). */
#ifndef CORRIDOR_BASE_UUID_H
#define CORRIDOR_BASE_UUID_H

#include "engine/base/sha256.h"

enum { UUID_URN_SIZE = 46 }; /* "urn:uuid:", 36 characters and a NUL */

/* Of the first 16 bytes of `hash`. */
void uuid_urn(const uint8_t hash[SHA256_SIZE], char out[UUID_URN_SIZE]);

#endif
