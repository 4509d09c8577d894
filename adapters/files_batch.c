#include "adapters/files_batch.h"

#include "engine/hl7/dtm.h"

enum { CONTROL_ID = 20 }; /* characters of BHS-11 */

static void put_sides(struct buf *out, struct str side)
{
    ptrdiff_t bar = str_find(side, STR("|"));
    buf_putc(out, '|');
    buf_put_str(out, side);
    if (bar < 0) {
        buf_putc(out, '|'); /* no facility */
    }
}

static void put_one(struct buf *out, const char *segment, const struct files_batch_conf *c,
                    const char *time, struct str id)
{
    buf_printf(out, "%s|^~\\&", segment);
    put_sides(out, c->sender);
    put_sides(out, c->receiver);
    buf_printf(out, "|%s||%.*s||%.*s\r", time, STR_ARG(c->name), STR_ARG(id));
}

void files_batch_header(struct buf *out, const struct files_batch_conf *c, struct str id,
                        int64_t now_us)
{
    struct dtm t = dtm_from_us(now_us, 0);
    char time[DTM_TEXT_MAX];
    size_t from = id.n > CONTROL_ID ? 2 : 0; /* the first two never change in our times */
    struct str control = str_slice(id, from, from + CONTROL_ID < id.n ? from + CONTROL_ID : id.n);
    t.precision = DTM_SECOND;
    (void)dtm_format(&t, time);
    if (c->has_file) {
        put_one(out, "FHS", c, time, control);
    }
    put_one(out, "BHS", c, time, control);
}

void files_batch_trailer(struct buf *out, uint64_t messages, bool has_file)
{
    buf_printf(out, "BTS|%llu\r%s", (unsigned long long)messages, has_file ? "FTS|1\r" : "");
}

const char *files_batch_fault(struct str value, unsigned separators)
{
    for (size_t i = 0; i < value.n; i++) {
        bool is_printable = value.p[i] >= ' ' && value.p[i] <= '~';
        if (value.p[i] == '|' && separators-- == 0) {
            return "has a field separator too many; expected APPLICATION|FACILITY, or no | in a "
                   "name";
        }
        if (!is_printable) {
            return "has a character that is not printable ASCII";
        }
    }
    return NULL;
}
