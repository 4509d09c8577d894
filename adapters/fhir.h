/* fhir.h - FHIR R4 over HTTP. The listening end: fhir_in.h; the sending end: fhir_out.h. */
#ifndef CORRIDOR_ADAPTERS_FHIR_H
#define CORRIDOR_ADAPTERS_FHIR_H

#include "engine/flow/adapter.h"

extern const struct adapter fhir_adapter;

#endif
