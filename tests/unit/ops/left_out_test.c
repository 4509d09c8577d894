/* Which places of messages count as left out, and how they are named (ops/left_out.h). */
#include <criterion/criterion.h>

#include "engine/base/buf.h"
#include "engine/ops/left_out.h"
#include "engine/rules/reads.h"

/* Places with "times of messages, first one", most of them first. Nothing but what the engine itself reads was read. */
static const char *told(struct arena *a, const struct left_out *t)
{
    struct buf out = {0};
    size_t n;
    const struct left_out_place *const *v = left_out_places(t, a, &n);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&out, "%.*s%s%.*s %llu of %llu, %llu: %.*s\n", STR_ARG(v[i]->at),
                   v[i]->behind.n ? "<" : "", STR_ARG(v[i]->behind), (unsigned long long)v[i]->left,
                   (unsigned long long)v[i]->held, (unsigned long long)v[i]->first,
                   STR_ARG(v[i]->name));
    }
    buf_putc(&out, '\0');
    const char *text = str_dup(a, buf_str(&out)).p;
    buf_free(&out);
    return text;
}

static void add(struct left_out *t, struct arena *a, uint64_t number, const char *text)
{
    struct hl7 *m = ARENA_NEW(a, struct hl7);
    struct hl7_fault fault;
    const struct left_out_from from = {"f.hl7", (unsigned)number * 10, number};
    struct reads *reads = reads_new();
    cr_assert_eq(hl7_parse(a, str_of(text), m, &fault), 0, "%s", fault.text);
    reads_begin(reads, m);
    reads_end(reads);
    left_out_message(t, &from, m, reads);
    reads_free(&reads);
}

#define MSH "MSH|^~\\&|||||||ADT^A01|"

static const struct {
    const char *name, *first, *second, *want;
} rows[] = {
    {"a segment of which nothing was read is one place", MSH "\rACC|20260101|^x\r", NULL,
     "ACC 1 of 1, 1: Accident\n"},
    {"a field without a read part, with all its parts", MSH "17\r", NULL,
     "MSH-10 1 of 1, 1: Message Control ID\n"},
    {"null, separators and nothing hold nothing", MSH "\rACC|\"\"|^&~|\r", NULL, ""},
    {"once a message, however often it is there", MSH "\rZAP|1\rZAP|2\r", MSH "\rZAP|1\r",
     "ZAP 2 of 2, 1: \n"},
    {"a note by what it stands behind, also the second one",
     MSH "\rAIG||A\rNTE|1\rNTE|2\rAIL||A\rNTE|1\r", NULL,
     "AIG 1 of 1, 1: Appointment Information - General Resource\n"
     "AIL 1 of 1, 1: Appointment Information - Location Resource\n"
     "NTE<AIG 1 of 1, 1: Notes and Comments\nNTE<AIL 1 of 1, 1: Notes and Comments\n"},
    {"most messages first", MSH "\rZAA|1\r", MSH "\rZAB|1\rZAA|1\r",
     "ZAA 2 of 2, 1: \nZAB 1 of 1, 2: \n"},
    {"what is called like no segment is not named: it may be content",
     MSH "\rJon|DOE\rDOE JANE 1970\r", NULL, "no segment 1 of 1, 1: \n"},
};

Test(left_out, counts_places)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena a = {0};
        struct left_out *t = left_out_new();
        add(t, &a, 1, rows[i].first);
        if (rows[i].second) {
            add(t, &a, 2, rows[i].second);
        }
        cr_expect_str_eq(told(&a, t), rows[i].want, "%s:\n%s", rows[i].name, told(&a, t));
        left_out_free(&t);
        arena_free(&a);
    }
}

Test(left_out, is_the_same_in_parts)
{
    struct arena a = {0};
    struct left_out *all = left_out_new(), *x = left_out_new(), *y = left_out_new();
    static const char *const texts[] = {MSH "1\rZAP|1\r", MSH "\rZAP|2\rACC|1\r", MSH "\rACC||2\r",
                                        MSH "\r"};
    for (unsigned i = 0; i < 4; i++) {
        add(all, &a, i + 1, texts[i]);
        add(i % 2 ? x : y, &a, i + 1, texts[i]);
    }
    left_out_merge(x, y);
    cr_expect_str_eq(told(&a, x), told(&a, all));
    cr_expect_eq(left_out_messages(x), 4);
    left_out_free(&all);
    left_out_free(&x);
    left_out_free(&y);
    arena_free(&a);
}

Test(left_out, is_bounded)
{
    struct arena a = {0};
    struct left_out *t = left_out_new();
    struct buf text = {0};
    size_t n;
    buf_puts(&text, MSH "\r");
    for (int i = 0; i < 26 * 36 * 36; i++) {
        static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        buf_printf(&text, "%c%c%c|x\r", 'A' + i / 1296, signs[i / 36 % 36], signs[i % 36]);
    }
    buf_putc(&text, '\0');
    add(t, &a, 1, text.p);
    (void)left_out_places(t, &a, &n); /* their number is asked for */
    cr_expect(n <= LEFT_OUT_PLACES);
    cr_expect(left_out_uncounted(t) > 0);
    left_out_free(&t);
    buf_free(&text);
    arena_free(&a);
}
