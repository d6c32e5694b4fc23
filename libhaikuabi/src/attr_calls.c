/* attr_calls.c -- attributes: opened, listed, read and written by name. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "bytes.h"
#include "fd_path.h"
#include "file_open.h"
#include "host_open.h"
#include "syscalls.h"

/* The file whose attributes a call is for. */
struct owner {
    struct hk_node node;
    struct hk_file *file;       /* see hk_node_of */
    const struct hk_team *team; /* that calls */
};

/* Synthetic directories and devices are not. */
static int is_of_volume(const struct hk_node *node)
{
    return node->fd >= 0 &&
           (node->place == NULL || node->place->device == NULL);
}

/* Nor have pipes any. */
static int has_attributes(const struct owner *owner)
{
    const struct hk_node *node = &owner->node;
    struct stat info;

    if (!is_of_volume(node))
        return 0;
    if (owner->file != NULL)
        return hk_file_type(owner->file) != S_IFIFO;
    return fstat(node->fd, &info) != 0 || !S_ISFIFO(info.st_mode);
}

/* path: read already, or NULL; none: the error for what has no attributes. */
static int32_t find_owner(const struct hk_thread *self, int32_t fd,
                          const char *path, int traverse, int32_t none,
                          struct owner *owner)
{
    int32_t status =
        hk_node_at(self, fd, path, traverse, &owner->node, &owner->file);

    owner->team = self->team;
    if (status != HK_B_OK || has_attributes(owner))
        return status;
    hk_node_release(&owner->node, owner->file);
    return none;
}

/* By a descriptor alone, whether it has attributes or not. */
static int32_t find_open(const struct hk_thread *self, int32_t fd,
                         struct owner *owner)
{
    owner->team = self->team;
    return fd < 0 ? HK_B_FILE_ERROR
                  : hk_node_at(self, fd, NULL, 0, &owner->node, &owner->file);
}

/* Whether attributes may change; a file of a package is one no more then. */
static int32_t check_writable(const struct owner *owner)
{
    if (owner->node.mount == NULL || owner->node.mount->read_only ||
        !has_attributes(owner))
        return HK_B_READ_ONLY_DEVICE;
    return hk_node_make_own(owner->team, &owner->node);
}

static int32_t read_name(const struct hk_thread *self,
                         char name[HK_FILE_NAME_LENGTH], gm_addr from)
{
    int32_t status = hk_read_file_name(self, name, from);

    return status == HK_B_OK && name[0] == '\0' ? HK_B_BAD_VALUE : status;
}

/* A file of the owner's own, which outlives its descriptor. */
static int32_t add_file(const struct hk_thread *self, const struct owner *owner,
                        enum hk_file_kind kind, const char *attribute,
                        uint32_t type, uint32_t mode)
{
    struct hk_node node = owner->node;
    struct hk_file *file;

    node.fd = hk_host_reopen(owner->node.fd, O_PATH);
    if (node.fd < 0)
        return hk_status_from_errno(errno);
    file = hk_file_new(kind, node, mode);
    if (file == NULL)
        return HK_B_NO_MEMORY;
    file->attribute_type = type;
    file->attribute = attribute != NULL ? strdup(attribute) : NULL;
    if (attribute != NULL && file->attribute == NULL) {
        hk_file_put(file);
        return HK_B_NO_MEMORY;
    }
    return hk_fd_add(self, file, 0, hk_fd_flags_of(mode));
}

int64_t hk_sys_open_attr_dir(struct hk_thread *self, int32_t fd, gm_addr path,
                             int traverse_leaf_link)
{
    char text[HK_PATH_LENGTH];
    struct owner owner;
    char *names;
    size_t size;
    int32_t result = path != 0 ? hk_read_path(self, text, path) : HK_B_OK;

    if (result == HK_B_OK)
        result = find_owner(self, fd, path != 0 ? text : NULL,
                            traverse_leaf_link, HK_B_UNSUPPORTED, &owner);
    if (result != HK_B_OK)
        return result;
    result = hk_attr_status(hk_node_attr_list(&owner.node, &names, &size));
    if (result == HK_B_OK) {
        free(names);
        result =
            add_file(self, &owner, HK_FILE_ATTR_DIR, NULL, 0, HK_O_CLOEXEC);
    }
    hk_node_release(&owner.node, owner.file);
    return result;
}

