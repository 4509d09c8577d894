#include "engine/base/sha256.h"
#include "engine/base/rng.h"
#include "engine/base/sha256_priv.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void hex(struct str s, size_t cut, char out[65])
{
    struct sha256 h;
    uint8_t sum[SHA256_SIZE];
    sha256_begin(&h);
    for (size_t at = 0; at < s.n; at += cut) {
        sha256_add(&h, s.p + at, s.n - at < cut ? s.n - at : cut);
    }
    sha256_end(&h, sum);
    for (unsigned i = 0; i < SHA256_SIZE; i++) {
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
    }
}

/* FIPS 180-4 examples and the edges of the padding. */
Test(sha256, gives_the_published_sums_however_the_bytes_are_cut)
{
    static char million[1000000];
    memset(million, 'a', sizeof(million));
    const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {{million, sizeof(million)},
         "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
        {{million, 55}, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {{million, 64}, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const size_t cuts[] = {1, 7, 63, 64, 65, 2000000};
        for (size_t c = 0; c < 6; c++) {
            char got[65] = "";
            hex(rows[i].in, cuts[c], got);
            cr_expect_str_eq(got, rows[i].want, "row %zu cut %zu: %s", i, cuts[c], got);
        }
    }
}

/* The sums above are of the faster way where the processor has it. */
Test(sha256, both_ways_take_a_block_alike)
{
    sha256_fn fast = sha256_x86();
    struct rng_seeded seed = {7};
    struct rng r = rng_of_seeded(&seed);
    for (unsigned round = 0; fast && round < 1000; round++) {
        uint32_t state[24], key[64], h[8], g[8];
        uint8_t block[64];
        rng_fill(&r, state, sizeof(state));
        rng_fill(&r, key, sizeof(key));
        rng_fill(&r, block, sizeof(block));
        memcpy(h, state, sizeof(h));
        memcpy(g, state, sizeof(g));
        fast(h, block, key);
        sha256_portable(g, block, key);
        cr_assert(memcmp(h, g, sizeof(h)) == 0, "round %u", round);
    }
}
