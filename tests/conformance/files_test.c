/* Directories as source and destination: what is taken and when, where it ends, what a file is called. */
#include "adapters/files.h"
#include "adapters/files_look.h"
#include "engine/base/mem.h"
#include "tests/conformance/house.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static struct house h;
static char dir[64];

#define MSH_A "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1\r"
#define MSH_B "MSH|^~\\&|A|B|C|D|20260101||SIU^S12|ID2|P|2.5.1\rPID|2\r"

static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

/* What a file below the directory holds; NULL: there is none. In a buffer of its own. */
static const char *get(const char *name)
{
    static char text[4096];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "re");
    if (!f) {
        return NULL;
    }
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static bool appears(const char *name)
{
    for (int i = 0; i < 300 && !get(name); i++) {
        event_base_loop(h.loop, EVLOOP_NONBLOCK);
        usleep(10000);
    }
    return get(name) != NULL;
}

static void turn(int times)
{
    for (int i = 0; i < times; i++) {
        event_base_loop(h.loop, EVLOOP_NONBLOCK);
        usleep(10000);
    }
}

static void begin(void)
{
    strcpy(dir, "/tmp/corridor-files-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    house_open(&h);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void end(void)
{
    house_close(&h);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void open_source(const char *more)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "directory: %s\npoll: 50ms\nstable-for: 0ms\n%s", dir, more);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_source(&h, &files_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void open_destination(const char *more)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "directory: %s/out\n%s", dir, more);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_destination(&h, &files_adapter, yaml.p), 0);
    buf_free(&yaml);
}

static void reply_with(unsigned i, const char *reply)
{
    struct taken *t = &h.source.v[i];
    struct str s = str_of(reply);
    t->is_answered = true;
    h.source.ep.adapter->in->reply(&h.source, t->conn, t->token, &s, 1);
}

TestSuite(files, .init = begin, .fini = end, .timeout = 60);

Test(files, messages_go_in_order_and_the_file_is_put_away_when_all_are_answered)
{
    put("a.hl7", MSH_A "\n" MSH_B);
    open_source("");
    cr_assert(house_takes(&h, 2));
    cr_expect_str_eq(str_dup(&h.arena, buf_str(&h.source.v[0].bytes)).p, MSH_A);
    cr_expect_str_eq(str_dup(&h.arena, buf_str(&h.source.v[1].bytes)).p, MSH_B);
    house_answer(&h, 0, 1);
    turn(10);
    cr_expect_not_null(get("a.hl7"), "one is not answered yet");
    house_answer(&h, 1, 1);
    cr_expect(appears("done/a.hl7"));
    cr_expect_null(get("a.hl7"));
    cr_expect(house_logged(&h, "file-taken source=in accepted=2 rejected=0"));
}

Test(files, files_go_one_after_the_other_in_order_of_name)
{
    h.source.answers_at_once = true;
    put("b.hl7", MSH_B);
    put("a.hl7", MSH_A);
    put("c.hl7", MSH_A);
    open_source("");
    cr_expect(appears("done/c.hl7"));
    cr_assert_eq(h.source.n, 3);
    cr_expect(str_eq(buf_str(&h.source.v[1].bytes), STR(MSH_B)));
}

Test(files, line_ends_batch_lines_and_utf16_are_taken_off)
{
    static const char utf16[] = "\xff\xfeM\0S\0H\0|\0^\0~\0\\\0&\0|\0A\0\r\0";
    char path[128];
    h.source.answers_at_once = true;
    put("a.hl7", "FHS|^~\\&|A\r\nBHS|^~\\&|A\r\nMSH|^~\\&|A\r\nPID|1\r\n\r\nBTS|1\r\nFTS|1\r\n");
    snprintf(path, sizeof path, "%s/b.hl7", dir);
    FILE *f = fopen(path, "we");
    fwrite(utf16, 1, sizeof utf16 - 1, f);
    fclose(f);
    open_source("");
    cr_expect(appears("done/b.hl7"));
    cr_expect(str_eq(buf_str(&h.source.v[0].bytes), STR("MSH|^~\\&|A\rPID|1\r")));
    cr_expect(str_eq(buf_str(&h.source.v[1].bytes), STR("MSH|^~\\&|A\r")));
}

