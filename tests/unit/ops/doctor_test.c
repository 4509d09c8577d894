#include "engine/flow/tls.h"
#include "engine/ops/doctor.h"

#include <criterion/criterion.h>

Test(doctor, percentiles_are_values_that_were_measured)
{
    static const int64_t v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 100};
    cr_expect_eq(doctor_percentile(v, 10, 50), 5);
    cr_expect_eq(doctor_percentile(v, 10, 99), 100);
    cr_expect_eq(doctor_percentile(v, 10, 90), 9);
    cr_expect_eq(doctor_percentile(v, 10, 0), 1);
    cr_expect_eq(doctor_percentile(v, 1, 50), 1);
}

Test(doctor, knows_file_systems_that_forget)
{
    static const struct {
        uint64_t magic;
        const char *name;
        bool is_doubtful;
        enum doctor_severity severity;
    } rows[] = {
        {0xef53, "ext4", false, DOCTOR_NOTE},      {0x58465342, "xfs", false, DOCTOR_NOTE},
        {0x01021994, "tmpfs", true, DOCTOR_ERROR}, {0x794c7630, "overlay", true, DOCTOR_ERROR},
        {0x6969, "nfs", true, DOCTOR_WARNING},     {0x65735546, "fuse", true, DOCTOR_WARNING},
        {0x4d44, "vfat", true, DOCTOR_ERROR},      {0x12345678, "not known", false, DOCTOR_NOTE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *name;
        enum doctor_severity severity;
        const char *doubt = doctor_file_system_doubt(rows[i].magic, &name, &severity);
        cr_expect_str_eq(name, rows[i].name);
        cr_expect_eq(doubt != NULL, rows[i].is_doubtful, "%s", rows[i].name);
        cr_expect_eq(severity, rows[i].severity, "%s", rows[i].name);
    }
}

Test(doctor, knows_mounts_that_weaken_a_sync)
{
    static const char mounts[] =
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
        "30 21 8:2 / /var rw,noatime - ext4 /dev/sdb1 rw,nobarrier\n"
        "31 30 8:3 / /var/lib/corridor rw,relatime - xfs /dev/sdc1 rw,attr2\n"
        "32 21 0:40 / /srv rw,relatime - nfs4 host:/srv rw,vers=4.2,soft,proto=tcp\n"
        "33 21 0:41 / /mnt rw,sync,relatime - ext4 /dev/sdd1 rw\n"
        "34 33 0:42 / /mnt/deep rw - overlay overlay rw,lowerdir=/a,volatile\n";
    static const struct {
        const char *path, *option;
        enum doctor_severity severity;
    } rows[] = {
        {"/home", NULL, DOCTOR_NOTE},
        {"/var", "nobarrier", DOCTOR_ERROR},
        {"/var/lib", "nobarrier", DOCTOR_ERROR},
        {"/variety", NULL, DOCTOR_NOTE},
        {"/var/lib/corridor/journal", NULL, DOCTOR_NOTE},
        {"/var/lib/corridor2", "nobarrier", DOCTOR_ERROR},
        {"/srv/state", "soft", DOCTOR_WARNING},
        {"/mnt/x", "sync", DOCTOR_NOTE},
        {"/mnt/deep/x", "volatile", DOCTOR_ERROR},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *option = NULL;
        enum doctor_severity severity = DOCTOR_NOTE;
        const char *doubt =
            doctor_mount_doubt(str_of(mounts), str_of(rows[i].path), &option, &severity);
        cr_expect_eq(doubt != NULL, rows[i].option != NULL, "%s", rows[i].path);
        cr_expect(!doubt || strcmp(option, rows[i].option) == 0, "%s: %s", rows[i].path, option);
        cr_expect_eq(severity, rows[i].severity, "%s", rows[i].path);
    }
    const char *option;
    enum doctor_severity severity;
    cr_expect_null(doctor_mount_doubt(STR(""), STR("/"), &option, &severity));
    cr_expect_null(doctor_mount_doubt(STR("1 2 3\n\n - x"), STR("/"), &option, &severity));
}

/* ---- addresses ---- */

struct place_conf {
    struct str host, url;
    int port;
};
static const struct opt by_host[] = {
    OPT(place_conf, host, "host", STR, NULL, NULL, 0, "Host."),
    OPT(place_conf, port, "port", INT, "2575", NULL, 0, "Port."),
    {0},
};
static const struct opt by_url[] = {OPT(place_conf, url, "url", STR, NULL, NULL, 0, "URL."), {0}};

Test(doctor, finds_the_address_of_a_destination)
{
    static const struct adapter hosted = {.name = "hosted", .out_opts = by_host},
                                web = {.name = "web", .out_opts = by_url},
                                nowhere = {.name = "nowhere"};
    static const struct {
        const char *url, *host;
        int port;
    } rows[] = {
        {"http://desk.example.org/events", "desk.example.org", 80},
        {"https://desk.example.org", "desk.example.org", 443},
        {"HTTPS://desk.example.org:8443/a?b:c", "desk.example.org", 8443},
        {"http://10.1.2.3:8080?x=1", "10.1.2.3", 8080},
        {"http://[::1]/", "::1", 80},
        {"https://[fe80::2]:9443/x", "fe80::2", 9443},
    };
    struct arena a = {0};
    struct opt_hostport at;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct place_conf conf = {.url = str_of(rows[i].url)};
        struct plan_destination t = {.adapter = &web, .conf = &conf};
        cr_expect(doctor_address(&a, &t, &at), "%s", rows[i].url);
        cr_expect(str_is(at.host, rows[i].host), "%s: %.*s", rows[i].url, STR_ARG(at.host));
        cr_expect_eq(at.port, rows[i].port, "%s: %d", rows[i].url, at.port);
    }
    struct place_conf conf = {.host = STR("lab"), .port = 2575};
    struct plan_destination t = {.adapter = &hosted, .conf = &conf};
    cr_expect(doctor_address(&a, &t, &at) && str_is(at.host, "lab") && at.port == 2575);
    t.adapter = &nowhere;
    cr_expect_not(doctor_address(&a, &t, &at));
    arena_free(&a);
}

