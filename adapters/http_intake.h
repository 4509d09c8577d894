/* http_intake.h - an answer as it comes in: the lines of its head, then its body up to a bound. What frames
 * them (chunks, lengths) is libcurl's. Pure. */
#ifndef CORRIDOR_ADAPTERS_HTTP_INTAKE_H
#define CORRIDOR_ADAPTERS_HTTP_INTAKE_H

#include "engine/base/buf.h"

enum {
    HTTP_HEAD_MAX = 64 * 1024, /* bytes of an answer's head (and trailer); more: it is no answer */
    HTTP_BODY_MAX =
        64 * 1024, /* bytes kept of its body; where there are more, the rest is not read */
};

/* {0} is an empty one. */
struct http_intake {
    struct buf body, retry_after, etag; /* the last two: the values of these headers */
    size_t body_max;                    /* bytes kept of the body; 0: HTTP_BODY_MAX */
    size_t head_n;                      /* bytes of head and trailer */
    size_t body_n;     /* bytes of the body so far, at most body_max unless is_enough */
    int status;        /* of the head that is coming in, or came */
    bool is_head_done; /* the head of a final answer (200 and above) is whole */
    bool is_coded;     /* the body is compressed: nothing of it is kept */
    bool is_enough;    /* there is more, and it is not wanted */
};

/* A line of a head: of an interim answer (1xx), of the final one or of the trailer. False: hang up. */
bool http_intake_line(struct http_intake *in, struct str line);
/* A piece of the body. False: hang up. */
bool http_intake_body(struct http_intake *in, struct str piece);
/* Empty again, without memory. */
void http_intake_clear(struct http_intake *in);

#endif