Test(files, a_batch_is_one_exchange_where_the_source_takes_batches)
{
#define BATCH "FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rBTS|2\rFTS|1\r"
    h.source.answers_at_once = true;
    h.source.takes_batches = true;
    put("a.hl7", "\xef\xbb\xbf"
                 "FHS|^~\\&|A\r\nBHS|^~\\&|A\r\nMSH|^~\\&|A\nPID|1\n\nMSH|^~\\&|B\nBTS|2\nFTS|1");
    put("b.hl7", MSH_A MSH_B); /* no batch */
    open_source("");
    cr_expect(appears("done/b.hl7"));
    cr_assert_eq(h.source.n, 3);
    cr_expect(str_eq(buf_str(&h.source.v[0].bytes), STR(BATCH)));
    cr_expect(str_eq(buf_str(&h.source.v[1].bytes), STR(MSH_A)));
    put("c.hl7", BATCH);
    h.source.answers_at_once = false;
    cr_assert(house_takes(&h, 4));
    reply_with(3, "MSH|^~\\&|X\rMSA|AE|B1\rERR||PID^1^3|101|E||||message 2: no id\r");
    cr_expect(appears("rejected/c.hl7.why"));
    cr_expect_str_eq(get("rejected/c.hl7.why"),
                     "accepted 0, rejected 1\nline 1: rejected\n  MSA|AE|B1\n"
                     "  ERR||PID^1^3|101|E||||message 2: no id\n");
}

Test(files, a_rejected_message_puts_the_file_aside_with_its_reason)
{
    put("a.hl7", MSH_A MSH_B);
    open_source("");
    cr_assert(house_takes(&h, 2));
    reply_with(1, "MSH|^~\\&|X\rMSA|AE|ID2\rERR||PID^1^8|101|E||||no sex\rZZZ|SECRET\r");
    house_answer(&h, 0, 1);
    cr_expect(appears("rejected/a.hl7.why"));
    cr_expect_str_eq(get("rejected/a.hl7.why"),
                     "accepted 1, rejected 1\nline 3: rejected\n  MSA|AE|ID2\n"
                     "  ERR||PID^1^8|101|E||||no sex\n");
    cr_expect_str_eq(get("rejected/a.hl7"), MSH_A MSH_B);
}

Test(files, what_holds_no_message_is_rejected_and_says_why)
{
    static const struct {
        const char *name, *text, *why;
    } rows[] = {
        {"empty.hl7", "", "accepted 0, rejected 0\nno message is in it\n"},
        {"noise.hl7", "hello\n", "accepted 0, rejected 0\nline 1: belongs to no message\n"},
        {"count.hl7", "BHS|^~\\&|A\r" MSH_A "BTS|2\r",
         "accepted 1, rejected 0\nline 4: BTS-1 says 2, there are 1\n"},
        {"large.hl7", NULL,
         "accepted 0, rejected 0\nthe file is larger than file-limit, 1000 bytes\n"},
    };
    char large[1002], path[64];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    h.source.answers_at_once = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put(rows[i].name, rows[i].text ? rows[i].text : large);
    }
    open_source("file-limit: 1kB");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(path, sizeof path, "rejected/%s.why", rows[i].name);
        cr_assert(appears(path), "%s", rows[i].name);
        cr_expect_str_eq(get(path), rows[i].why, "%s: %s", rows[i].name, get(path));
    }
}

