/* doctor.h - what is wrong with this machine or set-up, before anybody has to find out at night. One row per
 * probe: its name, what it looks at, and a function that adds findings. Nothing is changed and nothing is sent;
 * one probe writes a file of its own into the state directory, to measure, and removes it.
 * Blocking, one thread. The rows are in doctor.c; what they do in doctor_setup.c (configuration, journal,
 * daemon), doctor_rights.c (who may change it), doctor_disk.c, doctor_machine.c (limits, clock) doctor_net.c (ports, destinations)
 * and doctor_tls.c (who speaks TLS, certificates). */
#ifndef CORRIDOR_OPS_DOCTOR_H
#define CORRIDOR_OPS_DOCTOR_H

#include "engine/flow/plan.h"

struct report;
struct doctor;

enum doctor_severity { DOCTOR_NOTE, DOCTOR_WARNING, DOCTOR_ERROR, DOCTOR_SEVERITIES };

struct doctor_probe {
    const char *name; /* kebab-case */
    const char *what; /* one line, for the help */
    void (*look)(struct doctor *d);
};
extern const struct doctor_probe doctor_probes[]; /* {0}-ended */

struct doctor_finding {
    struct doctor_finding *next;
    const struct doctor_probe *probe;
    enum doctor_severity severity;
    struct str text;         /* what was found */
    const char *means, *act; /* why it matters; what to do */
};

struct doctor {
    struct arena *arena;
    const char *config;          /* path */
    const char *state;           /* directory */
    const struct plan *plan;     /* NULL: the configuration has errors */
    const struct diags *diags;   /* of the configuration */
    const struct report *status; /* of the running daemon; NULL: none runs, or it does not answer */
    const struct doctor_probe *probe; /* whose turn it is */
    struct str fact;                  /* what it has to say though nothing is wrong; may be empty */
    struct doctor_finding *first, *last;
    unsigned count[DOCTOR_SEVERITIES];
};

/* A finding of the probe whose turn it is. `means` and `act` are kept as they are. */
void doctor_find(struct doctor *d, enum doctor_severity s, const char *means, const char *act,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A measured value, shown beside the probe's name. */
void doctor_fact(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *doctor_severity_text(enum doctor_severity s);

/* One setting of a source or destination: `value` is the member that `row` names. */
struct doctor_setting {
    struct str endpoint;
    bool is_source;
    const struct opt *row;
    const struct opt *table; /* it stands in */
    const void *conf;        /* what that is filled into */
    const struct opt *group; /* the row of the group that it stands in; NULL: none */
    const void *value;
};
typedef void (*doctor_setting_fn)(struct doctor *d, const struct doctor_setting *s);
/* Every row of every endpoint's table, as configured. */
void doctor_each_setting(struct doctor *d, doctor_setting_fn fn);

void doctor_configuration(struct doctor *d);
void doctor_configuration_rights(struct doctor *d);
void doctor_state_directory(struct doctor *d);
void doctor_leftovers(struct doctor *d);
void doctor_directories(struct doctor *d);
void doctor_secrets(struct doctor *d);
void doctor_daemon(struct doctor *d);
void doctor_unit(struct doctor *d);

void doctor_disk_space(struct doctor *d);
void doctor_file_system(struct doctor *d);
void doctor_mount(struct doctor *d);
void doctor_sync(struct doctor *d);
void doctor_descriptors(struct doctor *d);
void doctor_limits(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_time_zones(struct doctor *d);
void doctor_locale(struct doctor *d);
void doctor_core_dumps(struct doctor *d);
void doctor_swap(struct doctor *d);

void doctor_ports(struct doctor *d);
void doctor_destinations(struct doctor *d);

void doctor_plaintext(struct doctor *d);
void doctor_certificates(struct doctor *d);
/* A handshake on the connected, non-blocking `fd`, where the destination speaks TLS: true when it does not, or that went
 * well; else *out_why, static. Where its own files cannot be loaded that is said elsewhere: true. */
bool doctor_greet(struct doctor *d, const struct plan_destination *t, const struct opt_hostport *at,
                  int fd, const char **out_why);

/* The running daemon's process, 0 when none runs. */
int doctor_pid(const struct doctor *d);

/* ---- pieces, for tests ---- */

/* The `percent` percentile of n ascending values; n > 0. */
int64_t doctor_percentile(const int64_t *ascending, size_t n, unsigned percent);
/* What is doubtful about a file system of this magic number (statfs), NULL: nothing known. */
const char *doctor_file_system_doubt(uint64_t magic, const char **out_name,
                                     enum doctor_severity *out_severity);
/* What is doubtful about how the file system of `path` (absolute, without links) is mounted, by /proc/self/mountinfo;
 * NULL: nothing known. */
const char *doctor_mount_doubt(struct str mountinfo, struct str path, const char **out_option,
                               enum doctor_severity *out_severity);
/* Where a destination's settings say it is: `host` and `port`, or `url`. False: it has no address. */
bool doctor_address(struct arena *a, const struct plan_destination *t, struct opt_hostport *out);
/* Does the row name a file with certificates or CRLs: of its own, or of authorities, of which one that holds is enough? */
bool doctor_is_certificate(const struct opt *row, bool *out_is_authority);

#endif
