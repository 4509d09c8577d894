#include "engine/base/uuid.h"

#include <string.h>

void uuid_urn(const uint8_t hash[SHA256_SIZE], char out[UUID_URN_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    static const char before[] = "urn:uuid:";
    enum { BYTES = 16, BEFORE = sizeof(before) - 1 };
    uint8_t h[BYTES];
    char *to = out + BEFORE;
    memcpy(h, hash, BYTES);
    h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
    h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
    memcpy(out, before, BEFORE);
    for (unsigned i = 0; i < BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *to++ = '-';
        }
        *to++ = hex[h[i] >> 4];
        *to++ = hex[h[i] & 15];
    }
    *to = '\0';
}
