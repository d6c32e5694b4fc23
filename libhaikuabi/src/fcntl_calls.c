/* fcntl_calls.c -- fcntl, file locks, and what files are told to keep. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "fd.h"
#include "host_open.h"
#include "query.h"
#include "range_locks.h"
#include "request.h"
#include "stat.h"
#include "syscalls.h"
#include "whole_locks.h"

/* haiku-abi/structs.md, "fcntl ops". */
enum op {
    OP_DUPFD = 0x1,
    OP_GETFD = 0x2,
    OP_SETFD = 0x4,
    OP_GETFL = 0x8,
    OP_SETFL = 0x10,
    OP_GETLK = 0x20,
    OP_SETLK = 0x80,
    OP_SETLKW = 0x100,
    OP_DUPFD_CLOEXEC = 0x200,
    OP_DUPFD_CLOFORK = 0x400 /* r1beta6 */
};

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

static int32_t duplicate(const struct hk_thread *self, struct hk_file *file,
                         uint32_t first, unsigned flags)
{
    if (first >= hk_fds_limit(self->team->fds))
        return HK_B_BAD_VALUE;
    return hk_fd_add(self, hk_file_share(file), (int32_t)first, flags);
}

/* What is asked for at open, and the two flags that the host keeps. */
int32_t hk_file_mode(const struct hk_file *file)
{
    uint32_t mode = file->open_mode & ~(uint32_t)(HK_O_APPEND | HK_O_NONBLOCK);
    int flags = file->node.fd >= 0 ? fcntl(file->node.fd, F_GETFL) : 0;

    if (flags > 0 && flags & O_APPEND)
        mode |= HK_O_APPEND;
    if (flags > 0 && flags & O_NONBLOCK)
        mode |= HK_O_NONBLOCK;
    return (int32_t)mode;
}

int32_t hk_file_no_request(const struct hk_file *file)
{
    const struct hk_place *place = file->node.place;

    return place != NULL && place->device != NULL &&
                   strstr(place->device, "random") != NULL
               ? HK_B_ERROR
               : HK_B_NOT_ALLOWED;
}

/* Whether the two flags of a file can be set: files that have none of them (the
 * hook of vfs.cpp) and devices, which are requested to, refuse. */
static int32_t check_set_mode(const struct hk_file *file)
{
    const struct hk_place *place = file->node.place;

    if (!hk_file_has_node(file) && file->kind != HK_FILE_SOCKET)
        return HK_B_UNSUPPORTED;
    if (place != NULL && place->device == NULL && place->is_closed)
        return HK_B_NOT_ALLOWED; /* a directory of devices */
    if (file->node.fd < 0)
        return HK_B_UNSUPPORTED;
    if (file->kind == HK_FILE_NODE && hk_file_type(file) == S_IFCHR &&
        !isatty(file->node.fd))
        return hk_file_no_request(file);
    return HK_B_OK;
}

int32_t hk_file_set_mode(const struct hk_file *file, uint32_t mode)
{
    int32_t status = check_set_mode(file);
    int flags;

    if (status != HK_B_OK)
        return status;
    flags = fcntl(file->node.fd, F_GETFL);
    if (flags < 0)
        return hk_status_from_errno(errno);
    if (flags & O_PATH)
        return HK_B_OK; /* links and attributes: they mean nothing there */
    flags &= ~(O_APPEND | O_NONBLOCK);
    flags |= mode & HK_O_APPEND ? O_APPEND : 0;
    flags |= mode & HK_O_NONBLOCK ? O_NONBLOCK : 0;
    return result_of(fcntl(file->node.fd, F_SETFL, flags));
}

