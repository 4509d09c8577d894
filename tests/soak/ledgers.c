/* ledgers SENT GOT [--duplicates N] - compare what a sender was told with what a destination got.
 *
 * SENT, in the order of sending for each patient:  control-id TAB patient [TAB answer [TAB hash]]
 * GOT, in the order of arrival:                    control-id TAB patient TAB answer [TAB hash]
 * as `corridor replay --ledger F [--ledger-hash]` and `corridor sink` write them. A line of SENT without
 * an answer is a positive one. Only lines of GOT with a positive answer are deliveries.
 *
 * Counted: lost (acknowledged, never delivered), altered (delivered with other bytes), invented (delivered,
 * never sent), leaked (delivered although refused), disordered (first delivery before that of an earlier
 * message of the same patient), duplicates (deliveries beyond the first). One JSON line; status 1 when one of
 * them is not 0, or duplicates more than N (no limit), 2 when a ledger cannot be read or is empty. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 4, LINE_MAX_BYTES = 4096 };

/* Text to a number below `n`, first come first numbered. Open addressing; the texts are owned. */
struct names {
    char **text;
    size_t n, cap;
    uint32_t *slots; /* number + 1; 0 free */
    size_t nslots;   /* a power of two */
};

struct message {
    uint64_t hash; /* 0: the ledger has none */
    uint32_t patient;
    bool is_sent, is_acked, is_refused;
    uint32_t delivered; /* how often */
    uint64_t order;     /* among the messages sent, from 1 */
};

struct counts {
    uint64_t sent, acked, refused, unknown, deliveries, delivered;
    uint64_t lost, altered, invented, leaked, disordered, duplicates;
};

struct ledgers {
    struct names ids, patients;
    struct message *messages; /* by number of id */
    size_t cap;
    uint64_t *last; /* by number of patient: order of the latest first delivery */
    size_t last_cap;
    struct counts c;
};

static void *grown(void *p, size_t n, size_t each)
{
    void *q = reallocarray(p, n, each);
    if (!q) {
        fprintf(stderr, "ledgers: out of memory\n");
        exit(2);
    }
    return q;
}

/* FNV-1a with a final mix */
static uint64_t text_hash(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++) {
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    }
    return (h ^ (h >> 29)) * 0xbf58476d1ce4e5b9u;
}

static size_t names_slot(const struct names *t, const char *text)
{
    size_t at = (text_hash(text) >> 16) & (t->nslots - 1);
    while (t->slots[at] && strcmp(t->text[t->slots[at] - 1], text) != 0) {
        at = (at + 1) & (t->nslots - 1);
    }
    return at;
}

static void names_grow(struct names *t)
{
    free(t->slots);
    t->nslots = t->nslots ? t->nslots * 2 : 1024;
    t->slots = grown(NULL, t->nslots, sizeof *t->slots);
    memset(t->slots, 0, t->nslots * sizeof *t->slots);
    for (size_t i = 0; i < t->n; i++) {
        t->slots[names_slot(t, t->text[i])] = (uint32_t)i + 1;
    }
}

static uint32_t names_number(struct names *t, const char *text)
{
    if (t->n * 2 >= t->nslots) {
        names_grow(t);
    }
    size_t at = names_slot(t, text);
    if (!t->slots[at]) {
        if (t->n == t->cap) {
            t->cap = t->cap ? t->cap * 2 : 1024;
            t->text = grown(t->text, t->cap, sizeof *t->text);
        }
        t->text[t->n] = strcpy(grown(NULL, strlen(text) + 1, 1), text);
        t->slots[at] = (uint32_t)++t->n;
    }
    return t->slots[at] - 1;
}

static struct message *message_of(struct ledgers *l, const char *id)
{
    uint32_t i = names_number(&l->ids, id);
    if (i >= l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 1024;
        l->messages = grown(l->messages, cap, sizeof *l->messages);
        memset(l->messages + l->cap, 0, (cap - l->cap) * sizeof *l->messages);
        l->cap = cap;
    }
    return &l->messages[i];
}

static uint64_t *last_of(struct ledgers *l, uint32_t patient)
{
    if (patient >= l->last_cap) {
        size_t cap = l->last_cap ? l->last_cap * 2 : 1024;
        while (cap <= patient) {
            cap *= 2;
        }
        l->last = grown(l->last, cap, sizeof *l->last);
        memset(l->last + l->last_cap, 0, (cap - l->last_cap) * sizeof *l->last);
        l->last_cap = cap;
    }
    return &l->last[patient];
}

static bool is_positive(const char *answer)
{
    return strcmp(answer, "AA") == 0 || strcmp(answer, "CA") == 0 || strcmp(answer, "200") == 0;
}

static bool is_refusal(const char *answer)
{
    return strlen(answer) == 2 && strchr("AC", answer[0]) && strchr("ER", answer[1]);
}

