/* secret.h - reading what an option of kind SECRET names: a systemd credential, a file, a variable.
 * The file is read without waiting for anything (a pipe is refused); it is small. */
#ifndef CORRIDOR_FLOW_SECRET_H
#define CORRIDOR_FLOW_SECRET_H

#include "engine/base/buf.h"
#include "engine/base/opt.h"

enum { SECRET_MAX = 16 * 1024 };

/* Append the secret, without line ends at its end. NULL, or why not (static), with nothing appended. */
const char *secret_read(const struct opt_secret *s, struct buf *out);

#endif
