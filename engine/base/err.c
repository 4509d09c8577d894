#include "engine/base/err.h"

const char *err_text(int e)
{
    switch ((enum err)e) {
    case ERR_NONE:
        return "no error";
    case ERR_SYNTAX:
        return "not well formed";
    case ERR_LIMIT:
        return "over a limit";
    case ERR_NOT_FOUND:
        return "not found";
    case ERR_IO:
        return "input/output error";
    case ERR_TYPE:
        return "wrong type";
    case ERR_STATE:
        return "not possible in this state";
    case ERR_SPACE:
        return "no space";
    case ERR_DAMAGE:
        return "damaged data";
    case ERR_USAGE:
        return "wrong use";
    }
    return "unknown error";
}
