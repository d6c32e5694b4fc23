/* fd.c -- open files and the table of a team's descriptors. */
/* SPDX-License-Identifier: MIT */
#include "fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "event_queue.h"
#include "known_dirs.h"
#include "live_query.h"
#include "node_locks.h"
#include "node_refs.h"
#include "pty.h"
#include "query.h"
#include "range_locks.h"
#include "references.h"
#include "root.h"
#include "socket_share.h"

enum { LIMIT_DEFAULT = 256, LIMIT_MAX = 8192 };

struct slot {
    struct hk_file *file;
    unsigned flags; /* enum hk_fd_flags */
    int copy;       /* hk_fd_copy's, or 0 */
};

struct hk_fds {
    pthread_mutex_t lock; /* guards all below */
    struct slot *slots;
    uint32_t size; /* of slots */
    uint32_t limit;
    uint64_t last_serial; /* of files */
    struct hk_file *cwd;
    /* These have locks of their own. */
    struct hk_refs *refs;
    struct hk_range_locks *range_locks; /* the vfs's */
};

struct hk_refs *hk_refs_of(const struct hk_thread *self)
{
    return self->team->fds->refs;
}

struct hk_range_locks *hk_range_locks_of(const struct hk_team *team)
{
    return team->fds->range_locks;
}

struct hk_file *hk_file_new(enum hk_file_kind kind, struct hk_node node,
                            uint32_t open_mode)
{
    struct hk_file *file = malloc(sizeof(*file));

    if (file == NULL) {
        hk_node_close(&node);
        return NULL;
    }
    *file = (struct hk_file){
        .references = 1,
        .kind = kind,
        .node = node,
        .open_mode = open_mode,
        .whole_lock = LOCK_UN,
        .lock_fd = -1,
        .lock = PTHREAD_MUTEX_INITIALIZER,
    };
    return file;
}

/* It is a fact of the file, whenever it is asked for. */
mode_t hk_file_type(const struct hk_file *file)
{
    atomic_uint *known = &((struct hk_file *)file)->type;
    mode_t type = atomic_load_explicit(known, memory_order_relaxed);
    struct stat info;

    if (type != 0)
        return type;
    type = file->node.fd >= 0 && fstat(file->node.fd, &info) == 0
               ? info.st_mode & S_IFMT
               : S_IFDIR;
    atomic_store_explicit(known, type, memory_order_relaxed);
    return type;
}

/* The host's standard descriptors are never free: whatever the host opens
 * next would be taken for them. */
static void fill_standard(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0 && null != fd) {
        dup3(null, fd, O_CLOEXEC);
        close(null);
    }
}

/* What no file of a node has. */
static void free_details(struct hk_file *file)
{
    free(file->attribute);
    free(file->local_name);
    free(file->peer_name);
    hk_live_query_free(file->live);
    hk_findings_free(file->findings);
}

void hk_file_put(struct hk_file *file)
{
    if (file == NULL || !hk_reference_drop(&file->references))
        return;
    hk_node_lock_drop(file);
    hk_socket_hide(file);
    hk_pty_master_free(file->pty);
    hk_pieces_free(file->pieces);
    if (file->node.fd >= 0 && file->node.fd <= STDERR_FILENO)
        fill_standard(file->node.fd);
    else
        hk_node_close(&file->node);
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    pthread_mutex_destroy(&file->lock);
    free(file->path);
    if (file->kind != HK_FILE_NODE)
        free_details(file);
    free(file);
}

struct hk_file *hk_file_share(struct hk_file *file)
{
    if (file != NULL)
        hk_reference_add(&file->references);
    return file;
}

static uint32_t guest_mode(int host_flags)
{
    switch (host_flags & O_ACCMODE) {
    case O_WRONLY:
        return HK_O_WRONLY;
    case O_RDWR:
        return HK_O_RDWR;
    default:
        return HK_O_RDONLY;
    }
}

/* The host's standard descriptors are the team's first ones. */
static int add_standard(struct hk_fds *fds)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct hk_node node = {NULL, NULL, fd, 0};
        int flags = fcntl(fd, F_GETFL);
        struct hk_file *file;

        if (flags < 0) {
            fill_standard(fd);
            continue;
        }
        file = hk_file_new(HK_FILE_NODE, node, guest_mode(flags));
        if (file == NULL)
            return HK_ERR_NOMEM;
        if (hk_file_type(file) == S_IFSOCK)
            file->kind = HK_FILE_SOCKET;
        fds->slots[fd].file = file;
    }
    return 0;
}

