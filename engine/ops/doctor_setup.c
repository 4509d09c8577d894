/* Probes of the configuration, the state directory and the daemon. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/flow/jws.h"
#include "engine/flow/secret.h"
#include "engine/ops/doctor.h"
#include "engine/ops/report.h"

void doctor_configuration(struct doctor *d)
{
    if (!d->plan) {
        doctor_find(d, DOCTOR_ERROR, "the daemon does not start with it, and a reload is refused",
                    "run `corridor check`, which shows each with its line", "%s: errors: %u",
                    d->config, d->diags->errors);
        return;
    }
    if (d->diags->count > d->diags->errors) {
        doctor_find(d, DOCTOR_NOTE, "they do no harm by themselves",
                    "run `corridor check`, which shows each with its line", "%s: remarks: %u",
                    d->config, d->diags->count - d->diags->errors);
    }
    doctor_fact(d, "sources %u, destinations %u, routes %u", d->plan->nsources,
                d->plan->ndestinations, rules_route_count(d->plan->rules));
}

/* ---- state directory ---- */

static void check_mode(struct doctor *d, const char *path, const struct stat *st, mode_t most)
{
    mode_t beyond = st->st_mode & 0777 & ~most;
    bool is_writable = beyond & 022, holds_data = most == 0700;
    if (beyond) {
        doctor_find(d, is_writable || holds_data ? DOCTOR_ERROR : DOCTOR_WARNING,
                    is_writable  ? "others can change or remove what was acknowledged"
                    : holds_data ? "it holds patient data, and others can read it"
                                 : "others can look into it, if not into the journal below",
                    "take the rights away: chmod, as wide as it should be",
                    "%s has mode %03o; expected %03o at most", path, (unsigned)st->st_mode & 0777,
                    (unsigned)most);
    }
}

static void check_files(struct doctor *d, const char *dir, uid_t owner)
{
    DIR *list = opendir(dir);
    const struct dirent *e;
    unsigned foreign = 0, wide = 0;
    struct stat st;
    while (list && (e = readdir(list))) {
        if (e->d_name[0] != '.' && fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            foreign += st.st_uid != owner;
            wide += (st.st_mode & 077) != 0;
        }
    }
    if (list) {
        closedir(list);
    }
    if (foreign) {
        doctor_find(d, DOCTOR_ERROR, "the daemon may be unable to open them",
                    "chown them to the owner of the directory; never run the daemon as root first",
                    "%s: files of another owner than the directory's: %u", dir, foreign);
    }
    if (wide) {
        doctor_find(d, DOCTOR_ERROR, "they hold patient data", "chmod 600",
                    "%s: files that others may read: %u", dir, wide);
    }
}

void doctor_state_directory(struct doctor *d)
{
    struct stat st, inner;
    const char *dir = str_printf(d->arena, "%s/journal", d->state).p;
    if (stat(d->state, &st) != 0) {
        doctor_find(d, errno == ENOENT ? DOCTOR_NOTE : DOCTOR_ERROR,
                    "the daemon keeps everything it has acknowledged there",
                    "the first start makes it, if the directory above may be written to", "%s: %s",
                    d->state, strerror(errno));
        return;
    }
    check_mode(d, d->state, &st, 0770);
    if (access(d->state, W_OK | X_OK) != 0) {
        doctor_find(d, DOCTOR_WARNING, "the daemon must write there",
                    "look as the user the daemon runs as, or chown the directory to it", "%s: %s",
                    d->state, strerror(errno));
    }
    if (stat(dir, &inner) == 0) {
        check_mode(d, dir, &inner, 0700);
        if (inner.st_uid != st.st_uid) {
            doctor_find(d, DOCTOR_ERROR, "the daemon may be unable to open its journal",
                        "chown -R it to the owner of the state directory",
                        "%s belongs to another user than %s", dir, d->state);
        }
        check_files(d, dir, inner.st_uid);
    }
    doctor_fact(d, "%s", d->state);
}

/* ---- leftovers ---- */

void doctor_leftovers(struct doctor *d)
{
    struct stat st;
    const char *dir = str_printf(d->arena, "%s/journal", d->state).p;
    const char *work = str_printf(d->arena, "%s/journal.restoring", d->state).p;
    DIR *list = opendir(dir);
    const struct dirent *e;
    unsigned n = 0;
    while (list && (e = readdir(list))) {
        n += str_ends(str_of(e->d_name), STR(".tmp"));
    }
    if (list) {
        closedir(list);
    }
    if (n && !d->status) {
        doctor_find(d, DOCTOR_NOTE, "a crash interrupted the making of a file; nothing is lost",
                    "nothing: the next start removes them", "%s: unfinished files: %u", dir, n);
    }
    if (stat(work, &st) == 0) {
        doctor_find(d, DOCTOR_WARNING, "a restore was broken off; it holds patient data",
                    "run `corridor restore` again, which begins anew, or remove it", "%s is there",
                    work);
    }
    if (stat(str_printf(d->arena, "%s/backup.json", dir).p, &st) == 0) {
        doctor_find(d, DOCTOR_ERROR, "the daemon refuses to start on a backup",
                    "make a journal of it with `corridor restore`, in another state directory",
                    "%s is a backup", dir);
    }
}

