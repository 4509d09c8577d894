/* eval_cases.h - `corridor eval --cases`: many expressions, and how many gave what their row expects. Main thread. */
#ifndef CORRIDOR_OPS_EVAL_CASES_H
#define CORRIDOR_OPS_EVAL_CASES_H

#include "engine/base/json.h"
#include "engine/ops/eval_data.h"

/* What one case gave. */
struct eval_result {
    const struct rules_value *v;
    unsigned n;
    struct str error; /* p NULL: none */
    bool is_unread;   /* the error: the row or its file cannot be read */
};

/* Does the row say what is expected: "outputs" or "invalid"? */
bool eval_case_expects(const struct json *row);
/* Did it come out? Types as far as the row gives them; values as text, @ and @T aside, numbers as numbers; "ordered":
 * false in any order; "invalid": an error, whichever. */
bool eval_case_passed(const struct json *row, const struct eval_result *got);

#endif
