/* bound_names.c -- the paths that local sockets were bound to, as given. */
/* SPDX-License-Identifier: MIT */
#include "bound_names.h"

#include <string.h>

#include "shared_file.h"

static void copy_text(char *to, const char *from, size_t size)
{
    size_t length = strnlen(from, size - 1);

    memcpy(to, from, length);
    to[length] = '\0';
}

uint32_t hk_bound_name_count(const struct hk_thread *self)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t count;

    hk_shared_lock(shared);
    count = shared->file->bound_name_count;
    hk_shared_unlock(shared);
    return count;
}

/* The oldest one is written over before the new one counts. */
void hk_bound_name_keep(const struct hk_thread *self, const char *host,
                        const char *guest)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_shared_file *file = shared->file;
    struct hk_bound_name *kept;

    hk_shared_lock(shared);
    kept = &file->bound_names[file->bound_name_count % HK_BOUND_NAMES_MAX];
    copy_text(kept->host, host, sizeof(kept->host));
    copy_text(kept->guest, guest, sizeof(kept->guest));
    hk_put(shared, &file->bound_name_count, file->bound_name_count + 1);
    hk_shared_unlock(shared);
}

/* The last one: the host's path may have been another socket's before. */
int hk_bound_name_find(const struct hk_thread *self, const char *host,
                       char guest[HK_LOCAL_NAME_LENGTH])
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_file *file = shared->file;
    int is_found = 0;

    hk_shared_lock(shared);
    for (uint32_t i = 1;
         i <= HK_BOUND_NAMES_MAX && i <= file->bound_name_count && !is_found;
         i++) {
        const struct hk_bound_name *kept =
            &file->bound_names[(file->bound_name_count - i) %
                               HK_BOUND_NAMES_MAX];

        is_found = strncmp(kept->host, host, sizeof(kept->host)) == 0;
        if (is_found)
            copy_text(guest, kept->guest, HK_LOCAL_NAME_LENGTH);
    }
    hk_shared_unlock(shared);
    return is_found;
}
