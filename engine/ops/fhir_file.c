#include "engine/ops/fhir_file.h"

#include "engine/base/json.h"

static char first_of(struct str bytes)
{
    struct str s = bytes;
    s = str_starts(s, STR("\xEF\xBB\xBF")) ? str_slice(s, 3, s.n) : s;
    s = str_trim(s);
    return s.n ? s.p[0] : 0;
}

bool fhir_file_is(const char *path, struct str bytes)
{
    struct str name = str_of(path);
    char first = first_of(bytes);
    return first == '{' || first == '[' || str_ends(name, STR(".json")) ||
           str_ends(name, STR(".ndjson"));
}

bool fhir_file_is_xml(struct str bytes)
{
    return first_of(bytes) == '<';
}

/* NDJSON: by its name, or the first line is a whole JSON value and there is more. */
static bool is_lines(const char *path, struct str bytes)
{
    struct arena a = {0};
    struct json *root;
    struct json_fault fault;
    ptrdiff_t end = str_index(bytes, '\n');
    struct str first = end < 0 ? bytes : str_slice(bytes, 0, (size_t)end);
    struct str rest = end < 0 ? STR("") : str_slice(bytes, (size_t)end, bytes.n);
    bool named = str_ends(str_of(path), STR(".ndjson"));
    bool lines = named || (str_trim(rest).n && json_parse(&a, first, NULL, &root, &fault) == 0);
    arena_free(&a);
    return lines;
}

void fhir_file_begin(struct fhir_file *f, const char *path, struct str bytes)
{
    *f = (struct fhir_file){.rest = bytes, .is_lines = is_lines(path, bytes)};
}

bool fhir_file_next(struct fhir_file *f)
{
    bool whole = !f->is_lines && f->number == 0;
    if (whole) {
        f->bytes = f->rest;
        f->line = f->number = 1;
        return true;
    }
    while (f->is_lines && f->rest.n && str_split(&f->rest, '\n', &f->bytes)) {
        f->line++;
        if (str_trim(f->bytes).n) {
            f->number++;
            return true;
        }
    }
    return false;
}