static int open_cwd(struct hk_fds *fds, const struct hk_vfs *vfs,
                    const char *path)
{
    struct hk_node root = hk_place_node(vfs->root);
    struct hk_node node;
    int32_t status =
        hk_vfs_open(vfs, &root, path != NULL ? path : "/", HK_WALK_FOLLOW,
                    O_PATH | O_DIRECTORY, 0, &node);

    if (status != HK_B_OK)
        return status == HK_B_PERMISSION_DENIED ? HK_ERR_ACCESS
                                                : HK_ERR_NOTFOUND;
    node.number = hk_known_dirs_number(vfs->known_dirs);
    fds->cwd = hk_file_new(HK_FILE_DIR, node, HK_O_CLOEXEC);
    return fds->cwd == NULL ? HK_ERR_NOMEM : 0;
}

int hk_fds_new(const struct hk_vfs *vfs, const char *working_directory,
               struct hk_fds **fds)
{
    struct hk_fds *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    made->limit = LIMIT_DEFAULT;
    made->size = 16;
    made->slots = calloc(made->size, sizeof(*made->slots));
    made->refs = hk_refs_new();
    made->range_locks = vfs->range_locks;
    error = made->slots == NULL || made->refs == NULL ? HK_ERR_NOMEM
                                                      : add_standard(made);
    if (error == 0)
        error = open_cwd(made, vfs, working_directory);
    if (error < 0) {
        hk_fds_free(made);
        return error;
    }
    *fds = made;
    return 0;
}

/* The host keeps its standard descriptors. */
void hk_fds_free(struct hk_fds *fds)
{
    if (fds == NULL)
        return;
    for (uint32_t i = 0; i < fds->size && fds->slots != NULL; i++) {
        struct hk_file *file = fds->slots[i].file;

        if (file != NULL && file->node.fd <= STDERR_FILENO)
            file->node.fd = -1;
        hk_file_put(file);
    }
    hk_file_put(fds->cwd);
    hk_refs_free(fds->refs);
    pthread_mutex_destroy(&fds->lock);
    free(fds->slots);
    free(fds);
}

/* The number that has a flag, from one on, or none (the table's size); with the
 * lock. */
static uint32_t find_flagged(const struct hk_fds *fds, uint32_t first,
                             unsigned flag)
{
    while (first < fds->size && !(fds->slots[first].flags & flag))
        first++;
    return first;
}

/* A copy that a fork has is its parent's. */
static void close_copies(struct hk_fds *fds)
{
    for (uint32_t i = 0; i < fds->size; i++)
        if (fds->slots[i].copy != 0) {
            close(fds->slots[i].copy);
            fds->slots[i].copy = 0;
        }
}

static void close_not_forked(struct hk_fds *fds)
{
    for (uint32_t i = find_flagged(fds, 0, HK_FD_CLOFORK); i < fds->size;
         i = find_flagged(fds, i, HK_FD_CLOFORK)) {
        hk_file_put(fds->slots[i].file);
        fds->slots[i] = (struct slot){NULL, 0, 0};
    }
}

/* A file's own lock may be held by a thread that the child does not have;
 * what it guards is changed as a whole, so it is sound. */
static void renew_locks(struct hk_fds *fds)
{
    for (uint32_t i = 0; i < fds->size; i++)
        if (fds->slots[i].file != NULL)
            pthread_mutex_init(&fds->slots[i].file->lock, NULL);
    pthread_mutex_init(&fds->cwd->lock, NULL);
}

/* Files that the child has no more keep the parent's locks, and what is shown
 * of its sockets stays. */
static void forget_shared(struct hk_fds *fds)
{
    for (uint32_t i = 0; i < fds->size; i++) {
        if (fds->slots[i].flags & HK_FD_CLOFORK)
            fds->slots[i].file->locked_in = NULL;
        if (fds->slots[i].file != NULL)
            fds->slots[i].file->shown = 0;
    }
}

void hk_fds_before_fork(struct hk_fds *fds)
{
    pthread_mutex_lock(&fds->lock);
    for (uint32_t i = 0; i < fds->size; i++)
        if (fds->slots[i].file != NULL)
            hk_pieces_share(fds->slots[i].file->pieces);
    hk_refs_lock(fds->refs);
}

void hk_fds_after_fork(struct hk_fds *fds, int is_child)
{
    if (is_child) {
        renew_locks(fds);
        forget_shared(fds);
    }
    hk_refs_unlock(fds->refs);
    if (is_child) {
        close_copies(fds);
        close_not_forked(fds);
    }
    pthread_mutex_unlock(&fds->lock);
}

