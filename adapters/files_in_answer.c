/* What becomes of the messages of a file: each is answered, and the file put away when all are. */
#include "adapters/files_in_priv.h"

static void tell(const struct files_in *in, enum log_level level, const char *event)
{
    log_event(in->ep->log, level, event, log_str("source", in->ep->name),
              log_uint("accepted", in->accepted), log_uint("rejected", in->rejected));
}

static void put_away(struct files_in *in)
{
    struct files_look *l = files_in_look(in);
    bool is_bad = in->rejected || in->strays || in->file->is_too_large || !in->accepted;
    l->name = in->file->name;
    in->file->name = NULL;
    l->put = is_bad ? FILES_REJECTED : FILES_DONE;
    if (is_bad) {
        buf_printf(&l->why, "accepted %u, rejected %u\n", in->accepted, in->rejected);
        buf_put_str(&l->why, buf_str(&in->why));
        buf_puts(&l->why, in->accepted || in->rejected || in->why.n ? "" : "no message is in it\n");
    }
    tell(in, is_bad ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, is_bad ? "file-rejected" : "file-taken");
    files_look_free(in->file);
    in->file = NULL;
    arena_reset(&in->arena);
    files_in_hand_over(in, l);
}

void files_in_end_if_over(struct files_in *in)
{
    if (in->file && in->is_over && !in->waiting && !in->is_offering) {
        put_away(in);
    }
}

static void add_line(struct buf *out, struct str line)
{
    buf_puts(out, "  ");
    buf_put_str(out, line);
    buf_putc(out, '\n');
}

/* What the reply says, MSA and ERR: numbers and places, nothing of the message but its control id. */
static bool is_rejection(struct str reply, struct buf *out_why)
{
    bool is_bad = false;
    struct str rest = reply, line;
    while (rest.n && str_split(&rest, '\r', &line)) {
        bool is_msa = str_starts(line, STR("MSA")) && line.n >= 6;
        if (is_msa) {
            is_bad = line.p[5] == 'E' || line.p[5] == 'R';
        }
        if (is_msa || str_starts(line, STR("ERR"))) {
            add_line(out_why, line);
        }
    }
    return is_bad;
}

void files_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                    unsigned n)
{
    struct files_in *in = conn;
    struct buf said = {0};
    bool is_bad = false;
    (void)s;
    for (unsigned i = 0; i < n; i++) {
        said.n = 0;
        is_bad = is_rejection(replies[i], &said) || is_bad;
    }
    in->waiting--;
    in->accepted += !is_bad;
    in->rejected += is_bad;
    if (is_bad) {
        buf_printf(&in->why, "line %u: rejected\n", (unsigned)token);
        buf_put_str(&in->why, buf_str(&said));
    }
    buf_free(&said);
    files_in_end_if_over(in);
}

/* Nothing is stored for want of room: the same message is offered again when it is time for the next look. */
void files_in_turn_away(struct source *s, void *conn, uint64_t token, const struct str *replies,
                        unsigned n)
{
    struct files_in *in = conn;
    (void)s;
    (void)replies;
    (void)n;
    in->waiting--;
    if (in->is_offering) {
        in->is_turned_away = true;
        return;
    }
    in->rejected++; /* it was parked, and others of its file are stored */
    buf_printf(&in->why, "line %u: not stored for want of room; give it again\n", (unsigned)token);
    files_in_end_if_over(in);
}

/* Of a document. */
void files_in_answer(struct source *s, void *conn, uint64_t token, const struct exchange_answer *a)
{
    struct files_in *in = conn;
    bool is_bad = a->end == EXCHANGE_END_REJECTED;
    if (a->end == EXCHANGE_END_LATER) {
        files_in_turn_away(s, conn, token, NULL, 0);
        return;
    }
    in->waiting--;
    in->accepted += !is_bad;
    in->rejected += is_bad;
    if (is_bad) {
        buf_printf(&in->why, "line %u: rejected\n", (unsigned)token);
    }
    for (unsigned i = 0; is_bad && i < a->nerrors; i++) {
        const struct ack_error *e = &a->errors[i];
        buf_printf(&in->why, "  %d %s%s%.*s\n", e->code, e->path, *e->path ? ": " : "",
                   STR_ARG(e->text));
    }
    files_in_end_if_over(in);
}
