/* registry.h - all adapters. Only ops/main.c names this file; everybody else gets what it hands on. */
#ifndef CORRIDOR_ADAPTERS_REGISTRY_H
#define CORRIDOR_ADAPTERS_REGISTRY_H

#include "engine/flow/adapter.h"

/* Ended by NULL, in order of name. */
extern const struct adapter *const registry[];

#endif
