/* Requests to a FHIR endpoint: what each method, path and header means, and what is refused with which status. */
#include "adapters/fhir_request.h"
#include "adapters/fhir_url.h"

#include <criterion/criterion.h>

static struct arena arena;

static void begin(void)
{
    arena_init(&arena);
}

static void end(void)
{
    arena_free(&arena);
}

TestSuite(fhir_request, .init = begin, .fini = end);

#define JSON "Content-Type: application/fhir+json\r\n"

static struct fhir_request read_with(const char *line, const char *headers)
{
    struct http_head h;
    struct fhir_request r;
    struct str text =
        str_printf(&arena, "%s HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n%s\r\n", line, headers);
    http_head_read(text, &h);
    cr_assert_eq(h.status, 0, "%s", h.reason);
    fhir_request_read(&arena, &h, STR("/fhir"), &r);
    return r;
}

Test(fhir_request, places)
{
    static const struct {
        const char *line;
        enum fhir_do what;
        int status;
        const char *type, *id, *criteria;
    } rows[] = {
        {"GET /fhir/metadata", FHIR_DO_CAPABILITIES, 0, "", "", ""},
        {"GET /fhir/metadata?_format=json", FHIR_DO_CAPABILITIES, 0, "", "", ""},
        {"POST /fhir/metadata", FHIR_DO_NOTHING, 405, "", "", ""},
        {"POST /fhir", FHIR_DO_BUNDLE, 0, "", "", ""},
        {"POST /fhir/", FHIR_DO_BUNDLE, 0, "", "", ""},
        {"GET /fhir", FHIR_DO_NOTHING, 405, "", "", ""},
        {"POST /fhir/Patient", FHIR_DO_CREATE, 0, "Patient", "", ""},
        {"POST /fhir/Patient/", FHIR_DO_CREATE, 0, "Patient", "", ""},
        {"PUT /fhir/Patient/a-1.B", FHIR_DO_UPDATE, 0, "Patient", "a-1.B", ""},
        {"PUT /fhir/Patient/a?x=y", FHIR_DO_UPDATE, 0, "Patient", "a", ""},
        {"PUT /fhir/Patient?identifier=s%7C1", FHIR_DO_UPDATE, 0, "Patient", "",
         "identifier=s%7C1"},
        {"PUT /fhir/Patient?_format=json&identifier=s%7C1&_pretty=true", FHIR_DO_UPDATE, 0,
         "Patient", "", "identifier=s%7C1"},
        {"DELETE /fhir/Patient?identifier=1&&name=a=b&_format=json", FHIR_DO_DELETE, 0, "Patient",
         "", "identifier=1&name=a=b"},
        {"PUT /fhir/Patient?_format=json", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient/a%20b", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient/a_b", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"DELETE /fhir/Patient/1", FHIR_DO_DELETE, 0, "Patient", "1", ""},
        {"DELETE /fhir/Patient?identifier=1", FHIR_DO_DELETE, 0, "Patient", "", "identifier=1"},
        {"DELETE /fhir/Patient", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"DELETE /fhir", FHIR_DO_NOTHING, 405, "", "", ""},
        {"GET /fhir/Patient/1", FHIR_DO_NOTHING, 405, "Patient", "1", ""},
        {"GET /fhir/Patient?name=x", FHIR_DO_NOTHING, 405, "Patient", "", ""},
        {"POST /fhir/Patient/_search", FHIR_DO_NOTHING, 405, "Patient", "", ""},
        {"PATCH /fhir/Patient/1", FHIR_DO_NOTHING, 405, "Patient", "1", ""},
        {"POST /fhir/Patient/1", FHIR_DO_NOTHING, 405, "Patient", "1", ""},
        {"GET /fhir/Patient/1/_history/2", FHIR_DO_NOTHING, 405, "Patient", "", ""},
        {"GET /fhir/Patient/1/_history", FHIR_DO_NOTHING, 405, "Patient", "", ""},
        {"GET /fhir/Patient/_history?_count=1", FHIR_DO_NOTHING, 405, "Patient", "", ""},
        {"GET /fhir/_history", FHIR_DO_NOTHING, 405, "", "", ""},
        {"POST /fhir/_search", FHIR_DO_NOTHING, 405, "", "", ""},
        {"GET /fhir/Patient/1/_history/2/3", FHIR_DO_NOTHING, 404, "Patient", "", ""},
        {"GET /fhir/Patient/1/Observation", FHIR_DO_NOTHING, 404, "Patient", "", ""},
        {"DELETE /fhir/Patient?identifier=", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"DELETE /fhir/Patient?identifier=%7C", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient?identifier=urn:a%7C", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"POST /fhir/$process-message", FHIR_DO_MESSAGE, 0, "", "", ""},
        {"POST /fhir/%24process-message?async=false", FHIR_DO_MESSAGE, 0, "", "", ""},
        {"POST /fhir/$process-message?async=true", FHIR_DO_NOTHING, 422, "", "", ""},
        {"POST /fhir/$process-message?response-url=http://a/b", FHIR_DO_NOTHING, 422, "", "", ""},
        {"GET /fhir/$process-message", FHIR_DO_NOTHING, 405, "", "", ""},
        {"POST /fhir/Patient/$process-message", FHIR_DO_NOTHING, 404, "Patient", "", ""},
        {"POST /fhir/$validate", FHIR_DO_VALIDATE, 0, "", "", ""},
        {"POST /fhir/Patient/$validate?mode=create", FHIR_DO_VALIDATE, 0, "Patient", "", ""},
        {"POST /fhir/Patient/1/$validate", FHIR_DO_VALIDATE, 0, "Patient", "1", ""},
        {"POST /fhir/$export", FHIR_DO_NOTHING, 404, "", "", ""},
        {"POST /fhir/Patent", FHIR_DO_NOTHING, 404, "Patent", "", ""},
        {"POST /fhir/patient", FHIR_DO_NOTHING, 404, "patient", "", ""},
        {"POST /fhir/HumanName", FHIR_DO_NOTHING, 404, "HumanName", "", ""},
        {"POST /fhir/Patient.contact", FHIR_DO_NOTHING, 404, "Patient.contact", "", ""},
        {"POST /fhir/DomainResource", FHIR_DO_NOTHING, 404, "DomainResource", "", ""},
        {"POST /fhir//Patient", FHIR_DO_NOTHING, 404, "", "", ""},
        {"POST /fhir/%50atient", FHIR_DO_CREATE, 0, "Patient", "", ""},
        {"PUT /fhir/Patient/a%2db%2E1", FHIR_DO_UPDATE, 0, "Patient", "a-b.1", ""},
        {"DELETE /fhir/Patient/%31?_pretty=%31", FHIR_DO_DELETE, 0, "Patient", "1", ""},
        {"GET /fhir/%6detadata", FHIR_DO_CAPABILITIES, 0, "", "", ""},
        {"POST /fhir/Patient/%24%76alidate", FHIR_DO_VALIDATE, 0, "Patient", "", ""},
        {"PUT /fhir/Patient%2F1", FHIR_DO_NOTHING, 404, "Patient%2F1", "", ""},
        {"PUT /fhir/Patient/%2531", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient/1%2", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient/1%zz", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient/1%00", FHIR_DO_NOTHING, 400, "Patient", "", ""},
        {"PUT /fhir/Patient%3Fidentifier=1", FHIR_DO_NOTHING, 404, "Patient%3Fidentifier=1", "",
         ""},
        {"POST /fhirs/Patient", FHIR_DO_NOTHING, 404, "", "", ""},
        {"POST /Patient", FHIR_DO_NOTHING, 404, "", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_request r = read_with(rows[i].line, JSON);
        const char *line = rows[i].line;
        cr_expect_eq(r.what, rows[i].what, "%s: %d", line, (int)r.what);
        cr_expect_eq(r.status, rows[i].status, "%s: %d %s", line, r.status, r.why);
        cr_expect(str_is(r.type, rows[i].type), "%s: %.*s", line, STR_ARG(r.type));
        cr_expect(r.status || str_is(r.id, rows[i].id), "%s: %.*s", line, STR_ARG(r.id));
        cr_expect(str_is(r.criteria, rows[i].criteria), "%s", line);
        cr_expect_eq(r.status == 405, r.allow != NULL, "%s", line);
        cr_expect_eq(r.status != 0, r.why && r.code, "%s", line);
    }
}

Test(fhir_request, types_of_content)
{
    static const struct {
        const char *line, *headers;
        int status;
        enum fhir_do what;
    } rows[] = {
        {"POST /fhir", "Content-Type: application/json\r\n", 0, FHIR_DO_BUNDLE},
        {"POST /fhir", "Content-Type: application/json+fhir\r\n", 0, FHIR_DO_BUNDLE},
        {"POST /fhir", "Content-Type: APPLICATION/FHIR+JSON; charset=UTF-8\r\n", 0, FHIR_DO_BUNDLE},
        {"POST /fhir", "Content-Type: application/fhir+json;charset=\"utf-8\";fhirVersion=4.0\r\n",
         0, FHIR_DO_BUNDLE},
        {"POST /fhir/Patient", "Content-Type: application/fhir+json; fhirVersion=5.0\r\n", 415,
         FHIR_DO_NOTHING},
        {"POST /fhir", "Content-Type: application/fhir+json; fhirVersion=3.0\r\n", 415,
         FHIR_DO_NOTHING},
        {"POST /fhir",
         "Content-Type: application/fhir+json; fhirVersion=5.0\r\n"
         "Accept: application/fhir+json; fhirVersion=5.0\r\n",
         0, FHIR_DO_BUNDLE},
        {"POST /fhir", JSON "Accept: application/fhir+json; fhirVersion=5.0\r\n", 406,
         FHIR_DO_NOTHING},
        {"POST /fhir", "Content-Type: application/fhir+json; charset=latin1\r\n", 415,
         FHIR_DO_NOTHING},
        {"POST /fhir", "Content-Type: application/fhir+xml\r\n", 415, FHIR_DO_NOTHING},
        {"POST /fhir", "Content-Type: text/plain\r\n", 415, FHIR_DO_NOTHING},
        {"POST /fhir", "", 415, FHIR_DO_NOTHING},
        {"POST /fhir", "Content-Type: application/fhir+ndjson\r\n", 0, FHIR_DO_UPLOAD},
        {"POST /fhir", "Content-Type: application/x-ndjson\r\n", 0, FHIR_DO_UPLOAD},
        {"POST /fhir/Patient", "Content-Type: application/ndjson\r\n", 415, FHIR_DO_NOTHING},
        {"DELETE /fhir/Patient/1", "", 0, FHIR_DO_DELETE},
        {"GET /fhir/metadata", "Accept: application/fhir+json\r\n", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata", "Accept: text/html, */*;q=0.1\r\n", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata", "Accept: text/html, */*; q=0.01\r\n", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata", "Accept: */*;q=0.000\r\n", 406, FHIR_DO_NOTHING},
        {"GET /fhir/metadata", "Accept: text/html\r\nAccept: application/json\r\n", 0,
         FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata", "Accept: application/fhir+xml\r\n", 406, FHIR_DO_NOTHING},
        {"GET /fhir/metadata", "Accept: application/json;q=0\r\n", 406, FHIR_DO_NOTHING},
        {"GET /fhir/metadata", "Accept: application/fhir+json; fhirVersion=3.0\r\n", 406,
         FHIR_DO_NOTHING},
        {"GET /fhir/metadata?_format=json", "Accept: text/html\r\n", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata?_format=application/fhir%2Bjson", "", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata?_format=application/fhir+json", "", 0, FHIR_DO_CAPABILITIES},
        {"GET /fhir/metadata?_pretty=true&_format=xml", "", 406, FHIR_DO_NOTHING},
        {"POST /fhir/Patient?_format=xml", JSON, 406, FHIR_DO_NOTHING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_request r = read_with(rows[i].line, rows[i].headers);
        cr_expect_eq(r.status, rows[i].status, "%s %s: %d", rows[i].line, rows[i].headers,
                     r.status);
        cr_expect_eq(r.what, rows[i].what, "%s %s", rows[i].line, rows[i].headers);
    }
}

Test(fhir_request, headers)
{
    struct fhir_request r = read_with("POST /fhir/Patient",
                                      JSON "Prefer: return=representation; handling=strict\r\n"
                                           "If-None-Exist: ?identifier=urn:a|1\r\n"
                                           "X-Hub-Signature: sha256=00\r\nIdempotency-Key: k\r\n");
    cr_expect_eq(r.status, 0);
    cr_expect_eq(r.wants, FHIR_RETURN_RESOURCE);
    cr_expect(r.is_strict);
    cr_expect(str_is(r.criteria, "identifier=urn:a|1"));
    cr_expect(str_is(r.signature, "sha256=00"));
    cr_expect(str_is(r.key, "k"));
    r = read_with("PUT /fhir/Patient/1",
                  JSON "Prefer: respond-async, return=OperationOutcome\r\nIf-Match: W/\"1\"\r\n");
    cr_expect_eq(r.wants, FHIR_RETURN_OUTCOME);
    cr_expect(str_is(r.if_match, "W/\"1\""));
    r = read_with("PUT /fhir/Patient/1", JSON "If-None-Exist: identifier=1\r\n");
    cr_expect_eq(r.criteria.n, 0, "only a create is conditional by a header");
    r = read_with("PUT /fhir/Patient/1", JSON "If-Match: W/\"1\"\r\nIf-Match: W/\"2\"\r\n");
    cr_expect_eq(r.status, 400);
}

Test(fhir_request, preferences_of_several_lines)
{
    struct fhir_request r =
        read_with("POST /fhir/Patient", JSON "Prefer: handling=strict\r\nPrefer: respond-async\r\n"
                                             "prefer: return=representation\r\n");
    cr_expect(r.is_strict);
    cr_expect_eq(r.wants, FHIR_RETURN_RESOURCE);
}

Test(fhir_request, criteria_of_a_create)
{
    static const struct {
        const char *value, *criteria; /* NULL: refused */
    } rows[] = {
        {"identifier=a|1", "identifier=a|1"},
        {"?identifier=a|1", "identifier=a|1"},
        {"Patient?identifier=a|1", "identifier=a|1"},
        {"http://h/fhir/Patient?identifier=a|1", "identifier=a|1"},
        {"identifier=http://a?b|1", "identifier=http://a?b|1"},
        {"identifier=&name=x", "identifier=&name=x"},
        {"Group?identifier=a|1", NULL},
        {"", NULL},
        {"identifier", NULL},
        {"identifier=", NULL},
        {"identifier=|", NULL},
        {"identifier=%7c", NULL},
        {"identifier=urn:a|", NULL},
        {"identifier=urn:a%7C+,urn:b|", NULL},
        {"identifier=urn:a|&identifier=", NULL},
        {"identifier=urn:a|,urn:b|2", "identifier=urn:a|,urn:b|2"},
        {"identifier=|2,urn:b|", "identifier=|2,urn:b|"},
        {"identifier=%4", "identifier=%4"},
        {"_format=json", NULL},
        {"?identifier=a|1&_format=json", "identifier=a|1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *more = str_printf(&arena, "%sIf-None-Exist: %s\r\n", JSON, rows[i].value).p;
        struct fhir_request r = read_with("POST /fhir/Patient", more);
        cr_expect_eq(r.status, rows[i].criteria ? 0 : 400, "%s: %d", rows[i].value, r.status);
        cr_expect(!rows[i].criteria || str_is(r.criteria, rows[i].criteria), "%s: %.*s",
                  rows[i].value, STR_ARG(r.criteria));
    }
    cr_expect_eq(read_with("PUT /fhir/Patient/1", JSON "If-Match:\r\n").status, 400);
    cr_expect_eq(read_with("PUT /fhir/Patient/1", JSON "If-None-Match:  \r\n").status, 400);
}

Test(fhir_request, what_is_strict_wants_no_parameters_that_mean_nothing)
{
    static const struct {
        const char *line;
        int status;
    } rows[] = {
        {"POST /fhir/Patient?x=1", 400},
        {"POST /fhir/Patient?_pretty=true", 0},
        {"PUT /fhir/Patient?identifier=1", 0},
        {"PUT /fhir/Patient/1?identifier=1", 400},
        {"POST /fhir/Patient/$validate?mode=create", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_request r = read_with(rows[i].line, JSON "Prefer: handling=strict\r\n");
        cr_expect_eq(r.status, rows[i].status, "%s: %d", rows[i].line, r.status);
        r = read_with(rows[i].line, JSON);
        cr_expect_eq(r.status, 0, "%s, lenient: %d", rows[i].line, r.status);
    }
}

Test(fhir_request, escapes)
{
    cr_expect(str_is(fhir_url_decode(&arena, STR("a%7Cb%2bc+d")), "a|b+c+d"));
    cr_expect_eq(fhir_url_decode(&arena, STR("a%7")).n, 0);
    cr_expect_eq(fhir_url_decode(&arena, STR("a%zz")).n, 0);
    cr_expect_eq(fhir_url_decode(&arena, STR("%")).n, 0);
}

Test(fhir_request, only_what_it_can_do_is_told_to_everybody)
{
    static const struct {
        const char *line;
        bool is_open;
    } rows[] = {
        {"GET /fhir/metadata", true},          {"POST /fhir/metadata", false},
        {"GET /fhir/Patient/metadata", false}, {"GET /metadata", false},
        {"POST /fhir/Patient", false},         {"GET /fhir/%6Detadata", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_head h;
        http_head_read(str_printf(&arena, "%s HTTP/1.1\r\nHost: h\r\n\r\n", rows[i].line), &h);
        cr_expect_eq(fhir_request_is_open(&arena, &h, STR("/fhir/")), rows[i].is_open, "%s",
                     rows[i].line);
    }
}
