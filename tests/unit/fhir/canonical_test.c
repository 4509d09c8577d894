#include "engine/fhir/canonical.h"

#include <criterion/criterion.h>

static const struct row {
    const char *name, *text, *want;
} rows[] = {
    {"as R4 lists them",
     "{\"gender\":\"male\",\"id\":\"1\",\"active\":true,\"resourceType\":\"Patient\"}",
     "{\"resourceType\":\"Patient\",\"id\":\"1\",\"active\":true,\"gender\":\"male\"}"},
    {"numbers as they were written",
     "{\"valueQuantity\":{\"unit\":\"mg\",\"value\":1.10},\"resourceType\":\"Observation\"}",
     "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":1.10,\"unit\":\"mg\"}}"},
    {"a companion behind its primitive",
     "{\"_birthDate\":{\"id\":\"a\"},\"birthDate\":\"1970\",\"gender\":\"male\",\"resourceType\":"
     "\"Patient\"}",
     "{\"resourceType\":\"Patient\",\"gender\":\"male\",\"birthDate\":\"1970\",\"_birthDate\":{"
     "\"id\":\"a\"}}"},
    {"what is not known behind all, as it came",
     "{\"b\":{\"resourceType\":\"Patient\",\"id\":\"1\"},\"a\":[2,1],\"id\":\"1\",\"resourceType\":"
     "\"Patient\"}",
     "{\"resourceType\":\"Patient\",\"id\":\"1\",\"b\":{\"resourceType\":\"Patient\",\"id\":\"1\"},"
     "\"a\":[2,1]}"},
    {"datatypes, parts and what is contained",
     "{\"contact\":[{\"gender\":\"male\",\"name\":{\"given\":[\"a\",null],\"family\":\"b\"}}],"
     "\"contained\":[{\"name\":\"x\",\"resourceType\":\"Organization\"}],\"resourceType\":"
     "\"Patient\"}",
     "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Organization\",\"name\":"
     "\"x\"}],"
     "\"contact\":[{\"name\":{\"family\":\"b\",\"given\":[\"a\",null]},\"gender\":\"male\"}]}"},
    {"entries of a Bundle",
     "{\"entry\":[{\"resource\":{\"id\":\"1\",\"resourceType\":\"Patient\"},\"fullUrl\":\"urn:x\"}]"
     ",\"type\":\"batch\","
     "\"resourceType\":\"Bundle\"}",
     "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"fullUrl\":\"urn:x\","
     "\"resource\":"
     "{\"resourceType\":\"Patient\",\"id\":\"1\"}}]}"},
    {"wrong kinds stay", "{\"name\":1,\"id\":[{\"b\":1,\"a\":2}],\"resourceType\":\"Patient\"}",
     "{\"resourceType\":\"Patient\",\"id\":[{\"b\":1,\"a\":2}],\"name\":1}"},
    {"other JSON as it is", "[{\"b\":1e5,\"a\":null},\"x\"]", "[{\"b\":1e5,\"a\":null},\"x\"]"},
    {"a type that R4 has not", "{\"b\":1,\"resourceType\":\"X\"}",
     "{\"b\":1,\"resourceType\":\"X\"}"},
};

static void write(struct buf *out, struct arena *a, struct str text)
{
    struct json *root;
    struct json_fault fault;
    cr_assert_eq(json_parse(a, text, NULL, &root, &fault), 0);
    json_write(out, fhir_canonical(a, root), 0);
}

Test(fhir_canonical, one_order)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct buf out = {0}, again = {0};
        write(&out, &a, str_of(rows[i].text));
        cr_expect(str_is(buf_str(&out), rows[i].want), "%s: %.*s", rows[i].name, (int)out.n, out.p);
        write(&again, &a, buf_str(&out));
        cr_expect(str_eq(buf_str(&out), buf_str(&again)), "%s", rows[i].name);
        buf_free(&again);
        buf_free(&out);
        arena_free(&a);
    }
}
