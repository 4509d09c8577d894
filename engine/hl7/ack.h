/* ack.h - acknowledgements, original and enhanced mode, every version from 2.1 to 2.8.
 * Rules and their sources: docs/architecture.md "Replies"; HL7 v2.5.1 chapter 2 sections 2.9, 2.15. */
#ifndef CORRIDOR_HL7_ACK_H
#define CORRIDOR_HL7_ACK_H

#include "engine/base/buf.h"
#include "engine/hl7/hl7.h"

enum ack_code { ACK_AA, ACK_AE, ACK_AR, ACK_CA, ACK_CE, ACK_CR };

/* MSH-15/16 as asked: table 0155. Absent or "" in both means original mode. */
enum ack_when { ACK_WHEN_ABSENT, ACK_AL, ACK_NE, ACK_ER, ACK_SU };
struct ack_mode {
    bool enhanced;
    enum ack_when accept, application; /* in enhanced mode an empty one is ACK_NE */
};

struct ack_error {
    int code;         /* table 0357: 100..104, 200..207 */
    const char *path; /* "PID-3[1].4", "MSH-9" or "" */
    char severity;    /* 'E', 'W', 'I' */
    struct str text;  /* user message (ERR-8, MSA-3 up to 2.4); no patient data */
};

/* What to answer to. `m` NULL: the bytes did not parse; `raw` is then scanned for a line that begins with
 * MSH, and MSH-1, 3..6, 9..12 are taken from it; MSA-2 is empty where there is none. */
struct ack_to {
    const struct hl7 *m;
    struct str raw;
};

struct ack {
    enum ack_code code;
    const struct ack_error *errors;
    unsigned nerrors;
    const char *control_id;    /* MSH-10 of the reply */
    int64_t now_us;            /* MSH-7, microseconds since 1970 UTC */
    int64_t expected_sequence; /* MSA-4; INT64_MIN: none */
    bool wants_accept;         /* it goes as a message of its own: AL in MSH-15 */
};

struct ack_mode ack_mode_of(const struct hl7 *m);
/* Is an answer of this code wanted under `when`? ER: only on error or reject, SU: only on success. */
bool ack_wanted(enum ack_when when, enum ack_code code);
/* True when the message is itself an acknowledgement (MSH-9.1 ACK, NMR, MCF, or an MSA segment). */
bool ack_is_ack(const struct hl7 *m);
/* Append the reply to `out`, segments ended by CR, in the request's delimiters and version; without a
 * version, or an unknown one, in the shape of 2.5.1. MSH-3/4 and 5/6 are swapped whole; MSH-7 is UTC with
 * milliseconds; MSH-11, 12, 18 are copied ("P", "2.5.1" where absent); an application answer in enhanced
 * mode says NE in MSH-16. Up to 2.4: MSA-3 and one ERR with a repetition a finding, for negative codes;
 * from 2.5: one ERR a finding. A negative code without findings gets 207. Never fails. O(MSH). */
void ack_build(struct buf *out, struct ack_to to, const struct ack *ack);
const char *ack_code_text(enum ack_code c); /* "AA" */
/* The accept-level twin of an application code: AA->CA, AE->CE, AR->CR. */
enum ack_code ack_accept_code(enum ack_code c);
/* Text of table 0357 for `code`, "" if unknown. */
const char *ack_error_text(int code);

/* The same of bytes that did not parse: a line that begins with MSH and, behind it, one that begins with MSA
 * and the same separator. */
bool ack_is_ack_bytes(struct str raw);

/* An answer read from a peer. */
struct ack_reply {
    enum ack_code code;
    struct str control_id; /* MSA-2, view into the reply */
};
/* 0, or ERR_SYNTAX when there is no MSA or MSA-1 is not of table 0008. */
int ack_read(const struct hl7 *m, struct ack_reply *out);

#endif
