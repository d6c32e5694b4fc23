/* monitor.c -- which nodes are watched, and for whom. */
/* SPDX-License-Identifier: MIT */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "departures.h"
#include "host_open.h"
#include "node_refs.h"
#include "stat.h"
#include "syscalls.h"

int hk_monitors_new(struct hk_team *team, struct hk_monitors **monitors)
{
    struct hk_monitors *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->turn, NULL);
    pthread_mutex_init(&made->lock, NULL);
    made->team = team;
    made->inotify_fd = made->stop_fd = -1;
    *monitors = made;
    return 0;
}

/* While a lot happens the thread wants the lock again as soon as it has given
 * it up: then it waits behind who wanted it before. */
void hk_monitors_lock(struct hk_monitors *monitors)
{
    pthread_mutex_lock(&monitors->turn);
    pthread_mutex_lock(&monitors->lock);
    pthread_mutex_unlock(&monitors->turn);
}

void hk_monitors_unlock(struct hk_monitors *monitors)
{
    pthread_mutex_unlock(&monitors->lock);
}

/* ---- the host's part ---- */

/* No signal of the guest's reaches the thread. */
static int start_thread(struct hk_monitors *monitors)
{
    sigset_t all, old;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&monitors->thread, NULL, hk_monitors_run, monitors);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

/* Teams note what they move and remove as long as this one has monitors. */
static void watch_departures(const struct hk_monitors *monitors, int does)
{
    struct hk_shared *shared = monitors->team->shared;

    hk_shared_lock(shared);
    hk_departures_watch(shared, shared->team, does);
    hk_shared_unlock(shared);
}

static void end_if_none_is_left(const struct hk_monitors *monitors)
{
    if (monitors->first == NULL)
        watch_departures(monitors, 0);
}

static int32_t start(struct hk_monitors *monitors)
{
    if (monitors->has_thread)
        return HK_B_OK;
    if (monitors->inotify_fd < 0)
        monitors->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (monitors->stop_fd < 0)
        monitors->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (monitors->inotify_fd < 0 || monitors->stop_fd < 0 ||
        start_thread(monitors) != 0)
        return HK_B_NO_MEMORY;
    monitors->has_thread = 1;
    return HK_B_OK;
}

static int32_t watch(struct hk_monitors *monitors, struct hk_monitor *monitor)
{
    enum {
        EVENTS = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                 IN_ATTRIB | IN_MODIFY | IN_CLOSE_WRITE
    };
    const struct hk_vfs *vfs = monitors->team->kernel->vfs;
    struct hk_monitor **of_watch;
    char path[HK_FD_PATH_SIZE];
    int32_t status = start(monitors);

    if (status != HK_B_OK)
        return status;
    hk_host_fd_path(monitor->node.fd, path);
    monitor->since = hk_departures_so_far(monitors->team->shared);
    monitor->wd = inotify_add_watch(monitors->inotify_fd, path, EVENTS);
    if (monitor->wd < 0)
        return hk_status_from_errno(errno);
    of_watch = &monitors->watches[monitor->wd % HK_MONITOR_BUCKETS];
    monitor->next_of_watch = *of_watch;
    *of_watch = monitor;
    status = hk_stat_node(vfs, &monitor->node, &monitor->seen.stat);
    monitor->is_directory = S_ISDIR(monitor->seen.stat.mode);
    if (status == HK_B_OK && monitor->is_directory)
        status = hk_entries_read(&monitor->entries, monitor->node.fd);
    hk_attributes_read(&monitor->seen.attributes, &monitor->node);
    return status;
}

/* ---- the table ---- */

static size_t bucket_of(int32_t device, int64_t inode)
{
    return hk_node_hash(device, inode) % HK_MONITOR_BUCKETS;
}

struct hk_monitor *hk_monitor_find(const struct hk_monitors *monitors,
                                   int32_t device, int64_t inode)
{
    struct hk_monitor *monitor = monitors->nodes[bucket_of(device, inode)];

    while (monitor != NULL && (monitor->device != device ||
                               monitor->inode != inode || monitor->is_volume))
        monitor = monitor->next_of_node;
    return monitor;
}

struct hk_monitor *hk_monitor_of_volume(const struct hk_monitors *monitors,
                                        int32_t device)
{
    struct hk_monitor *monitor = monitors->nodes[bucket_of(device, 0)];

    while (monitor != NULL &&
           (monitor->device != device || !monitor->is_volume))
        monitor = monitor->next_of_node;
    return monitor;
}

