/* index_calls.c -- which attributes of a volume's files are indexed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "fd.h"
#include "fd_path.h"
#include "host_open.h"
#include "query.h"
#include "stat.h"
#include "syscalls.h"
#include "volume_walk.h"

/*
 * A query looks through the whole volume whatever it asks for, so that an
 * index is no more than a name, a type and the time when it was made, which say
 * what a query may find: an extended attribute of the volume's first directory
 * keeps them, each as a type in 4 bytes, microseconds in 8, and a name with its
 * NUL. A volume without has those of a new Haiku, as one of packages always
 * has. The guest has no access to that attribute: its own begin with another
 * prefix.
 */
static const char attribute[] = "user.uvm.index";

enum {
    LIST_MAX = 4096,
    HEAD = 12,
    TEXT = 0x43535452,
    MIME = 0x4d494d53,
    INT64 = 0x4c4c4e47
};

/* Types that a Haiku volume knows how to order, and what its modes say of
 * them. */
static const struct {
    uint32_t type, mode;
} types[] = {
    {TEXT, 0100000000},       {MIME, 0100000000},     {0x4c4f4e47, 0200000000},
    {0x554c4e47, 0400000000}, {INT64, 010000000},     {0x554c4c47, 020000000},
    {0x464c4f54, 040000000},  {0x44424c45, 01000000},
};

static const struct {
    const char *name;
    uint32_t type, type_in_packagefs;
} usual[] = {{"name", TEXT, TEXT},
             {"size", INT64, INT64},
             {"last_modified", INT64, INT64},
             {"BEOS:APP_SIG", TEXT, MIME}};

struct indices {
    uint8_t bytes[LIST_MAX];
    size_t size;
};

struct index {
    const char *name;
    uint32_t type;
    uint64_t made;
};

static int append(struct indices *indices, const struct index *index)
{
    uint8_t *to = indices->bytes + indices->size;
    size_t length = strlen(index->name) + 1;

    if (HEAD + length > LIST_MAX - indices->size)
        return 0;
    hk_put32(to, index->type);
    hk_put64(to + 4, index->made);
    memcpy(to + HEAD, index->name, length);
    indices->size += HEAD + length;
    return 1;
}

/* The index at a place of the list, and the place behind it; 0 at the end,
 * or where what follows is none. */
static int next(const struct indices *indices, size_t *at, struct index *index)
{
    const uint8_t *from = indices->bytes + *at;
    size_t left = indices->size - *at;
    const uint8_t *end =
        left > HEAD ? memchr(from + HEAD, '\0', left - HEAD) : NULL;

    if (end == NULL)
        return 0;
    *index = (struct index){(const char *)from + HEAD, hk_get32(from),
                            hk_get64(from + 4)};
    *at += (size_t)(end - from) + 1;
    return 1;
}

static int find(const struct indices *indices, const char *name, size_t *from,
                struct index *index)
{
    size_t at = 0;

    for (*from = 0; next(indices, &at, index); *from = at)
        if (strcmp(index->name, name) == 0)
            return 1;
    return 0;
}

/* ---- kept by the volume ---- */

/* The mount whose directory keeps a volume's indices: B_OK, B_BAD_VALUE for
 * what is no volume, or `none` for one that can have none. */
static int32_t keeper_of(const struct hk_thread *self, int32_t device,
                         int32_t none, const struct hk_mount **mount)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;

    *mount = NULL;
    if (device == HK_DEVICE_ROOTFS || device == HK_DEVICE_DEVFS)
        return none;
    if (hk_vfs_volume(vfs, device) == NULL)
        return HK_B_BAD_VALUE;
    *mount = hk_volume_next_mount(vfs, device, NULL);
    return *mount != NULL ? HK_B_OK : none;
}

static uint64_t micros(int64_t seconds, int64_t nanoseconds)
{
    return (uint64_t)(seconds * 1000000 + nanoseconds / 1000);
}

