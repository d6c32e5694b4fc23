/* live_query.c -- queries that go on telling of what comes and goes. */
/* SPDX-License-Identifier: MIT */
#include "live_query.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "host_open.h"
#include "kmessage.h"
#include "monitor_state.h"
#include "node_refs.h"
#include "port.h"
#include "volume_walk.h"

#define QUERY_UPDATE 0x51555044 /* 'QUPD' */

/* An entry that has begun or ceased to match, and may be one that has moved. */
struct change {
    struct change *next;
    enum hk_node_opcode opcode;
    int64_t directory, inode;
    char name[];
};

/* A directory that is watched. */
struct directory {
    struct directory *next, *above;
    const struct hk_mount *mount;
    char *path; /* below the mount's root, "" for that */
    int wd;
    int64_t inode;
    int is_stale; /* to be looked through */
    int is_seen;  /* when that above was looked through */
    struct hk_entries matches;
};

struct hk_live_query {
    struct hk_query *query;
    struct hk_live_target target;
    struct hk_shared *shared;
    const struct hk_vfs *vfs;
    struct hk_refs *refs;
    struct directory *first;
    struct hk_findings *findings; /* of the first search, or NULL */
    struct change *changes;       /* to be told when all is looked through */
    int inotify_fd, stop_fd;
    pid_t pid; /* whose thread it is */
    pthread_t thread;
    int has_thread;
};

/* ---- telling ---- */

static void begin(struct hk_kmessage_maker *maker,
                  const struct hk_live_query *live, enum hk_node_opcode opcode)
{
    hk_kmessage_begin(maker, 0);
    hk_kmessage_set_what(maker, QUERY_UPDATE);
    hk_kmessage_add_int32(maker, "opcode", (int32_t)opcode);
    hk_kmessage_add_int32(maker, "device", live->target.device);
}

static void end(struct hk_kmessage_maker *maker,
                const struct hk_live_query *live)
{
    hk_port_tell(live->shared, live->target.port, (uint32_t)live->target.token,
                 maker);
    hk_kmessage_maker_free(maker);
}

static void tell(const struct hk_live_query *live, enum hk_node_opcode opcode,
                 int64_t directory, int64_t inode, const char *name)
{
    struct hk_kmessage_maker maker;

    begin(&maker, live, opcode);
    hk_kmessage_add_int64(&maker, "directory", directory);
    hk_kmessage_add_int64(&maker, "node", inode);
    hk_kmessage_add_string(&maker, "name", name);
    end(&maker, live);
}

static void tell_move(const struct hk_live_query *live,
                      const struct change *from, const struct change *to)
{
    struct hk_kmessage_maker maker;

    begin(&maker, live, HK_ENTRY_MOVED);
    hk_kmessage_add_int64(&maker, "from directory", from->directory);
    hk_kmessage_add_int64(&maker, "to directory", to->directory);
    hk_kmessage_add_int64(&maker, "node", to->inode);
    hk_kmessage_add_string(&maker, "from name", from->name);
    hk_kmessage_add_string(&maker, "name", to->name);
    end(&maker, live);
}

static void tell_attribute(const struct hk_live_query *live,
                           const struct directory *directory,
                           const struct hk_entry *entry, const char *name,
                           int32_t cause)
{
    struct hk_kmessage_maker maker;

    if (live->target.more == HK_LIVE_CHANGES) {
        tell(live, HK_ATTR_CHANGED, directory->inode, entry->inode,
             entry->name);
        return;
    }
    begin(&maker, live, HK_ATTR_CHANGED);
    hk_kmessage_add_int64(&maker, "directory", directory->inode);
    hk_kmessage_add_int64(&maker, "node", entry->inode);
    hk_kmessage_add_string(&maker, "attr", name);
    hk_kmessage_add_int32(&maker, "cause", cause);
    end(&maker, live);
}

/* Size and time of a file are attributes to a query. */
static void tell_attributes(const struct hk_live_query *live,
                            const struct directory *directory,
                            const struct hk_entry *entry,
                            const struct hk_seen *old)
{
    const struct hk_seen *now = entry->seen;
    uint32_t fields = hk_stat_changes(&old->stat, &now->stat);

    if (fields & HK_STAT_MASK_SIZE)
        tell_attribute(live, directory, entry, "size", HK_ATTR_CHANGED);
    if (fields & HK_STAT_MASK_MODIFICATION_TIME)
        tell_attribute(live, directory, entry, "last_modified",
                       HK_ATTR_CHANGED);
    for (size_t i = 0; i < now->attributes.count; i++) {
        const struct hk_attribute *is = &now->attributes.list[i];
        const struct hk_attribute *was =
            hk_attributes_find(&old->attributes, is->name);

        if (was == NULL || was->hash != is->hash)
            tell_attribute(live, directory, entry, is->name,
                           was == NULL ? HK_ATTR_CREATED : HK_ATTR_CHANGED);
    }
    for (size_t i = 0; i < old->attributes.count; i++)
        if (hk_attributes_find(&now->attributes,
                               old->attributes.list[i].name) == NULL)
            tell_attribute(live, directory, entry, old->attributes.list[i].name,
                           HK_ATTR_REMOVED);
}

