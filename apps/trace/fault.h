/* fault.h -- telling what is wrong. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_FAULT_H
#define TR_FAULT_H

#include "trace.h"

/* Formats the text; fault may be NULL. */
void tr_set_fault(struct tr_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
