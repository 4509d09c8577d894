/* Options of a directory as a destination, and what a table cannot say of them. */
#include "adapters/files.h"
#include "adapters/files_batch.h"
#include "adapters/files_name.h"

static const struct opt batch_opts[] = {
    OPT(files_batch_conf, sender, "sender", STR, "CORRIDOR", "0..180", 0,
        "APPLICATION|FACILITY: BHS-3 and BHS-4."),
    OPT(files_batch_conf, receiver, "receiver", STR, "", "0..180", 0,
        "APPLICATION|FACILITY: BHS-5 and BHS-6."),
    OPT(files_batch_conf, name, "name", STR, "", "0..40", 0, "BHS-9, name of the batch."),
    OPT(files_batch_conf, has_file, "file", BOOL, "no", NULL, 0,
        "FHS and FTS around the batch, with the same fields."),
    OPT(files_batch_conf, most, "most", INT, "10000", "1..1000000", 0,
        "Messages of one file; then it is put aside."),
    {0},
};

static const struct opt append_opts[] = {
    OPT(files_append_conf, name, "name", STR, NULL, "1..100", OPT_REQUIRED,
        "Name of the file; those put aside are NAME with a time before its ending."),
    OPT(files_append_conf, rotate_size, "rotate-size", BYTES, "64MiB", "1kB..1TB", 0,
        "Put the file aside when it has reached this size."),
    OPT(files_append_conf, rotate_every_ms, "rotate-every", MS, "never", "1m..never", 0,
        "Put it aside when another period has begun, counted in UTC: 1h at full hours, 1d at "
        "midnight."),
    OPT_GROUP(files_append_conf, batch, "batch", batch_opts, 0,
              "Make each file a batch: BHS before its messages, BTS with their number when it is "
              "put aside."),
    {0},
};

const struct opt files_out_opts[] = {
    OPT(files_out_conf, directory, "directory", PATH, NULL, NULL, OPT_REQUIRED,
        "Where the files go. It must exist; while it does not, messages wait."),
    OPT(files_out_conf, name, "name", STR, "{id}.{extension}", "1..100", 0,
        "Name of a file: {id} (needed), {date}, {time}, {type}, {event}, {control-id}, "
        "{extension}; / makes "
        "directories."),
    OPT_GROUP(files_out_conf, append, "append", append_opts, 0,
              "All messages in one file, each once, instead of a file for each."),
    {0},
};

static void check_batch(const struct files_batch_conf *c, const struct yaml_node *map,
                        struct diags *d)
{
    const struct {
        const char *key;
        struct str value;
        unsigned separators;
    } rows[] = {{"sender", c->sender, 1}, {"receiver", c->receiver, 1}, {"name", c->name, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *why = files_batch_fault(rows[i].value, rows[i].separators);
        if (why) {
            diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, rows[i].key)->pos, "`%s` %s",
                     rows[i].key, why);
        }
    }
}

static void check_append(const struct files_append_conf *c, const struct yaml_node *map,
                         struct diags *d)
{
    const struct yaml_node *name = yaml_get(yaml_get(map, "append"), "name");
    const char *why = files_append_fault(c->name);
    if (why) {
        diag_add(d, DIAG_ERROR, "option-type", name->pos, "`name` %s", why);
    }
    if (c->batch) {
        check_batch(c->batch, yaml_get(yaml_get(map, "append"), "batch"), d);
    }
    if (yaml_get(map, "name")) {
        diag_add(d, DIAG_ERROR, "option-type", yaml_get(map, "name")->pos,
                 "`name` stands beside `append`; expected one of both");
    }
}

void files_out_check(const void *conf, const struct yaml_node *map, struct diags *d)
{
    const struct files_out_conf *c = conf;
    const struct yaml_node *at = yaml_get(map, "name");
    const char *why = files_name_fault(c->name);
    if (why) {
        diag_add(d, DIAG_ERROR, "option-type", at ? at->pos : map->pos, "`name` %s", why);
    }
    if (c->append) {
        check_append(c->append, map, d);
    }
}