/* Told at once, or when all is looked through; out of memory at once. */
static void take_change(struct hk_live_query *live, enum hk_node_opcode opcode,
                        const struct directory *directory,
                        const struct hk_entry *entry)
{
    size_t size = strlen(entry->name) + 1;
    struct change *change = live->target.more == HK_LIVE_ALL
                                ? malloc(sizeof(*change) + size)
                                : NULL;

    if (change == NULL) {
        tell(live, opcode, directory->inode, entry->inode, entry->name);
        return;
    }
    change->next = live->changes;
    change->opcode = opcode;
    change->directory = directory->inode;
    change->inode = entry->inode;
    memcpy(change->name, entry->name, size);
    live->changes = change;
}

/* Takes the first change of that kind and file out of the list. */
static struct change *take_out(struct change **link, enum hk_node_opcode opcode,
                               int64_t inode)
{
    for (; *link != NULL; link = &(*link)->next)
        if ((*link)->opcode == opcode && (*link)->inode == inode) {
            struct change *found = *link;

            *link = found->next;
            return found;
        }
    return NULL;
}

/* What has gone in one place and come in another has moved. */
static void tell_changes(struct hk_live_query *live)
{
    while (live->changes != NULL) {
        struct change *one = live->changes;
        struct change *other;

        live->changes = one->next;
        other = take_out(&live->changes,
                         one->opcode == HK_ENTRY_CREATED ? HK_ENTRY_REMOVED
                                                         : HK_ENTRY_CREATED,
                         one->inode);
        if (other == NULL)
            tell(live, one->opcode, one->directory, one->inode, one->name);
        else if (one->opcode == HK_ENTRY_REMOVED)
            tell_move(live, one, other);
        else
            tell_move(live, other, one);
        free(other);
        free(one);
    }
}

/* Tells of what is another than before, and keeps what is now. */
static void take_matches(struct hk_live_query *live,
                         struct directory *directory, struct hk_entries now)
{
    struct hk_entries old = directory->matches;
    int is_first = live->findings != NULL;

    directory->matches = now;
    for (size_t i = 0; i < old.count; i++)
        if (hk_entries_find(&now, old.entries[i].name) != old.entries[i].inode)
            take_change(live, HK_ENTRY_REMOVED, directory, &old.entries[i]);
    for (size_t i = 0; i < now.count && !is_first; i++) {
        const struct hk_entry *entry = &now.entries[i];
        const struct hk_seen *was = hk_entries_seen(&old, entry->name);

        if (hk_entries_find(&old, entry->name) != entry->inode)
            take_change(live, HK_ENTRY_CREATED, directory, entry);
        else if (was != NULL && entry->seen != NULL)
            tell_attributes(live, directory, entry, was);
    }
    hk_entries_free(&old);
}

/* ---- directories ---- */

static int is_in(const struct directory *at, const struct directory *top)
{
    while (at != NULL && at != top)
        at = at->above;
    return at != NULL;
}

static void free_directory(struct directory *directory)
{
    hk_entries_free(&directory->matches);
    free(directory->path);
    free(directory);
}

/* A directory that has moved is met anew before it is missed, and has one
 * watch. */
static void end_watch(const struct hk_live_query *live, int wd)
{
    for (const struct directory *at = live->first; at != NULL; at = at->next)
        if (at->wd == wd)
            return;
    inotify_rm_watch(live->inotify_fd, wd);
}

/* Nothing in a directory and below it is found any more. */
static void forget(struct hk_live_query *live, const struct directory *top)
{
    struct directory **link = &live->first, *gone = NULL;

    while (*link != NULL) {
        struct directory *at = *link;

        if (!is_in(at, top)) {
            link = &at->next;
            continue;
        }
        *link = at->next;
        at->next = gone;
        gone = at;
    }
    while (gone != NULL) {
        struct directory *at = gone;

        gone = at->next;
        take_matches(live, at, (struct hk_entries){0});
        end_watch(live, at->wd);
        free_directory(at);
    }
}

static int open_directory(const struct hk_mount *mount, const char *path)
{
    return path[0] == '\0'
               ? hk_host_reopen(mount->fd, O_RDONLY | O_DIRECTORY)
               : hk_host_open_below(mount->fd, path, O_RDONLY | O_DIRECTORY, 0);
}