/* ---- certificates: both self-signed, the first over at FIRST_ENDS ---- */

#define FIRST_ENDS INT64_C(1798227928)
#define SHORT                                                                                      \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBXjCCAQSgAwIBAgIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANvbmUwHhcN\n"                           \
    "MjYxMTI1MTk0NTI4WhcNMjYxMjI1MTk0NTI4WjAOMQwwCgYDVQQDDANvbmUwWTAT\n"                           \
    "BgcqhkjOPQIBBggqhkjOPQMBBwNCAARkmgfWqlJauEU9YMbSW+HJjjeNLpKVYhxk\n"                           \
    "hkaAe45j56rZrpuYMBQzqTKocft4uVZ3DDzs2SJXqss+KDgp1u6fo1MwUTAdBgNV\n"                           \
    "HQ4EFgQUNJNIaqtBo+zwopxjDTTzYiGJQsYwHwYDVR0jBBgwFoAUNJNIaqtBo+zw\n"                           \
    "opxjDTTzYiGJQsYwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA\n"                           \
    "yklFqi5FpXHN2E82wGCgcHRMGebfIOzcUObKWadDojoCIEmkTrhLl7fDBowfAiyV\n"                           \
    "FLv5iaHthAJSSuohU2CWGYch\n"                                                                   \
    "-----END CERTIFICATE-----\n"
