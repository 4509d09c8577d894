/* The threads of `corridor shadow` and `corridor convert` over the shipped samples, for the thread sanitizer: the shipped
 * configuration with itself differs nowhere, with another one wherever that sends elsewhere; what is converted is the same
 * with any number of threads. */
#include "adapters/registry.h"
#include "engine/config/config.h"
#include "engine/ops/convert.h"
#include "engine/ops/shadow.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 10, SAMPLES_MAX = 200, BYTES_MAX = 64 * 1024 };

static struct arena arena;
static struct str samples[SAMPLES_MAX];
static unsigned nsamples;

static void read_sample(const char *dir, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    char *text = arena_alloc(&arena, BYTES_MAX);
    size_t n = f ? fread(text, 1, BYTES_MAX, f) : 0, kept = 0;
    for (size_t i = 0; i < n; i++) { /* lines end with CR on the wire */
        text[kept] = text[i] == '\n' ? '\r' : text[i];
        kept += !(kept && text[kept] == '\r' && text[kept - 1] == '\r');
    }
    if (f) {
        fclose(f);
    }
    if (n && nsamples < SAMPLES_MAX) {
        samples[nsamples++] = str_from(text, kept);
    }
}

static void read_samples(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (strstr(e->d_name, ".hl7")) {
            read_sample(dir, e->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
}

static struct plan *load(const char *path)
{
    struct diags d;
    diags_init(&d, &arena);
    struct plan *p = config_load(path, registry, &d);
    if (!p) {
        printf("%s: %u errors\n", path, d.errors);
        exit(1);
    }
    return p;
}

/* Differences; *out_run: of so many messages. */
static uint64_t compare(struct plan *was, const struct plan *now, uint64_t *out_run)
{
    struct shadow_tally tally;
    struct shadow s;
    shadow_tally_init(&tally, 3, false);
    shadow_init(&s, was, now, 3, &tally);
    for (unsigned i = 0; i < ROUNDS * nsamples; i++) {
        struct shadow_message m = {.source = STR("v2"),
                                   .raw = samples[i % nsamples],
                                   .received_us = 1795186800000000,
                                   .id_lo = i + 1,
                                   .label = STR("sample")};
        shadow_message(&s, &m);
    }
    shadow_flush(&s);
    *out_run = s.run;
    uint64_t different = s.different;
    shadow_free(&s);
    shadow_tally_free(&tally);
    return different;
}

static void on_made(void *arg, const struct convert_made *made)
{
    buf_put_str(arg, made->text);
    buf_put_str(arg, made->told);
}

/* What becomes of the samples, and what is told of those that cannot be converted. */
static struct str converted(const struct plan *p, unsigned threads)
{
    struct buf out = {0};
    struct convert_conf conf = {.plan = p, .threads = threads, .received_us = 1795186800000000};
    struct convert *c = convert_new(&conf, on_made, &out);
    for (unsigned i = 0; i < ROUNDS * nsamples; i++) {
        struct convert_from from = {.file = "sample", .line = i};
        convert_add(c, &from, samples[i % nsamples]);
    }
    convert_flush(c);
    convert_free(&c);
    struct str text = str_dup(&arena, buf_str(&out));
    buf_free(&out);
    return text;
}

int main(void)
{
    uint64_t run, other_run;
    read_samples(CORRIDOR_SOURCE_DIR "/routes/samples");
    struct plan *was = load(CORRIDOR_SOURCE_DIR "/conf/convert.yaml");
    struct plan *now = load(CORRIDOR_SOURCE_DIR "/conf/convert.yaml");
    struct plan *other = load(CORRIDOR_SOURCE_DIR "/conf/demo.yaml");
    uint64_t same = compare(was, now, &run), different = compare(was, other, &other_run);
    struct str one = converted(was, 1), four = converted(was, 4);
    bool good = nsamples > 10 && run == ROUNDS * nsamples && same == 0 && different > 0 &&
                one.n > ROUNDS * nsamples * 1000 && str_eq(one, four);
    printf("%u samples, %llu run, %llu differ, %llu differ from another one\n", nsamples,
           (unsigned long long)run, (unsigned long long)same, (unsigned long long)different);
    plan_unref(&was);
    plan_unref(&now);
    plan_unref(&other);
    arena_free(&arena);
    printf("%d passed, %d failed\n", good, !good);
    return !good;
}
