#include "adapters/registry.h"

#include "adapters/discard.h"
#include "adapters/fhir.h"
#include "adapters/files.h"
#include "adapters/http.h"
#include "adapters/mail.h"
#include "adapters/mllp.h"
#include "adapters/webhook.h"

const struct adapter *const registry[] = {
    &discard_adapter, &fhir_adapter, &files_adapter,   &http_adapter,
    &mllp_adapter,    &mail_adapter, &webhook_adapter, NULL,
};