/* columns[0..n): of one line of SENT. False when it cannot be one. */
static bool take_sent(struct ledgers *l, char **columns, int n)
{
    if (n < 2) {
        return false;
    }
    struct message *m = message_of(l, columns[0]);
    if (m->is_sent) {
        return false; /* the sender numbers its messages: an id twice makes every count wrong */
    }
    m->is_sent = true;
    m->order = ++l->c.sent;
    m->patient = names_number(&l->patients, columns[1]);
    m->is_acked = n < 3 || is_positive(columns[2]);
    m->is_refused = n >= 3 && is_refusal(columns[2]);
    m->hash = n >= 4 ? strtoull(columns[3], NULL, 16) : 0;
    l->c.acked += m->is_acked;
    l->c.refused += m->is_refused;
    l->c.unknown += !m->is_acked && !m->is_refused;
    return true;
}

static bool take_got(struct ledgers *l, char **columns, int n)
{
    if (n < 3) {
        return false;
    }
    if (!is_positive(columns[2])) {
        return true;
    }
    l->c.deliveries++;
    struct message *m = message_of(l, columns[0]);
    if (!m->is_sent) {
        l->c.invented++;
        return true;
    }
    l->c.altered += m->hash && n >= 4 && strtoull(columns[3], NULL, 16) != m->hash;
    l->c.altered += names_number(&l->patients, columns[1]) != m->patient;
    if (m->delivered++) {
        l->c.duplicates++;
        return true;
    }
    l->c.leaked += m->is_refused;
    uint64_t *last = last_of(l, m->patient);
    l->c.disordered += m->order < *last;
    *last = m->order > *last ? m->order : *last;
    return true;
}

static int split(char *line, char **columns)
{
    int n = 0;
    line[strcspn(line, "\r\n")] = 0;
    for (char *at = line; at && n < COLUMNS; n++) {
        columns[n] = strsep(&at, "\t");
    }
    return n;
}

static bool read_ledger(struct ledgers *l, const char *path,
                        bool (*take)(struct ledgers *, char **, int))
{
    char line[LINE_MAX_BYTES], *columns[COLUMNS];
    FILE *f = fopen(path, "re");
    uint64_t number = 0;
    if (!f) {
        fprintf(stderr, "ledgers: %s: %s\n", path, strerror(errno));
        return false;
    }
    bool fine = true;
    while (fine && fgets(line, sizeof line, f)) {
        number++;
        fine = strchr(line, '\n') && take(l, columns, split(line, columns));
    }
    fine &= !ferror(f) && fclose(f) == 0;
    if (!fine) {
        fprintf(stderr, "ledgers: %s:%llu: no ledger line, or an id sent twice\n", path,
                (unsigned long long)number);
    }
    return fine;
}

static void judge(struct ledgers *l)
{
    for (size_t i = 0; i < l->ids.n; i++) {
        const struct message *m = &l->messages[i];
        l->c.delivered += m->delivered > 0;
        l->c.lost += m->is_acked && !m->delivered;
    }
}

static void print(const struct counts *c)
{
    printf("{\"sent\":%llu,\"acked\":%llu,\"refused\":%llu,\"unknown\":%llu,\"deliveries\":%llu,"
           "\"delivered\":%llu,\"lost\":%llu,\"altered\":%llu,\"invented\":%llu,\"leaked\":%llu,"
           "\"disordered\":%llu,\"duplicates\":%llu}\n",
           (unsigned long long)c->sent, (unsigned long long)c->acked,
           (unsigned long long)c->refused, (unsigned long long)c->unknown,
           (unsigned long long)c->deliveries, (unsigned long long)c->delivered,
           (unsigned long long)c->lost, (unsigned long long)c->altered,
           (unsigned long long)c->invented, (unsigned long long)c->leaked,
           (unsigned long long)c->disordered, (unsigned long long)c->duplicates);
}

static void ledgers_free(struct ledgers *l)
{
    struct names *both[] = {&l->ids, &l->patients};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < both[i]->n; k++) {
            free(both[i]->text[k]);
        }
        free(both[i]->text);
        free(both[i]->slots);
    }
    free(l->messages);
    free(l->last);
}

/* The exit status. */
static int compare(struct ledgers *l, const char *sent, const char *got, uint64_t most)
{
    if (!read_ledger(l, sent, take_sent) || !read_ledger(l, got, take_got)) {
        return 2;
    }
    judge(l);
    print(&l->c);
    if (!l->c.acked) {
        fprintf(stderr, "ledgers: nothing was acknowledged: nothing was tested\n");
        return 2;
    }
    return l->c.lost || l->c.altered || l->c.invented || l->c.leaked || l->c.disordered ||
           l->c.duplicates > most;
}

int main(int argc, char **argv)
{
    struct ledgers l = {0};
    uint64_t most = UINT64_MAX;
    if (argc == 5 && strcmp(argv[3], "--duplicates") == 0) {
        most = strtoull(argv[4], NULL, 10);
    } else if (argc != 3) {
        fprintf(stderr, "usage: ledgers SENT GOT [--duplicates N]\n");
        return 2;
    }
    int status = compare(&l, argv[1], argv[2], most);
    ledgers_free(&l);
    return status;
}
