/* Fuzz target: any bytes as the body of a request to the admin API, or as a daemon's answer. It is an object or a list, or
 * refused; members of other kinds and unknown ones are named; written again it reads the same. */
#include "engine/base/buf.h"
#include "engine/ops/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct report_row rows[] = {
    {"destination", 't'}, {"outputs", 'l'}, {"limit", 'n'}, {"all", 'b'}, {NULL, 0}};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void ask(const struct report *r)
{
    const char *why = NULL;
    const char *misfit = report_misfit(r, rows, &why);
    must(!misfit == !why);
    (void)report_text(r, "destination");
    (void)report_int(r, "limit");
    (void)report_bool(r, "all");
    const struct report *list = report_get(r, "outputs");
    for (size_t i = 0; i < report_count(list); i++) {
        (void)report_item_text(list, i);
        (void)report_item_int(list, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once = {0}, twice = {0};
    struct report *r = report_parse(str_from((const char *)data, size));
    if (r) {
        ask(r);
        report_put(r, &once);
        struct report *again = report_parse(buf_str(&once));
        must(again != NULL);
        report_put(again, &twice);
        must(str_eq(buf_str(&once), buf_str(&twice)));
        report_free(&again);
        report_free(&r);
    }
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
