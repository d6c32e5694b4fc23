/* status.h -- Haiku's error codes, and the host's errno turned into them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_STATUS_H
#define HK_STATUS_H

#include <stdint.h>

/* B_NO_MEMORY is HK_B_NO_MEMORY; ECHILD is HK_ECHILD. */
enum hk_status {
#define STATUS(name, value, host) HK_##name = (int32_t)(value),
#include "status.def"
#undef STATUS
};

/* The status of a host errno value; B_ERROR for one Haiku does not know. */
int32_t hk_status_from_errno(int host_errno);

/* The host errno value of a status; 0 when it has none. */
int hk_status_to_errno(int32_t status);

/* "B_NO_MEMORY"; NULL for a value that is no error code. */
const char *hk_status_name(int32_t status);

#endif
