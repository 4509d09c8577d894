#include <stdio.h>

#include "engine/ops/commands.h"
#include "engine/ops/fhir_file.h"
#include "engine/ops/files.h"
#include "engine/ops/messages.h"
#include "engine/ops/parse_fhir.h"
#include "engine/ops/parse_out.h"

/* Parse and print one message; false when it was refused. */
static bool show(const struct command_run *r, const char *file, const struct message_text *t,
                 struct diags *d)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct buf out = {0};
    bool ok = hl7_parse(&a, t->bytes, &m, &fault) == 0;
    struct hl7_text set = {0};
    if (ok) {
        set = message_charset(&m, d);
        message_remarks(&m, d);
    } else {
        struct diag *one = diag_add_path(d, DIAG_ERROR, "refused", str_of(fault.path),
                                         "%s (table 0357: %d)", fault.text, fault.code);
        one->pos = (struct diag_pos){file, t->line, 0};
    }
    if (r->json) {
        parse_out_json(&out, ok ? &m : NULL, set, d);
    } else if (ok) {
        parse_out_text(&out, &m, set, r->colour);
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_clear(&out);
    if (!r->json) {
        fflush(stdout);
        diags_print(&out, d);
        fwrite(out.p ? out.p : "", 1, out.n, stderr);
    }
    buf_free(&out);
    arena_free(&a);
    return ok;
}

/* Print one document; false when it is no JSON. */
static bool show_document(const struct command_run *r, const char *path, const struct fhir_file *f)
{
    struct arena a = {0};
    struct json *root;
    struct json_fault fault;
    struct buf out = {0};
    bool ok = json_parse(&a, f->bytes, NULL, &root, &fault) == 0;
    if (ok && r->json) {
        parse_fhir_json(&out, root);
    } else if (ok) {
        parse_fhir_text(&out, root);
    } else {
        struct diags d;
        diags_init(&d, &a);
        struct diag_pos pos = json_pos(path, f->bytes, fault.at);
        pos.line += f->line - 1;
        diag_add(&d, DIAG_ERROR, "json-syntax", pos, "%s", fault.text);
        diags_print(&out, &d);
    }
    fwrite(out.p ? out.p : "", 1, out.n, ok ? stdout : stderr);
    buf_free(&out);
    arena_free(&a);
    return ok;
}

static int parse_documents(const struct command_run *r, const char *path, struct str bytes)
{
    struct fhir_file f;
    size_t refused = 0;
    fhir_file_begin(&f, path, bytes);
    while (fhir_file_next(&f)) {
        if (!r->json && f.number > 1) {
            putchar('\n');
        }
        refused += !show_document(r, path, &f);
    }
    return refused ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int parse_file(struct command_run *r, const char *path)
{
    struct str bytes;
    const char *why;
    struct diags d;
    if (!files_read(r->arena, path, &bytes, &why)) {
        return command_fail(r, "%s: %s", path, why);
    }
    if (fhir_file_is_xml(bytes)) {
        return command_fail(r, "%s: this is XML; FHIR resources are read as JSON alone", path);
    }
    if (fhir_file_is(path, bytes)) {
        return parse_documents(r, path, bytes);
    }
    diags_init(&d, r->arena);
    struct message_file f = messages_split(r->arena, path, bytes, &d);
    size_t refused = 0;
    if (!f.n && !f.is_batch) {
        return command_fail(r, "%s: no message in it; expected HL7 v2 text that begins with MSH",
                            path);
    }
    for (size_t i = 0; i < f.n; i++) {
        struct arena findings = {0};
        struct diags one;
        diags_init(&one, &findings);
        if (!r->json && i) {
            putchar('\n');
        }
        /* what the envelope says wrongly stands with the last message */
        refused += !show(r, path, &f.v[i], i + 1 < f.n ? &one : &d);
        arena_free(&findings);
    }
    return refused ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run(struct command_run *r)
{
    int worst = COMMAND_FINE;
    for (int i = 0; i < r->noperands; i++) {
        int status = parse_file(r, r->operands[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct command cmd_parse = {
    .name = "parse",
    .operands = "FILE...",
    .summary = "Show a message or FHIR resource as a labelled tree, or as JSON.",
    .details =
        "  Reads any line ending, byte order marks, UTF-16, MLLP bytes, batches and several "
        "messages; - is\n"
        "  standard input. Remarks go to standard error. Status 1 when a message was refused.\n"
        "  --json prints a line a message: "
        "{\"segments\":[{\"id\":\"PID\",\"n\":1,\"fields\":[...]}],\"findings\":[]},\n"
        "  fields as lists of repetitions, components, subcomponents; HL7 null is "
        "{\"null\":true}.\n"
        "  FHIR resources and other JSON, one a file or one a line, are shown by their elements, "
        "with --json "
        "on a line\n"
        "  in the order of R4, numbers as they were written.",
    .min = 1,
    .max = -1,
    .example = "corridor parse routes/samples/adt_a01.hl7",
    .run = run,
};