void hk_fds_fork_child(struct hk_fds *fds, struct hk_shared *shared)
{
    pthread_mutex_lock(&fds->lock);
    for (uint32_t i = 0; i < fds->size; i++)
        if (fds->slots[i].file != NULL) {
            hk_pty_master_fork(fds->slots[i].file->pty);
            hk_node_lock_inherit(shared, fds->slots[i].file);
            hk_socket_show_forked(shared, fds->slots[i].file);
            if (fds->slots[i].file->kind == HK_FILE_QUEUE)
                hk_event_queue_hold(shared, fds->slots[i].file->queue);
        }
    pthread_mutex_unlock(&fds->lock);
}

uint32_t hk_fds_limit(struct hk_fds *fds)
{
    uint32_t limit;

    hk_lock_out_others(&fds->lock);
    limit = fds->limit;
    hk_let_others_in(&fds->lock);
    return limit;
}

int32_t hk_fds_set_limit(struct hk_fds *fds, uint32_t limit)
{
    int32_t status = HK_B_OK;

    if (limit == 0 || limit > LIMIT_MAX)
        return HK_B_BAD_VALUE;
    hk_lock_out_others(&fds->lock);
    for (uint32_t i = limit; i < fds->size; i++)
        if (fds->slots[i].file != NULL)
            status = HK_B_BUSY;
    if (status == HK_B_OK)
        fds->limit = limit;
    hk_let_others_in(&fds->lock);
    return status;
}

int hk_fds_have_room(struct hk_fds *fds)
{
    int result;

    hk_lock_out_others(&fds->lock);
    result = fds->size < fds->limit;
    for (uint32_t i = 0; !result && i < fds->limit; i++)
        result = fds->slots[i].file == NULL;
    hk_let_others_in(&fds->lock);
    return result;
}

/* Makes room for a number below the limit; the lock is held. */
static int make_room(struct hk_fds *fds, uint32_t number)
{
    uint32_t size = fds->size;
    struct slot *slots;

    if (number < size)
        return 1;
    while (size <= number)
        size *= 2;
    slots = realloc(fds->slots, size * sizeof(*slots));
    if (slots == NULL)
        return 0;
    memset(slots + fds->size, 0, (size - fds->size) * sizeof(*slots));
    fds->slots = slots;
    fds->size = size;
    return 1;
}

int32_t hk_fd_add(const struct hk_thread *self, struct hk_file *file,
                  int32_t first, unsigned flags)
{
    struct hk_fds *fds = self->team->fds;
    int32_t result = HK_B_NO_MORE_FDS;
    uint32_t i = (uint32_t)first;

    hk_lock_out_others(&fds->lock);
    while (i < fds->size && fds->slots[i].file != NULL)
        i++;
    if (i < fds->limit && make_room(fds, i)) {
        if (file->serial == 0)
            file->serial = ++fds->last_serial;
        fds->slots[i] = (struct slot){file, flags, 0};
        result = (int32_t)i;
    }
    hk_let_others_in(&fds->lock);
    if (result < 0)
        hk_file_put(file);
    return result;
}

/* The slot of a number in use, or NULL; the lock is held. */
static struct slot *find_slot(const struct hk_fds *fds, int32_t fd)
{
    if (fd < 0 || (uint32_t)fd >= fds->size || fds->slots[fd].file == NULL)
        return NULL;
    return &fds->slots[fd];
}

struct hk_file *hk_file_get(const struct hk_thread *self, int32_t fd)
{
    struct hk_fds *fds = self->team->fds;
    struct slot *slot;
    struct hk_file *file;

    hk_lock_out_others(&fds->lock);
    slot = find_slot(fds, fd);
    file = hk_file_share(slot != NULL ? slot->file : NULL);
    hk_let_others_in(&fds->lock);
    return file;
}

int32_t hk_fd_flags(const struct hk_thread *self, int32_t fd, int flags)
{
    struct hk_fds *fds = self->team->fds;
    int32_t result = HK_B_FILE_ERROR;
    struct slot *slot;

    hk_lock_out_others(&fds->lock);
    slot = find_slot(fds, fd);
    if (slot != NULL) {
        if (flags >= 0)
            slot->flags = (unsigned)flags;
        result = (int32_t)slot->flags;
    }
    hk_let_others_in(&fds->lock);
    return result;
}

unsigned hk_fd_flags_of(uint32_t open_mode)
{
    return (open_mode & HK_O_CLOEXEC ? HK_FD_CLOEXEC : 0u) |
           (open_mode & HK_O_CLOFORK ? HK_FD_CLOFORK : 0u);
}

