/* battery.c - the bad and the odd things that peers send, each against a running daemon with the reply that
 * must come, byte for byte; MSH-7 and MSH-10 of replies are masked as T and ID. After each case a good
 * message on a fresh connection must be answered AA. The daemon answers in the order of arrival, so that
 * what has not come by then never comes: nothing sleeps. Prints "N passed, N failed".
 * usage: battery FEED-PORT STRICT-PORT; STRICT rejects what no route reads. tests/wire/battery starts both. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 20, REPLY_MAX = 1 << 20, IDLE_PEERS = 500 };

struct bytes {
    const char *p;
    size_t n;
};
#define B(lit) ((struct bytes){"" lit, sizeof(lit) - 1})

struct box {
    char *p;
    size_t n, cap;
};

static unsigned passed, failed, good_sent;
static int feed, strict;

/* ---- bytes ---- */

static void add(struct box *b, const void *p, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = (b->n + n + 1) * 2;
        b->p = realloc(b->p, b->cap);
        if (!b->p) {
            abort();
        }
    }
    memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = 0;
}

static void add_text(struct box *b, const char *s)
{
    add(b, s, strlen(s));
}

/* Segments apart by a line feed and a blank, so that a difference can be read. */
static void print_bytes(const char *what, const char *p, size_t n)
{
    printf("  %s (%zu bytes): ", what, n);
    for (size_t i = 0; i < n && i < 900; i++) {
        unsigned char c = (unsigned char)p[i];
        printf(c == '\r' ? "\\r" : c < ' ' || c > '~' ? "\\x%02x" : "%c", c);
    }
    putchar('\n');
}

/* ---- sockets ---- */

static int dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        perror("battery: connect");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* What was taken; less than `n` when the other side has had enough. */
static size_t put(int fd, const char *p, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t k = send(fd, p + done, n - done, MSG_NOSIGNAL);
        if (k <= 0) {
            break;
        }
        done += (size_t)k;
    }
    return done;
}

static unsigned frames_in(const char *p, size_t n)
{
    unsigned k = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        k += p[i] == 0x1c && p[i + 1] == '\r';
    }
    return k;
}

/* Read until `frames` have come or the end; true at the end of the stream. */
static bool get(int fd, struct box *in, unsigned frames, bool to_end)
{
    char buf[65536];
    while (to_end || frames_in(in->p ? in->p : "", in->n) < frames) {
        ssize_t k = recv(fd, buf, sizeof buf, 0);
        if (k == 0 || (k < 0 && errno == ECONNRESET)) {
            return true;
        }
        if (k < 0 || in->n > REPLY_MAX) {
            return false;
        }
        add(in, buf, (size_t)k);
    }
    return false;
}

/* What came besides, without waiting. */
static bool get_rest(int fd, struct box *in)
{
    char buf[4096];
    ssize_t k;
    while ((k = recv(fd, buf, sizeof buf, MSG_DONTWAIT)) > 0) {
        add(in, buf, (size_t)k);
    }
    return k == 0 || errno == ECONNRESET;
}

/* Framing off, a line feed behind each frame; MSH-7 and MSH-10 as T and ID. */
static void mask(const struct box *in, struct box *out)
{
    size_t line = 0;
    unsigned bars = 0;
    bool is_msh = false;
    for (size_t i = 0; i < in->n; i++) {
        char c = in->p[i];
        if (c == 0x0b) {
            line = i + 1;
            bars = 0;
            is_msh = in->n - line > 3 && memcmp(in->p + line, "MSH", 3) == 0;
            continue;
        }
        if (c == 0x1c) {
            i++;
            add_text(out, "\n");
            continue;
        }
        bool is_bar = is_msh && c == in->p[line + 3];
        bars += is_bar;
        if (is_bar && (bars == 6 || bars == 9)) {
            add(out, &c, 1);
            add_text(out, bars == 6 ? "T" : "ID");
        } else if (!is_msh || is_bar || (bars != 6 && bars != 9)) {
            add(out, &c, 1);
        }
        is_msh = is_msh && c != '\r';
    }
}

/* ---- judging ---- */

static void judge(const char *name, bool ok, const char *why)
{
    if (ok) {
        passed++;
        return;
    }
    failed++;
    printf("not ok: %s: %s\n", name, why);
}

