/* Fuzz target: whatever a FHIR server answers has one verdict and a reason of ours; nothing of its text but names goes on. The
 * same bytes as a payload: what is sent of it has a place on the server, without line ends. The first two bytes choose status and
 * question. */
#include "adapters/fhir_answer.h"
#include "adapters/fhir_send.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_answer(int status, unsigned how, struct str body)
{
    struct fhir_asked asked = {.is_bundle = how & 1,
                               .entries = how >> 4,
                               .is_delete = how & 2,
                               .reads_first = how & 4,
                               .is_message = how & 16,
                               .is_of_one = how & 32};
    struct http_answer a = {.status = status,
                            .is_sent = true,
                            .is_cut = how & 8,
                            .is_late = how & 64,
                            .is_coded = how & 128,
                            .body = body};
    struct fhir_issue issue;
    struct outcome o = fhir_answer_judge(&a, &asked, 0, &issue);
    must(o.reason && *o.reason && !o.reply.n);
    must(o.verdict != DELIVERY_DELIVERED || status / 100 == 2 || asked.is_delete);
    must(o.verdict != DELIVERY_DELIVERED || !(a.is_cut || (a.is_late && status != 201)) ||
         asked.is_delete);
    for (const char *p = issue.expression; *p; p++) {
        must(*p > ' ' && *p < 0x7f && *p != '\'' && *p != '"' && *p != '(');
    }
}

static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~') {
            return false;
        }
    }
    return true;
}

static void check_request(unsigned how, struct str payload)
{
    static const struct str any[] = {{"*", 1}};
    struct arena a = {0};
    struct fhir_request r;
    struct fhir_say say = {.interaction = (int)(how % 6),
                           .target = how & 64 ? str_slice(payload, 0, 40) : STR(""),
                           .if_none_exist = how & 32 ? str_slice(payload, 0, 30) : STR(""),
                           .if_match = how & 16 ? str_slice(payload, 0, 9) : STR(""),
                           .match = {any, how & 128 ? 1 : 0}};
    if (!fhir_send_choose(&a, &say, payload, &r)) {
        must(is_line(r.path) && is_line(r.if_none_exist) && is_line(r.if_match) && r.method);
        must((!str_ends(r.path, STR("/..")) && !str_ends(r.path, STR("/."))) ||
             str_index(r.path, '?') > 0);
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 200, 201, 204, 302, 400, 401, 403, 404, 409,
                                   410, 412, 422, 423, 424, 429, 500, 503, 100, 0};
    if (size < 2) {
        return 0;
    }
    struct str body = str_from((const char *)data + 2, size - 2);
    check_answer(statuses[data[0] % (sizeof statuses / sizeof *statuses)], data[1], body);
    check_request(data[1], body);
    return 0;
}