/* Makes an attribute that is there what open_attr's mode asks for; one that is
 * not is made as it is written to. */
static int32_t prepare(const struct owner *owner, const char *name,
                       uint32_t type, uint32_t mode)
{
    struct hk_attr_value value;
    int error = hk_node_attr_read(&owner->node, name, &value);
    int exists = error == 0;

    if (exists)
        free(value.bytes);
    if ((error != 0 && error != ENODATA) || (!exists && !(mode & HK_O_CREAT)))
        return hk_attr_status(error);
    if (mode & (HK_O_RWMASK | HK_O_CREAT | HK_O_TRUNC)) {
        int32_t status = check_writable(owner);

        if (status != HK_B_OK)
            return status;
    }
    if (exists && mode & HK_O_CREAT && mode & HK_O_EXCL)
        return HK_B_FILE_EXISTS;
    if (!exists || !(mode & HK_O_TRUNC))
        return HK_B_OK;
    if (mode & HK_O_CREAT)
        value.type = type;
    value.size = 0;
    value.bytes = NULL;
    return hk_attr_status(hk_node_attr_write(&owner->node, name, &value));
}

static int32_t open_attr(const struct hk_thread *self,
                         const struct owner *owner, const char *name,
                         uint32_t type, uint32_t mode)
{
    int32_t status = prepare(owner, name, type, mode);

    if (status == HK_B_OK && (mode & HK_O_RWMASK) == HK_O_RWMASK)
        status = HK_B_BAD_VALUE;
    if (status != HK_B_OK)
        return status;
    return add_file(self, owner, HK_FILE_ATTR, name, type, mode);
}

/* What is wrong with a mode, whatever attribute it is for. */
static int32_t check_mode(const struct hk_thread *self,
                          const struct hk_node *node, uint32_t mode)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    struct stat info;

    if (is_r1beta6 && hk_is_no_mode(mode))
        return HK_B_BAD_VALUE;
    if (!(mode & HK_O_NOFOLLOW) && !(is_r1beta6 && mode & HK_O_DIRECTORY))
        return HK_B_OK;
    if (fstat(node->fd, &info) != 0)
        return HK_B_OK;
    if (mode & HK_O_NOFOLLOW && S_ISLNK(info.st_mode))
        return HK_B_LINK_LIMIT;
    return is_r1beta6 && mode & HK_O_DIRECTORY && !S_ISDIR(info.st_mode)
               ? HK_B_NOT_A_DIRECTORY
               : HK_B_OK;
}

int64_t hk_sys_open_attr(struct hk_thread *self, int32_t fd, gm_addr path,
                         gm_addr name, uint32_t type, int32_t open_mode)
{
    int traverse = !(open_mode & (HK_O_NOTRAVERSE | HK_O_NOFOLLOW));
    char text[HK_FILE_NAME_LENGTH], path_text[HK_PATH_LENGTH];
    struct owner owner;
    int32_t result = hk_read_file_name(self, text, name);

    if (result == HK_B_OK && path != 0)
        result = hk_read_path(self, path_text, path);
    if (result == HK_B_OK && text[0] == '\0')
        result = HK_B_BAD_VALUE;
    if (result == HK_B_OK)
        result = find_owner(self, fd, path != 0 ? path_text : NULL, traverse,
                            open_mode & HK_O_CREAT ? HK_B_READ_ONLY_DEVICE
                                                   : HK_B_UNSUPPORTED,
                            &owner);
    if (result != HK_B_OK)
        return result;
    result = check_mode(self, &owner.node, (uint32_t)open_mode);
    if (result == HK_B_OK)
        result = open_attr(self, &owner, text, type, (uint32_t)open_mode);
    hk_node_release(&owner.node, owner.file);
    return result;
}

/* What has a descriptor on Haiku, for a moment, needs one that is free. */
static int32_t check_room(const struct hk_thread *self)
{
    return hk_fds_have_room(self->team->fds) ? HK_B_OK : HK_B_NO_MORE_FDS;
}