static void ask_good(const char *name)
{
    char text[300];
    struct box in = {0};
    int fd = dial(feed);
    int n = snprintf(text, sizeof text,
                     "\vMSH|^~\\&|GOOD|HERE|X|Y|20260101||ADT^A01|G%u|P|2.5.1\rPID|1||77||BROOK^"
                     "ANN||1980|F\r\x1c\r",
                     ++good_sent);
    put(fd, text, (size_t)n);
    get(fd, &in, 1, false);
    snprintf(text, sizeof text, "\rMSA|AA|G%u\r", good_sent);
    judge(name, in.n && strstr(in.p, text), "the next good message got no AA");
    free(in.p);
    close(fd);
}

enum { HALF_CLOSE = 1, CLOSES = 2, BYTEWISE = 4, STRICT = 8 };

/* Send, read what must come, see that the daemon still serves, see that nothing else came. */
static void try(const char *name, struct bytes sent, const char *want, unsigned how)
{
    struct box in = {0}, got = {0};
    unsigned frames = 0;
    int fd = dial(how & STRICT ? strict : feed);
    for (const char *p = want; *p; p++) {
        frames += *p == '\n';
    }
    for (size_t at = 0; at < sent.n; at += how & BYTEWISE ? 1 : sent.n) {
        put(fd, sent.p + at, how & BYTEWISE ? 1 : sent.n);
    }
    if (how & HALF_CLOSE) {
        shutdown(fd, SHUT_WR);
    }
    bool is_ended = get(fd, &in, frames, how & (CLOSES | HALF_CLOSE));
    ask_good(name);
    is_ended |= get_rest(fd, &in);
    mask(&in, &got);
    bool same = got.n == strlen(want) && (got.n == 0 || memcmp(got.p, want, got.n) == 0);
    judge(name, same, "another reply");
    if (!same) {
        print_bytes("want", want, strlen(want));
        print_bytes("got ", got.p ? got.p : "", got.n);
    }
    judge(name, is_ended == ((how & (CLOSES | HALF_CLOSE)) != 0),
          is_ended ? "it was closed" : "it stays open");
    free(in.p);
    free(got.p);
    close(fd);
}

/* ---- what is no message ---- */

#define HEAD(rest) "MSH|^~\\&|||||T||ACK|ID|P|2.5.1\r" rest "\n"
#define FROM       "MSH|^~\\&|A|B|C|D|1||ADT^A01|"
#define PID        "\rPID|1||77||DOE^J||1980|F\r"
#define TO         "MSH|^~\\&|C|D|A|B|T||ACK^A01^ACK|ID|P|2.5.1\r"
#define NO_MSH                                                                                     \
    HEAD("MSA|AR|\rERR||MSH^1|100^Segment sequence error^HL70357|E||||the message does not begin " \
         "with MSH\r")

