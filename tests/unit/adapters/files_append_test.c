/* Many messages in one file: each once and whole, whatever ends in between. */
#include "adapters/files_append.h"

#include "engine/base/buf.h"
#include "engine/base/mem.h"
#include "engine/base/opt.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define S   INT64_C(1000000)
#define NOW (INT64_C(1780000000) * S) /* 2026-05-28 20:26:40 */

static char dir[64];
static struct files_append *a;
static struct files_append_conf conf = {STR("feed.hl7"), 1 << 20, OPT_NEVER, NULL};

static void begin(void)
{
    strcpy(dir, "/tmp/corridor-append-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    a = files_append_new(dir, &conf);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void end(void)
{
    conf.batch = NULL;
    conf.rotate_every_ms = OPT_NEVER;
    files_append_free(&a);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void again(void)
{
    files_append_free(&a);
    a = files_append_new(dir, &conf);
}

static struct files_record record(unsigned id, const char *text)
{
    struct files_record r = {.bytes = str_of(text), .end = '\r'};
    char all[FILES_APPEND_ID + 1];
    snprintf(all, sizeof all, "%026u", id);
    memcpy(r.id, all, sizeof r.id);
    return r;
}

static int write_at(unsigned id, const char *text, int64_t wall_us)
{
    struct files_record r = record(id, text);
    return files_append_write(a, &r, 1, wall_us);
}

static int write_one(unsigned id, const char *text)
{
    return write_at(id, text, NOW);
}

static const char *path_of(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void expect_file(const char *name, const char *want)
{
    char text[4096] = "";
    FILE *f = fopen(path_of(name), "re");
    cr_assert_not_null(f, "%s is not there", name);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    cr_expect_str_eq(text, want, "%s: %s", name, text);
}

static void add_to(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "ae");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

static off_t size_of(const char *name)
{
    struct stat st;
    return stat(path_of(name), &st) == 0 ? st.st_size : -1;
}

TestSuite(files_append, .init = begin, .fini = end, .timeout = 60);

Test(files_append, each_stands_once_in_order_and_ends_as_it_should)
{
    struct files_record v[] = {record(1, "one"), record(2, "two\r"), record(3, "")};
    cr_assert_eq(files_append_write(a, v, 3, NOW), 0);
    expect_file("feed.hl7", "one\rtwo\r\r");
    cr_expect_eq(files_append_write(a, v, 3, NOW), 0);
    cr_expect_eq(write_one(4, "four"), 0);
    expect_file("feed.hl7", "one\rtwo\r\rfour\r");
    again();
    cr_expect_eq(files_append_write(a, v, 3, NOW), 0);
    cr_expect_eq(write_one(5, "five"), 0);
    expect_file("feed.hl7", "one\rtwo\r\rfour\rfive\r");
}

Test(files_append, what_was_being_written_when_all_ended_is_cut_off)
{
    static const char *const tails[] = {"half a mess", "a whole one\r", "x"};
    cr_assert_eq(write_one(1, "one"), 0);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        files_append_free(&a);
        add_to("feed.hl7", tails[i]);
        add_to(".feed.hl7.done", tails[i]);
        a = files_append_new(dir, &conf);
        cr_assert_eq(write_one(1, "one"), 0);
        expect_file("feed.hl7", "one\r");
        cr_expect_eq(size_of(".feed.hl7.done"), 48);
    }
    cr_assert_eq(write_one(2, "two"), 0);
    expect_file("feed.hl7", "one\rtwo\r");
}

Test(files_append, a_message_counts_when_its_line_is_whole)
{
    for (off_t left = 0; left < 48; left += 7) {
        cr_assert_eq(write_one(1, "one"), 0);
        cr_assert_eq(write_one(2, "two"), 0);
        files_append_free(&a);
        cr_assert_eq(truncate(path_of(".feed.hl7.done"), 48 + left), 0);
        a = files_append_new(dir, &conf);
        cr_assert_eq(write_one(3, "three"), 0);
        expect_file("feed.hl7", "one\rthree\r");
        cr_assert_eq(write_one(2, "two"), 0);
        expect_file("feed.hl7", "one\rthree\rtwo\r");
        unlink(path_of("feed.hl7"));
        unlink(path_of(".feed.hl7.done"));
        again();
    }
}

Test(files_append, it_is_put_aside_at_its_size)
{
    conf.rotate_size = 8;
    again();
    cr_assert_eq(write_one(1, "one"), 0);
    cr_assert_eq(write_one(2, "two"), 0);
    add_to("feed-20260528T202640Z.hl7", "somebody else's");
    cr_assert_eq(write_one(3, "three"), 0);
    expect_file("feed-20260528T202640Z.hl7", "somebody else's");
    expect_file("feed-20260528T202641Z.hl7", "one\rtwo\r");
    expect_file("feed.hl7", "three\r");
    again();
    cr_assert_eq(write_one(2, "two"), 0);
    expect_file("feed.hl7", "three\r");
    conf.rotate_size = 1 << 20;
}

/* Whoever fetches them takes them by name, and some remember the names that they had. */
Test(files_append, names_of_what_is_put_aside_are_in_order_and_used_once)
{
    conf.rotate_size = 4;
    again();
    for (unsigned i = 1; i <= 12; i++) {
        char text[8];
        snprintf(text, sizeof text, "m%02u", i);
        cr_assert_eq(write_one(i, text), 0);
        if (i == 2 || i == 9) {
            unlink(path_of("feed-20260528T202640Z.hl7")); /* fetched */
        }
    }
    cr_expect_neq(access(path_of("feed-20260528T202640Z.hl7"), F_OK), 0);
    expect_file("feed-20260528T202641Z.hl7", "m02\r");
    expect_file("feed-20260528T202649Z.hl7", "m10\r");
    expect_file("feed-20260528T202650Z.hl7", "m11\r");
    cr_assert_eq(write_at(13, "m13", NOW + S), 0);
    expect_file("feed-20260528T202651Z.hl7", "m12\r");
    conf.rotate_size = 1 << 20;
}

Test(files_append, it_is_put_aside_when_a_period_is_over)
{
    conf.rotate_every_ms = 3600 * 1000;
    again();
    int64_t now = (int64_t)time(NULL) * S; /* the time of the file itself tells after a start */
    int64_t hour = now / (3600 * S) * (3600 * S);
    cr_assert_eq(write_at(1, "one", hour), 0);
    cr_assert_eq(write_at(2, "two", hour + 3599 * S), 0);
    expect_file("feed.hl7", "one\rtwo\r");
    cr_assert_eq(write_at(3, "three", hour + 3600 * S), 0);
    expect_file("feed.hl7", "three\r");
    again();
    cr_assert_eq(write_at(4, "four", hour + 2 * 3600 * S), 0);
    expect_file("feed.hl7", "four\r");
    conf.rotate_every_ms = OPT_NEVER;
}

Test(files_append, one_that_is_taken_away_is_begun_anew)
{
    cr_assert_eq(write_one(1, "one"), 0);
    char to[160];
    strcpy(to, path_of("taken"));
    cr_assert_eq(rename(path_of("feed.hl7"), to), 0);
    cr_assert_eq(write_one(2, "two"), 0);
    cr_assert_eq(write_one(1, "one"), 0);
    expect_file("feed.hl7", "two\r");
    expect_file("taken", "one\r");
    files_append_free(&a);
    unlink(path_of("feed.hl7"));
    a = files_append_new(dir, &conf);
    cr_assert_eq(write_one(3, "three"), 0);
    expect_file("feed.hl7", "three\r");
}

Test(files_append, what_is_not_as_it_was_left_is_not_written_to)
{
    cr_assert_eq(write_one(1, "one"), 0);
    files_append_free(&a);
    cr_assert_eq(truncate(path_of("feed.hl7"), 2), 0);
    a = files_append_new(dir, &conf);
    cr_expect_eq(write_one(2, "two"), ESTALE);
    unlink(path_of("feed.hl7"));
    cr_assert_eq(mkdir(path_of("feed.hl7"), 0700), 0);
    cr_expect_eq(write_one(2, "two"), EISDIR);
    rmdir(path_of("feed.hl7"));
    cr_assert_eq(symlink("/etc/passwd", path_of("feed.hl7")), 0);
    cr_expect_eq(write_one(2, "two"), ELOOP);
    unlink(path_of("feed.hl7"));
    cr_assert_eq(mkfifo(path_of("feed.hl7"), 0600), 0);
    cr_expect_eq(write_one(2, "two"), EISDIR);
    unlink(path_of("feed.hl7"));
    cr_expect_eq(write_one(2, "two"), 0);
    expect_file("feed.hl7", "two\r");
}

Test(files_append, a_disk_that_is_full_in_the_middle_leaves_nothing_half)
{
    struct rlimit was, small;
    struct files_record v[] = {record(2, "two"), record(3, "a longer one that does not fit")};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    cr_assert_eq(write_one(1, "one"), 0);
    small = (struct rlimit){20, was.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    cr_expect_eq(files_append_write(a, v, 2, NOW), EFBIG);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    cr_assert_eq(files_append_write(a, v, 2, NOW), 0);
    expect_file("feed.hl7", "one\rtwo\ra longer one that does not fit\r");
}

Test(files_append, the_last_8192_are_known_and_the_list_of_them_has_a_bound)
{
    static struct files_record v[1000];
    unsigned id = 0;
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            v[i] = record(id++, "x");
        }
        cr_assert_eq(files_append_write(a, v, 1000, NOW), 0);
        cr_expect_lt(size_of(".feed.hl7.done"), (off_t)(1024 * 1024 + 1000 * 48));
    }
    again();
    off_t size = size_of("feed.hl7");
    cr_expect_eq(size, 60000);
    cr_assert_eq(write_one(id - 1, "x"), 0);
    cr_assert_eq(write_one(id - FILES_APPEND_KNOWN, "x"), 0);
    cr_expect_eq(size_of("feed.hl7"), size);
    cr_assert_eq(write_one(id - FILES_APPEND_KNOWN - 1, "x"), 0);
    cr_expect_eq(size_of("feed.hl7"), size + 2, "older ones are forgotten");
}

Test(files_append, names_have_no_parts)
{
    static const char *const wrong[] = {"../feed", "a/b",  ".feed",    "..",
                                        "feed\n",  "{id}", "f\xc3\xa4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not_null(files_append_fault(str_of(wrong[i])), "%s", wrong[i]);
    }
    cr_expect_null(files_append_fault(STR("feed.hl7")));
    cr_expect_not_null(files_append_fault(str_from("a\0b", 3)));
}

/* ---- batches ---- */

static const struct files_batch_conf batch = {
    .sender = {"CORR|HUB", 8}, .receiver = {"DESK", 4}, .name = {"day", 3}, .most = 3};

#define HEAD(id) "BHS|^~\\&|CORR|HUB|DESK||20260528202640+0000||day||" id "\r"
#define ASIDE    "feed-20260528T202640Z.hl7"
#define ID(n)    "00000000000000000000"

static void begin_batch(const struct files_batch_conf *b)
{
    conf.batch = b;
    again();
}

Test(files_append, a_batch_is_whole_when_it_is_put_aside)
{
    begin_batch(&batch);
    cr_assert_eq(write_one(101, "MSH|1"), 0);
    expect_file("feed.hl7", HEAD(ID("101")) "MSH|1\r");
    cr_assert_eq(write_one(102, "MSH|2"), 0);
    cr_assert_eq(write_one(102, "MSH|2"), 0); /* known */
    cr_assert_eq(write_one(103, "MSH|3"), 0);
    cr_assert_eq(write_one(104, "MSH|4"), 0);
    expect_file(ASIDE, HEAD(ID("101")) "MSH|1\rMSH|2\rMSH|3\rBTS|3\r");
    expect_file("feed.hl7", HEAD(ID("104")) "MSH|4\r");
}

Test(files_append, its_number_is_right_after_a_crash)
{
    begin_batch(&batch);
    cr_assert_eq(write_one(101, "MSH|1"), 0);
    cr_assert_eq(write_one(102, "MSH|2"), 0);
    again();
    add_to("feed.hl7", "MSH|torn");
    cr_assert_eq(write_one(103, "MSH|3"), 0);
    again();
    add_to("feed.hl7", "BTS|3\r"); /* the trailer, and not put aside */
    cr_assert_eq(write_one(104, "MSH|4"), 0);
    expect_file(ASIDE, HEAD(ID("101")) "MSH|1\rMSH|2\rMSH|3\rBTS|3\r");
    expect_file("feed.hl7", HEAD(ID("104")) "MSH|4\r");
}

Test(files_append, many_at_once_are_several_batches)
{
    struct files_record v[7];
    begin_batch(&batch);
    for (unsigned i = 0; i < 7; i++) {
        v[i] = record(101 + i, "MSH|x");
    }
    cr_assert_eq(files_append_write(a, v, 7, NOW), 0);
    expect_file(ASIDE, HEAD(ID("101")) "MSH|x\rMSH|x\rMSH|x\rBTS|3\r");
    expect_file("feed-20260528T202641Z.hl7", HEAD(ID("104")) "MSH|x\rMSH|x\rMSH|x\rBTS|3\r");
    expect_file("feed.hl7", HEAD(ID("107")) "MSH|x\r");
}

Test(files_append, a_period_that_is_over_ends_a_batch_though_nothing_comes)
{
    conf.rotate_every_ms = 3600 * 1000;
    begin_batch(&batch);
    cr_assert_eq(write_at(101, "MSH|1", NOW), 0);
    cr_assert_eq(files_append_turn(a, NOW + 60 * S), 0);
    expect_file("feed.hl7", HEAD(ID("101")) "MSH|1\r");
    cr_assert_eq(files_append_turn(a, NOW + 3600 * S), 0);
    expect_file("feed-20260528T212640Z.hl7", HEAD(ID("101")) "MSH|1\rBTS|1\r");
    expect_file("feed.hl7", "");
    cr_assert_eq(files_append_turn(a, NOW + 7200 * S), 0);
    expect_file("feed.hl7", "");
}

Test(files_append, the_header_of_the_file_is_around_it)
{
    struct files_batch_conf b = batch;
    b.has_file = true;
    begin_batch(&b);
    cr_assert_eq(write_one(101, "MSH|1"), 0);
    b.has_file = false; /* another setting: its trailer is that of its header */
    b.most = 1;
    begin_batch(&b);
    cr_assert_eq(write_one(102, "MSH|2"), 0);
    expect_file(ASIDE, "F"
                       "HS"
                       "|^~\\&|CORR|HUB|DESK||20260528202640+0000||day||" ID("101") "\r" HEAD(
                           ID("101")) "MSH|1\rBTS|1\rFTS|1\r");
}

Test(files_append, a_file_that_is_none_is_put_aside_when_batches_are_asked_for_and_the_other_way)
{
    cr_assert_eq(write_one(101, "MSH|1"), 0);
    begin_batch(&batch);
    cr_assert_eq(write_one(102, "MSH|2"), 0);
    expect_file(ASIDE, "MSH|1\r");
    begin_batch(NULL);
    cr_assert_eq(write_one(103, "MSH|3"), 0);
    expect_file("feed-20260528T202641Z.hl7", HEAD(ID("102")) "MSH|2\rBTS|1\r");
    expect_file("feed.hl7", "MSH|3\r");
}
