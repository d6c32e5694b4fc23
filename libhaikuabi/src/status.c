/* status.c -- names of Haiku's error codes and their host counterparts. */
/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <errno.h>
#include <stddef.h>

static const struct {
    int32_t status;
    int host;
    const char *name;
} rows[] = {
#define STATUS(name, value, host) {(int32_t)(value), host, #name},
#include "status.def"
#undef STATUS
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

int32_t hk_status_from_errno(int host_errno)
{
    if (host_errno == 0)
        return HK_B_OK;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].host == host_errno)
            return rows[i].status;
    return HK_B_ERROR;
}

int hk_status_to_errno(int32_t status)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].status == status)
            return rows[i].host;
    return 0;
}

const char *hk_status_name(int32_t status)
{
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].status == status)
            return rows[i].name;
    return NULL;
}
