/* disk_calls.c -- disks and partitions: there are none. */
/* SPDX-License-Identifier: MIT */
#include "disk_calls.h"

#include <stdlib.h>

#include "bytes.h"
#include "syscalls.h"

/*
 * The host's disks are not the guest's: the machine has none. These calls do
 * what Haiku's kernel does on such a machine, down to the order in which
 * arguments are found wrong. The rows that are STUB would have something to
 * tell or to do there as well: its kernel brings add-ons for disk systems.
 */
enum {
    DISK_NAME_LENGTH = 256, /* B_DISK_DEVICE_NAME_LENGTH, and of a type */
    DISK_SYSTEM_NAME_LENGTH = 1024,
    DISK_PARAMETERS_LENGTH = 32 * 1024
};

static int32_t check_counter(struct hk_thread *self, gm_addr counter)
{
    uint8_t word[4];

    if (counter == 0)
        return HK_B_BAD_VALUE;
    return hk_read_user(self, word, counter, sizeof(word));
}

/* A string of less than size bytes; size is at most that of the buffer. */
static int32_t check_string(struct hk_thread *self, gm_addr string,
                            uint32_t size)
{
    char text[HK_PATH_LENGTH];
    uint32_t seen = 0;

    if (string == 0)
        return HK_B_BAD_VALUE;
    while (seen < size) {
        uint32_t step = size - seen < sizeof(text) ? size - seen : sizeof(text);
        int32_t length = hk_read_user_string(self, text, string + seen, step);

        if (length >= 0)
            return HK_B_OK;
        if (length == HK_B_BAD_ADDRESS)
            return HK_B_BAD_ADDRESS;
        seen += step;
    }
    return HK_B_BUFFER_OVERFLOW;
}

static int32_t check_optional(struct hk_thread *self, gm_addr string,
                              uint32_t size)
{
    return string == 0 ? HK_B_OK : check_string(self, string, size);
}

/* The answer when all that was checked is well. */
static int32_t no_disk(int32_t status)
{
    return status == HK_B_OK ? HK_B_ENTRY_NOT_FOUND : status;
}

static int32_t no_child(struct hk_thread *self, int32_t status, gm_addr counter,
                        gm_addr child_counter)
{
    if (status == HK_B_OK)
        status = check_counter(self, counter);
    if (status == HK_B_OK)
        status = check_counter(self, child_counter);
    return no_disk(status);
}

/* ---- looking for disks ---- */

/* It is written back as it was. */
static int32_t check_cookie(struct hk_thread *self, gm_addr cookie)
{
    uint8_t word[4];

    if (cookie == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, cookie, word, sizeof(word));
}

int64_t hk_sys_get_next_disk_device_id(struct hk_thread *self, gm_addr cookie,
                                       gm_addr needed_size)
{
    (void)needed_size;
    return no_disk(check_cookie(self, cookie));
}

int64_t hk_sys_find_disk_device(struct hk_thread *self, gm_addr filename,
                                gm_addr needed_size)
{
    (void)needed_size;
    return no_disk(check_string(self, filename, HK_PATH_LENGTH));
}

int64_t hk_sys_find_partition(struct hk_thread *self, gm_addr filename,
                              gm_addr needed_size)
{
    return hk_sys_find_disk_device(self, filename, needed_size);
}

int64_t hk_sys_find_file_disk_device(struct hk_thread *self, gm_addr filename,
                                     gm_addr needed_size)
{
    return hk_sys_find_disk_device(self, filename, needed_size);
}

int64_t hk_sys_get_disk_device_data(struct hk_thread *self, int32_t device_id,
                                    int device_only, gm_addr buffer,
                                    uint32_t buffer_size, gm_addr needed_size)
{
    (void)self;
    (void)device_id;
    (void)device_only;
    (void)needed_size;
    return buffer == 0 && buffer_size > 0 ? HK_B_BAD_VALUE
                                          : HK_B_ENTRY_NOT_FOUND;
}

int64_t hk_sys_register_file_device(struct hk_thread *self, gm_addr filename)
{
    int32_t status = check_string(self, filename, HK_PATH_LENGTH);

    return status == HK_B_OK ? HK_B_NOT_ALLOWED : status;
}

int64_t hk_sys_unregister_file_device(struct hk_thread *self, int32_t device_id,
                                      gm_addr filename)
{
    if (device_id >= 0)
        return HK_B_ENTRY_NOT_FOUND;
    return no_disk(check_string(self, filename, HK_PATH_LENGTH));
}

