#include "engine/base/charset.h"
#include "engine/base/utf8.h"

#include <stdlib.h>

/* The first byte chooses the set. What is decoded is UTF-8, and encodes again; masks count right. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct str utf8, back;
    size_t bad, seen = 0;
    if (n == 0) {
        return 0;
    }
    enum charset c = (enum charset)(data[0] % CHARSET_COUNT);
    struct str bytes = str_from((const char *)data + 1, n - 1);
    uint64_t *mask = calloc(charset_mask_words(bytes.n) + 1, sizeof(*mask));
    size_t set = charset_mask_trail(c, bytes, mask);
    for (size_t i = 0; i < charset_mask_words(bytes.n); i++) {
        seen += (size_t)__builtin_popcountll(mask[i]);
    }
    if (seen != set || mask[charset_mask_words(bytes.n)]) {
        abort();
    }
    if (charset_decode(&a, c, bytes, &utf8, &bad) || utf8_valid_to(utf8) != utf8.n) {
        abort();
    }
    if (charset_encode(&a, c, utf8, &back, &bad) || charset_encode(&a, c, bytes, &back, &bad)) {
        abort();
    }
    free(mask);
    arena_free(&a);
    return 0;
}
