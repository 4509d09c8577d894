/* err.h - the one enumeration of failure codes. Functions return 0 or a negative value from here.
 * A code says what kind of thing went wrong to a program; what a person reads goes to struct diag. */
#ifndef CORRIDOR_BASE_ERR_H
#define CORRIDOR_BASE_ERR_H

enum err {
    ERR_NONE = 0,
    ERR_SYNTAX = -1,    /* the bytes are not what the grammar allows */
    ERR_LIMIT = -2,     /* a stated limit would be passed */
    ERR_NOT_FOUND = -3, /* the thing named does not exist */
    ERR_IO = -4,        /* the operating system said no; errno has been put into a diag */
    ERR_TYPE = -5,      /* a value is not of the type wanted */
    ERR_STATE = -6,     /* not now: closed, busy, locked, already done */
    ERR_SPACE = -7,     /* no room on the device */
    ERR_DAMAGE = -8,    /* stored bytes are not what was written */
    ERR_USAGE = -9,     /* the caller asked for something that makes no sense */
};

/* A short lower-case phrase for `e`, never NULL. */
const char *err_text(int e);

#endif