/* One that is known; its path may be another's by now. */
static int open_again(const struct directory *directory)
{
    int fd = open_directory(directory->mount, directory->path);
    struct stat info;

    if (fd < 0 ||
        (fstat(fd, &info) == 0 && (int64_t)info.st_ino == directory->inode))
        return fd;
    close(fd);
    return -1;
}

/* What cannot be opened has nothing for the guest to find. */
static int32_t watch(const struct hk_live_query *live,
                     struct directory *directory)
{
    enum {
        EVENTS = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                 IN_ATTRIB | IN_CLOSE_WRITE | IN_ONLYDIR
    };
    int fd = open_directory(directory->mount, directory->path);
    char link[HK_FD_PATH_SIZE];
    struct stat info;

    if (fd < 0)
        return HK_B_ENTRY_NOT_FOUND;
    hk_host_fd_path(fd, link);
    directory->inode = fstat(fd, &info) == 0 ? (int64_t)info.st_ino : 0;
    directory->wd = inotify_add_watch(live->inotify_fd, link, EVENTS);
    close(fd);
    return directory->wd < 0 ? HK_B_NO_MEMORY : HK_B_OK;
}

/* A directory to be watched and looked through; above: what it is in, with
 * its name there, or NULL for a mount's root. */
static int32_t add(struct hk_live_query *live, const struct hk_mount *mount,
                   struct directory *above, const char *name)
{
    struct directory *made = calloc(1, sizeof(*made));
    int32_t status = HK_B_NO_MEMORY;

    if (made != NULL &&
        asprintf(&made->path, "%s%s%s", above != NULL ? above->path : "",
                 above != NULL && above->path[0] != '\0' ? "/" : "", name) < 0)
        made->path = NULL;
    if (made != NULL && made->path != NULL) {
        made->mount = mount;
        made->above = above;
        made->is_stale = made->is_seen = 1;
        status = watch(live, made);
    }
    if (status == HK_B_OK) {
        made->next = live->first;
        live->first = made;
    } else if (made != NULL) {
        free_directory(made);
    }
    return status == HK_B_ENTRY_NOT_FOUND ? HK_B_OK : status;
}

/* A directory in another: the one that is known, or a new one. */
static int32_t meet(struct hk_live_query *live, struct directory *above,
                    const char *name, int64_t inode)
{
    for (struct directory *at = live->first; at != NULL; at = at->next)
        if (at->above == above && at->inode == inode &&
            strcmp(strrchr(at->path, '/') != NULL ? strrchr(at->path, '/') + 1
                                                  : at->path,
                   name) == 0) {
            at->is_seen = 1;
            return HK_B_OK;
        }
    return add(live, above->mount, above, name);
}

/* Those in a directory that its last look has not met. */
static void forget_unseen(struct hk_live_query *live,
                          const struct directory *above)
{
    struct directory *at = live->first;

    while (at != NULL) {
        if (at->above != above || at->is_seen) {
            at = at->next;
            continue;
        }
        forget(live, at);
        at = live->first;
    }
}

/* ---- looking ---- */

/* What the first search finds is not all that is told of later. */
static int32_t look_at(struct hk_live_query *live, struct directory *directory,
                       int fd, const char *name, struct hk_entries *now)
{
    const struct hk_query *query =
        live->findings != NULL ? live->findings->query : live->query;
    struct hk_query_answer answer;
    struct stat info;
    int32_t status = HK_B_OK;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        info.st_dev != directory->mount->host_device)
        return HK_B_OK;
    answer = hk_query_ask(query, directory->mount->attributes, fd, name, &info);
    if (answer.holds)
        status = hk_entries_append(now, name, (int64_t)info.st_ino);
    if (live->findings != NULL && status == HK_B_OK)
        status = hk_findings_add(live->findings, directory->inode,
                                 (int64_t)info.st_ino, name, answer.times);
    if (status == HK_B_OK && S_ISDIR(info.st_mode) &&
        hk_mount_has(live->vfs, directory->mount, &info))
        status = meet(live, directory, name, (int64_t)info.st_ino);
    return status;
}

/* The directory of what is found can be asked for by its number later. */
static void know(const struct hk_live_query *live,
                 const struct directory *directory, int fd,
                 struct hk_entries *found)
{
    const struct hk_node node = {NULL, directory->mount, fd, 0};

    if (found->count > 0)
        hk_refs_note_open(live->refs, live->target.device, directory->inode,
                          &node, NULL);
    if (live->target.more != HK_LIVE_ENTRIES)
        hk_entries_look(found, live->vfs, &node);
}

static int32_t look_through(struct hk_live_query *live,
                            struct directory *directory)
{
    int fd = open_again(directory);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    struct hk_entries now = {0};
    const struct dirent *entry;
    int32_t status = HK_B_OK;