/* ---- what endpoints name ---- */

/* Where a directory is made when it is needed. */
static const char *parent_of(struct arena *a, const char *dir)
{
    struct str s = str_of(dir);
    while (s.n > 1 && s.p[s.n - 1] == '/') {
        s.n--;
    }
    while (s.n && s.p[s.n - 1] != '/') {
        s.n--;
    }
    return s.n ? str_dup(a, s).p : "."; /* with its slash */
}

/* Where a source moves a file to: beside what it is read from, since a file is never copied. */
static void look_at_neighbour(struct doctor *d, const struct doctor_setting *s, const char *name)
{
    const struct opt *own = opt_find(s->table, STR("directory"));
    const struct str *to = s->value;
    struct stat from, st;
    if (!own || !to->n) {
        return;
    }
    const struct str *base = (const void *)((const char *)s->conf + own->offset);
    const char *dir = to->p[0] == '/'
                          ? str_dup(d->arena, *to).p
                          : str_printf(d->arena, "%.*s/%.*s", STR_ARG(*base), STR_ARG(*to)).p;
    if (stat(str_dup(d->arena, *base).p, &from) != 0) {
        return; /* of that one is told */
    }
    const char *at = stat(dir, &st) == 0 ? dir : parent_of(d->arena, dir);
    const char *why = stat(at, &st) != 0               ? strerror(errno)
                      : !S_ISDIR(st.st_mode)           ? strerror(ENOTDIR)
                      : access(at, R_OK | W_OK | X_OK) ? strerror(errno)
                      : st.st_dev != from.st_dev       ? "it is another file system"
                                                       : NULL;
    if (why) {
        doctor_find(d, DOCTOR_WARNING,
                    "files that were read stay where they are, and none after them is read",
                    "a directory of the same file system, of the user that the daemon runs as",
                    "%.*s, %s, %s: %s", STR_ARG(s->endpoint), name, dir, why);
    }
}

static void look_at_directory(struct doctor *d, const struct doctor_setting *s)
{
    const struct str *path = s->value;
    struct stat st;
    if (s->is_source && s->row->kind == OPT_STR &&
        (strcmp(s->row->name, "done") == 0 || strcmp(s->row->name, "rejected") == 0)) {
        look_at_neighbour(d, s, s->row->name);
    }
    if (s->row->kind != OPT_PATH || strcmp(s->row->name, "directory") != 0) {
        return;
    }
    const char *dir = str_dup(d->arena, *path).p;
    bool ok = stat(dir, &st) == 0;
    if (ok && !S_ISDIR(st.st_mode)) {
        ok = false;
        errno = ENOTDIR;
    }
    if (!ok || access(dir, R_OK | W_OK | X_OK) != 0) {
        doctor_find(d, DOCTOR_WARNING,
                    s->is_source ? "nothing is read from it, or what was read cannot be moved away"
                                 : "messages for it wait until it can be written to",
                    "make it, and give it to the user that the daemon runs as", "%.*s, %s: %s",
                    STR_ARG(s->endpoint), dir, strerror(errno));
    }
}

void doctor_directories(struct doctor *d)
{
    doctor_each_setting(d, look_at_directory);
}

/* A key that signs requests for tokens. */
static void look_at_key(struct doctor *d, const struct doctor_setting *s)
{
    const struct opt_secret *secret = s->value;
    struct buf pem = {0};
    const char *why = secret_read(secret, &pem);
    why = why ? why : jws_key_fault(buf_str(&pem), JWS_BY_KEY);
    buf_forget(&pem);
    if (why) {
        doctor_find(d, DOCTOR_ERROR, "no token can be had with it, and messages wait",
                    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 makes one; its "
                    "public half goes to the server",
                    "%.*s, %.*s: %s", STR_ARG(s->endpoint), STR_ARG(secret->name), why);
    }
}