/* Those of a new Haiku, as old as their directory. */
static void set_usual(const struct hk_mount *mount, struct indices *indices)
{
    struct statx info = {0};

    statx(mount->fd, "", AT_EMPTY_PATH, STATX_BTIME, &info);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        const struct index index = {
            usual[i].name,
            mount->is_packagefs ? usual[i].type_in_packagefs : usual[i].type,
            micros(info.stx_btime.tv_sec, info.stx_btime.tv_nsec)};

        append(indices, &index);
    }
}

static void read_indices(const struct hk_mount *mount, struct indices *indices)
{
    char path[HK_FD_PATH_SIZE];
    ssize_t size = -1;

    hk_host_fd_path(mount->fd, path);
    if (!mount->is_packagefs)
        size = getxattr(path, attribute, indices->bytes, LIST_MAX);
    indices->size = size < 0 ? 0 : (size_t)size;
    if (size < 0)
        set_usual(mount, indices);
}

static int32_t write_indices(const struct hk_mount *mount,
                             const struct indices *indices)
{
    char path[HK_FD_PATH_SIZE];

    hk_host_fd_path(mount->fd, path);
    if (setxattr(path, attribute, indices->bytes, indices->size, 0) == 0)
        return HK_B_OK;
    return errno == EOPNOTSUPP ? HK_B_READ_ONLY_DEVICE
                               : hk_status_from_errno(errno);
}

int hk_volume_has_index(const struct hk_mount *mount, const char *name)
{
    struct indices indices;
    struct index index;
    size_t at;

    read_indices(mount, &indices);
    return find(&indices, name, &at, &index);
}

/* What a change does to the list: B_OK or an error. */
typedef int32_t (*changer)(struct indices *indices, const char *name,
                           uint32_t type);

/* 0: no volume has indices of that type. */
static uint32_t mode_of(uint32_t type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type)
            return types[i].mode;
    return 0;
}

static int32_t create(struct indices *indices, const char *name, uint32_t type)
{
    struct index index;
    struct timespec now;
    size_t at;

    if (mode_of(type) == 0)
        return HK_B_BAD_TYPE;
    if (find(indices, name, &at, &index))
        return HK_B_FILE_EXISTS;
    clock_gettime(CLOCK_REALTIME, &now);
    index = (struct index){name, type, micros(now.tv_sec, now.tv_nsec)};
    return append(indices, &index) ? HK_B_OK : HK_B_DEVICE_FULL;
}

static int32_t take_out(struct indices *indices, const char *name,
                        uint32_t type)
{
    size_t at, size = HEAD + strlen(name) + 1;
    struct index index;

    (void)type;
    if (!find(indices, name, &at, &index))
        return HK_B_ENTRY_NOT_FOUND;
    indices->size -= size;
    memmove(indices->bytes + at, indices->bytes + at + size,
            indices->size - at);
    return HK_B_OK;
}

/* With the directory's lock: another team may change them, too. */
static int32_t change(const struct hk_mount *mount, changer apply,
                      const char *name, uint32_t type)
{
    int fd =
        hk_host_lock_file(hk_host_reopen(mount->fd, O_RDONLY | O_DIRECTORY));
    struct indices indices;
    int32_t status;

    read_indices(mount, &indices);
    status = apply(&indices, name, type);
    if (status == HK_B_OK)
        status = write_indices(mount, &indices);
    if (fd >= 0)
        hk_host_unlock_file(fd);
    return status;
}

static int32_t change_named(const struct hk_thread *self, int32_t device,
                            gm_addr name, changer apply, uint32_t type)
{
    char text[HK_FILE_NAME_LENGTH];
    const struct hk_mount *mount;
    int32_t status = hk_read_file_name(self, text, name);

    if (status == HK_B_OK)
        status = keeper_of(self, device, HK_B_READ_ONLY_DEVICE, &mount);
    if (status != HK_B_OK)
        return status;
    if (mount->is_packagefs)
        return HK_B_NOT_SUPPORTED;
    if (mount->read_only)
        return HK_B_READ_ONLY_DEVICE;
    if (self->team->ids.user.effective != 0)
        return HK_B_NOT_ALLOWED;
    return text[0] == '\0' ? HK_B_BAD_VALUE : change(mount, apply, text, type);
}

