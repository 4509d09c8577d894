/* Fuzz target: an MLLP stream gives the same frames however it is cut, and never more than the limit.
 * The first byte chooses the cuts, the second the limit; the rest is the stream. */
#include "adapters/frame.h"
#include "engine/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
    struct frame f;
    size_t limit, size;
    struct buf log; /* payloads, each ended by its step as a digit */
};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void read_all(struct reader *r, struct str in)
{
    enum frame_step step;
    do {
        struct str part;
        step = frame_read(&r->f, &in, r->limit, &part);
        r->size += part.n;
        must(r->size <= r->limit);
        buf_put_str(&r->log, part);
        if (step != FRAME_MORE && step != FRAME_PART) {
            buf_putc(&r->log, (char)('0' + step));
            r->size = 0;
        }
    } while (step != FRAME_MORE);
    must(in.n == 0);
}

/* Cut after every `cut` bytes; 0: not at all. */
static struct reader run(struct str in, size_t limit, size_t cut)
{
    struct reader r = {.limit = limit};
    while (cut && in.n > cut) {
        read_all(&r, str_from(in.p, cut));
        in = str_slice(in, cut, in.n);
    }
    read_all(&r, in);
    if (frame_end_of_stream(&r.f)) {
        buf_puts(&r.log, "end");
    }
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct str in = str_from((const char *)data + 2, size - 2);
    struct reader whole = run(in, data[1], 0), bytes = run(in, data[1], 1);
    struct reader some = run(in, data[1], data[0] % 16u + 1);
    must(str_eq(buf_str(&whole.log), buf_str(&bytes.log)));
    must(str_eq(buf_str(&whole.log), buf_str(&some.log)));
    must(whole.f.noise == bytes.f.noise && whole.f.noise_run == some.f.noise_run);
    must(whole.f.noise_run == 0 || whole.f.first_noise == bytes.f.first_noise);
    buf_free(&whole.log);
    buf_free(&bytes.log);
    buf_free(&some.log);
    return 0;
}
