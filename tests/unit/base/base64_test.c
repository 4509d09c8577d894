#include "engine/base/base64.h"

#include <criterion/criterion.h>

static const struct {
    const char *bytes, *text;
} rows[] = {
    /* RFC 4648 section 10 */
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
};

Test(base64, writes_and_reads_the_vectors_of_the_standard)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        base64_put(&out, str_of(rows[i].bytes));
        cr_expect(str_is(buf_str(&out), rows[i].text), "%s", rows[i].text);
        buf_clear(&out);
        cr_expect(base64_read(str_of(rows[i].text), &out), "%s", rows[i].text);
        cr_expect(str_is(buf_str(&out), rows[i].bytes), "%s", rows[i].text);
        buf_free(&out);
    }
}

Test(base64, writes_for_urls_without_padding)
{
    static const struct {
        const char *bytes, *text;
    } urls[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xfb\xff\xbf", "-_-_"}};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct buf out = {0};
        buf_puts(&out, "+=");
        base64url_put(&out, str_of(urls[i].bytes));
        cr_expect(str_is(str_slice(buf_str(&out), 2, out.n), urls[i].text), "%s", urls[i].text);
        cr_expect(str_starts(buf_str(&out), STR("+=")), "what stood before stays");
        buf_free(&out);
    }
}

Test(base64, reads_strictly)
{
    static const char *const wrong[] = {
        "Z",     "Zg",   "Zg=",  "Zg==\n", "Z===", "====",     "=Zg=",
        "Zm9v ", "Zh==", "Zm9=", "Zm-v",   "Zm_v", "Zg==Zg==", "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct buf out = {0};
        buf_puts(&out, "kept");
        cr_expect_not(base64_read(str_of(wrong[i]), &out), "%s", wrong[i]);
        cr_expect(str_is(buf_str(&out), "kept"));
        buf_free(&out);
    }
    struct buf out = {0};
    cr_expect_not(base64_read(str_from("Zg=\0", 4), &out), "a NUL");
    buf_free(&out);
}
