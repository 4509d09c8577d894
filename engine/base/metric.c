#include "engine/base/metric.h"

#include "engine/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

const char *metric_type_text(enum metric_type t)
{
    static const char *const words[] = {"counter", "gauge", "histogram"};
    return words[t];
}

/* A label may be any UTF-8; what is none is shown as `?`. */
static void put_value(struct buf *out, struct str v)
{
    for (size_t i = 0; i < v.n;) {
        uint32_t c;
        unsigned n = utf8_get(str_slice(v, i, v.n), &c);
        if (v.p[i] == '\n') {
            buf_puts(out, "\\n");
        } else if (v.p[i] == '"' || v.p[i] == '\\') {
            buf_putc(out, '\\');
            buf_putc(out, v.p[i]);
        } else if (n) {
            buf_put(out, v.p + i, n);
        } else {
            buf_putc(out, '?');
        }
        i += n ? n : 1;
    }
}

/* `{source="epic",le="0.1"}`, or nothing where there are no labels; `le` may be NULL. */
static void put_labels(struct buf *out, const struct metric *m, const struct str *labels,
                       const char *le)
{
    struct str rest = str_of(m->labels), name;
    char before = '{';
    unsigned n = 0;
    while (rest.n && n < METRIC_LABELS_MAX && str_split(&rest, ',', &name)) {
        buf_printf(out, "%c%.*s=\"", before, STR_ARG(name));
        put_value(out, labels[n++]);
        buf_putc(out, '"');
        before = ',';
    }
    if (le) {
        buf_printf(out, "%cle=\"%s\"", before, le);
        before = ',';
    }
    if (before == ',') {
        buf_putc(out, '}');
    }
}

/* `value` divided by a power of ten, without zeroes at its end. */
static void divided(char out[48], int64_t value, int64_t per_unit)
{
    int n = snprintf(out, 48, "%s%" PRId64, value < 0 && value / per_unit == 0 ? "-" : "",
                     value / per_unit);
    int64_t rest = value % per_unit < 0 ? -(value % per_unit) : value % per_unit;
    if (rest) {
        out[n++] = '.';
        for (int64_t place = per_unit / 10; rest; place /= 10) {
            out[n++] = (char)('0' + rest / place);
            rest %= place;
        }
        out[n] = 0;
    }
}

/* HELP text: backslash and line feed are escaped. */
void metric_head(struct buf *out, const struct metric *m)
{
    buf_printf(out, "# HELP %s ", m->name);
    for (const char *p = m->help; *p; p++) {
        if (*p == '\\' || *p == '\n') {
            buf_puts(out, *p == '\n' ? "\\n" : "\\\\");
        } else {
            buf_putc(out, *p);
        }
    }
    buf_printf(out, "\n# TYPE %s %s\n", m->name, metric_type_text(m->type));
}

void metric_put(struct buf *out, const struct metric *m, const struct str *labels, uint64_t value)
{
    buf_puts(out, m->name);
    put_labels(out, m, labels, NULL);
    buf_printf(out, " %" PRIu64 "\n", value);
}

void metric_put_us(struct buf *out, const struct metric *m, const struct str *labels, int64_t us)
{
    char text[48];
    divided(text, us, 1000000);
    buf_puts(out, m->name);
    put_labels(out, m, labels, NULL);
    buf_printf(out, " %s\n", text);
}

void metric_put_histogram(struct buf *out, const struct metric *m, const struct str *labels,
                          const struct histogram_scale *scale, const struct histogram *h)
{
    char text[48];
    uint64_t upto = 0;
    for (unsigned i = 0; i <= scale->n; i++) {
        upto += h->n[i];
        if (i < scale->n) {
            divided(text, scale->bound[i], scale->per_unit);
        }
        buf_printf(out, "%s_bucket", m->name);
        put_labels(out, m, labels, i < scale->n ? text : "+Inf");
        buf_printf(out, " %" PRIu64 "\n", upto);
    }
    divided(text, h->sum, scale->per_unit);
    buf_printf(out, "%s_sum", m->name);
    put_labels(out, m, labels, NULL);
    buf_printf(out, " %s\n%s_count", text, m->name);
    put_labels(out, m, labels, NULL);
    buf_printf(out, " %" PRIu64 "\n", h->count);
}
