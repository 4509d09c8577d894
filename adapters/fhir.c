#include "adapters/fhir.h"

#include "adapters/fhir_in.h"
#include "adapters/fhir_out.h"

const struct adapter fhir_adapter = {
    .name = "fhir",
    .summary = "FHIR R4 over HTTP",
    .in_opts = fhir_in_opts,
    .in_conf_size = sizeof(struct fhir_in_conf),
    .in = &fhir_source,
    .in_check = fhir_in_check,
    .out_opts = fhir_out_opts,
    .out_conf_size = sizeof(struct fhir_out_conf),
    .out = &fhir_destination,
    .out_check = fhir_out_check,
    .out_is_exposed = http_out_is_exposed,
    .is_json_only = true,
};
