#include "engine/base/uuid.h"

#include <criterion/criterion.h>

/* RFC 9562 appendix B.2: SHA-256 of the namespace of DNS and a name. */
Test(uuid, is_that_of_the_standards_example)
{
    static const uint8_t dns[] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                  0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};
    struct str name = STR("www.example.com");
    struct sha256 sha;
    uint8_t hash[SHA256_SIZE];
    char urn[UUID_URN_SIZE];
    sha256_begin(&sha);
    sha256_add(&sha, dns, sizeof(dns));
    sha256_add(&sha, name.p, name.n);
    sha256_end(&sha, hash);
    uuid_urn(hash, urn);
    cr_expect_str_eq(urn, "urn:uuid:5c146b14-3c52-8afd-938a-375d0df1fbf6");
}
