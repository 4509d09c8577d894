#include "engine/hl7/batch.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(batch, .init = setup, .fini = teardown);

/* All items as text: "M1.1@2=bytes" a message, its number, number in batch and line; H, B headers;
 * T3/2 a trailer that declares 3 after 2; F the file's; N noise. CR is shown as $, LF as !. */
static const char *walk(struct str file, uint32_t *out_remarks)
{
    static const char letters[] = "MHBTFN";
    struct batch b;
    struct batch_item it;
    struct buf out = {0};
    batch_open(&b, &arena, file);
    while (batch_next(&b, &it)) {
        buf_printf(&out, "%s%c", out.n ? " " : "", letters[it.kind]);
        if (it.kind == BATCH_MESSAGE) {
            buf_printf(&out, "%u.%u@%u", it.number, it.number_in, it.line);
        }
        if (it.kind == BATCH_TRAILER || it.kind == BATCH_FILE_TRAILER) {
            buf_printf(&out, "%lld/%u", (long long)it.declared, it.counted);
        }
        buf_putc(&out, '=');
        buf_put_str(&out, it.bytes);
        cr_expect_eq(it.bytes.p, b.text.p + it.at);
    }
    for (size_t i = 0; i < out.n; i++) {
        out.p[i] = out.p[i] == '\r' ? '$' : out.p[i] == '\n' ? '!' : out.p[i];
    }
    *out_remarks = b.remarks;
    const char *text = str_dup(&arena, buf_str(&out)).p;
    buf_free(&out);
    return text;
}

