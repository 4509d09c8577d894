/* Fuzz target: a template up to the first line feed, then a payload. An attribute that comes of it is UTF-8 without control
 * characters, its header one line of printable ASCII, and the event is JSON. */
#include "adapters/http_event.h"
#include "engine/base/json.h"
#include "engine/base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_event(struct arena *a, const struct http_event *e)
{
    struct buf out = {0};
    struct json *root = NULL;
    struct json_fault fault;
    http_event_put_headers(&out, e);
    for (size_t i = 0; i < out.n; i++) {
        must(!out.p[i] || (out.p[i] >= ' ' && out.p[i] <= '~'));
    }
    buf_clear(&out);
    http_event_put_json(&out, e);
    must(json_parse(a, buf_str(&out), NULL, &root, &fault) == 0);
    must(str_eq(json_text(json_get(root, "type")), e->type));
    buf_free(&out);
}

static void check(struct str template, struct str payload, bool is_json)
{
    struct arena a = {0};
    struct json *root = NULL;
    struct json_fault fault;
    struct str type = http_event_fill(&a, template, payload, is_json);
    must(type.n <= HTTP_EVENT_VALUE_MAX && utf8_valid_to(type) == type.n);
    if (type.n) {
        bool is_whole = is_json && json_parse(&a, payload, NULL, &root, &fault) == 0;
        struct http_event e = {.id = STR("id"),
                               .source = STR("/c"),
                               .type = type,
                               .content_type = STR("application/json"),
                               .payload = payload,
                               .is_json = is_whole && !str_starts(payload, STR("\xef\xbb\xbf"))};
        check_event(&a, &e);
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = str_from((const char *)data, size), template;
    if (!size) {
        return 0;
    }
    (void)str_split(&rest, '\n', &template);
    if (!http_event_template_fault(template)) {
        check(template, rest, true);
        check(template, rest, false);
    }
    return 0;
}
