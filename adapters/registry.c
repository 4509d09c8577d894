#include "adapters/registry.h"

#include "adapters/discard.h"
#include "adapters/mllp.h"

const struct adapter *const registry[] = {
    &discard_adapter,
    &mllp_adapter,
    NULL,
};
