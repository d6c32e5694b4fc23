/* monitor_volume.c -- watching all directories of a volume. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host_open.h"
#include "monitor.h"
#include "volume_walk.h"

/* Each directory takes a descriptor of the host's, of which the team needs
 * others. */
static int is_one_too_many(int fd)
{
    struct rlimit limit;

    return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           (rlim_t)fd >= limit.rlim_cur / 4 * 3;
}

/* A directory whose own are to be watched as well; taken over. What cannot be
 * watched because it is gone, or may not be read, has nothing to tell of. */
static int32_t add_directory(struct hk_monitors *monitors, int32_t device,
                             struct hk_node node)
{
    struct hk_monitor *monitor;
    struct stat info;
    int32_t status = HK_B_OK;

    if (is_one_too_many(node.fd)) {
        hk_node_close(&node);
        return HK_B_NO_MEMORY;
    }
    if (fstat(node.fd, &info) != 0 ||
        !hk_mount_has(monitors->team->kernel->vfs, node.mount, &info)) {
        hk_node_close(&node);
        return HK_B_OK;
    }
    monitor = hk_monitor_find(monitors, device, (int64_t)info.st_ino);
    if (monitor != NULL)
        hk_node_close(&node);
    else
        status = hk_monitor_add(monitors, device, (int64_t)info.st_ino, node,
                                &monitor);
    if (status != HK_B_OK)
        return status == HK_B_NO_MEMORY || status == HK_B_DEVICE_FULL
                   ? HK_B_NO_MEMORY
                   : HK_B_OK;
    monitor->is_unvisited |= !monitor->is_of_volume;
    monitor->is_of_volume = 1;
    return HK_B_OK;
}

static int32_t visit(struct hk_monitors *monitors, struct hk_monitor *directory,
                     hk_entry_teller tell)
{
    int32_t status = HK_B_OK;

    directory->is_unvisited = 0;
    for (size_t i = 0; i < directory->entries.count && status == HK_B_OK; i++) {
        const struct hk_entry *entry = &directory->entries.entries[i];
        struct hk_node node = {NULL, directory->node.mount, -1, 0};

        if (tell != NULL)
            tell(monitors, directory, entry);
        node.fd = hk_host_open_below(directory->node.fd, entry->name,
                                     O_PATH | O_DIRECTORY, 0);
        if (node.fd >= 0)
            status = add_directory(monitors, directory->device, node);
        else if (errno == EMFILE || errno == ENFILE)
            status = HK_B_NO_MEMORY;
    }
    return status;
}

/* New ones are at the list's beginning: each round finds those of the round
 * before. */
static int32_t visit_all(struct hk_monitors *monitors, hk_entry_teller tell)
{
    int32_t status = HK_B_OK;
    int is_any = 1;

    while (is_any) {
        is_any = 0;
        for (struct hk_monitor *at = monitors->first;
             at != NULL && status == HK_B_OK; at = at->next)
            if (at->is_unvisited) {
                status = visit(monitors, at, tell);
                is_any = status == HK_B_OK;
            }
    }
    return status;
}

static void see_all(struct hk_monitors *monitors, int32_t device)
{
    for (struct hk_monitor *at = monitors->first; at != NULL; at = at->next)
        if (at->is_of_volume && at->device == device && !at->sees_entries)
            hk_monitor_see_entries(monitors, at);
}

int32_t hk_monitor_watch_volume(struct hk_monitors *monitors, int32_t device,
                                uint32_t flags)
{
    const struct hk_vfs *vfs = monitors->team->kernel->vfs;
    const struct hk_mount *mount = NULL;
    int32_t status = HK_B_OK;

    while (status == HK_B_OK &&
           (mount = hk_volume_next_mount(vfs, device, mount)) != NULL) {
        struct hk_node node = {NULL, mount, -1, 0};

        node.fd = hk_host_reopen(mount->fd, O_PATH | O_DIRECTORY);
        if (node.fd >= 0)
            status = add_directory(monitors, device, node);
    }
    if (status == HK_B_OK)
        status = visit_all(monitors, NULL);
    if (flags & (HK_WATCH_STAT | HK_WATCH_INTERIM_STAT | HK_WATCH_ATTR))
        see_all(monitors, device);
    return status;
}

/* Forgets directories of a volume: all, or those that the guest cannot see. */
static void forget(struct hk_monitors *monitors, int32_t device, int is_all)
{
    struct hk_monitor *at = monitors->first;
    char path[HK_PATH_LENGTH];

    while (at != NULL) {
        if (!at->is_of_volume || at->device != device ||
            (!is_all && hk_node_path(&at->node, path, sizeof(path)) >= 0)) {
            at = at->next;
            continue;
        }
        at->is_of_volume = at->is_unvisited = 0;
        hk_monitor_remove_unused(monitors, at);
        at = monitors->first; /* a parent may be gone as well */
    }
}

void hk_monitor_leave_volume(struct hk_monitors *monitors, int32_t device)
{
    forget(monitors, device, 1);
}

void hk_monitor_volume_shrinks(struct hk_monitors *monitors, int32_t device)
{
    forget(monitors, device, 0);
}

void hk_monitor_volume_grows(struct hk_monitors *monitors,
                             const struct hk_monitor *directory,
                             const char *name, hk_entry_teller tell)
{
    struct hk_node node = {NULL, directory->node.mount, -1, 0};
    int sees_entries = directory->sees_entries;

    node.fd =
        hk_host_open_below(directory->node.fd, name, O_PATH | O_DIRECTORY, 0);
    if (node.fd < 0 ||
        add_directory(monitors, directory->device, node) != HK_B_OK)
        return;
    visit_all(monitors, tell);
    if (sees_entries)
        see_all(monitors, directory->device);
}