int64_t hk_sys_get_file_disk_device_path(struct hk_thread *self, int32_t id,
                                         gm_addr buffer, uint32_t buffer_size)
{
    (void)self;
    if (id < 0 || buffer == 0 || buffer_size == 0)
        return HK_B_BAD_VALUE;
    return buffer >= HK_USER_LIMIT ? HK_B_BAD_ADDRESS : HK_B_ERROR;
}

int64_t hk_sys_get_disk_system_info(struct hk_thread *self, int32_t id,
                                    gm_addr info)
{
    (void)self;
    (void)id;
    return info == 0 ? HK_B_BAD_VALUE : HK_B_ENTRY_NOT_FOUND;
}

int64_t hk_sys_get_next_disk_system_info(struct hk_thread *self, gm_addr cookie,
                                         gm_addr info)
{
    if (info == 0)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    return no_disk(check_cookie(self, cookie));
}

int64_t hk_sys_find_disk_system(struct hk_thread *self, gm_addr name,
                                gm_addr info)
{
    int32_t status;

    if (name == 0 || info == 0)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    status = check_string(self, name, DISK_SYSTEM_NAME_LENGTH);
    return no_disk(status == HK_B_BUFFER_OVERFLOW ? HK_B_NAME_TOO_LONG
                                                  : status);
}

/* ---- changing partitions ---- */

int64_t hk_sys_defragment_partition(struct hk_thread *self,
                                    int32_t partition_id,
                                    gm_addr change_counter)
{
    (void)partition_id;
    return no_disk(check_counter(self, change_counter));
}

int64_t hk_sys_repair_partition(struct hk_thread *self, int32_t partition_id,
                                gm_addr change_counter, int check_only)
{
    (void)check_only;
    return hk_sys_defragment_partition(self, partition_id, change_counter);
}

int64_t hk_sys_resize_partition(struct hk_thread *self, int32_t partition_id,
                                gm_addr change_counter, int32_t child_id,
                                gm_addr child_change_counter, int64_t size,
                                int64_t content_size)
{
    (void)partition_id;
    (void)child_id;
    (void)size;
    (void)content_size;
    return no_child(self, HK_B_OK, change_counter, child_change_counter);
}

/* Haiku's own does no more. */
int64_t hk_sys_move_partition(struct hk_thread *self, int32_t partition_id,
                              gm_addr change_counter, int32_t child_id,
                              gm_addr child_change_counter, int64_t new_offset,
                              gm_addr descendant_ids,
                              gm_addr descendant_change_counters,
                              int32_t descendant_count)
{
    (void)self;
    (void)partition_id;
    (void)change_counter;
    (void)child_id;
    (void)child_change_counter;
    (void)new_offset;
    (void)descendant_ids;
    (void)descendant_change_counters;
    (void)descendant_count;
    return HK_B_BAD_VALUE;
}

int64_t hk_sys_set_partition_name(struct hk_thread *self, int32_t partition_id,
                                  gm_addr change_counter, int32_t child_id,
                                  gm_addr child_change_counter, gm_addr name)
{
    (void)partition_id;
    (void)child_id;
    return no_child(self, check_string(self, name, DISK_NAME_LENGTH),
                    change_counter, child_change_counter);
}

int64_t hk_sys_set_partition_type(struct hk_thread *self, int32_t partition_id,
                                  gm_addr change_counter, int32_t child_id,
                                  gm_addr child_change_counter, gm_addr type)
{
    return hk_sys_set_partition_name(self, partition_id, change_counter,
                                     child_id, child_change_counter, type);
}

int64_t hk_sys_set_partition_parameters(
    struct hk_thread *self, int32_t partition_id, gm_addr change_counter,
    int32_t child_id, gm_addr child_change_counter, gm_addr parameters)
{
    (void)partition_id;
    (void)child_id;
    return no_child(self,
                    check_optional(self, parameters, DISK_PARAMETERS_LENGTH),
                    change_counter, child_change_counter);
}

int64_t hk_sys_set_partition_content_name(struct hk_thread *self,
                                          int32_t partition_id,
                                          gm_addr change_counter, gm_addr name)
{
    int32_t status = check_optional(self, name, DISK_NAME_LENGTH);

    (void)partition_id;
    return no_disk(status == HK_B_OK ? check_counter(self, change_counter)
                                     : status);
}

