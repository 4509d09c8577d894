/* The messages of a file that was read, one by one: of HL7 v2, batches, or documents. */
#include "adapters/files_in_priv.h"

/* Segments ended by one CR each, as they are sent over MLLP. */
static void add_lines(struct files_in *in, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool ends = s.p[i] == '\r' || s.p[i] == '\n';
        if (!ends) {
            buf_putc(&in->message, s.p[i]);
        } else if (in->message.n && in->message.p[in->message.n - 1] != '\r') {
            buf_putc(&in->message, '\r');
        }
    }
    if (in->message.n && in->message.p[in->message.n - 1] != '\r') {
        buf_putc(&in->message, '\r');
    }
}

static void take_message(struct files_in *in, const struct batch_item *item)
{
    in->message.n = 0;
    in->line = item->line;
    in->has_message = true;
    add_lines(in, item->bytes);
}

/* Where the source takes batches, one at the beginning of the file is all of it. */
static void take_batch(struct files_in *in)
{
    struct batch walk = in->batch;
    struct batch_item item;
    bool has_begun = false;
    if (!source_takes_batches(in->source)) {
        return;
    }
    in->message.n = 0;
    while (batch_next(&walk, &item) &&
           (has_begun || item.kind == BATCH_FILE_HEADER || item.kind == BATCH_HEADER)) {
        has_begun = true;
        add_lines(in, item.bytes);
    }
    if (has_begun) {
        in->line = 1;
        in->has_message = true;
        in->batch = walk;
    }
}

static void note_count(struct files_in *in, const struct batch_item *item)
{
    struct buf text = {0};
    if (batch_is_miscounted(item, &text)) {
        buf_printf(&in->why, "line %u: %.*s\n", item->line, STR_ARG(buf_str(&text)));
        in->strays++;
    }
    buf_free(&text);
}

/* The same file, read again after a crash, has the same keys; another one of its name has not. */
static bool next_document(struct files_in *in)
{
    struct str one;
    if (!in->has_message && files_data_next(&in->data, &one, &in->line)) {
        in->has_message = true;
        buf_clear(&in->message);
        buf_put_str(&in->message, one);
        buf_clear(&in->key);
        buf_printf(&in->key, "%s:%u:%lld", in->file->name, in->line, (long long)in->file->mtime_ns);
    }
    return in->has_message;
}

/* The next message of the file into in->message; false when there is none. */
static bool next_message(struct files_in *in)
{
    struct batch_item item;
    if (in->is_data) {
        return next_document(in);
    }
    while (!in->has_message && batch_next(&in->batch, &item)) {
        if (item.kind == BATCH_MESSAGE) {
            take_message(in, &item);
        } else if (item.kind == BATCH_NOISE) {
            buf_printf(&in->why, "line %u: belongs to no message\n", item.line);
            in->strays++;
        } else if (item.kind == BATCH_TRAILER || item.kind == BATCH_FILE_TRAILER) {
            note_count(in, &item);
        }
    }
    return in->has_message;
}

static bool offer(struct files_in *in)
{
    struct exchange_from from = {.peer = STR("file"), .conn = in, .token = in->line};
    from.key = in->is_data ? buf_str(&in->key) : STR("");
    in->waiting++;
    if (exchange_begin(in->source, &from, buf_str(&in->message)) == EXCHANGE_PAUSED) {
        in->waiting--;
        return false;
    }
    if (in->is_turned_away) {
        files_in_wait(in);
        return false;
    }
    in->has_message = false;
    return true;
}

void files_in_offer_rest(struct files_in *in)
{
    in->is_offering = true;
    while (!in->is_paused && !in->is_draining && next_message(in)) {
        if (!offer(in)) {
            in->is_paused = true;
        }
    }
    in->is_offering = false;
    in->is_over = !in->has_message && !in->is_paused && !in->is_draining;
    files_in_end_if_over(in);
}

void files_in_begin(struct files_in *in, struct files_look *l)
{
    in->file = l;
    in->accepted = in->rejected = in->strays = 0;
    in->why.n = 0;
    in->has_message = in->is_over = false;
    if (l->is_too_large) {
        buf_printf(&in->why, "the file is larger than file-limit, %lld bytes\n",
                   (long long)l->limit);
        in->is_over = true;
        files_in_end_if_over(in);
        return;
    }
    in->is_data = files_data_is(buf_str(&l->bytes));
    if (in->is_data) {
        files_data_open(&in->data, buf_str(&l->bytes));
    } else {
        batch_open(&in->batch, &in->arena, buf_str(&l->bytes));
        take_batch(in);
    }
    files_in_offer_rest(in);
}