int hk_fd_is(const struct hk_thread *self, int32_t fd,
             const struct hk_file *file)
{
    struct hk_fds *fds = self->team->fds;
    const struct slot *slot;
    int result;

    hk_lock_out_others(&fds->lock);
    slot = find_slot(fds, fd);
    result = slot != NULL && slot->file == file;
    hk_let_others_in(&fds->lock);
    return result;
}

int hk_fd_copy(const struct hk_thread *self, int32_t fd,
               const struct hk_file *file)
{
    struct hk_fds *fds = self->team->fds;
    struct slot *slot;
    int copy = -1;

    hk_lock_out_others(&fds->lock);
    slot = find_slot(fds, fd);
    if (slot != NULL && slot->file == file) {
        if (slot->copy == 0) {
            copy = fcntl(file->node.fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
            slot->copy = copy < 0 ? 0 : copy;
        }
        copy = slot->copy == 0 ? -1 : slot->copy;
    }
    hk_let_others_in(&fds->lock);
    return copy;
}

static int is_open(struct hk_fds *fds, const struct hk_file *file)
{
    int result = 0;

    hk_lock_out_others(&fds->lock);
    for (uint32_t i = 0; i < fds->size; i++)
        result |= fds->slots[i].file == file;
    hk_let_others_in(&fds->lock);
    return result;
}

/* What a number had is the caller's to let go of. Event queues are to know
 * before the host's descriptor is closed. */
static void let_go(const struct hk_thread *self, int32_t fd, struct slot had)
{
    struct hk_file *file = had.file;

    if (file == NULL)
        return;
    if (atomic_load(&file->is_watched))
        hk_event_queues_fd_closed(self->team->shared, fd);
    if (file->kind == HK_FILE_QUEUE && !is_open(self->team->fds, file))
        hk_event_queue_let_go(self->team->shared, file->queue, file->node.fd);
    hk_range_locks_end(self->team->fds->range_locks, file);
    if (had.copy != 0)
        close(had.copy);
    hk_file_put(file);
}

int32_t hk_fd_close(const struct hk_thread *self, int32_t fd)
{
    struct hk_fds *fds = self->team->fds;
    struct slot *slot, had = {NULL, 0, 0};

    hk_lock_out_others(&fds->lock);
    slot = find_slot(fds, fd);
    if (slot != NULL) {
        had = *slot;
        *slot = (struct slot){NULL, 0, 0};
    }
    hk_let_others_in(&fds->lock);
    let_go(self, fd, had);
    return had.file == NULL ? HK_B_FILE_ERROR : HK_B_OK;
}

/* Of a team of one thread. */
void hk_fds_exec(const struct hk_thread *self)
{
    struct hk_fds *fds = self->team->fds;

    for (uint32_t i = find_flagged(fds, 0, HK_FD_CLOEXEC); i < fds->size;
         i = find_flagged(fds, i, HK_FD_CLOEXEC))
        hk_fd_close(self, (int32_t)i);
}

int32_t hk_fd_replace(const struct hk_thread *self, int32_t from, int32_t to,
                      unsigned flags)
{
    struct hk_fds *fds = self->team->fds;
    struct slot evicted = {NULL, 0, 0};
    int32_t result = HK_B_FILE_ERROR;

    hk_lock_out_others(&fds->lock);
    if (find_slot(fds, from) != NULL && to >= 0 && (uint32_t)to < fds->limit &&
        make_room(fds, (uint32_t)to)) {
        result = to;
        if (from != to) {
            evicted = fds->slots[to];
            fds->slots[to] =
                (struct slot){hk_file_share(fds->slots[from].file), 0, 0};
        }
        fds->slots[to].flags = flags;
    }
    hk_let_others_in(&fds->lock);
    let_go(self, to, evicted);
    return result;
}

struct hk_file *hk_team_cwd_get(const struct hk_team *team)
{
    struct hk_fds *fds = team->fds;
    struct hk_file *file;

    hk_lock_out_others(&fds->lock);
    file = hk_file_share(fds->cwd);
    hk_let_others_in(&fds->lock);
    return file;
}

struct hk_file *hk_cwd_get(const struct hk_thread *self)
{
    return hk_team_cwd_get(self->team);
}

void hk_cwd_set(const struct hk_thread *self, struct hk_file *directory)
{
    struct hk_fds *fds = self->team->fds;
    struct hk_file *old;

    hk_lock_out_others(&fds->lock);
    old = fds->cwd;
    fds->cwd = directory;
    hk_let_others_in(&fds->lock);
    hk_file_put(old);
}
