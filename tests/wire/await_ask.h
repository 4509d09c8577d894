/* await_ask.h - the whole engine with a lab that is asked and awaited, and a desk that hears of its answers: what the tests of
 * await: share. */
#ifndef CORRIDOR_TESTS_WIRE_AWAIT_ASK_H
#define CORRIDOR_TESTS_WIRE_AWAIT_ASK_H

#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A01 asks the lab, its answer goes to the desk; A08 goes to the desk at once. */
#define ASK(time)                                                                                  \
    "route: ask\nfrom: [in, other]\nmessages: [ADT^A01]\ndo: [{ send: lab, await: " time           \
    " }]\n---\n"
#define NEXT                                                                                       \
    "route: next\nfrom: [in, other]\nmessages: [ADT^A08, ADT^A40]\ndo: [{ send: desk }]\n---\n"
#define TELL "route: tell\nfrom: lab\nmessages: [ACK]\ndo: [{ send: desk }]\n"
static const char routes[] = ASK("20s") NEXT TELL;

static struct site s;
static struct peer p, q, listener, lab, desk_listener, desk;
static int lab_port, desk_port;
static char config[2000];

static inline const char *configure(const char *in, const char *to_lab)
{
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n%s"
             "  other: { mllp: { listen: \"127.0.0.1:0\" } }\n"
             "destinations:\n"
             "  desk:\n    mllp: { host: \"127.0.0.1\", port: %d, reply: none }\n    parallel: 1\n"
             "    order-by: none\n"
             "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d, reply-within: 30s }\n%s"
             "    parallel: 4\n    retry: { first: 20ms, longest: 20ms }\n",
             in, desk_port, lab_port, to_lab);
    return config;
}

static inline void connect_peers(void)
{
    peer_connect(&p, s.loop, site_address(&s, "in"));
    peer_connect(&q, s.loop, site_address(&s, "other"));
}

static inline void begin_with(const char *in, const char *to_lab, const char *rules)
{
    lab.fd = desk.fd = -1;
    site_prepare(&s, true);
    lab_port = peer_listen(&listener, s.loop);
    desk_port = peer_listen(&desk_listener, s.loop);
    site_start(&s, configure(in, to_lab), rules);
    connect_peers();
}

static inline void begin(void)
{
    begin_with("", "", routes);
}

static inline void end(void)
{
    peer_close(&p);
    peer_close(&q);
    peer_close(&lab);
    peer_close(&listener);
    peer_close(&desk);
    peer_close(&desk_listener);
    site_close(&s);
}

/* `patient` "7" or "7~8". */
static inline void tell(struct peer *from, const char *event, const char *id, const char *patient)
{
    char text[300];
    snprintf(text, sizeof(text),
             "MSH|^~\\&|EPIC|MAIN|CORR|HUB|2026||ADT^%s|%s|P|2.5.1\rPID|1||%s||EXAMPLE\r", event,
             id, patient);
    peer_send_frame(from, text);
}

static inline void lab_says(unsigned n, const char *code, const char *id)
{
    char text[300];
    if (lab.fd < 0) {
        peer_accept(&listener, &lab);
    }
    cr_assert(peer_has_frames(&lab, n), "the question did not reach the lab");
    snprintf(text, sizeof(text),
             "MSH|^~\\&|LAB|L|EPIC|M|20260101%02u||ACK|LAB%s|P|2.5.1\rMSA|%s|%s\r", n, id, code,
             id);
    peer_send_frame(&lab, text);
}

/* The `n`-th (from 0) frame at the desk has this MSH-10. */
static inline void desk_has(unsigned n, const char *id)
{
    char part[40];
    if (desk.fd < 0) {
        peer_accept(&desk_listener, &desk);
    }
    snprintf(part, sizeof(part), "|%s|P|", id);
    peer_expects(&desk, n, (const char *const[]){part, NULL});
}

#define EXPECT(peer, n, ...) peer_expects(peer, n, (const char *const[]){__VA_ARGS__, NULL})

static uint64_t parked_wanted;
static inline bool is_parked(void *arg)
{
    (void)arg;
    return site_source(&s, "in").parked + site_source(&s, "other").parked == parked_wanted;
}

static inline void are_parked(uint64_t n)
{
    parked_wanted = n;
    cr_assert(run_until(s.loop, is_parked, NULL), "parked: %u and %u, not %u",
              (unsigned)site_source(&s, "in").parked, (unsigned)site_source(&s, "other").parked,
              (unsigned)n);
}

/* A01 of patient 7 is stored and with the lab; A08 of the same is parked. */
static inline void begin_parked(void)
{
    tell(&p, "A01", "A1", "7");
    EXPECT(&p, 0, "MSA|AA|A1");
    tell(&p, "A08", "B1", "7");
    are_parked(1);
}

#endif
