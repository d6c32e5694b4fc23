/* index_calls.c -- which attributes of a volume's files are indexed. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bytes.h"
#include "fd.h"
#include "fd_path.h"
#include "host_open.h"
#include "query.h"
#include "stat.h"
#include "syscalls.h"

/*
 * A query looks through the whole volume whatever it asks for, so that an
 * index is no more than a name and a type: an extended attribute of the
 * volume's first directory keeps them, each as a type in 4 bytes and a name
 * with its NUL. A volume without has those of a new Haiku. The guest has no
 * access to that attribute: its own begin with another prefix.
 */
static const char attribute[] = "user.uvm.indices";

enum { LIST_MAX = 4096, TEXT = 0x43535452, INT64 = 0x4c4c4e47 };

static const struct {
    const char *name;
    uint32_t type;
} usual[] = {{"name", TEXT},
             {"size", INT64},
             {"last_modified", INT64},
             {"BEOS:APP_SIG", TEXT}};

struct indices {
    uint8_t bytes[LIST_MAX];
    size_t size;
};

static int append(struct indices *indices, const char *name, uint32_t type)
{
    size_t length = strlen(name) + 1;

    if (4 + length > LIST_MAX - indices->size)
        return 0;
    hk_put32(indices->bytes + indices->size, type);
    memcpy(indices->bytes + indices->size + 4, name, length);
    indices->size += 4 + length;
    return 1;
}

/* The index at a place of the list, and the place behind it; NULL at the end,
 * or where what follows is none. */
static const char *next(const struct indices *indices, size_t *at,
                        uint32_t *type)
{
    size_t left = indices->size - *at;
    const char *name = (const char *)indices->bytes + *at + 4;
    const char *end = left > 4 ? memchr(name, '\0', left - 4) : NULL;

    if (end == NULL)
        return NULL;
    *type = hk_get32(indices->bytes + *at);
    *at += 4 + (size_t)(end - name) + 1;
    return name;
}

static int find(const struct indices *indices, const char *name, size_t *from,
                uint32_t *type)
{
    const char *found;
    size_t at = 0;

    for (*from = 0; (found = next(indices, &at, type)) != NULL; *from = at)
        if (strcmp(found, name) == 0)
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
    if (device < HK_DEVICE_FIRST ||
        (uint32_t)(device - HK_DEVICE_FIRST) >= vfs->volume_count)
        return HK_B_BAD_VALUE;
    *mount = hk_query_next_mount(vfs, device, NULL);
    return *mount != NULL ? HK_B_OK : none;
}

static void read_indices(const struct hk_mount *mount, struct indices *indices)
{
    char path[HK_FD_PATH_SIZE];
    ssize_t size;

    hk_host_fd_path(mount->fd, path);
    size = getxattr(path, attribute, indices->bytes, LIST_MAX);
    indices->size = size < 0 ? 0 : (size_t)size;
    for (size_t i = 0; size < 0 && i < sizeof(usual) / sizeof(usual[0]); i++)
        append(indices, usual[i].name, usual[i].type);
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

/* What a change does to the list: B_OK or an error. */
typedef int32_t (*changer)(struct indices *indices, const char *name,
                           uint32_t type);

static int32_t create(struct indices *indices, const char *name, uint32_t type)
{
    /* Those that a Haiku volume knows how to order. */
    static const uint32_t types[] = {0x4c4f4e47, 0x554c4e47, INT64, 0x554c4c47,
                                     0x464c4f54, 0x44424c45, TEXT,  0x4d494d53};
    uint32_t old;
    size_t at = 0;

    while (at < sizeof(types) / sizeof(types[0]) && types[at] != type)
        at++;
    if (at == sizeof(types) / sizeof(types[0]))
        return HK_B_BAD_TYPE;
    if (find(indices, name, &at, &old))
        return HK_B_FILE_EXISTS;
    return append(indices, name, type) ? HK_B_OK : HK_B_DEVICE_FULL;
}

static int32_t take_out(struct indices *indices, const char *name,
                        uint32_t type)
{
    size_t at, size = 4 + strlen(name) + 1;

    if (!find(indices, name, &at, &type))
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
    int fd = hk_host_reopen(mount->fd, O_RDONLY | O_DIRECTORY);
    struct indices indices;
    int32_t status;

    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR)
        ;
    read_indices(mount, &indices);
    status = apply(&indices, name, type);
    if (status == HK_B_OK)
        status = write_indices(mount, &indices);
    if (fd >= 0)
        close(fd);
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

/* An index has the times of the directory that keeps it, and no size. */
int64_t hk_sys_read_index_stat(struct hk_thread *self, int32_t device,
                               gm_addr name, gm_addr stat)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    char text[HK_FILE_NAME_LENGTH];
    uint8_t bytes[HK_STAT_SIZE];
    const struct hk_mount *mount;
    struct indices indices;
    struct hk_stat info;
    size_t at;
    int32_t status = stat >= HK_USER_LIMIT
                         ? HK_B_BAD_ADDRESS
                         : hk_read_file_name(self, text, name);

    if (status == HK_B_OK)
        status = keeper_of(self, device, HK_B_UNSUPPORTED, &mount);
    if (status != HK_B_OK)
        return status;
    status = hk_stat_node(
        vfs, &(struct hk_node){mount->place, mount, mount->fd, 0}, &info);
    if (status != HK_B_OK)
        return status;
    read_indices(mount, &indices);
    if (!find(&indices, text, &at, &info.type))
        return HK_B_ENTRY_NOT_FOUND;
    info.mode = HK_S_INDEX_DIR | S_IFDIR;
    info.link_count = 1;
    info.size = info.blocks = 0;
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
    const char *name;
    uint32_t type;
    size_t at = 0;
    int32_t status = keeper_of(self, device, HK_B_UNSUPPORTED, &mount);

    if (status != HK_B_OK)
        return status;
    findings = calloc(1, sizeof(*findings));
    if (findings == NULL)
        return HK_B_NO_MEMORY;
    findings->device = device;
    read_indices(mount, &indices);
    while (status == HK_B_OK && (name = next(&indices, &at, &type)) != NULL)
        status = hk_findings_add(findings, 0, (int64_t)at, name);
    file = status == HK_B_OK ? hk_file_new(HK_FILE_QUERY, none, HK_O_RDONLY)
                             : NULL;
    if (file == NULL) {
        hk_findings_free(findings);
        return HK_B_NO_MEMORY;
    }
    file->findings = findings;
    return hk_fd_add(self, file, 0, HK_FD_CLOEXEC);
}