struct hk_monitor *hk_monitor_of_watch(const struct hk_monitors *monitors,
                                       int wd)
{
    struct hk_monitor *monitor =
        wd >= 0 ? monitors->watches[wd % HK_MONITOR_BUCKETS] : NULL;

    while (monitor != NULL && monitor->wd != wd)
        monitor = monitor->next_of_watch;
    return monitor;
}

static struct hk_monitor **node_link(struct hk_monitors *monitors,
                                     const struct hk_monitor *monitor)
{
    int64_t inode = monitor->is_volume ? 0 : monitor->inode;

    return &monitors->nodes[bucket_of(monitor->device, inode)];
}

static void put_into_table(struct hk_monitors *monitors,
                           struct hk_monitor *monitor)
{
    struct hk_monitor **of_node = node_link(monitors, monitor);

    monitor->next_of_node = *of_node;
    *of_node = monitor;
    monitor->next = monitors->first;
    if (monitor->next != NULL)
        monitor->next->before = monitor;
    monitors->first = monitor;
}

static void take_out_of_table(struct hk_monitors *monitors,
                              struct hk_monitor *monitor)
{
    struct hk_monitor **link = node_link(monitors, monitor);

    while (*link != monitor)
        link = &(*link)->next_of_node;
    *link = monitor->next_of_node;
    if (monitor->next != NULL)
        monitor->next->before = monitor->before;
    *(monitor->before != NULL ? &monitor->before->next : &monitors->first) =
        monitor->next;
}

static void end_watch(struct hk_monitors *monitors, struct hk_monitor *monitor)
{
    struct hk_monitor **link;

    if (monitor->wd < 0)
        return;
    link = &monitors->watches[monitor->wd % HK_MONITOR_BUCKETS];
    while (*link != monitor)
        link = &(*link)->next_of_watch;
    *link = monitor->next_of_watch;
    if (hk_monitor_of_watch(monitors, monitor->wd) == NULL)
        inotify_rm_watch(monitors->inotify_fd, monitor->wd);
}

static void remove_monitor(struct hk_monitors *monitors,
                           struct hk_monitor *monitor)
{
    take_out_of_table(monitors, monitor);
    end_watch(monitors, monitor);
    hk_node_close(&monitor->node);
    hk_entries_free(&monitor->entries);
    hk_attributes_free(&monitor->seen.attributes);
    free(monitor);
}

void hk_monitor_remove_unused(struct hk_monitors *monitors,
                              struct hk_monitor *monitor)
{
    while (monitor != NULL && monitor->listeners == NULL &&
           monitor->children == 0 && !monitor->is_of_volume) {
        struct hk_monitor *parent = monitor->parent;
        int32_t device = monitor->device;
        int is_volume = monitor->is_volume;

        remove_monitor(monitors, monitor);
        if (is_volume)
            hk_monitor_leave_volume(monitors, device);
        if (parent != NULL)
            parent->children--;
        monitor = parent;
    }
}

static int32_t add(struct hk_monitors *monitors, int32_t device, int64_t inode,
                   int is_volume, struct hk_node node,
                   struct hk_monitor **monitor)
{
    struct hk_monitor *made = calloc(1, sizeof(*made));
    int32_t status = HK_B_OK;

    if (made == NULL) {
        hk_node_close(&node);
        return HK_B_NO_MEMORY;
    }
    made->device = device;
    made->inode = inode;
    made->is_volume = is_volume;
    made->node = node;
    made->wd = -1;
    if (monitors->first == NULL)
        watch_departures(monitors, 1);
    put_into_table(monitors, made);
    if (node.fd >= 0)
        status = watch(monitors, made);
    if (status != HK_B_OK)
        hk_monitor_remove_unused(monitors, made);
    else
        *monitor = made;
    return status;
}

int32_t hk_monitor_add(struct hk_monitors *monitors, int32_t device,
                       int64_t inode, struct hk_node node,
                       struct hk_monitor **monitor)
{
    return add(monitors, device, inode, 0, node, monitor);
}

/* ---- where a node is ---- */

