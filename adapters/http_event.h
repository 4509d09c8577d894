/* http_event.h - what is delivered as a CloudEvent: its attributes as headers (binary mode), or the event as a JSON object
 * (structured and batch mode). Pure.
 * Source: CloudEvents 1.0.2, its HTTP protocol binding (3.1, 3.1.3.2) and JSON event format (3); RFC 6901 (JSON Pointer). */
#ifndef CORRIDOR_ADAPTERS_HTTP_EVENT_H
#define CORRIDOR_ADAPTERS_HTTP_EVENT_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"

enum { HTTP_EVENT_VALUE_MAX = 1024 }; /* bytes of a type or subject */

struct http_event {
    struct str id, source, type;
    struct str subject; /* n 0: none */
    int64_t time_us;    /* wall clock */
    struct str content_type;
    struct str payload;
    bool is_json; /* the payload is JSON text */
};

/* What `type` and `subject` may be: text in which {/a/b} stands for the value there in a JSON payload and {PID-3.1} for the
 * first value there in an HL7 v2 payload. Why it is none of that, as "found; expected" (static), or NULL. */
const char *http_event_template_fault(struct str template);
/* With its fields filled in, as UTF-8 without control characters. p NULL: a field has no value here, or the whole is too
 * long. O(payload) where there are fields, else O(1). */
struct str http_event_fill(struct arena *a, struct str template, struct str payload, bool is_json);

/* "ce-id: .." and so on, each line with a NUL at its end. */
void http_event_put_headers(struct buf *out, const struct http_event *e);
/* The event as one JSON object. A payload that is neither JSON nor UTF-8 goes as data_base64. */
void http_event_put_json(struct buf *out, const struct http_event *e);

#endif
