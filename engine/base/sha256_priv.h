/* sha256_priv.h - the two ways to take one block into a sum: as any machine can, and with x86's own instructions. */
#ifndef CORRIDOR_BASE_SHA256_PRIV_H
#define CORRIDOR_BASE_SHA256_PRIV_H

#include <stdint.h>

/* The 64 bytes at `block` into `h`; `key` are the round constants. */
typedef void (*sha256_fn)(uint32_t h[8], const uint8_t *block, const uint32_t key[64]);

void sha256_portable(uint32_t h[8], const uint8_t *block, const uint32_t key[64]);
/* NULL where the processor has none. */
sha256_fn sha256_x86(void);

#endif
