/* Fuzz target: up to the first line feed a pattern, up to the next a substitution, then the subject. It
 * ends soon (libFuzzer's -timeout), and what matches as a whole is found, and replaced by itself stays. */
#include "engine/base/regex.h"
#include "engine/base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT_MAX = 1 << 16 };

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check(struct arena *a, const struct regex *re, struct str subject,
                  struct str substitution)
{
    struct arena scratch = {0};
    struct str out = {0}, same = {0};
    enum regex_answer found = regex_match(re, subject, false, &scratch);
    enum regex_answer whole = regex_match(re, subject, true, &scratch);
    must(scratch.total == 0);
    must(found == regex_match(re, subject, false, &scratch));
    must(utf8_valid_to(subject) == subject.n || (found == REGEX_NO && whole == REGEX_NO));
    enum regex_answer replaced = regex_replace(re, subject, substitution, a, OUT_MAX, &out);
    must(replaced != REGEX_YES || (out.n <= OUT_MAX && utf8_valid_to(out) == out.n));
    must(replaced != REGEX_YES || found != REGEX_NO);
    if (regex_replace(re, subject, STR("$0"), a, OUT_MAX, &same) != REGEX_LIMIT) {
        must(str_eq(same, subject));
    }
    arena_free(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct regex *re = NULL;
    struct str rest = str_from((const char *)data, size), pattern = {0}, substitution = {0};
    size_t at = SIZE_MAX;
    const char *why = NULL;
    (void)str_split(&rest, '\n', &pattern); /* what is missing stays empty */
    (void)str_split(&rest, '\n', &substitution);
    if (regex_compile(&a, pattern, &re, &at, &why) == 0) {
        check(&a, re, rest, substitution);
    } else {
        must(!re && at <= pattern.n && why && *why);
    }
    arena_free(&a);
    return 0;
}
