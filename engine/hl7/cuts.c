#include "engine/hl7/cuts.h"

#include "engine/hl7/wide.h"

struct str cuts_off(const struct hl7_delims *d, struct str *rest, char c)
{
    const char *end = rest->p + rest->n;
    const char *hit = hl7_find(d, rest->p, end, c);
    struct str part = str_from(rest->p, (size_t)((hit ? hit : end) - rest->p));
    *rest = hit ? str_from(hit + 1, (size_t)(end - hit) - 1) : str_from(NULL, 0);
    return part;
}

struct str cuts_nth_slowly(const struct hl7_delims *d, struct str s, char c, uint32_t n)
{
    struct str part = {NULL, 0};
    while (n && s.p) {
        part = cuts_off(d, &s, c);
        n--;
    }
    return n ? str_from(NULL, 0) : part;
}
