/* schema.h - the JSON Schema of corridor.yaml for editors: the option tables of config/ and of the adapters, nested as
 * the file nests them. Pure. `check` is the judge: the schema refuses unknown keys, wrong words and wrong shapes, not
 * what depends on several keys at once.
 * Source: JSON Schema draft 2020-12. */
#ifndef CORRIDOR_OPS_SCHEMA_H
#define CORRIDOR_OPS_SCHEMA_H

#include "engine/base/buf.h"

struct adapter;

/* An indented document, a member a line. */
void schema_configuration(struct buf *out, const struct adapter *const *adapters);

#endif