static int32_t file_control(struct hk_thread *self, struct hk_file *file,
                            int32_t fd, int32_t op, uint32_t argument)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    int all_flags = HK_FD_CLOEXEC | (is_r1beta6 ? HK_FD_CLOFORK : 0);

    switch (op) {
    case OP_DUPFD:
        return duplicate(self, file, argument, 0);
    case OP_DUPFD_CLOEXEC:
        return duplicate(self, file, argument, HK_FD_CLOEXEC);
    case OP_DUPFD_CLOFORK:
        return is_r1beta6 ? duplicate(self, file, argument, HK_FD_CLOFORK)
                          : HK_B_BAD_VALUE;
    case OP_GETFD:
        return hk_fd_flags(self, fd, -1);
    case OP_SETFD:
        fd = hk_fd_flags(self, fd, (int)argument & all_flags);
        return fd < 0 ? fd : HK_B_OK;
    case OP_GETFL:
        return hk_file_mode(file);
    case OP_SETFL:
        return hk_file_set_mode(file, argument);
    case OP_GETLK:
        return hk_range_lock(self, file, HK_RANGE_TEST, argument);
    case OP_SETLK:
        return hk_range_lock(self, file, HK_RANGE_SET, argument);
    case OP_SETLKW:
        return hk_range_lock(self, file, HK_RANGE_SET_WAITING, argument);
    default:
        return HK_B_BAD_VALUE;
    }
}

int64_t hk_sys_fcntl(struct hk_thread *self, int32_t fd, int32_t op,
                     uint32_t argument)
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t result;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    result = file_control(self, file, fd, op, argument);
    hk_file_put(file);
    return result;
}

/* The operations have the host's numbers. */
int64_t hk_sys_flock(struct hk_thread *self, int32_t fd, int32_t op)
{
    int action = op & ~LOCK_NB;
    struct hk_file *file;
    int32_t status = HK_B_BAD_VALUE;

    if (action != LOCK_SH && action != LOCK_EX && action != LOCK_UN)
        return HK_B_BAD_VALUE;
    file = hk_file_get(self, fd);
    if (file == NULL)
        return HK_B_FILE_ERROR;
    if (!hk_file_has_node(file))
        status = HK_B_FILE_ERROR;
    if (file->kind == HK_FILE_NODE && file->node.fd >= 0)
        status = hk_whole_lock(self, file, op);
    hk_file_put(file);
    return status;
}

static int32_t sync_file(const struct hk_file *file, int data_only)
{
    mode_t type;

    if (!hk_file_has_node(file))
        return HK_B_FILE_ERROR;
    type = hk_file_type(file);
    if (file->node.fd < 0 || type == S_IFLNK || type == S_IFCHR)
        return HK_B_OK;
    if (file->kind == HK_FILE_NODE || file->kind == HK_FILE_DIR)
        return result_of(data_only ? fdatasync(file->node.fd)
                                   : fsync(file->node.fd));
    return HK_B_OK;
}

int64_t hk_sys_fsync__r1beta6(struct hk_thread *self, int32_t fd, int data_only)
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t status;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    status = sync_file(file, data_only);
    hk_file_put(file);
    return status;
}

int64_t hk_sys_fsync(struct hk_thread *self, int32_t fd)
{
    return hk_sys_fsync__r1beta6(self, fd, 0);
}

/* Whether mounts before this one are of its file system. */
static int is_synced(const struct hk_vfs *vfs, uint32_t mount)
{
    for (uint32_t i = 0; i < mount; i++)
        if (vfs->mounts[i].host_device == vfs->mounts[mount].host_device)
            return 1;
    return 0;
}

/* All that the guest sees, and nothing else of the host. */
int64_t hk_sys_sync(struct hk_thread *self)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;

    for (uint32_t i = 0; i < vfs->mount_count; i++) {
        int fd;

        if (is_synced(vfs, i))
            continue;
        fd = hk_host_reopen(vfs->mounts[i].fd, O_RDONLY);
        if (fd < 0)
            continue;
        syncfs(fd);
        close(fd);
    }
    return HK_B_OK;
}

static int32_t preallocate(const struct hk_file *file, int64_t offset,
                           int64_t length)
{
    if (!hk_file_has_node(file) ||
        (file->open_mode & HK_O_RWMASK) == HK_O_RDONLY)
        return HK_B_FILE_ERROR;
    switch (hk_file_type(file)) {
    case S_IFIFO:
    case S_IFSOCK:
        return HK_ESPIPE;
    case S_IFREG:
        break;
    default:
        return HK_B_DEVICE_NOT_FOUND;
    }
    if (file->kind != HK_FILE_NODE)
        return HK_B_UNSUPPORTED;
    if (fallocate(file->node.fd, 0, offset, length) == 0)
        return HK_B_OK;
    return errno == EOPNOTSUPP ? HK_B_UNSUPPORTED : hk_status_from_errno(errno);
}