#define LONG                                                                                       \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBXjCCAQSgAwIBAgIBAjAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDAN0d28wHhcN\n"                           \
    "MjYxMTI1MTk0NTI4WhcNMzUwMjExMTk0NTI4WjAOMQwwCgYDVQQDDAN0d28wWTAT\n"                           \
    "BgcqhkjOPQIBBggqhkjOPQMBBwNCAATKsKtBj2K7xAJBTOjIjlEYgWUrCu0RgmJi\n"                           \
    "pTm62C/61UmZsX8F8X5dLhoA9vS/ht+7vGx8gsThgaLY8N+/Gt/Po1MwUTAdBgNV\n"                           \
    "HQ4EFgQUCSsTQzh+2Ja/egew3I4qd3mgm0gwHwYDVR0jBBgwFoAUCSsTQzh+2Ja/\n"                           \
    "egew3I4qd3mgm0gwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBU\n"                           \
    "uBySgbg83BBJGGTFNz1t22BrULDCpO7i+RiOtFzMjQIhALYXp+Vp56pmllzirCqY\n"                           \
    "lwFkKVeayyYogRPmXlDnitOu\n"                                                                   \
    "-----END CERTIFICATE-----\n"

#define FOR_CLIENTS                                                                                \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBhjCCASygAwIBAgIULpN4CfIXEkIUCU04dX8rwdoCinMwCgYIKoZIzj0EAwIw\n"                           \
    "DjEMMAoGA1UEAwwDZWt1MB4XDTI2MTEyNjE0MDEwMloXDTM1MDIxMjE0MDEwMlow\n"                           \
    "DjEMMAoGA1UEAwwDZWt1MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBTJZXiEP\n"                           \
    "zmYc7/e0Vs6FR/IfCmjF6lNoAbfbn+M+X0Rl6lTyQKv1dVLpy1Mbnpcvoimavlst\n"                           \
    "HSDMMCMo9s7jC6NoMGYwHQYDVR0OBBYEFKMeupcXBNK4UKCWzlJauJz3X2gtMB8G\n"                           \
    "A1UdIwQYMBaAFKMeupcXBNK4UKCWzlJauJz3X2gtMA8GA1UdEwEB/wQFMAMBAf8w\n"                           \
    "EwYDVR0lBAwwCgYIKwYBBQUHAwIwCgYIKoZIzj0EAwIDSAAwRQIgU64rRBh2oml0\n"                           \
    "aJe0w0FFE21Z7EOAALYBfh4+z9NItf8CIQDo+xwsMsPDo1hTxw2V51KHTTuJRWuU\n"                           \
    "LeN/ULa+VqlpXQ==\n"                                                                           \
    "-----END CERTIFICATE-----\n"

/* A certificate that peers refuse although it is whole and not over. */
Test(doctor, tells_what_a_certificate_is_not_for)
{
    cr_expect_null(tls_pem_unfit(STR(SHORT), true, FIRST_ENDS - 86400));
    cr_expect_null(tls_pem_unfit(STR(SHORT), false, FIRST_ENDS - 86400));
    cr_expect_str_eq(tls_pem_unfit(STR(SHORT), true, FIRST_ENDS - 86400 * 40), "not valid yet");
    cr_expect_null(tls_pem_unfit(STR(FOR_CLIENTS), false, FIRST_ENDS));
    cr_expect_str_eq(tls_pem_unfit(STR(FOR_CLIENTS), true, FIRST_ENDS),
                     "not meant for servers (extended key usage)");
    cr_expect_null(tls_pem_unfit(STR("no certificate"), true, FIRST_ENDS));
    cr_expect_null(tls_pem_unfit(STR(""), true, FIRST_ENDS));
}

Test(doctor, tells_when_certificates_end)
{
    int64_t first = 0, longest = 0;
    unsigned n = tls_pem_days(STR(SHORT LONG), FIRST_ENDS - 86400 * 10 - 5, &first, &longest);
    cr_expect_eq(n, 2u);
    cr_expect_eq(first, 10);
    cr_expect_eq(longest, 2980);
    n = tls_pem_days(STR(SHORT), FIRST_ENDS + 3600, &first, &longest);
    cr_expect(n == 1 && first < 0 && longest < 0, "over for an hour");
    n = tls_pem_days(STR(SHORT), FIRST_ENDS - 3600, &first, &longest);
    cr_expect(n == 1 && first == 0, "over in an hour");
    cr_expect_eq(tls_pem_days(STR("no certificate"), 0, &first, &longest), 0u);
    cr_expect_eq(tls_pem_days(STR(""), 0, &first, &longest), 0u);
}
