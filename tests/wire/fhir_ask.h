/* fhir_ask.h - the whole engine with a fhir source, and a client that asks it: what the tests of it share. */
#ifndef CORRIDOR_TESTS_WIRE_FHIR_ASK_H
#define CORRIDOR_TESTS_WIRE_FHIR_ASK_H

#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct site s;
static struct peer p;
static struct buf text;
static char config[1024];

#define ROUTES                                                                                     \
    "route: patients\nfrom: in\nmessages: [Patient]\ndo:\n"                                        \
    "  - require: active.exists()\n"                                                               \
    "    else: { reply: { code: AE, error: 101, at: Patient.active, text: not active } }\n"        \
    "  - { send: away, as: p }\n---\n"                                                             \
    "map: p\nreads: Patient\nto: json\nvalue: { kind: patient, id: =id }\n"
#define BUNDLES                                                                                    \
    "---\nroute: bundles\nfrom: in\nmessages: [Bundle]\ndo:\n  - { send: away, as: b }\n---\n"     \
    "map: b\nreads: Bundle\nto: json\nvalue: { kind: \"=type\" }\n"
#define GOOD "{\"resourceType\":\"Patient\",\"active\":true}"
#define BAD  "{\"resourceType\":\"Patient\"}"
#define JSON "Content-Type: application/fhir+json\r\n"

static inline void begin_with(const char *more, const char *routes)
{
    snprintf(config, sizeof config,
             "sources:\n  in:\n    fhir: { listen: \"127.0.0.1:0\"%s }\n"
             "destinations:\n  away:\n    discard: {}\n",
             more);
    site_open(&s, true, config, routes);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static inline void begin(void)
{
    begin_with("", ROUTES);
}

static inline void end(void)
{
    peer_close(&p);
    buf_free(&text);
    site_close(&s);
}

static size_t before;

/* Is a whole answer there? */
static inline bool is_whole(void *arg)
{
    struct str in = str_slice(buf_str(&p.in), before, p.in.n);
    ptrdiff_t end = str_find(in, STR("\r\n\r\n")), at = str_find(in, STR("Content-Length: "));
    (void)arg;
    if (end < 0) {
        return false;
    }
    int64_t n = 0;
    if (at >= 0 && at < end) {
        struct str rest = str_slice(in, (size_t)at + 16, in.n), number;
        (void)str_split(&rest, '\r', &number);
        cr_assert(str_to_i64(number, &n));
    }
    return (int64_t)in.n >= end + 4 + n;
}

/* What is answered. */
static inline struct str ask_bytes(const char *line, const char *headers, struct str body)
{
    struct buf b = {0};
    before = p.in.n;
    buf_printf(&b, "%s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", line, headers,
               body.n);
    buf_put_str(&b, body);
    peer_send(&p, buf_str(&b));
    buf_free(&b);
    cr_assert(run_until(s.loop, is_whole, NULL), "no answer to %s", line);
    return str_slice(buf_str(&p.in), before, p.in.n);
}

static inline struct str ask(const char *line, const char *headers, const char *body)
{
    return ask_bytes(line, headers, str_of(body));
}

static const char *wanted;

static inline bool has_come(void *arg)
{
    (void)arg;
    return str_find(buf_str(&p.in), str_of(wanted)) >= 0;
}

static inline void again(void)
{
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static inline int status_of(struct str answer)
{
    int64_t n = 0;
    cr_assert(str_starts(answer, STR("HTTP/1.1 ")), "%.*s", STR_ARG(answer));
    cr_assert(str_to_i64(str_slice(answer, 9, 12), &n));
    return (int)n;
}

static inline bool has(struct str answer, const char *part)
{
    return str_find(answer, str_of(part)) >= 0;
}

static inline void expect(struct str answer, int status, const char *const *parts)
{
    cr_expect_eq(status_of(answer), status, "wanted %d: %.*s", status, STR_ARG(answer));
    for (; *parts; parts++) {
        cr_expect(has(answer, *parts), "no %s in %.*s", *parts, STR_ARG(answer));
    }
}
#define EXPECT(answer, status, ...)                                                                \
    expect((answer), (status), (const char *const[]){__VA_ARGS__, NULL})

static inline unsigned stored(void)
{
    struct entry_message m;
    unsigned n = 0;
    while (site_stored(&s, n, &m)) {
        n++;
    }
    return n;
}

static inline struct entry_message message(unsigned n)
{
    struct entry_message m;
    cr_assert(site_stored(&s, n, &m), "message %u", n);
    return m;
}

static char file[64];

/* A file of secrets or keys; its name is in `file`. */
static inline void write_file(const char *content)
{
    snprintf(file, sizeof file, "%s/secret-XXXXXX",
             getenv("CORRIDOR_SCRATCH") ? getenv("CORRIDOR_SCRATCH") : "/tmp");
    int fd = mkstemp(file);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    close(fd);
}

#define ENTRY(method, url, resource)                                                               \
    "{\"resource\":" resource ",\"request\":{\"method\":\"" method "\",\"url\":\"" url "\"}}"
#define BUNDLE(type, entries)                                                                      \
    "{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[" entries "]}"

/* The first entry of a notification, as R4 has it. */
#define NOTICE(type)                                                                               \
    "{\"resource\":{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"subscription\"},"   \
    "{\"name\":\"type\",\"valueCode\":\"" type "\"}]}}"

#endif