/* read_attr and write_attr are open_attr, a read or write, and close. */
static int64_t transfer(struct hk_thread *self, const struct owner *owner,
                        const char *name, uint32_t type, uint32_t mode,
                        int64_t pos, gm_addr buffer, uint32_t size)
{
    struct hk_transfer one = {NULL, mode != HK_O_RDONLY, pos};
    int64_t result = HK_B_NO_MEMORY;

    if (pos < -1)
        return HK_B_BAD_VALUE;
    one.file = hk_file_new(HK_FILE_ATTR, owner->node, mode);
    if (one.file == NULL)
        return HK_B_NO_MEMORY;
    one.file->attribute_type = type;
    one.file->attribute = strdup(name);
    if (one.file->attribute != NULL)
        result = hk_attr_transfer(self, &one, buffer, size);
    one.file->node.fd = -1; /* the owner's */
    hk_file_put(one.file);
    return result;
}

int64_t hk_sys_read_attr(struct hk_thread *self, int32_t fd, gm_addr attribute,
                         int64_t pos, gm_addr buffer, uint32_t read_bytes)
{
    char name[HK_FILE_NAME_LENGTH];
    struct owner owner;
    int64_t result;

    if (attribute == 0)
        return HK_B_BAD_VALUE;
    result = read_name(self, name, attribute);
    if (result == HK_B_OK)
        result = find_owner(self, fd, NULL, 0, HK_B_UNSUPPORTED, &owner);
    if (result != HK_B_OK)
        return result;
    result = prepare(&owner, name, 0, HK_O_RDONLY);
    if (result == HK_B_OK)
        result = check_room(self);
    if (result == HK_B_OK)
        result = transfer(self, &owner, name, 0, HK_O_RDONLY, pos, buffer,
                          read_bytes);
    hk_node_release(&owner.node, owner.file);
    return result;
}

/* A value and its type in one step: nobody sees it without its bytes. */
static int64_t replace(const struct hk_thread *self, const struct owner *owner,
                       const char *name, uint32_t type, gm_addr buffer,
                       uint32_t size)
{
    struct hk_attr_value value = {.type = type, .size = size};
    int32_t status;

    if (size > HK_ATTR_MAX)
        return HK_B_DEVICE_FULL;
    value.bytes = malloc(size);
    if (value.bytes == NULL)
        return HK_B_NO_MEMORY;
    status = hk_read_user(self, value.bytes, buffer, size);
    if (status == HK_B_OK)
        status = hk_attr_status(hk_node_attr_write(&owner->node, name, &value));
    free(value.bytes);
    return status == HK_B_OK ? (int64_t)size : status;
}

/* No bytes make no attribute; of one that is there none are left behind the
 * beginning, and its type stays. */
static int32_t write_nothing(const struct owner *owner, const char *name,
                             int64_t pos)
{
    struct hk_attr_value value;
    int error = hk_node_attr_read(&owner->node, name, &value);

    if (error == 0) {
        free(value.bytes);
        value.bytes = NULL;
        value.size = 0;
        if (pos == 0)
            error = hk_node_attr_write(&owner->node, name, &value);
    }
    if (error != 0 && error != ENODATA)
        return hk_attr_status(error);
    return pos < -1 ? HK_B_BAD_VALUE : HK_B_OK;
}

static int64_t write_attr(struct hk_thread *self, const struct owner *owner,
                          const char *name, uint32_t type, int64_t pos,
                          gm_addr buffer, uint32_t size)
{
    uint32_t mode = HK_O_CREAT | HK_O_WRONLY | (pos == 0 ? HK_O_TRUNC : 0u);
    int32_t status = check_writable(owner);

    if (status == HK_B_OK)
        status = check_room(self);
    if (status != HK_B_OK)
        return status;
    if (size == 0)
        return write_nothing(owner, name, pos);
    if (pos == 0)
        return replace(self, owner, name, type, buffer, size);
    status = prepare(owner, name, type, mode);
    if (status != HK_B_OK)
        return status;
    return transfer(self, owner, name, type, mode, pos, buffer, size);
}

