#include "engine/base/uuid.h"

#include <endian.h>
#include <string.h>

/* Four bytes as eight hexadecimal digits, all at once. */
static void put_hex(char to[8], const uint8_t from[4])
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint32_t word;
    memcpy(&word, from, sizeof(word));
    uint64_t x = le32toh(word);
    x = (x | x << 16) & UINT64_C(0x0000ffff0000ffff);
    x = (x | x << 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x >> 4 & UINT64_C(0x000f000f000f000f)) | (x & UINT64_C(0x000f000f000f000f)) << 8;
    uint64_t is_letter = (x + ones * 6) >> 4 & ones; /* of 10 and above */
    x = htole64(x + ones * '0' + is_letter * ('a' - '9' - 1));
    memcpy(to, &x, sizeof(x));
}

void uuid_urn(const uint8_t hash[SHA256_SIZE], char out[UUID_URN_SIZE])
{
    static const char before[] = "urn:uuid:";
    enum { BYTES = 16, BEFORE = sizeof(before) - 1 };
    uint8_t h[BYTES];
    char hex[2 * BYTES], *to = out + BEFORE;
    memcpy(h, hash, BYTES);
    h[6] = (uint8_t)((h[6] & 0x0f) | 0x80);
    h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < BYTES; i += 4) {
        put_hex(hex + 2 * i, h + i);
    }
    memcpy(out, before, BEFORE);
    memcpy(to, hex, 8);
    memcpy(to + 9, hex + 8, 4);
    memcpy(to + 14, hex + 12, 4);
    memcpy(to + 19, hex + 16, 4);
    memcpy(to + 24, hex + 20, 12);
    to[8] = to[13] = to[18] = to[23] = '-';
    to[36] = '\0';
}
