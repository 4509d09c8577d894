/* suite.h - the tests of a plan that stand in a file or beneath a directory, run one after the other; how that
 * ended as JUnit XML, and as new lines for the files. For `corridor test`. */
#ifndef CORRIDOR_OPS_SUITE_H
#define CORRIDOR_OPS_SUITE_H

#include "engine/rules/coverage.h"
#include "engine/rules/test.h"

struct buf;

struct suite_case {
    unsigned index; /* of the test in the ruleset */
    struct rules_test_head head;
    struct rules_test_result result;
    int64_t took_us;
};

struct suite {
    struct suite_case *cases; /* in order of files and lines */
    unsigned n, failed;
};

/* Run them; everything lives in `a`. `path` NULL: all of the ruleset. `clock` says how long each took; `coverage`
 * (NULL: nobody asks) what they touched. */
void suite_run(struct suite *s, struct arena *a, const struct ruleset *r, const char *path,
               int64_t (*now_us)(void), struct coverage *coverage);
/* The format that CI servers read: one testsuite a file, one testcase a test.
 * Source: the JUnit XML of Apache Ant (testsuites/testsuite/testcase/failure). */
void suite_junit(struct buf *out, const struct suite *s);
/* Put what came out in place of what was expected, file by file. False with the file and a static reason
 * after the first that cannot be written; `*out_files` says how many were. */
bool suite_update(const struct suite *s, struct arena *a, unsigned *out_files,
                  const char **out_file, const char **out_why);

#endif