int64_t hk_sys_preallocate(struct hk_thread *self, int32_t fd, int64_t offset,
                           int64_t length)
{
    struct hk_file *file;
    int32_t status;

    if (offset < 0 || length == 0)
        return HK_B_BAD_VALUE;
    if (length < 0 || offset > INT64_MAX - length)
        return HK_B_FILE_TOO_LARGE;
    file = hk_file_get(self, fd);
    if (file == NULL)
        return HK_B_FILE_ERROR;
    status = preallocate(file, offset, length);
    hk_file_put(file);
    return status;
}

int64_t hk_sys_close_range(struct hk_thread *self, uint32_t min_fd,
                           uint32_t max_fd, int32_t flags)
{
    enum { RANGE_CLOEXEC = 4 };
    uint32_t limit = hk_fds_limit(self->team->fds);

    if ((flags & ~RANGE_CLOEXEC) != 0 || max_fd < min_fd)
        return HK_B_BAD_VALUE;
    for (uint32_t fd = min_fd; fd <= max_fd && fd < limit; fd++) {
        int32_t old = hk_fd_flags(self, (int32_t)fd, -1);

        if (old >= 0 && flags & RANGE_CLOEXEC)
            hk_fd_flags(self, (int32_t)fd, old | HK_FD_CLOEXEC);
        else if (old >= 0)
            hk_fd_close(self, (int32_t)fd);
    }
    return HK_B_OK;
}

int32_t hk_fd_info_from(const struct hk_thread *self, uint32_t number,
                        uint8_t bytes[HK_FD_INFO_SIZE])
{
    uint32_t limit = hk_fds_limit(self->team->fds);
    struct hk_file *file = NULL;
    struct hk_stat info;

    while (number < limit && file == NULL)
        file = hk_file_get(self, (int32_t)number++);
    if (file == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    memset(bytes, 0, HK_FD_INFO_SIZE);
    hk_put32(bytes, number - 1);
    hk_put32(bytes + 4, (uint32_t)hk_file_mode(file));
    if (hk_file_has_node(file) &&
        hk_stat_node(hk_kernel_of(self)->vfs, &file->node, &info) == HK_B_OK) {
        hk_put32(bytes + 8, (uint32_t)info.device);
        hk_put64(bytes + 12, (uint64_t)info.inode);
    } else if (file->kind == HK_FILE_QUERY) {
        hk_put32(bytes + 8, (uint32_t)file->findings->device);
        hk_put64(bytes + 12, UINT64_MAX);
    }
    hk_file_put(file);
    return HK_B_OK;
}

/* Another team is asked for its own. */
static int32_t fd_info_of(struct hk_thread *self, int32_t team, uint32_t number,
                          uint8_t bytes[HK_FD_INFO_SIZE])
{
    struct hk_asking asking = {
        .asked = {.kind = HK_ASKED_NEXT_FD, .words = {number}}};
    int32_t status;

    if (team == 0 || team == self->team->id)
        return hk_fd_info_from(self, number, bytes);
    self->restart.is_required = 1;
    status = hk_ask_team(self, team, &asking);
    for (size_t i = 0; i < HK_ANSWER_WORDS; i++)
        hk_put32(bytes + 4 * i, asking.answer[i]);
    return status;
}

/* The cookie is the last number + 1. */
int64_t hk_sys_get_next_fd_info(struct hk_thread *self, int32_t team,
                                gm_addr cookie, gm_addr info,
                                uint32_t info_size)
{
    uint8_t bytes[HK_FD_INFO_SIZE], word[4];
    int32_t status;

    if (hk_sys_getuid(self, 1) != 0)
        return HK_B_NOT_ALLOWED;
    if (info_size != sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(info) ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = fd_info_of(self, team, hk_get32(word), bytes);
    if (status != HK_B_OK)
        return status;
    hk_put32(word, hk_get32(bytes) + 1);
    if (hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}
