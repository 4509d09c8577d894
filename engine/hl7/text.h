/* text.h - in which character set a message's text is, and its values as UTF-8. Pure.
 * Source: HL7 v2.5.1 2.15.9.18 (MSH-18), table 0211. Differs: valid UTF-8 is UTF-8 whatever MSH-18 says, except
 * where the set named works by escape sequences and so looks like ASCII; what is neither is ISO 8859-1. */
#ifndef CORRIDOR_HL7_TEXT_H
#define CORRIDOR_HL7_TEXT_H

#include "engine/base/charset.h"
#include "engine/hl7/hl7.h"

enum hl7_text_doubt {
    HL7_TEXT_SURE,
    HL7_TEXT_NOT_AS_NAMED, /* MSH-18 names UTF-8 or ASCII, and the bytes are neither */
    HL7_TEXT_UNKNOWN_NAME,
    HL7_TEXT_NOT_NAMED,
};

struct hl7_text {
    enum charset set; /* holds where is_set */
    bool is_set;      /* false: the bytes are UTF-8 */
    enum hl7_text_doubt doubt;
};

/* O(bytes of the message) at worst. */
struct hl7_text hl7_text_of(const struct hl7 *m);
/* Text that is unescaped already, as UTF-8, in `a` or a view. */
struct str hl7_text_utf8(struct arena *a, struct hl7_text t, struct str text);
/* UTF-8 as bytes of the message, in `a` or a view. False: the set cannot say all of it. */
bool hl7_text_bytes(struct arena *a, struct hl7_text t, struct str utf8, struct str *out);

#endif
