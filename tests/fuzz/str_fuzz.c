/* Fuzz target: cutting, trimming, finding and number reading of struct str keep their promises. */
#include "engine/base/arena.h"
#include "engine/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The parts and the separators between them are the whole, and no part holds a separator. */
static void check_split(struct str whole, char sep)
{
    struct str rest = whole, part;
    size_t bytes = 0, parts = 0;
    while (str_split(&rest, sep, &part)) {
        must(str_index(part, sep) < 0);
        bytes += part.n;
        parts++;
    }
    must(bytes + parts - 1 == whole.n);
}

/* What is read as a number prints as the same digits, but for leading zeros. */
static void check_number(struct str s)
{
    int64_t v = 0;
    char text[32];
    if (!str_to_i64(s, &v)) {
        return;
    }
    int n = snprintf(text, sizeof(text), "%" PRId64, v);
    struct str digits = str_from(text, (size_t)n);
    must(str_ends(s, v < 0 ? str_slice(digits, 1, digits.n) : digits));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_from((const char *)data, size);
    size_t half = size / 2;
    struct str a = str_slice(s, 0, half), b = str_slice(s, half, size);
    struct arena arena = {0};
    must(a.n + b.n == size);
    check_split(s, size ? s.p[0] : '|');
    check_number(s);
    must(str_eq(str_dup(&arena, s), s));
    must(str_trim(s).n <= size);
    must(str_find(s, b) >= 0 && str_find(s, b) <= (ptrdiff_t)half);
    must(str_cmp(a, b) == 0 ? str_eq(a, b) : (str_cmp(a, b) > 0) != (str_cmp(b, a) > 0));
    must(str_distance(a, b) == str_distance(b, a));
    arena_free(&arena);
    return 0;
}