/* Whether a name in a directory is that of a file that is open. */
static int is_name_of(int directory, const char *name, int fd)
{
    struct stat entry, file;

    return fstatat(directory, name, &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(fd, &file) == 0 && entry.st_dev == file.st_dev &&
           entry.st_ino == file.st_ino;
}

/* By the host's path of the node: 1 when it has led to something else. */
static int look_for_parent(const struct hk_node *node, struct hk_node *parent,
                           char name[HK_FILE_NAME_LENGTH])
{
    char path[PATH_MAX], link[HK_FD_PATH_SIZE], guest[HK_PATH_LENGTH];
    struct hk_node up = {NULL, node->mount, -1, 0};
    ssize_t length;
    char *slash;

    hk_host_fd_path(node->fd, link);
    length = readlink(link, path, sizeof(path) - 1);
    if (node->mount == NULL || length <= 0)
        return -1;
    path[length] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return -1;
    *slash = '\0';
    if (strlen(slash + 1) >= HK_FILE_NAME_LENGTH)
        return 1; /* of a file that is gone the host says so there */
    up.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (up.fd < 0 || !is_name_of(up.fd, slash + 1, node->fd)) {
        hk_node_close(&up);
        return 1;
    }
    if (hk_node_path(&up, guest, sizeof(guest)) < 0) {
        hk_node_close(&up);
        return -1;
    }
    *parent = up;
    strcpy(name, slash + 1);
    return 0;
}

/* It may be on the move: that is not for long. */
static int open_parent(const struct hk_node *node, struct hk_node *parent,
                       char name[HK_FILE_NAME_LENGTH])
{
    int result = 1;

    for (int tries = 4; result > 0 && tries > 0; tries--)
        result = look_for_parent(node, parent, name);
    return result == 0;
}

int hk_monitor_find_place(const struct hk_monitor *monitor, int64_t *directory,
                          char name[HK_FILE_NAME_LENGTH])
{
    struct hk_node parent;
    struct stat info;
    int is_known;

    if (!open_parent(&monitor->node, &parent, name))
        return 0;
    is_known = fstat(parent.fd, &info) == 0;
    if (is_known)
        *directory = (int64_t)info.st_ino;
    hk_node_close(&parent);
    return is_known;
}

/* The monitor of a directory, which is taken over; NULL: it cannot be watched.
 */
static struct hk_monitor *watch_directory(struct hk_monitors *monitors,
                                          struct hk_node node)
{
    struct hk_monitor *monitor;
    struct hk_stat info;

    if (hk_stat_node(monitors->team->kernel->vfs, &node, &info) != HK_B_OK) {
        hk_node_close(&node);
        return NULL;
    }
    monitor = hk_monitor_find(monitors, info.device, info.inode);
    if (monitor != NULL)
        hk_node_close(&node);
    else if (hk_monitor_add(monitors, info.device, info.inode, node,
                            &monitor) != HK_B_OK)
        return NULL;
    return monitor;
}

/* What is to be known of a node's name is seen in its directory: the one that
 * it is still in when that is watched. */
static void watch_name(struct hk_monitors *monitors, struct hk_monitor *monitor)
{
    char name[HK_FILE_NAME_LENGTH];
    struct hk_monitor *parent;
    struct hk_node node;
    int64_t place;

    if (monitor->parent != NULL || monitor->node.fd < 0 ||
        monitor->node.place != NULL)
        return;
    for (int tries = 4; tries > 0; tries--) {
        parent = open_parent(&monitor->node, &node, name)
                     ? watch_directory(monitors, node)
                     : NULL;
        if (parent == NULL)
            return;
        if (hk_monitor_find_place(monitor, &place, name) &&
            place == parent->inode) {
            monitor->parent = parent;
            parent->children++;
            return;
        }
        hk_monitor_remove_unused(monitors, parent);
    }
}

void hk_monitor_follow(struct hk_monitors *monitors, int32_t device,
                       int64_t inode)
{
    struct hk_monitor *monitor = hk_monitor_find(monitors, device, inode);
    struct hk_monitor *old = monitor != NULL ? monitor->parent : NULL;

    if (old == NULL)
        return;
    monitor->parent = NULL;
    watch_name(monitors, monitor);
    old->children--;
    hk_monitor_remove_unused(monitors, old);
}

void hk_monitor_see_entries(struct hk_monitors *monitors,
                            struct hk_monitor *directory)
{
    directory->sees_entries = directory->is_directory;
    if (directory->sees_entries)
        hk_entries_look(&directory->entries, monitors->team->kernel->vfs,
                        &directory->node);
}

static int32_t add_listener(struct hk_monitors *monitors,
                            struct hk_monitor *monitor, uint32_t flags,
                            int32_t port, uint32_t token)
{
    struct hk_listener *listener = monitor->listeners;

    while (listener != NULL &&
           (listener->port != port || listener->token != token))
        listener = listener->next;
    if (listener == NULL) {
        listener = calloc(1, sizeof(*listener));
        if (listener == NULL)
            return HK_B_NO_MEMORY;
        *listener = (struct hk_listener){monitor->listeners, port, token, 0};
        monitor->listeners = listener;
        monitors->listener_count++;
    }
    listener->flags |= flags;
    if (monitor->is_volume)
        return hk_monitor_watch_volume(monitors, monitor->device, flags);
    if (flags & HK_WATCH_NAME)
        watch_name(monitors, monitor);
    if (flags & HK_WATCH_CHILDREN)
        hk_monitor_see_entries(monitors, monitor);
    return HK_B_OK;
}

/* 1 when there was one. */
static int remove_listener(struct hk_monitors *monitors,
                           struct hk_monitor *monitor, int32_t port,
                           uint32_t token)
{
    for (struct hk_listener **link = &monitor->listeners; *link != NULL;
         link = &(*link)->next) {
        struct hk_listener *listener = *link;

        if (listener->port != port || listener->token != token)
            continue;
        *link = listener->next;
        free(listener);
        monitors->listener_count--;
        return 1;
    }
    return 0;
}

static void clear(struct hk_monitors *monitors)
{
    for (struct hk_monitor *monitor = monitors->first; monitor != NULL;
         monitor = monitor->next) {
        monitor->is_of_volume = 0;
        while (monitor->listeners != NULL)
            remove_listener(monitors, monitor, monitor->listeners->port,
                            monitor->listeners->token);
    }
    for (struct hk_monitor *monitor = monitors->first; monitor != NULL;) {
        /* Removing one may remove its parent as well. */
        int is_used = monitor->children > 0;

        if (is_used) {
            monitor = monitor->next;
            continue;
        }
        hk_monitor_remove_unused(monitors, monitor);
        monitor = monitors->first;
    }
}

void hk_monitors_clear(struct hk_monitors *monitors)
{
    hk_monitors_lock(monitors);
    clear(monitors);
    end_if_none_is_left(monitors);
    hk_monitors_unlock(monitors);
}

/* The descriptors are the parent's too: nothing is changed by them. It may have
 * been another thread's turn. */
void hk_monitors_fork_child(struct hk_monitors *monitors)
{
    int fds[2] = {monitors->inotify_fd, monitors->stop_fd};

    pthread_mutex_init(&monitors->turn, NULL);
    monitors->inotify_fd = monitors->stop_fd = -1;
    monitors->has_thread = 0;
    for (struct hk_monitor *monitor = monitors->first; monitor != NULL;
         monitor = monitor->next)
        monitor->wd = -1;
    memset(monitors->watches, 0, sizeof(monitors->watches));
    clear(monitors);
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

void hk_monitors_free(struct hk_monitors *monitors)
{
    const uint64_t one = 1;

    if (monitors == NULL)
        return;
    if (monitors->has_thread &&
        write(monitors->stop_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(monitors->thread, NULL);
    clear(monitors);
    if (monitors->inotify_fd >= 0)
        close(monitors->inotify_fd);
    if (monitors->stop_fd >= 0)
        close(monitors->stop_fd);
    pthread_mutex_destroy(&monitors->turn);
    pthread_mutex_destroy(&monitors->lock);
    free(monitors);
}

/* ---- finding the node ---- */

/* A file that the team has open. */
static int32_t open_opened(const struct hk_thread *self, int32_t device,
                           int64_t inode, struct hk_node *node)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    uint32_t limit = hk_fds_limit(self->team->fds);
    int32_t status = HK_B_ENTRY_NOT_FOUND;

    for (uint32_t fd = 0; fd < limit && status != HK_B_OK; fd++) {
        struct hk_file *file = hk_file_get(self, (int32_t)fd);

        if (file == NULL)
            continue;
        if (file->node.fd >= 0 && file->kind != HK_FILE_SOCKET &&
            hk_is_node(vfs, &file->node, device, inode)) {
            *node = file->node;
            node->fd = hk_host_reopen(file->node.fd, O_PATH);
            status = node->fd >= 0 ? HK_B_OK : hk_status_from_errno(errno);
        }
        hk_file_put(file);
    }
    return status;
}

/* ---- calls ---- */

/* Opens a node; fd is -1 when there is none: nothing ever comes of that. */
static void open_node(struct hk_thread *self, int32_t device, int64_t inode,
                      struct hk_node *node)
{
    *node = (struct hk_node){NULL, NULL, -1, 0};
    if (device == -1 && inode == -1) /* mounts, of which none comes */
        return;
    if (open_opened(self, device, inode, node) != HK_B_OK &&
        hk_refs_open(self, device, inode, node) != HK_B_OK)
        *node = (struct hk_node){NULL, NULL, -1, 0};
}

static struct hk_monitor *find(const struct hk_monitors *monitors,
                               int32_t device, int64_t inode, int is_volume)
{
    return is_volume ? hk_monitor_of_volume(monitors, device)
                     : hk_monitor_find(monitors, device, inode);
}

static int has_too_many(const struct hk_monitors *monitors)
{
    const uint32_t most = monitors->team->node_monitors;

    return monitors->listener_count >= (most != 0 ? most : HK_NODE_MONITORS);
}

/* The monitor of a node or volume, made when there is none. The lock is given
 * up while the node is looked for, which can take its time. */
static int32_t get_monitor(struct hk_thread *self, int32_t device,
                           int64_t inode, int is_volume,
                           struct hk_monitor **monitor)
{
    struct hk_monitors *monitors = self->team->monitors;
    struct hk_node node = {NULL, NULL, -1, 0};

    *monitor = find(monitors, device, inode, is_volume);
    if (*monitor == NULL && !is_volume && !has_too_many(monitors)) {
        hk_monitors_unlock(monitors);
        open_node(self, device, inode, &node);
        hk_monitors_lock(monitors);
        *monitor = find(monitors, device, inode, is_volume);
    }
    if (*monitor != NULL || has_too_many(monitors)) {
        hk_node_close(&node);
        return *monitor != NULL ? HK_B_OK : HK_B_NO_MEMORY;
    }
    return add(monitors, device, inode, is_volume, node, monitor);
}

/*
 * Of changes by the host's other programs less is known than of those by the
 * root's teams (departures.h): what they move between a directory that is
 * watched and another that is not is told as removed or created, unless the
 * file itself is watched, and what they make and remove at once may not be told
 * at all. So is what anybody moves while the host loses events. Of messages
 * that wait for room in a port the oldest goes when there are too many. A node
 * that the guest's files do not lead to is never told of.
 */
int64_t hk_sys_start_watching(struct hk_thread *self, int32_t device,
                              int64_t node, uint32_t flags, int32_t port,
                              uint32_t token)
{
    struct hk_monitors *monitors = self->team->monitors;
    int is_volume = (flags & HK_WATCH_VOLUME) != 0;
    struct hk_monitor *monitor;
    int32_t status;

    hk_monitors_lock(monitors);
    status = get_monitor(self, device, node, is_volume, &monitor);
    if (status == HK_B_OK) {
        status = add_listener(monitors, monitor, flags, port, token);
        if (status != HK_B_OK) {
            remove_listener(monitors, monitor, port, token);
            hk_monitor_remove_unused(monitors, monitor);
        }
    }
    end_if_none_is_left(monitors);
    hk_monitors_unlock(monitors);
    return status;
}

/* The node's, or else its volume's. */
int64_t hk_sys_stop_watching(struct hk_thread *self, int32_t device,
                             int64_t node, int32_t port, uint32_t token)
{
    struct hk_monitors *monitors = self->team->monitors;
    struct hk_monitor *found[2];
    int32_t status = HK_B_BAD_VALUE;

    hk_monitors_lock(monitors);
    found[0] = hk_monitor_find(monitors, device, node);
    found[1] = hk_monitor_of_volume(monitors, device);
    for (int i = 0; i < 2 && status != HK_B_OK; i++)
        if (found[i] != NULL &&
            remove_listener(monitors, found[i], port, token)) {
            hk_monitor_remove_unused(monitors, found[i]);
            status = HK_B_OK;
        }
    end_if_none_is_left(monitors);
    hk_monitors_unlock(monitors);
    return status;
}

int64_t hk_sys_stop_notifying(struct hk_thread *self, int32_t port,
                              uint32_t token)
{
    struct hk_monitors *monitors = self->team->monitors;
    struct hk_monitor *monitor;
    int32_t status = HK_B_ENTRY_NOT_FOUND;

    hk_monitors_lock(monitors);
    for (monitor = monitors->first; monitor != NULL;) {
        if (!remove_listener(monitors, monitor, port, token)) {
            monitor = monitor->next;
            continue;
        }
        status = HK_B_OK;
        hk_monitor_remove_unused(monitors, monitor);
        monitor = monitors->first; /* its parent may be gone as well */
    }
    end_if_none_is_left(monitors);
    hk_monitors_unlock(monitors);
    return status;
}
