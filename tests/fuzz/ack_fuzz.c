/* Fuzz target: whatever came in, the reply is a message with the code and, where there was a readable
 * one, the control id; what replies is never itself answered. */
#include "engine/base/arena.h"
#include "engine/hl7/ack.h"
#include "engine/hl7/fragment.h"
#include "engine/hl7/relay.h"
#include "engine/hl7/path.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* The whole of MSH-10, as it stands. */
static struct str control_id(const struct hl7 *m)
{
    struct str id = hl7_field(m, &m->seg[0], 10);
    return id.n ? id : str_from("", 0);
}

static void check_reply(struct arena *a, const struct hl7 *m, struct str raw, unsigned pick)
{
    const struct ack_error errors[] = {
        {101, "PID-3[1].4", 'E', raw}, /* any bytes may be the text */
        {104, "MSH", 'W', {"too | long", 10}},
    };
    struct ack ack = {.code = (enum ack_code)(pick % 6),
                      .errors = errors,
                      .nerrors = pick / 6 % 3,
                      .control_id = "N1",
                      .now_us = (int64_t)pick * 1000003,
                      .expected_sequence = pick & 64 ? pick : INT64_MIN};
    struct buf out = {0};
    struct hl7 r;
    struct hl7_fault f;
    struct ack_reply read;
    ack_build(&out, (struct ack_to){m, raw}, &ack);
    must(hl7_parse(a, buf_str(&out), &r, &f) == 0);
    must(ack_read(&r, &read) == 0 && read.code == ack.code && ack_is_ack(&r));
    must(!(r.remarks & (HL7_REMARK_NO_FINAL_CR | HL7_REMARK_BLANK_LINE | HL7_REMARK_LF)));
    if (m) {
        must(str_eq(hl7_field(&r, hl7_segment(&r, "MSA", 1), 2), control_id(m)));
        must(ack_mode_of(m).enhanced || ack_mode_of(m).accept == ACK_WHEN_ABSENT);
    }
    buf_free(&out);
}

/* Any message passed on as an answer: what comes out is one, to the one who asked. */
static void check_relay(struct arena *a, const struct hl7 *m)
{
    static const char ask[] = "MSH*$;:,*A$1*B*C*D*1**QBP*i|^d*P*2.5***AL*AL\r";
    struct hl7 request, r;
    struct hl7_fault f;
    struct ack_reply read;
    struct buf out = {0};
    enum ack_code code;
    must(hl7_parse(a, str_from(ask, sizeof(ask) - 1), &request, &f) == 0);
    if (relay_answer(&out, &request, m, "N1", &code) == 0) {
        must(hl7_parse(a, buf_str(&out), &r, &f) == 0);
        must(ack_read(&r, &read) == 0 && read.code == code);
        must(str_is(hl7_field(&r, &r.seg[0], 10), "N1"));
    } else {
        must(out.n == 0);
    }
    buf_free(&out);
}

/* A message behind itself, as its second part: no part any more where ADD and DSC went, and never longer than both. */
static void check_parts(struct arena *a, const struct hl7 *m)
{
    struct buf out = {0};
    struct hl7 whole;
    struct hl7_fault f;
    fragment_append(&out, m);
    fragment_append(&out, m);
    must(out.n <= 2 * (m->raw.n + 1));
    must(hl7_parse(a, buf_str(&out), &whole, &f) == 0);
    must(!fragment_read(&whole).begins_inside);
    buf_free(&out);
}

/* Cut into parts and put together again it is what it was, and no part is too long. */
static void check_cuts(struct arena *a, const struct hl7 *m, size_t size)
{
    struct buf whole = {0}, again = {0}, part = {0};
    struct fragment_plan p;
    const char *why = NULL;
    const struct fragment_want want = {size, size % 2, STR("name")};
    bool is_cut = fragment_plan(a, m, &want, &p, &why) == 0;
    must(is_cut == (why == NULL));
    for (unsigned i = 0; is_cut && p.n > 1 && i < p.n; i++) {
        struct hl7 one;
        struct hl7_fault f;
        buf_clear(&part);
        fragment_write(&part, &p, i);
        must(part.n <= size);
        must(hl7_parse(a, str_dup(a, buf_str(&part)), &one, &f) == 0);
        must((fragment_read(&one).next.n > 0) == (i + 1 < p.n));
        fragment_append(&again, &one);
    }
    fragment_append(&whole, m);
    must(!is_cut || p.n == 1 || str_eq(buf_str(&whole), buf_str(&again)));
    buf_free(&whole);
    buf_free(&again);
    buf_free(&part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault f;
    struct str raw = str_from((const char *)data + (size > 0), size - (size > 0));
    unsigned pick = size ? data[0] : 0;
    bool parsed = hl7_parse(&a, raw, &m, &f) == 0;
    if (parsed && !m.d.wide) {
        check_reply(&a, &m, raw, pick);
        check_relay(&a, &m);
        check_parts(&a, &m);
        check_cuts(&a, &m, 64 + (size_t)pick * 3);
    }
    check_reply(&a, NULL, raw, pick);
    arena_free(&a);
    return 0;
}
