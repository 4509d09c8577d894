#include "tests/conformance/http_house.h"

#include "adapters/http.h"

#include <criterion/criterion.h>

void http_begin(struct house *h, struct peer *server, const char *more)
{
    struct buf yaml = {0};
    house_open(h);
    buf_printf(&yaml, "url: http://127.0.0.1:%d/in\n%s", peer_listen(server, h->loop), more);
    buf_putc(&yaml, 0);
    cr_assert_eq(house_destination(h, &http_adapter, yaml.p), 0);
    buf_free(&yaml);
}

void http_expect(struct house *h, struct delivery *d, enum verdict v, const char *reason)
{
    cr_assert(house_is_done(h, d), "no outcome; wanted %s", reason);
    cr_expect_eq(d->last.verdict, v, "verdict %d (%s), wanted %d", d->last.verdict, d->last.reason,
                 v);
    cr_expect_str_eq(d->last.reason, reason);
}
