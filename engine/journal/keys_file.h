/* keys_file.h - the bytes of what is derived from volumes: the key file of one volume ("00000042.keys") and
 * the ids of several, merged ("00000001-00000008.ids"). Sorted arrays in pages of 4 KiB, each with a hash of its
 * own, so that a look costs one or two pages and what rots is noticed. Drawn in docs/journal-format.md.
 * Not the truth: whatever is wrong with one, it is deleted and made again. Any one thread per struct. */
#ifndef CORRIDOR_JOURNAL_KEYS_FILE_H
#define CORRIDOR_JOURNAL_KEYS_FILE_H

#include "engine/journal/disk.h"
#include "engine/journal/entry.h"
#include "engine/journal/keys_filter.h"

enum {
    KEYS_PAGE = 4096,
    KEYS_VERSION = 1,
    KEYS_NAME = 48,          /* bytes of a name */
    KEYS_ROWS = 255,         /* rows of 16 bytes in a page */
    KEYS_OUTPUTS = 127,      /* of 32 bytes */
    KEYS_FILTER_BLOCKS = 63, /* of 64 bytes */
    KEYS_LEVELS = 8,
};

enum keys_section {
    KEYS_IDS,      /* source, MSH-3, MSH-4, MSH-10: what repetitions are known by */
    KEYS_CONTROL,  /* MSH-10 alone */
    KEYS_PATIENTS, /* ordering keys of outputs, and every id of PID-3 and MRG-1 alone */
    KEYS_MESSAGES, /* message ids */
    KEYS_OUTCOMES, /* the number of the message, not hashed; the place is that of the outcome */
    KEYS_FILTER,   /* over KEYS_IDS; its rows are blocks */
    KEYS_VOLUMES,  /* of merged ids: number and salt of each */
    KEYS_OUTPUT,   /* 32 bytes an output, in order of messages; one for a message without */
};
enum { KEYS_SECTIONS = 8 };

/* `place` as volume_hint(), below four bits: in KEYS_IDS the highest says that the message was rejected, in
 * KEYS_OUTCOMES the upper three are the verdict. */
struct keys_row {
    uint64_t hash, place;
};
#define KEYS_REJECTED      ((uint64_t)1 << 63)
#define KEYS_PLACE         (((uint64_t)1 << 60) - 1)
#define KEYS_VERDICT_SHIFT 61

struct keys_output {
    uint32_t seq, place; /* distance from the volume's first number; offset / 8 in it */
    int64_t received_us;
    uint32_t destination; /* 0: a message without outputs */
    uint32_t route, source;
    uint32_t
        flags; /* 1 bulk, 2 failed route, 4 JSON, KEYS_CARRIED, KEYS_CAUSED, KEYS_BATCH; status << 8 */
};
/* In a carry: `seq` is that of the carry, and what is said of the output is said under another number. */
#define KEYS_CARRIED 8u
/* The message has a cause: another message, which came. It is a batch: its entry says what is in it. */
#define KEYS_CAUSED 16u
#define KEYS_BATCH  32u

struct keys_header {
    unsigned level; /* 0: of one volume; n: ids of up to 8^n volumes */
    uint8_t journal_id[16];
    uint64_t first, last;            /* volumes */
    uint64_t salt;                   /* of the volume; of merged ones made from theirs */
    uint64_t first_seq, last_seq;    /* level 0 */
    int64_t oldest_us, newest_us;    /* receipt of its messages; oldest above newest: none */
    uint64_t oldest_ref, newest_ref; /* messages that its outcomes are about */
    uint64_t messages;
    bool has_marks;           /* rows say KEYS_CAUSED and KEYS_BATCH; older files do not */
    uint64_t destinations[8]; /* bit (name id mod 512): may have an output to it */
    struct {
        uint64_t page, rows; /* first page, and number of rows */
    } section[KEYS_SECTIONS];
};

void keys_name(unsigned level, uint64_t first, uint64_t last, char out[KEYS_NAME]);
/* The volumes in such a name: false for any other. A key file has first = last. */
bool keys_name_parse(const char *name, bool *out_is_merged, uint64_t *out_first,
                     uint64_t *out_last);

void keys_header_put(char page[KEYS_PAGE], const struct keys_header *h);
/* 0, or ERR_DAMAGE: no header of ours, or sections that reach beyond `file_bytes`. */
int keys_header_get(const char page[KEYS_PAGE], uint64_t file_bytes, struct keys_header *out);

static inline bool keys_has_destination(const struct keys_header *h, uint32_t id)
{
    return h->destinations[id / 64 % 8] >> id % 64 & 1;
}

/* ---- writing: under a temporary name, synced, renamed ---- */

struct keys_writer {
    struct disk disk;
    int file;
    int failed; /* -errno; later calls do nothing */
    struct keys_header h;
    struct buf out;   /* pages not yet written */
    uint64_t at;      /* offset of what is in it */
    uint64_t page;    /* number of the page being filled */
    unsigned in_page; /* rows in it */
    enum keys_section section;
    char name[KEYS_NAME];
};

/* `h` with level, volumes, salt and journal id filled. Fails later, in keys_finish(). */
void keys_begin(struct keys_writer *w, const struct disk *d, const struct keys_header *h);
/* Rows of this section follow; each section once, in any order. */
void keys_section(struct keys_writer *w, enum keys_section s);
void keys_put(struct keys_writer *w, const struct keys_row *row);
void keys_put_output(struct keys_writer *w, const struct keys_output *o);
/* The whole section KEYS_FILTER. */
void keys_put_filter(struct keys_writer *w, const struct keys_filter *f);
/* What is known of it only now is in w->h. 0, ERR_SPACE, ERR_IO; the temporary file is gone then. */
int keys_finish(struct keys_writer *w);
/* Without a file: it was not to be. */
void keys_abandon(struct keys_writer *w);

/* ---- reading ---- */

struct keys_file {
    struct disk disk;
    int file;
    struct keys_header h;
    uint64_t page;  /* the one in `bytes`; 0: none */
    uint64_t reads; /* pages read so far */
    char bytes[KEYS_PAGE];
};

/* 0, ERR_NOT_FOUND, ERR_IO, ERR_DAMAGE (also when a newer version wrote it). One page is read. */
int keys_open(struct keys_file *f, const struct disk *d, const char *name);
void keys_close(struct keys_file *f);

struct keys_cursor {
    enum keys_section section;
    uint64_t row; /* the next one */
};

/* Stand before the first row of `s` whose hash is at least `hash`. 0, ERR_DAMAGE, ERR_IO. Even hashes: about
 * two pages; any: O(log pages). */
int keys_seek(struct keys_file *f, enum keys_section s, uint64_t hash, struct keys_cursor *out);
/* 1 and the next row, 0 at the end, ERR_DAMAGE, ERR_IO. */
int keys_next(struct keys_file *f, struct keys_cursor *c, struct keys_row *out);
/* Output row `i`. 1, 0 behind the last one, ERR_DAMAGE, ERR_IO. */
int keys_output_at(struct keys_file *f, uint64_t i, struct keys_output *out);
/* The filter, into memory of its own. 0, ERR_DAMAGE, ERR_IO. */
int keys_load_filter(struct keys_file *f, struct keys_filter *out);

#endif