/* Of credentials and variables only the daemon itself can tell. */
static void look_at_secret(struct doctor *d, const struct doctor_setting *s)
{
    const struct opt_secret *secret = s->value;
    struct stat st;
    if (s->row->kind != OPT_SECRET || secret->from != OPT_SECRET_FILE) {
        return;
    }
    const char *file = str_dup(d->arena, secret->name).p;
    bool is_of_tls = s->group && strcmp(s->group->name, "tls") == 0;
    if (stat(file, &st) != 0 || access(file, R_OK) != 0) {
        if (is_of_tls) {
            return; /* said by certificates */
        }
        doctor_find(d, DOCTOR_WARNING, "messages wait while it cannot be read (`no-secret`)",
                    "give it to the user that the daemon runs as, mode 600", "%.*s, %s: %s",
                    STR_ARG(s->endpoint), file, strerror(errno));
    } else if (st.st_mode & 07) {
        doctor_find(d, DOCTOR_ERROR, "everybody on this machine can read the secret",
                    "chmod 600, and have the secret changed", "%.*s, %s has mode %03o",
                    STR_ARG(s->endpoint), file, (unsigned)st.st_mode & 0777);
    } else if (s->group && strcmp(s->group->name, "smart") == 0) {
        look_at_key(d, s);
    }
}

void doctor_secrets(struct doctor *d)
{
    doctor_each_setting(d, look_at_secret);
}

/* ---- daemon ---- */

static void look_at_destination(struct doctor *d, const struct report *t)
{
    const char *name = report_text(t, "name");
    if (report_bool(t, "clogged")) {
        doctor_find(d, DOCTOR_ERROR, "more than a million outputs wait for blocked keys: it stands",
                    "settle what is held: release or drop it", "destination %s is clogged", name);
    }
    if (report_int(t, "held")) {
        doctor_find(d, DOCTOR_WARNING, "each waits for a person, and so does what shares its keys",
                    "corridor messages --status held says why; mend it, then release or drop",
                    "destination %s holds %lld outputs", name, (long long)report_int(t, "held"));
    }
    if (report_bool(t, "unreachable")) {
        doctor_find(d, DOCTOR_WARNING,
                    "nothing is lost: its messages wait and go out by themselves",
                    "look at the peer and the way to it", "destination %s is unreachable: %s", name,
                    report_text(t, "reason"));
    }
}

static void look_at_journal(struct doctor *d, const struct report *j)
{
    if (report_bool(j, "degraded")) {
        doctor_find(d, DOCTOR_ERROR, "bytes of the journal cannot be read; what is behind them can",
                    "corridor verify says where; corridor verify --accept when seen to",
                    "the journal is degraded");
    }
    if (report_bool(j, "full")) {
        doctor_find(d, DOCTOR_ERROR, "messages are refused (AR 207); senders send them again",
                    "settle what waits, make room, or raise `disk`", "the journal is full");
    }
    if (report_bool(j, "stuck")) {
        doctor_find(d, DOCTOR_ERROR, "history grows until the device is full",
                    "look at the rights of the journal's directory, then start the daemon again",
                    "a settled volume cannot be removed");
    }
    if (report_bool(j, "clock_doubted")) {
        doctor_find(d, DOCTOR_WARNING,
                    "nothing goes for its age, so that a wrong clock removes nothing",
                    "set the clock right; or `corridor accept clock` when it is",
                    "the clock made a step of %lld s", (long long)report_int(j, "clock_step_s"));
    }
}

void doctor_daemon(struct doctor *d)
{
    const struct report *list = report_get(d->status, "destinations");
    if (!d->status) {
        doctor_fact(d, "does not run");
        return;
    }
    look_at_journal(d, report_get(d->status, "journal"));
    for (size_t i = 0; i < report_count(list); i++) {
        look_at_destination(d, report_at(list, i));
    }
    size_t kept = report_count(report_get(d->status, "undelivered_for"));
    if (kept) {
        doctor_find(d, DOCTOR_WARNING, "messages are kept for a destination that was removed",
                    "configure it again, or give its queue to another one with `was:`",
                    "destinations that are not configured any more, with messages: %zu", kept);
    }
    doctor_fact(d, "pid %d, up %lld s", doctor_pid(d),
                (long long)report_int(d->status, "up_ms") / 1000);
}

void doctor_unit(struct doctor *d)
{
    static const char *const places[] = {"/etc/systemd/system/corridor.service",
                                         "/lib/systemd/system/corridor.service",
                                         "/usr/lib/systemd/system/corridor.service"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i], F_OK) == 0) {
            doctor_fact(d, "%s", places[i]);
            return;
        }
    }
    doctor_find(d, DOCTOR_NOTE, "nothing starts it after a reboot or ends it in good order",
                "install a unit, or see to both in another way",
                "there is no corridor.service of systemd");
}
