/* user.c -- guest memory as the kernel sees it. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "area.h"

int hk_is_user_range(gm_addr address, uint64_t size)
{
    return address < HK_USER_LIMIT && size <= HK_USER_LIMIT - address;
}

/* An access that has failed may succeed now. */
static int is_mended(const struct hk_thread *thread, gm_addr at, size_t size,
                     int is_store)
{
    return hk_area_fill(thread->team, (uint32_t)at, (uint32_t)size, is_store) ||
           hk_area_may_have_moved(thread);
}

int32_t hk_read_user(const struct hk_thread *thread, void *to, gm_addr from,
                     size_t size)
{
    if (!hk_is_user_range(from, size))
        return HK_B_BAD_ADDRESS;
    if (gm_copy_in(hk_space_of(thread), to, from, size) < 0 &&
        (!is_mended(thread, from, size, 0) ||
         gm_copy_in(hk_space_of(thread), to, from, size) < 0))
        return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}

int32_t hk_write_user(const struct hk_thread *thread, gm_addr to,
                      const void *from, size_t size)
{
    if (!hk_is_user_range(to, size))
        return HK_B_BAD_ADDRESS;
    if (gm_copy_out(hk_space_of(thread), to, from, size) < 0 &&
        (!is_mended(thread, to, size, 1) ||
         gm_copy_out(hk_space_of(thread), to, from, size) < 0))
        return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}

int32_t hk_write_user_string(const struct hk_thread *thread, gm_addr to,
                             const char *text, uint32_t size)
{
    size_t length = strlen(text);
    size_t room = size == 0 || length < size ? length : size - 1;
    int32_t status =
        size == 0 ? HK_B_OK : hk_write_user(thread, to, text, room);

    if (status == HK_B_OK && size != 0)
        status = hk_write_user(thread, to + (gm_addr)room, "", 1);
    if (status != HK_B_OK)
        return status;
    return length < size && size <= INT32_MAX ? HK_B_OK : HK_B_BUFFER_OVERFLOW;
}

int32_t hk_read_user_string(const struct hk_thread *thread, char *to,
                            gm_addr from, size_t size)
{
    int result;

    if (!hk_is_user_range(from, 1))
        return HK_B_BAD_ADDRESS;
    if (size > HK_USER_LIMIT - from)
        size = HK_USER_LIMIT - from;
    result = gm_copy_string_in(hk_space_of(thread), to, from, size);
    if (result == GM_ERR_FAULT && is_mended(thread, from, size, 0))
        result = gm_copy_string_in(hk_space_of(thread), to, from, size);
    if (result >= 0)
        return result;
    return result == GM_ERR_TOOLONG ? HK_B_NAME_TOO_LONG : HK_B_BAD_ADDRESS;
}

int32_t hk_read_user_name(const struct hk_thread *thread,
                          char name[HK_NAME_LENGTH], gm_addr from)
{
    int32_t length = hk_read_user_string(thread, name, from, HK_NAME_LENGTH);

    if (length == HK_B_BAD_ADDRESS)
        return HK_B_BAD_ADDRESS;
    name[HK_NAME_LENGTH - 1] = '\0';
    return HK_B_OK;
}

int32_t hk_exchange_user(const struct hk_thread *thread, gm_addr address,
                         uint32_t keep, uint32_t set, uint32_t *old)
{
    struct gm_space *space = hk_space_of(thread);
    uint32_t found = 0;
    int done;

    if (address == 0 || address % 4 != 0 || !hk_is_user_range(address, 4))
        return HK_B_BAD_ADDRESS;
    do {
        done =
            gm_compare_exchange(space, address, &found, (found & keep) | set);
    } while (done == 0);
    if (done < 0)
        return HK_B_BAD_ADDRESS;
    *old = found;
    return HK_B_OK;
}