static const struct {
    const char *name;
    struct bytes sent;
    const char *want;
    unsigned how;
} cases[] = {
    {"empty frame", B("\v\x1c\r"), NO_MSH, 0},
    {"a NUL", B("\v\0\x1c\r"), NO_MSH, 0},
    {"no MSH", B("\vhello\x1c\r"), NO_MSH, 0},
    {"blank lines only", B("\v\r\r\r\x1c\r"), NO_MSH, 0},
    {"MSH without a separator", B("\vMSH\x1c\r"),
     HEAD("MSA|AR|\rERR||MSH^1^1|101^Required field missing^HL70357|E||||the message ends before "
          "the field separator "
          "MSH-1\r"),
     0},
    {"MSH and separator", B("\vMSH|\x1c\r"),
     HEAD("MSA|AR|\rERR||MSH^1^2|101^Required field missing^HL70357|E||||the encoding characters "
          "are missing; "
          "\\S\\\\R\\\\E\\\\T\\ is usual\r"),
     0},
    {"MSH-1 is a letter", B("\vMSHA^~\\&AxAyA\r\x1c\r"),
     HEAD("MSA|AR|\rERR||MSH^1^1|102^Data type error^HL70357|E||||the field separator must be a "
          "printable ASCII sign, "
          "as \\F\\\r"),
     0},
    {"MSH-2 repeats a sign", B("\vMSH|^^^^|A|B|C|D|1||ADT^A01|7|P|2.5.1\r\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK^A01^ACK|ID|P|2.5.1\rMSA|AR|7\rERR||MSH^1^2|102^Data type "
     "error^HL70357|E||||the encoding "
     "characters must be distinct printable signs, as \\S\\\\R\\\\E\\\\T\\\r\n",
     0},
    {"other delimiters",
     B("\vMSH$*%!@$A$B$C$D$1$$ADT*A01$8$P$2.5.1\rPID$1$$77$$DOE*J$$1980$F\r\x1c\r"),
     "MSH$*%!@$C$D$A$B$T$$ACK*A01*ACK$ID$P$2.5.1\rMSA$AA$8\r\n", 0},
    {"PID first", B("\vPID|1\r" FROM "5|P|2.5.1\r\x1c\r"),
     TO "MSA|AR|5\rERR||MSH^1|100^Segment sequence error^HL70357|E||||the message does not begin "
        "with MSH\r\n",
     0},
    {"no MSH-10", B("\v" FROM "|P|2.5.1" PID "\x1c\r"),
     TO "MSA|AR|\rERR||MSH^1^10|101^Required field missing^HL70357|E||||message control id is "
        "missing\r\n",
     0},
    {"a NUL in a field", B("\v" FROM "9|P|2.5.1\rPID|1||77||DOE^\0||1980|F\r\x1c\r"),
     TO "MSA|AA|9\r\n", 0},
    {"broken UTF-8",
     B("\v" FROM "10|P|2.5.1||||||UNICODE UTF-8\rPID|1||77||D\xc3^\xff\xfe||1980|F\r\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK^A01^ACK|ID|P|2.5.1||||||UNICODE UTF-8\rMSA|AA|10\r\n", 0},
    {"a character set nobody knows", B("\v" FROM "11|P|2.5.1||||||KLINGON" PID "\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK^A01^ACK|ID|P|2.5.1||||||KLINGON\rMSA|AA|11\r\n", 0},
    {"segments ended by LF", B("\v" FROM "12|P|2.5.1\nPID|1||77||DOE^J||1980|F\n\x1c\r"),
     TO "MSA|AA|12\r\n", 0},
    {"a byte at a time", B("\v" FROM "13|P|2.5.1" PID "\x1c\r"), TO "MSA|AA|13\r\n", BYTEWISE},
    {"half-closed behind the message", B("\v" FROM "14|P|2.5.1" PID "\x1c\r"), TO "MSA|AA|14\r\n",
     HALF_CLOSE},
    {"half-closed behind FS", B("\v" FROM "15|P|2.5.1" PID "\x1c"), TO "MSA|AA|15\r\n", HALF_CLOSE},
    {"half-closed within a frame", B("\v" FROM "16|P|2.5.1\rPID|"), "", HALF_CLOSE},
    {"half-closed at once", B(""), "", HALF_CLOSE},
    {"FS and the next frame", B("\v" FROM "17|P|2.5.1" PID "\x1c\v" FROM "18|P|2.5.1" PID "\x1c\r"),
     TO "MSA|AA|17\r\n" TO "MSA|AA|18\r\n", 0},
    {"FS and another byte", B("\v" FROM "19|P|2.5.1" PID "\x1cX" FROM "20|P|2.5.1" PID "\x1c\r"),
     TO "MSA|AR|19\rERR|||207^Application internal error^HL70357|E||||the frame is broken: FS is "
        "followed by another "
        "byte than CR\r\n",
     CLOSES},
    {"bytes outside a frame", B("noise\r\n\v" FROM "21|P|2.5.1" PID "\x1c\r\r\nmore"),
     TO "MSA|AA|21\r\n", 0},
    {"only bytes outside a frame", B("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "", 0},
    {"an acknowledgement", B("\vMSH|^~\\&|A|B|C|D|1||ACK^A01^ACK|22|P|2.5.1\rMSA|AA|1\r\x1c\r"), "",
     0},
    {"an acknowledgement that wants one",
     B("\vMSH|^~\\&|A|B|C|D|1||ACK|23|P|2.5.1|||AL|AL\rMSA|AE|1\r\x1c\r"), "", 0},
    {"an acknowledgement that cannot be read",
     B("\vMSH||A|B|C|D|1||ACK|A1|P|2.5.1\rMSA|AA|1\r\x1c\r"), "", 0},
    {"MSA without MSH", B("\vMSA|AA|1\r\x1c\r"), NO_MSH, 0},
    {"NMR", B("\vMSH|^~\\&|A|B|C|D|1||NMR^N01|24|P|2.5.1\rMSA|AA|1\r\x1c\r"), "", 0},
    {"a type that no route reads", B("\vMSH|^~\\&|A|B|C|D|1||ORU^R01|25|P|2.5.1\rPID|1\r\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK^R01^ACK|ID|P|2.5.1\rMSA|AA|25\r\n", 0},
    {"the same where it is rejected", B("\vMSH|^~\\&|A|B|C|D|1||ORU^R01|26|P|2.5.1\rPID|1\r\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK^R01^ACK|ID|P|2.5.1\rMSA|AR|26\rERR||MSH^1^9|200^Unsupported message "
     "type^HL70357|E||||no "
     "route reads this message type\r\n",
     STRICT},
    {"no type", B("\vMSH|^~\\&|A|B|C|D|1|||27|P|2.5.1\rPID|1\r\x1c\r"),
     "MSH|^~\\&|C|D|A|B|T||ACK|ID|P|2.5.1\rMSA|AR|27\rERR||MSH^1^9|200^Unsupported message "
     "type^HL70357|E||||no route "
     "reads this message type\r\n",
     STRICT},
    {"a batch in one frame", B("\vBHS|^~\\&|A\r" FROM "28|P|2.5.1" PID "BTS|1\r\x1c\r"),
     "MSH|^~\\&|||A||T||ACK|ID|P|2.5.1\rMSA|AA|28\r\n", 0},
};

/* ---- versions ---- */

static const struct {
    const char *version, *type;
    bool is_new; /* ERR as of 2.5 */
} versions[] = {
    {"2.1", "ACK", false},           {"2.2", "ACK", false},         {"2.3", "ACK^A01", false},
    {"2.3.1", "ACK^A01^ACK", false}, {"2.4", "ACK^A01^ACK", false}, {"2.5", "ACK^A01^ACK", true},
    {"2.5.1", "ACK^A01^ACK", true},  {"2.6", "ACK^A01^ACK", true},  {"2.7", "ACK^A01^ACK", true},
    {"2.8", "ACK^A01^ACK", true},
};

static const struct {
    const char *name, *pid, *code, *old_err, *new_err;
} verdicts[] = {
    {"accepted", "1||77||DOE||1980|F", "AA", "", ""},
    {"rejected at a field", "1||||DOE||1980|F", "AE",
     "|no patient id\rERR|PID^1^3^101&Required field missing&HL70357",
     "\rERR||PID^1^3|101^Required field missing^HL70357|E||||no patient id"},
    {"rejected at a component", "1||77||DOE||1980|", "AE",
     "|no sex: M \\T\\ F\rERR|PID^1^8^103&Table value not found&HL70357",
     "\rERR||PID^1^8^1^2|103^Table value not found^HL70357|E||||no sex: M \\T\\ F"},
};

/* In original mode the application reply; with both levels asked CA before it, and NE in MSH-16. */
static void try_version(size_t i, size_t k, bool is_enhanced)
{
    char sent[300], head[200], want[900], name[80];
    const char *version = versions[i].version, *mode = is_enhanced ? "|||AL|AL" : "";
    const char *err = versions[i].is_new ? verdicts[k].new_err : verdicts[k].old_err;
    snprintf(name, sizeof name, "version %s, %s%s", version, verdicts[k].name,
             is_enhanced ? ", both levels" : "");
    int n = snprintf(
        sent, sizeof sent,
        "\vMSH|^~\\&|EPIC^1.2.3^ISO|MAIN|DESK|S&T|1||ADT^A01|V%zu-%zu-%d|T|%s%s\rPID|%s\r\x1c\r", i,
        k, is_enhanced, version, mode, verdicts[k].pid);
    snprintf(head, sizeof head, "MSH|^~\\&|DESK|S&T|EPIC^1.2.3^ISO|MAIN|T||%s|ID|T|%s",
             versions[i].type, version);
    int m = !is_enhanced ? 0 : snprintf(want, sizeof want, "%s\rMSA|CA|V%zu-%zu-1\r\n", head, i, k);
    snprintf(want + m, sizeof want - (size_t)m, "%s%s\rMSA|%s|V%zu-%zu-%d%s\r\n", head,
             is_enhanced ? "||||NE" : "", verdicts[k].code, i, k, is_enhanced, err);
    try(name, (struct bytes){sent, (size_t)n}, want, 0);
}

static void try_versions(void)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        for (size_t k = 0; k < sizeof verdicts / sizeof *verdicts; k++) {
            try_version(i, k, false);
            try_version(i, k, true);
        }
    }
}

/* ---- accept and application level: table 0155 in MSH-15 and MSH-16 ---- */

/* Codes that must come, in order, for each value of MSH-16. */
static const struct {
    const char *accept;
    const char *accepted[5], *by_rule[5], *untaken[5]; /* MSH-16: empty, AL, NE, ER, SU */
} grid[] = {
    {"", {"AA", "AA", "", "", "AA"}, {"AE", "AE", "", "AE", ""}, {"AR", "AR", "", "AR", ""}},
    {"AL",
     {"CA", "CA AA", "CA", "CA", "CA AA"},
     {"CE", "CA AE", "CE", "CA AE", "CE"},
     {"CR", "CR", "CR", "CR", "CR"}},
    {"NE", {"", "AA", "", "", "AA"}, {"", "AE", "", "AE", ""}, {"", "AR", "", "AR", ""}},
    {"ER",
     {"", "AA", "", "", "AA"},
     {"CE", "AE", "CE", "AE", "CE"},
     {"CR", "CR", "CR", "CR", "CR"}},
    {"SU",
     {"CA", "CA AA", "CA", "CA", "CA AA"},
     {"", "CA AE", "", "CA AE", ""},
     {"", "AR", "", "AR", ""}},
};

static void want_reply(struct box *out, const char *code, const char *id, bool is_enhanced,
                       const char *err)
{
    char text[500];
    bool is_app = code[0] == 'A';
    bool has_err = code[1] != 'A';
    snprintf(text, sizeof text, "MSH|^~\\&|C|D|A|B|T||ACK^%s^ACK|ID|P|2.5.1%s\rMSA|%.2s|%s\r%s\n",
             strstr(err, "MSH") ? "R01" : "A01", is_enhanced && is_app ? "||||NE" : "", code, id,
             has_err ? err : "");
    add_text(out, text);
}

#define UNROUTED_ERR                                                                               \
    "ERR||MSH^1^9|200^Unsupported message type^HL70357|E||||no route reads this message type\r"

static void try_levels(void)
{
    static const char *const applications[] = {"", "AL", "NE", "ER", "SU"},
                             *const types[] = {"ADT^A01", "ADT^A01", "ORU^R01"},
                             *const pids[] = {"77", "", "77"},
                             *const names[] = {"accepted", "rejected by a rule", "not taken"};
    static const char *const errs[] = {
        "", "ERR||PID^1^3|101^Required field missing^HL70357|E||||no patient id\r", UNROUTED_ERR};
    for (unsigned i = 0; i < 5 * 5 * 3; i++) {
        unsigned row = i / 15, column = i / 3 % 5, kind = i % 3;
        const char *codes = kind == 0   ? grid[row].accepted[column]
                            : kind == 1 ? grid[row].by_rule[column]
                                        : grid[row].untaken[column];
        char sent[300], name[80], id[16];
        struct box want = {0};
        snprintf(id, sizeof id, "L%u", i);
        snprintf(name, sizeof name, "MSH-15 %s, MSH-16 %s, %s", grid[row].accept,
                 applications[column], names[kind]);
        int n = snprintf(
            sent, sizeof sent,
            "\vMSH|^~\\&|A|B|C|D|1||%s|%s|P|2.5.1|||%s|%s\rPID|1||%s||DOE^J||1980|F\r\x1c\r",
            types[kind], id, grid[row].accept, applications[column], pids[kind]);
        add_text(&want, "");
        for (const char *c = codes; *c; c += c[2] ? 3 : 2) {
            want_reply(&want, c, id, row > 0 || column > 0, errs[kind]);
        }
        try(name, (struct bytes){sent, (size_t)n}, want.p, STRICT);
        free(want.p);
    }
}

/* ---- other encodings ---- */

static void widen(struct box *out, const char *s, unsigned unit, unsigned at)
{
    for (; *s; s++) {
        char wide[4] = {0};
        wide[at] = *s;
        add(out, wide, unit);
    }
}

static void try_wide(void)
{
    static const struct {
        const char *name, *mark;
        size_t nmark;
        unsigned unit, at;
    } v[] = {{"UTF-16LE", "", 0, 2, 0},
             {"UTF-16LE with its mark", "\xff\xfe", 2, 2, 0},
             {"UTF-16BE", "", 0, 2, 1},
             {"UTF-16BE with its mark", "\xfe\xff", 2, 2, 1},
             {"UTF-32LE", "", 0, 4, 0}};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct box sent = {0};
        add_text(&sent, "\v");
        add(&sent, v[i].mark, v[i].nmark);
        widen(&sent, FROM "W1|P|2.5.1||||||UNICODE UTF-16" PID, v[i].unit, v[i].at);
        add_text(&sent, "\x1c\r");
        try(v[i].name, (struct bytes){sent.p, sent.n},
            TO "MSA|AE|W1\rERR||MSH^1^18|102^Data type error^HL70357|E||||UTF-16 and UTF-32 are "
               "not taken over MLLP; send "
               "UTF-8\r\n",
            0);
        free(sent.p);
    }
    struct box ack = {0};
    add_text(&ack, "\v");
    widen(&ack, "MSH|^~\\&|A|B|C|D|1||ACK|W2|P|2.5.1\rMSA|AA|1\r", 2, 0);
    add_text(&ack, "\x1c\r");
    try("an acknowledgement in UTF-16", (struct bytes){ack.p, ack.n}, "", 0);
    free(ack.p);
}

/* ---- much of it ---- */

static void try_many(const char *name, const char *head, const char *each, unsigned n,
                     const char *id)
{
    struct box sent = {0};
    char text[200];
    snprintf(text, sizeof text, "\v" FROM "%s|P|2.5.1" PID "%s", id, head);
    add_text(&sent, text);
    for (unsigned i = 0; i < n; i++) {
        add_text(&sent, each);
    }
    add_text(&sent, "\r\x1c\r");
    snprintf(text, sizeof text, TO "MSA|AA|%s\r\n", id);
    try(name, (struct bytes){sent.p, sent.n}, text, 0);
    free(sent.p);
}

/* A frame that never ends: the daemon has enough at its limit, answers and closes. */
static void try_endless(void)
{
    static char block[1 << 16];
    struct box in = {0}, got = {0};
    int fd = dial(feed);
    size_t total = 0;
    memset(block, 'x', sizeof block);
    put(fd, "\v" FROM "E1|P|2.5.1\rOBX|1|TX|||", strlen("\v" FROM "E1|P|2.5.1\rOBX|1|TX|||"));
    while (total < (64u << 20) && put(fd, block, sizeof block) == sizeof block) {
        total += sizeof block;
    }
    bool is_ended = get(fd, &in, 0, true);
    mask(&in, &got);
    judge("a frame without end", is_ended, "it stays open");
    bool is_right =
        got.n && strcmp(got.p, TO
                        "MSA|AR|E1\rERR|||207^Application internal error^HL70357|E||||the frame is "
                        "larger than frame-limit\r\n") == 0;
    judge("a frame without end", is_right, "another reply");
    if (!is_right) {
        print_bytes("got ", got.p ? got.p : "", got.n);
    }
    ask_good("a frame without end");
    free(in.p);
    free(got.p);
    close(fd);
}

static void try_garbage(void)
{
    static char block[1 << 17];
    uint64_t x = 88172645463325252u;
    for (size_t i = 0; i < sizeof block; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        block[i] = (char)x == 0x0b ? 0 : (char)x; /* no frame begins */
    }
    try("128 KiB of garbage", (struct bytes){block, sizeof block}, "", CLOSES);
}

/* Half of them with the beginning of a frame. */
static void try_idle(void)
{
    static int fds[IDLE_PEERS];
    for (int i = 0; i < IDLE_PEERS; i++) {
        fds[i] = dial(feed);
        if (i % 2) {
            put(fds[i], "\vMSH|", 5);
        }
    }
    ask_good("500 idle peers");
    for (int i = 0; i < IDLE_PEERS; i++) {
        struct linger now = {1, 0};
        if (i % 4 == 0) {
            setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now); /* goes with a reset */
        }
        close(fds[i]);
    }
    ask_good("500 idle peers are gone");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: battery FEED-PORT STRICT-PORT\n", stderr);
        return 2;
    }
    feed = atoi(argv[1]);
    strict = atoi(argv[2]);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        try(cases[i].name, cases[i].sent, cases[i].want, cases[i].how);
    }
    try_versions();
    try_levels();
    try_wide();
    try_many("100,000 segments", "", "ZZZ|1\r", 100000, "M1");
    try_many("a million repetitions", "NTE|1||", "A~", 1000000, "M2");
    try_many("a million components", "NTE|1||", "A^", 1000000, "M3");
    try_many("a million fields", "ZZZ", "|", 1000000, "M4");
    try_many("a million blank lines", "", "\r", 1000000, "M5");
    try_many("a field of 10 MB", "NTE|1||", "0123456789", 1000000, "M6");
    try_endless();
    try_garbage();
    try_idle();
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