/* From its beginning a value is replaced, type and all. */
int64_t hk_sys_write_attr(struct hk_thread *self, int32_t fd, gm_addr attribute,
                          uint32_t type, int64_t pos, gm_addr buffer,
                          uint32_t read_bytes)
{
    char name[HK_FILE_NAME_LENGTH];
    struct owner owner;
    int64_t result;

    if (attribute == 0)
        return HK_B_BAD_VALUE;
    result = read_name(self, name, attribute);
    if (result == HK_B_OK)
        result = find_owner(self, fd, NULL, 0, HK_B_READ_ONLY_DEVICE, &owner);
    if (result != HK_B_OK)
        return result;
    result = write_attr(self, &owner, name, type, pos, buffer, read_bytes);
    hk_node_release(&owner.node, owner.file);
    return result;
}

int64_t hk_sys_stat_attr(struct hk_thread *self, int32_t fd, gm_addr attribute,
                         gm_addr attr_info)
{
    char name[HK_FILE_NAME_LENGTH];
    struct hk_attr_value value;
    struct owner owner;
    uint8_t bytes[12];
    int32_t status;

    if (attribute == 0 || attr_info == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(attr_info))
        return HK_B_BAD_ADDRESS;
    status = read_name(self, name, attribute);
    if (status == HK_B_OK)
        status = find_owner(self, fd, NULL, 0, HK_B_UNSUPPORTED, &owner);
    if (status != HK_B_OK)
        return status;
    status = hk_attr_status(hk_node_attr_read(&owner.node, name, &value));
    hk_node_release(&owner.node, owner.file);
    if (status != HK_B_OK)
        return status;
    hk_put32(bytes, value.type);
    hk_put64(bytes + 4, value.size);
    free(value.bytes);
    status = check_room(self);
    if (status != HK_B_OK)
        return status;
    return hk_write_user(self, attr_info, bytes, sizeof(bytes));
}

int64_t hk_sys_remove_attr(struct hk_thread *self, int32_t fd, gm_addr name)
{
    char text[HK_FILE_NAME_LENGTH];
    struct owner owner;
    int32_t status = read_name(self, text, name);

    if (status == HK_B_OK)
        status = find_open(self, fd, &owner);
    if (status != HK_B_OK)
        return status;
    status = check_writable(&owner);
    if (status == HK_B_OK)
        status = hk_attr_status(hk_node_attr_remove(&owner.node, text));
    hk_node_release(&owner.node, owner.file);
    return status;
}

static int are_of_one_volume(const struct hk_node *one,
                             const struct hk_node *other)
{
    struct stat a, b;

    if (!is_of_volume(one) || !is_of_volume(other))
        return is_of_volume(one) == is_of_volume(other);
    return fstat(one->fd, &a) == 0 && fstat(other->fd, &b) == 0 &&
           a.st_dev == b.st_dev;
}

/* BFS has not got to it ("TODO: implement bfs_rename_attr()"). */
static int32_t refuse_rename(const struct owner *from, const struct owner *to)
{
    if (!are_of_one_volume(&from->node, &to->node))
        return HK_B_CROSS_DEVICE_LINK;
    return has_attributes(from) ? HK_B_NOT_SUPPORTED : HK_B_READ_ONLY_DEVICE;
}

int64_t hk_sys_rename_attr(struct hk_thread *self, int32_t from_file,
                           gm_addr from_name, int32_t to_file, gm_addr to_name)
{
    char from_text[HK_FILE_NAME_LENGTH], to_text[HK_FILE_NAME_LENGTH];
    struct owner from, to;
    int32_t status;

    if (!hk_is_user_address(to_name))
        return HK_B_BAD_ADDRESS;
    status = hk_read_file_name(self, from_text, from_name);
    if (status == HK_B_OK)
        status = hk_read_file_name(self, to_text, to_name);
    if (status == HK_B_OK && (from_text[0] == '\0' || to_text[0] == '\0'))
        status = HK_B_BAD_VALUE;
    if (status == HK_B_OK)
        status = find_open(self, from_file, &from);
    if (status != HK_B_OK)
        return status;
    status = find_open(self, to_file, &to);
    if (status == HK_B_OK) {
        status = refuse_rename(&from, &to);
        hk_node_release(&to.node, to.file);
    }
    hk_node_release(&from.node, from.file);
    return status;
}
