/* error.c -- what the errors are called. */
/* SPDX-License-Identifier: MIT */

#include "guestmem/guestmem.h"

const char *gm_error_text(int error)
{
    switch (error) {
#define X(name, value, text)                                                   \
    case GM_ERR_##name:                                                        \
        return text;
        GM_ERRORS(X)
#undef X
    default:
        return error < 0 ? "unknown error" : "no error";
    }
}