/* ---- calls ---- */

int64_t hk_sys_create_index(struct hk_thread *self, int32_t device,
                            gm_addr name, uint32_t type, uint32_t flags)
{
    (void)flags; /* no file system knows any */
    return change_named(self, device, name, create, type);
}

int64_t hk_sys_remove_index(struct hk_thread *self, int32_t device,
                            gm_addr name)
{
    return change_named(self, device, name, take_out, 0);
}

/* What packagefs tells of one, without keys as well. */
static void stat_fixed(const struct index *index, struct hk_stat *stat)
{
    *stat = (struct hk_stat){.type = index->type};
}

/* As a Haiku volume tells of an index without keys: a header and a leaf, in a
 * block behind that of the node. Node and volume it does not tell. */
static void stat_index(const struct index *index, struct hk_stat *stat)
{
    enum { NODE_SIZE = 1024, BLOCKS = 8, BLOCK_SIZE = 65536 };
    const struct hk_time made = {(int64_t)(index->made / 1000000),
                                 (int32_t)(index->made % 1000000 * 1000)};

    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *stat = (struct hk_stat){
        .mode = HK_S_INDEX_DIR | S_IFDIR | mode_of(index->type),
        .link_count = 1,
        .size = 2 * NODE_SIZE,
        .block_size = BLOCK_SIZE,
        .access = {now.tv_sec, (int32_t)now.tv_nsec},
        .modification = made,
        .change = made,
        .creation = made,
        .type = index->type,
        .blocks = BLOCKS,
    };
}

int64_t hk_sys_read_index_stat(struct hk_thread *self, int32_t device,
                               gm_addr name, gm_addr stat)
{
    char text[HK_FILE_NAME_LENGTH];
    uint8_t bytes[HK_STAT_SIZE];
    const struct hk_mount *mount;
    struct indices indices;
    struct index index;
    struct hk_stat info;
    size_t at;
    int32_t status = hk_is_user_address(stat)
                         ? hk_read_file_name(self, text, name)
                         : HK_B_BAD_ADDRESS;

    if (status == HK_B_OK)
        status = keeper_of(self, device, HK_B_UNSUPPORTED, &mount);
    if (status != HK_B_OK)
        return status;
    read_indices(mount, &indices);
    if (!find(&indices, text, &at, &index))
        return HK_B_ENTRY_NOT_FOUND;
    if (mount->is_packagefs)
        stat_fixed(&index, &info);
    else
        stat_index(&index, &info);
    hk_stat_put(bytes, &info);
    return hk_write_user(self, stat, bytes, sizeof(bytes));
}

int64_t hk_sys_open_index_dir(struct hk_thread *self, int32_t device)
{
    const struct hk_node none = {NULL, NULL, -1, 0};
    struct hk_findings *findings;
    const struct hk_mount *mount;
    struct indices indices;
    struct hk_file *file;
    struct index index;
    size_t at = 0;
    int32_t status = keeper_of(self, device, HK_B_UNSUPPORTED, &mount);

    if (status != HK_B_OK)
        return status;
    findings = calloc(1, sizeof(*findings));
    if (findings == NULL)
        return HK_B_NO_MEMORY;
    findings->device = device;
    read_indices(mount, &indices);
    while (status == HK_B_OK && next(&indices, &at, &index))
        status = hk_findings_add(findings, 0, (int64_t)at, index.name, 1);
    file = status == HK_B_OK ? hk_file_new(HK_FILE_QUERY, none, HK_O_CLOEXEC)
                             : NULL;
    if (file == NULL) {
        hk_findings_free(findings);
        return HK_B_NO_MEMORY;
    }
    file->findings = findings;
    return hk_fd_add(self, file, 0, HK_FD_CLOEXEC);
}