    directory->is_stale = 0;
    for (struct directory *at = live->first; at != NULL; at = at->next)
        at->is_seen &= at->above != directory;
    while (stream != NULL && status == HK_B_OK &&
           (entry = readdir(stream)) != NULL)
        status = look_at(live, directory, fd, entry->d_name, &now);
    hk_entries_sort(&now);
    if (stream != NULL)
        know(live, directory, fd, &now);
    if (stream != NULL)
        closedir(stream);
    else if (fd >= 0)
        close(fd);
    forget_unseen(live, directory);
    if (status == HK_B_OK)
        take_matches(live, directory, now);
    else
        hk_entries_free(&now);
    return status;
}

/* Out of memory a change may be missed, which is told of with the next one. */
static int32_t look_at_stale(struct hk_live_query *live)
{
    struct directory *at = live->first;
    int32_t status = HK_B_OK;

    while (at != NULL && status == HK_B_OK) {
        if (!at->is_stale) {
            at = at->next;
            continue;
        }
        status = look_through(live, at);
        at = live->first;
    }
    tell_changes(live);
    return status;
}

/* ---- the thread ---- */

static void on_event(const struct hk_live_query *live,
                     const struct inotify_event *event)
{
    for (struct directory *at = live->first; at != NULL; at = at->next)
        at->is_stale |= at->wd == event->wd || event->mask & IN_Q_OVERFLOW;
}

static void *run(void *argument)
{
    struct hk_live_query *live = argument;
    struct pollfd polled[2] = {{live->inotify_fd, POLLIN, 0},
                               {live->stop_fd, POLLIN, 0}};
    _Alignas(struct inotify_event) char bytes[16384];

    for (;;) {
        ssize_t size;

        if (poll(polled, 2, -1) < 0)
            continue;
        if (polled[1].revents != 0)
            return NULL;
        while ((size = read(live->inotify_fd, bytes, sizeof(bytes))) > 0)
            for (ssize_t at = 0; at < size;) {
                const struct inotify_event *event =
                    (const struct inotify_event *)(const void *)(bytes + at);

                on_event(live, event);
                at += (ssize_t)sizeof(*event) + (ssize_t)event->len;
            }
        look_at_stale(live);
    }
}

/* No signal of the guest's reaches the thread. */
static int32_t start(struct hk_live_query *live)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    live->has_thread = pthread_create(&live->thread, NULL, run, live) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return live->has_thread ? HK_B_OK : HK_B_NO_MEMORY;
}

static int32_t search(struct hk_live_query *live, const struct hk_vfs *vfs)
{
    const struct hk_mount *mount = NULL;
    int32_t status = HK_B_OK;

    while (status == HK_B_OK &&
           (mount = hk_volume_next_mount(vfs, live->target.device, mount)) !=
               NULL) {
        status = add(live, mount, NULL, "");
        if (status == HK_B_OK)
            status = look_at_stale(live);
    }
    return status;
}

int32_t hk_live_query_new(const struct hk_thread *self, struct hk_query *query,
                          const struct hk_live_target *target,
                          struct hk_findings *findings,
                          struct hk_live_query **live)
{
    struct hk_live_query *made = calloc(1, sizeof(*made));
    int32_t status = HK_B_NO_MEMORY;

    if (made == NULL) {
        hk_query_free(query);
        return status;
    }
    *made = (struct hk_live_query){
        .query = query,
        .target = *target,
        .shared = self->team->shared,
        .vfs = hk_kernel_of(self)->vfs,
        .refs = hk_refs_of(self),
        .findings = findings,
        .inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .pid = getpid(),
    };
    if (made->inotify_fd >= 0 && made->stop_fd >= 0)
        status = search(made, hk_kernel_of(self)->vfs);
    made->findings = NULL;
    if (status == HK_B_OK)
        status = start(made);
    if (status == HK_B_OK)
        *live = made;
    else
        hk_live_query_free(made);
    return status;
}

/* A fork's child leaves the directories alone: its parent's thread may have
 * been changing them. */
void hk_live_query_free(struct hk_live_query *live)
{
    const uint64_t one = 1;
    int is_own = live != NULL && live->pid == getpid();

    if (live == NULL)
        return;
    if (live->has_thread && is_own &&
        write(live->stop_fd, &one, sizeof(one)) == sizeof(one))
        pthread_join(live->thread, NULL);
    while (is_own && live->first != NULL) {
        struct directory *at = live->first;

        live->first = at->next;
        free_directory(at);
    }
    if (live->inotify_fd >= 0)
        close(live->inotify_fd);
    if (live->stop_fd >= 0)
        close(live->stop_fd);
    hk_query_free(live->query);
    free(live);
}
