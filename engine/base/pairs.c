#include "engine/base/pairs.h"

void pairs_put(struct buf *out, struct str name, struct str value)
{
    buf_put_str(out, name);
    buf_putc(out, '\0');
    buf_put_str(out, value);
    buf_putc(out, '\0');
}

static bool take(struct str *rest, struct str *out)
{
    ptrdiff_t at = str_index(*rest, '\0');
    if (at < 0) {
        return false;
    }
    *out = str_slice(*rest, 0, (size_t)at);
    *rest = str_slice(*rest, (size_t)at + 1, rest->n);
    return true;
}

bool pairs_next(struct str *rest, struct str *out_name, struct str *out_value)
{
    return take(rest, out_name) && take(rest, out_value);
}

struct str pairs_get(struct str pairs, const char *name)
{
    struct str one, value;
    while (pairs_next(&pairs, &one, &value)) {
        if (str_is(one, name)) {
            return value;
        }
    }
    return (struct str){0};
}