/* What stands in a place is another file, even where it is named as our reasons are. */
Test(files, a_reason_takes_the_place_of_no_file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/rejected", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    put("rejected/a.hl7.why", "a rejected file of this name");
    put("a.hl7", "hello\n");
    open_source("");
    cr_expect(appears("rejected/a.hl7.1.why"));
    cr_expect_str_eq(get("rejected/a.hl7.why"), "a rejected file of this name");
    cr_expect_str_eq(get("rejected/a.hl7.1"), "hello\n");
    cr_expect_null(get("a.hl7"));
    cr_expect_null(get("rejected/a.hl7"));
}

/* The same name every minute: a day has more than a thousand. */
Test(files, a_name_that_came_two_thousand_times_is_put_aside_again)
{
    char path[256];
    snprintf(path, sizeof path, "%s/done", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    put("done/a.hl7", "old");
    for (int i = 1; i <= 2000; i++) {
        snprintf(path, sizeof path, "done/a.hl7.%d", i);
        put(path, "old");
    }
    put("a.hl7", MSH_A);
    h.source.answers_at_once = true;
    open_source("");
    cr_expect(appears("done/a.hl7.2001"));
    cr_expect_str_eq(get("done/a.hl7.2001"), MSH_A);
}

/* Room for ".1" and ".why" is made, or the files behind it would wait for ever. */
Test(files, a_name_as_long_as_can_be_stops_nothing)
{
    char name[256];
    memset(name, 'a', 255);
    name[255] = '\0';
    h.source.answers_at_once = true;
    for (int i = 0; i < 2; i++) {
        put(name, "hello\n");
        put("b.hl7", MSH_A);
        if (i == 0) {
            open_source("");
        }
        cr_expect(appears(i ? "done/b.hl7.1" : "done/b.hl7"), "%d", i);
        cr_expect_null(get(name));
    }
}

/* Who waits for its name must not read half of it. */
Test(files, the_reason_of_a_rejection_appears_whole)
{
    char path[128], events[4096] __attribute__((aligned(8)));
    snprintf(path, sizeof path, "%s/rejected", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    cr_assert_geq(inotify_add_watch(watch, path, IN_CREATE | IN_MOVED_TO), 0);
    put("empty.hl7", "");
    open_source("");
    cr_assert(appears("rejected/empty.hl7.why"));
    uint32_t seen = 0;
    ssize_t n = read(watch, events, sizeof events);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *e = (const struct inotify_event *)(events + at);
        seen |= strcmp(e->name, "empty.hl7.why") == 0 ? e->mask : 0;
        at += (ssize_t)(sizeof *e + e->len);
    }
    cr_expect_eq(seen, IN_MOVED_TO);
    close(watch);
}

/* Puts the files of its directory aside, as the thread of a source does, each with the directory as its reason. */
static void *put_all_aside(void *below)
{
    char path[128], rejected[128], any[] = "*.hl7";
    char *pattern[] = {any, NULL}, none[] = "";
    struct files_memory memory = {0};
    struct files_look l = {.memory = &memory, .directory = path, .done = none, .pattern = pattern};
    snprintf(path, sizeof path, "%s/%s", dir, (const char *)below);
    snprintf(rejected, sizeof rejected, "%s/rejected", dir);
    l.rejected = rejected;
    l.limit = 1024;
    do {
        files_look_work(&l.job);
        l.put = FILES_REJECTED;
        l.why.n = 0;
        buf_puts(&l.why, below);
    } while (l.name && !l.error);
    buf_free(&l.why);
    buf_free(&l.bytes);
    free(l.name);
    files_memory_free(&memory);
    return NULL;
}

/* Each source has its thread, and two may name one place. */
Test(files, two_sources_may_put_aside_into_one_place)
{
    enum { FILES = 60 };
    static char below[2][4] = {"one", "two"};
    char name[128];
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s/%s", dir, below[i]);
        cr_assert_eq(mkdir(name, 0700), 0);
        for (unsigned k = 0; k < FILES; k++) {
            snprintf(name, sizeof name, "%s/%s-%u.hl7", below[i], below[i], k);
            put(name, "hello\n");
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, put_all_aside, below[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    for (unsigned k = 0; k < 2 * FILES; k++) {
        snprintf(name, sizeof name, "rejected/%s-%u.hl7.why", below[k % 2], k / 2);
        const char *why = get(name);
        cr_expect(why && strcmp(why, below[k % 2]) == 0, "%s: %s", name, why ? why : "none");
    }
}

Test(files, only_regular_files_that_match_are_taken)
{
    char path[128], at[128];
    h.source.answers_at_once = true;
    put("zz.txt", MSH_A);
    put(".hidden.hl7", MSH_A);
    snprintf(path, sizeof path, "%s/link.hl7", dir);
    snprintf(at, sizeof at, "%s/zz.txt", dir);
    cr_assert_eq(symlink(at, path), 0);
    snprintf(path, sizeof path, "%s/directory.hl7", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/pipe.hl7", dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    put("x.hl7", MSH_B);
    open_source("pattern: ['*.hl7', '*.dat']");
    cr_expect(appears("done/x.hl7"));
    turn(15);
    cr_expect_eq(h.source.n, 1);
    cr_expect_not_null(get("link.hl7"));
}

Test(files, a_file_is_taken_when_it_stood_still_long_enough)
{
    h.source.answers_at_once = true;
    open_source("");
    house_close(&h);
    house_open(&h);
    h.source.answers_at_once = true;
    struct buf yaml = {0};
    buf_printf(&yaml, "directory: %s\npoll: 50ms\nstable-for: 2s\n", dir);
    buf_putc(&yaml, '\0');
    put("a.hl7", MSH_A);
    cr_assert_eq(house_source(&h, &files_adapter, yaml.p), 0);
    turn(12);
    cr_expect_eq(h.source.n, 0, "no time has passed");
    clock_fake_advance(&h.time, 1500000);
    turn(12);
    put("a.hl7", MSH_A MSH_B); /* it grew */
    turn(12);
    clock_fake_advance(&h.time, 1500000);
    turn(12);
    cr_expect_eq(h.source.n, 0, "it changed meanwhile");
    clock_fake_advance(&h.time, 1500000);
    cr_expect(appears("done/a.hl7"));
    cr_expect_eq(h.source.n, 2);
    buf_free(&yaml);
}

Test(files, a_file_that_never_stands_still_is_told_once_and_not_taken)
{
    struct buf yaml = {0};
    buf_printf(&yaml, "directory: %s\npoll: 50ms\nstable-for: 2s\n", dir);
    buf_putc(&yaml, '\0');
    put("a.hl7", MSH_A);
    cr_assert_eq(house_source(&h, &files_adapter, yaml.p), 0);
    for (int i = 0; i < 14; i++) {
        turn(8);
        clock_fake_advance(&h.time, 60000000);
        struct buf more = {0};
        for (int k = 0; k <= i; k++) {
            buf_puts(&more, MSH_A);
        }
        buf_putc(&more, '\0');
        put("a.hl7", more.p);
        buf_free(&more);
    }
    turn(8);
    cr_expect_eq(h.source.n, 0);
    cr_expect(house_logged(&h, "files-restless source=in files=1"));
    ptrdiff_t first = str_find(buf_str(&h.lines), STR("files-restless"));
    cr_expect_lt(
        str_find(str_slice(buf_str(&h.lines), (size_t)first + 1, h.lines.n), STR("files-restless")),
        0, "once");
    cr_expect_not(house_logged(&h, "a.hl7"), "a name may be a patient's");
    buf_free(&yaml);
}

Test(files, a_file_that_could_not_be_read_is_taken_when_it_can)
{
    char path[128];
    if (geteuid() == 0) {
        cr_skip_test("root reads everything");
    }
    h.source.answers_at_once = true;
    put("a.hl7", MSH_A);
    snprintf(path, sizeof path, "%s/a.hl7", dir);
    cr_assert_eq(chmod(path, 0), 0);
    open_source("");
    turn(30);
    cr_expect(house_logged(&h, "files-trouble"));
    cr_assert_eq(chmod(path, 0600), 0);
    cr_expect(appears("done/a.hl7"));
}

Test(files, a_file_that_changes_after_it_was_read_stays_and_is_read_again)
{
    put("a.hl7", MSH_A);
    open_source("");
    cr_assert(house_takes(&h, 1));
    put("a.hl7", MSH_A MSH_B);
    house_answer(&h, 0, 1);
    cr_assert(house_takes(&h, 3));
    cr_expect_null(get("done/a.hl7"));
    house_answer(&h, 1, 1);
    house_answer(&h, 2, 1);
    cr_expect(appears("done/a.hl7"));
    cr_expect(house_logged(&h, "file-changed source=in"));
}

Test(files, what_is_there_already_is_kept)
{
    char path[128];
    h.source.answers_at_once = true;
    snprintf(path, sizeof path, "%s/done", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    put("done/a.hl7", "before");
    put("a.hl7", MSH_A);
    open_source("");
    cr_expect(appears("done/a.hl7.1"));
    cr_expect_str_eq(get("done/a.hl7"), "before");
}

Test(files, without_done_a_file_is_deleted)
{
    h.source.answers_at_once = true;
    put("a.hl7", MSH_A);
    open_source("done: ''");
    turn(30);
    cr_expect_eq(h.source.n, 1);
    cr_expect_null(get("a.hl7"));
    cr_expect_null(get("done/a.hl7"));
}

Test(files, a_full_engine_is_waited_for)
{
    h.source.answers_at_once = true;
    h.source.is_full = true;
    put("a.hl7", MSH_A MSH_B);
    open_source("");
    turn(15);
    cr_expect_eq(h.source.n, 0);
    h.source.is_full = false;
    files_source.resume(&h.source);
    cr_expect(appears("done/a.hl7"));
    cr_expect_eq(h.source.n, 2);
}

Test(files, a_directory_that_is_not_there_is_told_once_and_waited_for)
{
    char path[128];
    h.source.answers_at_once = true;
    struct buf yaml = {0};
    buf_printf(&yaml, "directory: %s/in\npoll: 50ms\nstable-for: 0ms\n", dir);
    buf_putc(&yaml, '\0');
    cr_assert_eq(house_source(&h, &files_adapter, yaml.p), 0);
    turn(20);
    cr_expect(house_logged(
        &h, "files-trouble source=in with=directory reason=\"No such file or directory\""));
    size_t before = h.lines.n;
    turn(20);
    cr_expect_eq(h.lines.n, before, "told once");
    snprintf(path, sizeof path, "%s/in", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    put("in/a.hl7", MSH_A);
    cr_expect(appears("in/done/a.hl7"));
    buf_free(&yaml);
}

Test(files, a_file_that_cannot_be_put_away_is_not_taken_twice)
{
    char path[128];
    h.source.answers_at_once = true;
    put("done", "a file where the directory should be");
    put("a.hl7", MSH_A);
    open_source("pattern: '*.hl7'");
    turn(30);
    cr_expect_eq(h.source.n, 1);
    cr_expect(house_logged(&h, "files-trouble source=in with=done"));
    snprintf(path, sizeof path, "%s/done", dir);
    cr_assert_eq(unlink(path), 0);
    cr_expect(appears("done/a.hl7"));
    cr_expect_eq(h.source.n, 1);
}

/* ---- out ---- */

static void make_out(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/out", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
}

Test(files, every_message_becomes_a_file_of_its_own)
{
    make_out();
    open_destination("");
    struct delivery *a = house_give(&h, MSH_A), *b = house_give_json(&h, "{\"a\":1}", 1);
    cr_assert(house_is_done(&h, a) && house_is_done(&h, b));
    cr_expect_eq(a->last.verdict, DELIVERY_DELIVERED);
    cr_expect_str_eq(a->last.reason, "written");
    char name[64];
    snprintf(name, sizeof name, "out/%s.hl7", a->id);
    cr_assert_not_null(get(name), "%s", name);
    cr_expect_str_eq(get(name), MSH_A);
    snprintf(name, sizeof name, "out/%s.json", b->id);
    cr_assert_not_null(get(name), "%s", name);
    cr_expect_str_eq(get(name), "{\"a\":1}");
}

Test(files, the_same_message_again_makes_the_same_file)
{
    make_out();
    open_destination("");
    struct delivery *a = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, a));
    struct delivery *b = house_give(&h, MSH_A);
    memcpy(b->id, a->id, sizeof b->id);
    cr_assert(house_is_done(&h, b));
    cr_expect_eq(b->last.verdict, DELIVERY_DELIVERED);
}

Test(files, names_come_from_a_template_and_make_directories)
{
    make_out();
    open_destination("name: '{date}/{type}-{event}/{control-id}-{id}.{extension}'");
    struct delivery *a = house_give(&h, "MSH|^~\\&|A|B|C|D|2026||ADT^A01|../..\\x|P|2.5.1\r");
    cr_assert(house_is_done(&h, a));
    char name[128];
    snprintf(name, sizeof name, "out/20260528/ADT-A01/______x-%s.hl7", a->id);
    cr_expect_eq(a->last.verdict, DELIVERY_DELIVERED);
    cr_expect_not_null(get(name), "%s", name);
}

Test(files, what_is_wrong_with_the_directory_is_said_and_waited_for)
{
    char path[128], to[128];
    open_destination("name: '{type}/{id}'");
    struct delivery *a = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, a));
    cr_expect_eq(a->last.verdict, DELIVERY_UNREACHABLE);
    cr_expect_str_eq(a->last.reason, "the directory is not there");
    make_out();
    snprintf(path, sizeof path, "%s/out/ADT", dir);
    snprintf(to, sizeof to, "%s", dir);
    cr_assert_eq(symlink(to, path), 0);
    struct delivery *b = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, b));
    cr_expect_eq(b->last.verdict, DELIVERY_UNREACHABLE, "no link leads out");
    cr_expect_str_eq(b->last.reason, "a part of the directory is a link or a file");
}

