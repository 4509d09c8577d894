/* await: of a send, where the next message comes over HTTP, as FHIR or in a file. */
#include "tests/wire/await_ask.h"

#include <stdlib.h>
#include <unistd.h>

static char box[64];

static const char *box_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", box, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    FILE *f = fopen(box_path(name), "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static bool is_gone(void *arg)
{
    return access(arg, F_OK) != 0;
}

/* With one destination more, and the one that A08 goes to. */
static void begin_doors_with(const char *more, const char *to)
{
    char rules[900];
    lab.fd = desk.fd = -1;
    site_prepare(&s, true);
    lab_port = peer_listen(&listener, s.loop);
    desk_port = peer_listen(&desk_listener, s.loop);
    strcpy(box, "/tmp/corridor-await-XXXXXX");
    cr_assert(mkdtemp(box));
    (void)configure("", "");
    size_t n = (size_t)(strstr(config, "destinations:\n") - config);
    char rest[1200];
    strcpy(rest, config + n);
    snprintf(config + n, sizeof(config) - n,
             "  web: { http: { listen: \"127.0.0.1:0\" } }\n"
             "  rest: { fhir: { listen: \"127.0.0.1:0\" } }\n"
             "  box: { files: { directory: %s, poll: 50ms, stable-for: 0ms } }\n"
             "%s  bin: { discard: {} }\n%s",
             box, rest, more);
    snprintf(rules, sizeof(rules),
             ASK("20s") "route: next\nfrom: [in, other, web, box]\nmessages: [ADT^A08]\n"
                        "do: [{ send: %s }]\n---\n"
                        "route: fhir\nfrom: rest\nmessages: [Patient]\ndo: [{ send: bin }]\n"
                        "---\n" TELL,
             to);
    site_start(&s, config, rules);
    connect_peers();
    tell(&p, "A01", "A1", "7^^^urn:x");
    EXPECT(&p, 0, "MSA|AA|A1");
}

static void end_doors(void)
{
    unlink(box_path("done/a.hl7"));
    unlink(box_path("a.hl7"));
    rmdir(box_path("done"));
    rmdir(box_path("rejected"));
    cr_expect(rmdir(box) == 0, "nothing else was made in it");
    end();
}

static uint64_t parked_at(const char *source)
{
    return site_source(&s, source).parked;
}

static bool web_is_parked(void *arg)
{
    (void)arg;
    return parked_at("web") == 1;
}

static bool box_is_parked(void *arg)
{
    (void)arg;
    return parked_at("box") == 1;
}

static bool all_are_parked(void *arg)
{
    (void)arg;
    return parked_at("web") == 1 && parked_at("rest") == 1 && parked_at("box") == 1;
}

static bool has_status(void *arg)
{
    const struct peer *one = arg;
    return str_starts(buf_str(&one->in), STR("HTTP/1.1 2"));
}

static void post(struct peer *to, const char *source, const char *line, const char *type,
                 const char *body)
{
    char text[700];
    peer_connect(to, s.loop, site_address(&s, source));
    snprintf(text, sizeof(text),
             "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
             line, type, strlen(body), body);
    peer_send(to, str_of(text));
}

#define A08(id) "MSH|^~\\&|EPIC|MAIN|C|H|2026||ADT^A08|" id "|P|2.5.1\rPID|1||7^^^urn:x||D\r"
#define PATIENT                                                                                    \
    "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"7\"}]}"

#define BUNDLE                                                                                     \
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":" PATIENT      \
    ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}]}"

static struct peer web, rest;

/* HTTP, FHIR and a file, all of the patient whose answer is awaited. */
static void park_at_all_doors(void)
{
    post(&web, "web", "/", "application/hl7-v2", A08("W1"));
    cr_assert(run_until(s.loop, web_is_parked, NULL));
    post(&rest, "rest", "/fhir/Patient", "application/fhir+json", PATIENT);
    put_file("a.hl7", A08("F1"));
    cr_assert(run_until(s.loop, all_are_parked, NULL));
}

Test(await_doors, every_door_parks)
{
    begin_doors_with("", "desk");
    park_at_all_doors();
    cr_expect_eq(web.in.n, 0, "nobody is answered");
    cr_expect_eq(rest.in.n, 0);
    cr_expect(access(box_path("a.hl7"), F_OK) == 0, "the file stays");
    lab_says(1, "AA", "A1");
    desk_has(0, "LABA1");
    desk_has(1, "W1");
    desk_has(2, "F1");
    cr_assert(site_delivers(&s, "bin", 1));
    cr_expect(run_until(s.loop, has_status, &web));
    cr_expect(run_until(s.loop, has_status, &rest));
    cr_expect(run_until(s.loop, is_gone, (void *)(uintptr_t)box_path("a.hl7")));
    peer_close(&web);
    peer_close(&rest);
    end_doors();
}

static bool rest_is_parked(void *arg)
{
    (void)arg;
    return parked_at("rest") == 1;
}

/* A transaction is one entry: it waits as a whole. */
Test(await_doors, a_transaction_is_parked_whole)
{
    begin_doors_with("", "desk");
    post(&rest, "rest", "/fhir", "application/fhir+json", BUNDLE);
    cr_assert(run_until(s.loop, rest_is_parked, NULL));
    lab_says(1, "AA", "A1");
    cr_assert(site_delivers(&s, "bin", 1));
    cr_expect(run_until(s.loop, has_status, &rest));
    cr_expect_eq(site_source(&s, "rest").c.messages, 1);
    cr_expect_eq(site_source(&s, "rest").accepted, 1);
    peer_close(&rest);
    end_doors();
}

Test(await_doors, at_a_stop_every_door_lets_go)
{
    struct entry_message m;
    begin_doors_with("", "desk");
    peer_accept(&listener, &lab);
    park_at_all_doors();
    peer_close(&lab);
    peer_close(&listener);
    site_drain(&s);
    cr_expect_lt(str_find(buf_str(&web.in), STR("HTTP/1.1 2")), 0);
    cr_expect_lt(str_find(buf_str(&rest.in), STR("HTTP/1.1 2")), 0);
    cr_expect(access(box_path("a.hl7"), F_OK) == 0, "the file is taken after the start");
    cr_assert(site_stored(&s, 0, &m));
    cr_expect_not(site_stored(&s, 1, &m));
    peer_close(&web);
    peer_close(&rest);
    end_doors();
}

/* A file is offered once: what finds no room when it goes on is told in the file of reasons. */
Test(await_doors, a_file_that_finds_no_room_is_put_aside)
{
    static char note[70000], text[71000];
    unsigned n = 0;
    begin_doors_with("  slow: { mllp: { host: 127.0.0.1, port: 1 }, backlog: 1MiB }\n", "slow");
    put_file("a.hl7", A08("F1"));
    cr_assert(run_until(s.loop, box_is_parked, NULL));
    memset(note, 'x', sizeof(note) - 1);
    while (n < 40 && !site_logged(&s, "backlog-full")) {
        snprintf(text, sizeof(text),
                 "MSH|^~\\&|E|M|C|H|2026||ADT^A08|N%u|P|2.5.1\rPID|1||8\rNTE|1||%s\r", n, note);
        peer_send_frame(&q, text);
        cr_assert(peer_has_frames(&q, ++n));
    }
    cr_assert_lt(n, 40);
    lab_says(1, "AA", "A1");
    cr_expect(run_until(s.loop, is_gone, (void *)(uintptr_t)box_path("a.hl7")));
    cr_expect(unlink(box_path("rejected/a.hl7")) == 0);
    cr_expect(unlink(box_path("rejected/a.hl7.why")) == 0);
    end_doors();
}
