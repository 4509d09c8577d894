/* discard.h - the smallest destination: takes everything, keeps nothing. For trying routes, and the
 * template for a new adapter. */
#ifndef CORRIDOR_ADAPTERS_DISCARD_H
#define CORRIDOR_ADAPTERS_DISCARD_H

#include "engine/flow/adapter.h"

extern const struct adapter discard_adapter;

#endif
