#include "engine/ops/pieces.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of `n` messages of some hundred bytes between `before` and `after`. */
static const char *write_messages(const char *before, const char *start, unsigned n,
                                  const char *after)
{
    static char path[] = "/tmp/corridor-pieces-XXXXXX";
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");
    fputs(before, f);
    for (unsigned i = 0; i < n; i++) {
        fprintf(f, "%s|%u|%0200u\rPID|1||%u\r", start, i, i, i);
    }
    fputs(after, f);
    fclose(f);
    return path;
}

Test(pieces, every_piece_ends_where_a_message_ends)
{
    static const struct {
        const char *name, *before, *start, *after, *begins;
    } rows[] = {
        {"messages", "", "MSH", "", "MSH"},
        {"a batch, its header with the message behind", "BHS|^~\\&\r", "BHS|x\rMSH", "BTS|\r",
         "BHS"},
        {"two headers", "", "FHS|y\rBHS|x\rMSH", "FTS|\r", "FHS"},
        {"MLLP bytes", "\x0b", "MSH", "", "MSH"},
        {"JSON", "", "{\"a\":1}\n{\"b\":2", "}", "{"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = write_messages(rows[i].before, rows[i].start, 60000, rows[i].after),
                   *why;
        struct pieces p;
        struct str piece;
        uint64_t line, lines = 1, bytes = 0;
        unsigned n = 0;
        cr_assert(pieces_open(&p, path, &why), "%s", why);
        for (; pieces_next(&p, &piece, &line); n++) {
            cr_expect_eq(line, lines, "%s: piece %u begins in line %llu", rows[i].name, n,
                         (unsigned long long)line);
            cr_expect(n == 0 || strncmp(piece.p, rows[i].begins, strlen(rows[i].begins)) == 0,
                      "%s: piece %u begins with %.10s", rows[i].name, n, piece.p);
            for (size_t k = 0; k < piece.n; k++) {
                lines += piece.p[k] == '\r' || piece.p[k] == '\n';
            }
            bytes += piece.n;
        }
        FILE *f = fopen(path, "rb");
        fseek(f, 0, SEEK_END);
        cr_expect_eq(bytes, (uint64_t)ftell(f), "%s: every byte once", rows[i].name);
        cr_expect_gt(n, 2, "%s: %u pieces", rows[i].name, n);
        cr_expect_null(p.why);
        fclose(f);
        pieces_close(&p);
        unlink(path);
    }
}

Test(pieces, a_document_begins_where_nothing_waits_for_a_value)
{
    static const struct {
        const char *text;
        unsigned starts;
    } rows[] = {
        {"{\"a\":1}\n{\"b\":2}", 2},
        {"{\"a\":1}\r\n\r\n {\"b\":2}\r\n{\"c\":3}", 2},
        {"{\n\"a\":\n{\n\"b\": [\n{\n},  \n\t\n{\n}\n]\n}\n}\n", 1},
        {"[\n{\n},\n{\n}\n]\n", 0},
        {"{\"cut\":\"of\n{\"b\":2}", 2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str s = str_of(rows[i].text);
        unsigned n = 0;
        for (size_t at = 0; at < s.n; at++) {
            n += pieces_is_document(s, at);
        }
        cr_expect_eq(n, rows[i].starts, "%s: %u", rows[i].text, n);
    }
}

Test(pieces, what_cannot_be_read_says_why)
{
    struct pieces p;
    const char *why = NULL;
    cr_expect(!pieces_open(&p, "/gone/away", &why));
    cr_expect_str_eq(why, "No such file or directory");
    cr_assert(pieces_open(&p, "/", &why));
    struct str piece;
    uint64_t line;
    cr_expect(!pieces_next(&p, &piece, &line));
    cr_expect_str_eq(p.why, "Is a directory");
    pieces_close(&p);
}

Test(pieces, an_empty_file_has_none)
{
    struct pieces p;
    struct str piece;
    uint64_t line;
    const char *why;
    cr_assert(pieces_open(&p, "/dev/null", &why));
    cr_expect(!pieces_next(&p, &piece, &line));
    cr_expect_null(p.why);
    pieces_close(&p);
}
