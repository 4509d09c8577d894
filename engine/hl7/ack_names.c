/* Codes and conditions by name: tables 0008 and 0357. */
#include "engine/hl7/ack_priv.h"

static const struct {
    const char *text;
    enum ack_code accept; /* the accept-level twin */
    bool is_positive;
} codes[] = {
    [ACK_AA] = {"AA", ACK_CA, true},  [ACK_AE] = {"AE", ACK_CE, false},
    [ACK_AR] = {"AR", ACK_CR, false}, [ACK_CA] = {"CA", ACK_CA, true},
    [ACK_CE] = {"CE", ACK_CE, false}, [ACK_CR] = {"CR", ACK_CR, false},
};

static const struct {
    int code;
    const char *text;
} conditions[] = {
    {0, "Message accepted"},
    {100, "Segment sequence error"},
    {101, "Required field missing"},
    {102, "Data type error"},
    {103, "Table value not found"},
    {104, "Value too long"},
    {200, "Unsupported message type"},
    {201, "Unsupported event code"},
    {202, "Unsupported processing id"},
    {203, "Unsupported version id"},
    {204, "Unknown key identifier"},
    {205, "Duplicate key identifier"},
    {206, "Application record locked"},
    {207, "Application internal error"},
};

const char *ack_code_text(enum ack_code c)
{
    return codes[c].text;
}

enum ack_code ack_accept_code(enum ack_code c)
{
    return codes[c].accept;
}

const char *ack_error_text(int code)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
        if (conditions[i].code == code) {
            return conditions[i].text;
        }
    }
    return "";
}

bool ack_is_positive(enum ack_code c)
{
    return codes[c].is_positive;
}
