#include "engine/base/webhook.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER                                                                                      \
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"   \
    "Pw=="
/* the example of the standard's own libraries */
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME      1614265330
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define BOTH      SIGNATURE " v1,LZ5zuwHTqQH3VM8ERUusjzVQq1FXzemvpR8Mk7Ivp5c="

static const struct {
    const char *key;
    size_t n;
    const char *text, *want;
} vectors[] = {
    /* RFC 4231 sections 4.2, 4.3, 4.7 */
    {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 20,
     "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", 4, "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {NULL, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

Test(webhook, hmac_gives_the_vectors_of_the_standard)
{
    char large[131];
    memset(large, 0xaa, sizeof large);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t mac[SHA256_SIZE];
        char text[2 * SHA256_SIZE + 1];
        struct str part = str_of(vectors[i].text);
        hmac_sha256(str_from(vectors[i].key ? vectors[i].key : large, vectors[i].n), &part, 1, mac);
        for (unsigned k = 0; k < SHA256_SIZE; k++) {
            snprintf(text + (size_t)2 * k, 3, "%02x", mac[k]);
        }
        cr_expect_str_eq(text, vectors[i].want);
    }
}

static struct webhook_secrets read_secrets(const char *text)
{
    struct webhook_secrets s;
    const char *why = webhook_secrets_read(str_of(text), &s);
    cr_assert_null(why, "%s: %s", text, why ? why : "");
    return s;
}

Test(webhook, signs_as_the_standard_does_with_every_secret)
{
    static const struct {
        const char *secrets, *want;
    } rows[] = {
        {SECRET, SIGNATURE},
        {SECRET "\n", SIGNATURE},
        {"# new\r\n" SECRET "\r\n\r\n# old\n" OTHER "\n", BOTH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf out = {0};
        struct webhook_secrets s = read_secrets(rows[i].secrets);
        webhook_sign(&out, &s, STR(ID), TIME, STR(BODY));
        cr_expect(str_is(buf_str(&out), rows[i].want), "%.*s", STR_ARG(buf_str(&out)));
        buf_free(&out);
    }
}

Test(webhook, refuses_what_is_no_secret)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "there is no secret in it"},
        {"# nothing\n\n", "there is no secret in it"},
        {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a line is not whsec_ and base64"},
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "a line is not whsec_ and base64"},
        {SECRET "\nplain\n", "a line is not whsec_ and base64"},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
         "a secret has less than 24 or more than 64 bytes"},
        {"whsec_", "a secret has less than 24 or more than 64 bytes"},
        {SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET
                "\n" SECRET,
         "there are more than 8 secrets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct webhook_secrets s;
        const char *why = webhook_secrets_read(str_of(rows[i].text), &s);
        cr_assert_not_null(why, "%s", rows[i].text);
        cr_expect_str_eq(why, rows[i].why);
        cr_expect_eq(s.n, 0);
    }
}

Test(webhook, verifies_what_any_of_the_secrets_signed_lately)
{
    static const struct {
        const char *id, *time, *signatures, *body;
        int64_t now;
        const char *why; /* NULL: it is right */
    } rows[] = {
        {ID, "1614265330", SIGNATURE, BODY, TIME, NULL},
        {ID, "1614265330", "v1a,xx v1,short " SIGNATURE, BODY, TIME, NULL},
        {ID, "1614265330", BOTH, BODY, TIME + 300, NULL},
        {ID, "1614265330", SIGNATURE, BODY, TIME - 300, NULL},
        {ID, "1614265330", SIGNATURE, BODY, TIME + 301, "its timestamp is more than 5 minutes off"},
        {ID, "1614265330", SIGNATURE, BODY, TIME - 301, "its timestamp is more than 5 minutes off"},
        {ID, "1614265331", SIGNATURE, BODY, TIME, "no signature is right"},
        {ID "x", "1614265330", SIGNATURE, BODY, TIME, "no signature is right"},
        {ID, "1614265330", SIGNATURE, BODY " ", TIME, "no signature is right"},
        {ID, "1614265330", SIGNATURE "x", BODY, TIME, "no signature is right"},
        {ID, "1614265330", "v1,", BODY, TIME, "no signature is right"},
        {ID, "soon", SIGNATURE, BODY, TIME, "its timestamp is no number"},
        {ID, "-5", SIGNATURE, BODY, TIME, "its timestamp is no number"},
        {"", "1614265330", SIGNATURE, BODY, TIME, "it is not signed"},
        {ID, "", SIGNATURE, BODY, TIME, "it is not signed"},
        {ID, "1614265330", "", BODY, TIME, "it is not signed"},
    };
    struct webhook_secrets s = read_secrets(OTHER "\n" SECRET);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why =
            webhook_verify(&s, str_of(rows[i].id), str_of(rows[i].time), str_of(rows[i].signatures),
                           str_of(rows[i].body), rows[i].now);
        bool is_right = why ? rows[i].why && strcmp(why, rows[i].why) == 0 : !rows[i].why;
        cr_expect(is_right, "row %zu: %s", i, why ? why : "right");
    }
}
