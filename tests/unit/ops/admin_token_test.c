#include "engine/ops/admin_priv.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 64 };

struct place {
    char dir[PATH_BYTES], path[PATH_BYTES + 16];
    struct arena arena;
};

static void open_place(struct place *p)
{
    *p = (struct place){.dir = "/tmp/corridor-token.XXXXXX"};
    cr_assert_not_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/admin.token", p->dir);
}

static void close_place(struct place *p)
{
    (void)unlink(p->path); /* there, or not */
    cr_expect_eq(rmdir(p->dir), 0);
    arena_free(&p->arena);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void show(const struct place *p, char out[128])
{
    FILE *f = fopen(p->path, "r");
    cr_assert_not_null(f);
    strcpy(out, "Bearer ");
    cr_assert_not_null(fgets(out + 7, 100, f));
    out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

Test(admin_token, is_made_once_for_its_owner_alone)
{
    struct place p;
    struct stat st;
    char shown[128], again[128];
    open_place(&p);
    cr_expect_null(admin_token_prepare(&p.arena, p.path));
    cr_assert_eq(stat(p.path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600u);
    show(&p, shown);
    cr_expect_eq(strlen(shown), 7u + ADMIN_TOKEN);
    cr_expect_null(admin_token_prepare(&p.arena, p.path));
    show(&p, again);
    cr_expect_str_eq(shown, again, "the next start keeps it");
    cr_expect(admin_token_fits(p.path, shown));
    close_place(&p);
}

Test(admin_token, fits_only_whole)
{
    struct place p;
    char shown[128];
    open_place(&p);
    cr_expect_null(admin_token_prepare(&p.arena, p.path));
    show(&p, shown);
    cr_expect_not(admin_token_fits(p.path, NULL));
    cr_expect_not(admin_token_fits(p.path, ""));
    cr_expect_not(admin_token_fits(p.path, "Bearer "));
    cr_expect_not(admin_token_fits(p.path, shown + 7));
    for (size_t i = 0; i < 7 + ADMIN_TOKEN; i++) {
        char kept = shown[i];
        shown[i] = kept == 'x' ? 'y' : 'x';
        cr_expect_not(admin_token_fits(p.path, shown), "character %zu is not looked at", i);
        shown[i] = '\0';
        cr_expect_not(admin_token_fits(p.path, shown));
        shown[i] = kept;
    }
    strcat(shown, "0");
    cr_expect_not(admin_token_fits(p.path, shown));
    close_place(&p);
}

Test(admin_token, a_new_file_is_a_new_token)
{
    struct place p;
    char before[128], after[128];
    open_place(&p);
    cr_expect_null(admin_token_prepare(&p.arena, p.path));
    show(&p, before);
    cr_assert_eq(unlink(p.path), 0);
    cr_expect_not(admin_token_fits(p.path, before), "without a file nobody is let in");
    cr_expect_null(admin_token_prepare(&p.arena, p.path));
    show(&p, after);
    cr_expect_str_neq(before, after);
    cr_expect_not(admin_token_fits(p.path, before));
    cr_expect(admin_token_fits(p.path, after));
    close_place(&p);
}

Test(admin_token, what_others_may_read_or_is_no_token_is_refused)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *want;
    } rows[] = {
        {"0123456789012345678901234567890123456789012345678901234567890123", 0640,
         "others may read"},
        {"0123456789012345678901234567890123456789012345678901234567890123", 0604,
         "others may read"},
        {"", 0600, "holds no token"},
        {"secret\n", 0600, "holds no token"},
        {"01234567890123456789012345678901 23456789012345678901234567890123", 0600,
         "holds no token"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct place p;
        open_place(&p);
        write_file(p.path, rows[i].text, rows[i].mode);
        const char *why = admin_token_prepare(&p.arena, p.path);
        cr_assert_not_null(why, "row %zu", i);
        cr_expect_not_null(strstr(why, rows[i].want), "row %zu: %s", i, why);
        close_place(&p);
    }
}

Test(admin_token, a_link_is_not_followed)
{
    struct place p;
    char other[PATH_BYTES + 16];
    open_place(&p);
    snprintf(other, sizeof other, "%s/other", p.dir);
    write_file(other, "0123456789012345678901234567890123456789012345678901234567890123", 0600);
    cr_assert_eq(symlink(other, p.path), 0);
    cr_expect_not_null(admin_token_prepare(&p.arena, p.path));
    cr_expect_not(admin_token_fits(p.path, "Bearer 01234567890123456789012345678901234567890123456"
                                           "78901234567890123"));
    cr_expect_eq(unlink(other), 0);
    close_place(&p);
}