Test(batch, files_of_every_shape)
{
    enum {
        NO_T = BATCH_REMARK_NO_TRAILER,
        NO_H = BATCH_REMARK_NO_HEADER,
        LF = BATCH_REMARK_LF,
        BLANK = BATCH_REMARK_BLANK,
        EMPTY = BATCH_REMARK_EMPTY,
        MLLP = BATCH_REMARK_MLLP
    };
    static const struct {
        const char *name, *file, *want;
        uint32_t remarks;
    } rows[] = {
        {"nothing", "", "", 0},
        {"only blanks", "\r\n \n\r\t", "", LF | BLANK | EMPTY},
        {"one", "MSH|a\rPID|1\r", "M1.1@1=MSH|a$PID|1$", 0},
        {"one without end", "MSH|a\rPID|1", "M1.1@1=MSH|a$PID|1", 0},
        {"two", "MSH|a\rPID|1\rMSH|b\r", "M1.1@1=MSH|a$PID|1$ M2.2@3=MSH|b$", 0},
        {"blank lines between", "\nMSH|a\nPID|1\n\n\nMSH|b\n", "M1.1@2=MSH|a!PID|1! M2.2@6=MSH|b!",
         LF | EMPTY},
        {"blank lines inside stay", "MSH|a\r\rPID|1\r\r", "M1.1@1=MSH|a$$PID|1$", EMPTY},
        {"CRLF", "MSH|a\r\nPID|1\r\nMSH|b\r\n", "M1.1@1=MSH|a$!PID|1$! M2.2@3=MSH|b$!", LF},
        {"mixed", "MSH|a\rPID|1\nMSH|b\r\n", "M1.1@1=MSH|a$PID|1! M2.2@3=MSH|b$!", LF},
        {"indented MSH", "  MSH|a\r\tMSH|b", "M1.1@1=MSH|a$ M2.2@2=MSH|b", BLANK},
        {"a line of blanks inside", "MSH|a\r \rPID|1\r", "M1.1@1=MSH|a$ $PID|1$", BLANK},
        {"indented lines", "MSH|a\r PID|1\rPV1|\t1\r", "M1.1@1=MSH|a$ PID|1$PV1|\t1$", BLANK},
        {"a batch", "BHS|^~\\&|x\rMSH|a\rMSH|b\rBTS|2\r",
         "B=BHS|^~\\&|x M1.1@2=MSH|a$ M2.2@3=MSH|b$ T2/2=BTS|2", 0},
        {"a file of batches", "FHS|^\rBHS|^\rMSH|a\rBTS|1\rBHS|^\rMSH|b\rBTS|1\rFTS|2\r",
         "H=FHS|^ B=BHS|^ M1.1@3=MSH|a$ T1/1=BTS|1 B=BHS|^ M2.1@6=MSH|b$ T1/1=BTS|1 F2/2=FTS|2", 0},
        {"a file without batches", "FHS|^\rMSH|a\rMSH|b\rFTS|1\r",
         "H=FHS|^ M1.1@2=MSH|a$ M2.2@3=MSH|b$ F1/1=FTS|1", 0},
        {"an empty batch", "BHS|^\rBTS|0\r", "B=BHS|^ T0/0=BTS|0", 0},
        {"wrong counts are told", "BHS|^\rMSH|a\rBTS|3|c\r", "B=BHS|^ M1.1@2=MSH|a$ T3/1=BTS|3|c",
         0},
        {"no count", "BHS|^\rMSH|a\rBTS\rBHS|^\rBTS|x\rBTS|\rBTS|\"\"\rBTS|-1\r",
         "B=BHS|^ M1.1@2=MSH|a$ T-1/1=BTS B=BHS|^ T-2/0=BTS|x T-1/0=BTS| T-1/0=BTS|\"\" "
         "T-2/0=BTS|-1",
         NO_H},
        {"no trailer", "BHS|^\rMSH|a\r", "B=BHS|^ M1.1@2=MSH|a$", NO_T},
        {"second header without trailer", "BHS|^\rMSH|a\rBHS|^\rBTS|0\r",
         "B=BHS|^ M1.1@2=MSH|a$ B=BHS|^ T0/0=BTS|0", NO_T},
        {"no header", "MSH|a\rBTS|1\rFTS|1\r", "M1.1@1=MSH|a$ T1/1=BTS|1 F1/1=FTS|1", NO_H},
        {"other separators", "BHS!^\rMSH!a\rBTS!1!x\r", "B=BHS!^ M1.1@2=MSH!a$ T1/1=BTS!1!x", 0},
        {"MLLP", "\x0bMSH|a\rPID|1\r\x1c\r\x0bMSH|b\r\x1c\r", "M1.1@1=MSH|a$PID|1$ M2.2@3=MSH|b$",
         MLLP},
        {"MLLP without the last CR", "\x0bMSH|a\r\x1c\x0bMSH|b\x1c", "M1.1@1=MSH|a$ M2.2@2=MSH|b",
         MLLP},
        {"MLLP without 1C", "\x0bMSH|a\r\x0bMSH|b\r", "M1.1@1=MSH|a$ M2.2@2=MSH|b$", MLLP},
        {"text after a frame is noise", "\x0bMSH|a\r\x1c\rPID|1\r", "M1.1@1=MSH|a$ N=PID|1$", MLLP},
        {"a batch in a frame",
         "\x0b"
         "BHS|^\rMSH|a\rBTS|1\r\x1c\r",
         "B=BHS|^ M1.1@2=MSH|a$ T1/1=BTS|1", MLLP},
        {"byte order mark", "\xef\xbb\xbfMSH|a\r\xef\xbb\xbfMSH|b\r", "M1.1@1=MSH|a$ M2.2@2=MSH|b$",
         BATCH_REMARK_BOM},
        {"noise before", "# comment\rmore\rMSH|a\r", "N=# comment$more$ M1.1@3=MSH|a$", 0},
        {"noise after a trailer", "BHS|^\rBTS|0\rPID|1\r", "B=BHS|^ T0/0=BTS|0 N=PID|1$", 0},
        {"odd lines inside stay", "MSH|a\r# odd\rPID|1\r", "M1.1@1=MSH|a$# odd$PID|1$", 0},
        {"no names", "MSH|a\rMSHX|1\rBHSY\rFTS1|\r", "M1.1@1=MSH|a$MSHX|1$BHSY$FTS1|$", 0},
        {"a bare MSH", "MSH", "M1.1@1=MSH", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint32_t remarks = 0;
        const char *got = walk(str_of(rows[i].file), &remarks);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
        cr_expect_eq(remarks, rows[i].remarks, "%s: remarks %u", rows[i].name, remarks);
    }
}

Test(batch, utf16_becomes_utf8)
{
    static const struct {
        const char *name, *file;
        size_t n;
        const char *want;
    } rows[] = {
        {"little endian, mark", "\xff\xfeM\0S\0H\0|\0\xe4\0\r\0", 14, "M1.1@1=MSH|\xc3\xa4$"},
        {"big endian, mark", "\xfe\xff\0M\0S\0H\0|\x20\xac\0\r", 14, "M1.1@1=MSH|\xe2\x82\xac$"},
        {"little endian", "M\0S\0H\0|\0\x3d\xd8\x00\xde\r\0", 14, "M1.1@1=MSH|\xf0\x9f\x98\x80$"},
        {"big endian", "\0M\0S\0H\0|\0\r", 10, "M1.1@1=MSH|$"},
        {"half a pair, half a unit", "M\0S\0H\0|\0\x3d\xd8\r\0x", 13, "M1.1@1=MSH|\xef\xbf\xbd$"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint32_t remarks = 0;
        const char *got = walk(str_from(rows[i].file, rows[i].n), &remarks);
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
        cr_expect(remarks & BATCH_REMARK_UTF16, "%s", rows[i].name);
    }
}

Test(batch, headers_in_force_can_be_read)
{
    struct batch b;
    struct batch_item it;
    batch_open(&b, &arena, STR("FHS|^~\\&|f\rBHS|^~\\&|b\rMSH|^~\\&|a\rBTS|1\rMSH|^~\\&|c\r"));
    cr_assert(batch_next(&b, &it) && batch_next(&b, &it) && batch_next(&b, &it));
    cr_expect_eq(it.kind, BATCH_MESSAGE);
    cr_expect(str_is(b.file_header, "FHS|^~\\&|f"));
    cr_expect(str_is(b.header, "BHS|^~\\&|b"));
    cr_assert(batch_next(&b, &it) && batch_next(&b, &it));
    cr_expect_eq(b.header.n, 0);
    cr_expect(b.file_header.n);
}

Test(batch, ten_thousand_messages)
{
    struct buf file = {0};
    struct batch b;
    struct batch_item it;
    uint32_t n = 0;
    for (int i = 0; i < 10000; i++) {
        buf_printf(&file, "MSH|^~\\&|%d\rPID|1\r", i);
    }
    batch_open(&b, &arena, buf_str(&file));
    while (batch_next(&b, &it)) {
        cr_assert_eq(it.number, ++n);
    }
    cr_expect_eq(n, 10000);
    buf_free(&file);
}
