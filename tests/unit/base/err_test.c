#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <string.h>

Test(err, every_code_has_a_phrase_of_its_own)
{
    static const int codes[] = {ERR_NONE, ERR_SYNTAX, ERR_LIMIT, ERR_NOT_FOUND, ERR_IO,
                                ERR_TYPE, ERR_STATE,  ERR_SPACE, ERR_DAMAGE,    ERR_USAGE};
    enum { N = sizeof(codes) / sizeof(codes[0]) };
    for (int i = 0; i < N; i++) {
        cr_expect(codes[i] == -i, "codes are stable");
        cr_expect(strcmp(err_text(codes[i]), "unknown error") != 0, "%d", codes[i]);
        for (int k = 0; k < i; k++) {
            cr_expect_str_neq(err_text(codes[i]), err_text(codes[k]));
        }
    }
    cr_expect_str_eq(err_text(1), "unknown error");
    cr_expect_str_eq(err_text(-9999), "unknown error");
}
