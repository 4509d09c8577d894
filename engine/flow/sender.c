#include "engine/flow/sender.h"

#include "engine/hl7/path.h"

static void read_entry(struct str s, struct str *out_application, struct str *out_facility)
{
    struct str rest = s;
    *out_application = STR("");
    (void)str_split(&rest, '|', out_application);
    *out_facility = str_index(s, '|') < 0 ? STR("") : rest;
}

bool sender_is_entry(struct str s)
{
    struct str application, facility;
    read_entry(s, &application, &facility);
    return (application.n || facility.n) && str_index(facility, '|') < 0;
}

static struct str first_component(const struct hl7 *m, uint32_t field)
{
    return str_trim(hl7_component(&m->d, hl7_field(m, &m->seg[0], field), 1));
}

const char *sender_fault(const struct opt_list *senders, const struct hl7 *m)
{
    if (!senders->n) {
        return NULL;
    }
    struct str application = first_component(m, 3), facility = first_component(m, 4);
    const char *fault = "MSH-3";
    for (size_t i = 0; i < senders->n; i++) {
        struct str want, where;
        read_entry(senders->v[i], &want, &where);
        if (want.n && !str_eq(want, application)) {
            continue;
        }
        if (!where.n || str_eq(where, facility)) {
            return NULL;
        }
        fault = "MSH-4";
    }
    return fault;
}
