/* webhook.h - conditions told by a POST of JSON. Any 2xx means that it arrived; nothing is followed. */
#ifndef CORRIDOR_ADAPTERS_WEBHOOK_H
#define CORRIDOR_ADAPTERS_WEBHOOK_H

#include "engine/flow/adapter.h"

extern const struct adapter webhook_adapter;

#endif
