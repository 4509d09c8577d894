#include "engine/base/hash.h"

#include <criterion/criterion.h>

Test(hash, keyed_gives_the_published_values)
{
    static const struct {
        size_t n;
        uint64_t want;
    } rows[] = {{0, 0x726fdb47dd0e0e31u},
                {1, 0x74f839c593dc67fdu},
                {7, 0xab0200f58b01d137u},
                {8, 0x93f5f5799a932462u},
                {15, 0xa129ca6149be45e5u}};
    uint8_t key[16];
    char in[16];
    for (int i = 0; i < 16; i++) {
        key[i] = (uint8_t)i;
        in[i] = (char)i;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(hash_keyed(key, str_from(in, rows[i].n)), rows[i].want, "%zu bytes",
                     rows[i].n);
    }
}

Test(hash, fast_hash_is_the_one_written_to_disk)
{
    cr_expect_eq(hash64(NULL, 0, 0), 0x2d06800538d394c2u);
    cr_expect_neq(hash64("a", 1, 0), hash64("a", 1, 1));
    cr_expect_neq(hash64("a", 1, 0), hash64("b", 1, 0));
}