Test(files, all_messages_may_go_to_the_end_of_one_file)
{
    make_out();
    open_destination("append: {name: feed}");
    struct delivery *a = house_give(&h, MSH_A);
    const char *const lines[] = {"{\"a\":1}", "{\"a\":2}"};
    struct delivery *b = house_give_all(&h, lines, 2, 1);
    cr_assert(house_is_done(&h, a) && house_is_done(&h, &b[0]) && house_is_done(&h, &b[1]));
    cr_expect_eq(b[1].last.verdict, DELIVERY_DELIVERED);
    cr_expect_str_eq(get("out/feed"), MSH_A "{\"a\":1}\n{\"a\":2}\n");
    b = house_give_all(&h, lines, 2, 2); /* a crash came before the outcome */
    cr_assert(house_is_done(&h, &b[0]) && house_is_done(&h, &b[1]));
    cr_expect_eq(b[1].last.verdict, DELIVERY_DELIVERED);
    cr_expect_str_eq(get("out/feed"), MSH_A "{\"a\":1}\n{\"a\":2}\n");
}

Test(files, one_file_that_cannot_be_written_is_waited_for)
{
    char path[128];
    open_destination("append: {name: feed}");
    struct delivery *a = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, a));
    cr_expect_eq(a->last.verdict, DELIVERY_UNREACHABLE);
    cr_expect_str_eq(a->last.reason, "the directory is not there");
    make_out();
    snprintf(path, sizeof path, "%s/out/feed", dir);
    cr_assert_eq(mkdir(path, 0700), 0);
    a = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, a));
    cr_expect_str_eq(a->last.reason, "a directory has the name of the file");
    rmdir(path);
    a = house_give(&h, MSH_A);
    cr_assert(house_is_done(&h, a));
    cr_expect_eq(a->last.verdict, DELIVERY_DELIVERED);
}