int64_t hk_sys_set_partition_content_parameters(struct hk_thread *self,
                                                int32_t partition_id,
                                                gm_addr change_counter,
                                                gm_addr parameters)
{
    int32_t status = check_optional(self, parameters, DISK_PARAMETERS_LENGTH);

    (void)partition_id;
    return no_disk(status == HK_B_OK ? check_counter(self, change_counter)
                                     : status);
}

/* The first string is checked already; two that need not be there, then the
 * counter. */
static int32_t no_partition(struct hk_thread *self, int32_t status,
                            gm_addr name, gm_addr parameters, gm_addr counter)
{
    if (status == HK_B_OK)
        status = check_optional(self, name, DISK_NAME_LENGTH);
    if (status == HK_B_OK)
        status = check_optional(self, parameters, DISK_PARAMETERS_LENGTH);
    if (status == HK_B_OK)
        status = check_counter(self, counter);
    return no_disk(status);
}

int64_t hk_sys_initialize_partition(struct hk_thread *self,
                                    int32_t partition_id,
                                    gm_addr change_counter,
                                    gm_addr disk_system_name, gm_addr name,
                                    gm_addr parameters)
{
    (void)partition_id;
    return no_partition(
        self, check_string(self, disk_system_name, DISK_SYSTEM_NAME_LENGTH),
        name, parameters, change_counter);
}

int64_t hk_sys_uninitialize_partition(struct hk_thread *self,
                                      int32_t partition_id,
                                      gm_addr change_counter, int32_t parent_id,
                                      gm_addr parent_change_counter)
{
    int32_t status = check_counter(self, change_counter);

    (void)partition_id;
    if (status == HK_B_OK && parent_id >= 0)
        status = check_counter(self, parent_change_counter);
    return no_disk(status);
}

int64_t hk_sys_create_child_partition(struct hk_thread *self,
                                      int32_t partition_id,
                                      gm_addr change_counter, int64_t offset,
                                      int64_t size, gm_addr type, gm_addr name,
                                      gm_addr parameters, gm_addr child_id,
                                      gm_addr child_change_counter)
{
    (void)partition_id;
    (void)offset;
    (void)size;
    (void)child_id;
    (void)child_change_counter;
    return no_partition(self, check_string(self, type, DISK_NAME_LENGTH), name,
                        parameters, change_counter);
}

int64_t hk_sys_delete_child_partition(struct hk_thread *self,
                                      int32_t partition_id,
                                      gm_addr change_counter, int32_t child_id,
                                      int32_t child_change_counter)
{
    (void)partition_id;
    (void)child_id;
    (void)child_change_counter;
    return no_disk(check_counter(self, change_counter));
}

/* ---- being told of disks: nothing ever happens ---- */

struct hk_disk_listener {
    struct hk_disk_listener *next;
    uint32_t events;
    int32_t port, token;
};

static struct hk_disk_listener **find_listener(struct hk_team *team,
                                               int32_t port, int32_t token)
{
    struct hk_disk_listener **link = &team->disk_listeners;

    while (*link != NULL && ((*link)->port != port || (*link)->token != token))
        link = &(*link)->next;
    return link;
}

int64_t hk_sys_start_watching_disks(struct hk_thread *self, uint32_t event_mask,
                                    int32_t port, int32_t token)
{
    struct hk_team *team = self->team;
    struct hk_disk_listener **link, *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_B_NO_MEMORY;
    made->port = port;
    made->token = token;
    pthread_mutex_lock(&team->lock);
    link = find_listener(team, port, token);
    if (*link == NULL) {
        *link = made;
        made = NULL;
    }
    (*link)->events |= event_mask;
    pthread_mutex_unlock(&team->lock);
    free(made);
    return HK_B_OK;
}

int64_t hk_sys_stop_watching_disks(struct hk_thread *self, int32_t port,
                                   int32_t token)
{
    struct hk_team *team = self->team;
    struct hk_disk_listener **link, *found;

    pthread_mutex_lock(&team->lock);
    link = find_listener(team, port, token);
    found = *link;
    if (found != NULL)
        *link = found->next;
    pthread_mutex_unlock(&team->lock);
    free(found);
    return found != NULL ? HK_B_OK : HK_B_ENTRY_NOT_FOUND;
}

void hk_disk_listeners_free(struct hk_team *team)
{
    while (team->disk_listeners != NULL) {
        struct hk_disk_listener *listener = team->disk_listeners;

        team->disk_listeners = listener->next;
        free(listener);
    }
}
