/* loading.c -- a team's memory and files, for the host's loader. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/loading.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "fd.h"
#include "image.h"
#include "syscall_table.h"
#include "vfs.h"

static int host_error(int32_t status)
{
    int error = hk_status_to_errno(status);

    return error != 0 ? -error : -EIO;
}

/* Opens a file for reading, and tells what there is to know of it. */
static int open_file(const struct hk_vfs *vfs, const struct hk_node *start,
                     const char *path, unsigned walk_flags,
                     struct hk_guest_file *file)
{
    struct hk_node node;
    struct stat st;
    int32_t status = hk_vfs_open(vfs, start, path, walk_flags | HK_WALK_FOLLOW,
                                 O_RDONLY, 0, &node);

    if (status != HK_B_OK)
        return host_error(status);
    if (node.fd < 0 || fstat(node.fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        hk_node_close(&node);
        return -EISDIR;
    }
    file->fd = node.fd;
    file->size = (uint64_t)st.st_size;
    file->device = hk_vfs_device(vfs, node.mount, st.st_dev);
    file->node = (int64_t)st.st_ino;
    return 0;
}

int hk_guest_open(struct hk_team *team, const char *path,
                  struct hk_guest_file *file)
{
    const struct hk_vfs *vfs = team->kernel->vfs;
    struct hk_file *start = hk_team_cwd_get(team);
    int32_t status = hk_vfs_normalize(vfs, &start->node, path, 1, file->path);
    int error = status == HK_B_OK ? open_file(vfs, &start->node, path, 0, file)
                                  : host_error(status);

    hk_file_put(start);
    return error;
}

int hk_guest_open_system(struct hk_team *team, const char *path,
                         struct hk_guest_file *file)
{
    const struct hk_vfs *vfs = team->kernel->vfs;
    const struct hk_node root = hk_place_node(vfs->root);

    snprintf(file->path, sizeof(file->path), "%s", path);
    return open_file(vfs, &root, path, HK_WALK_WHOLE, file);
}

int hk_guest_reserve(struct hk_team *team, uint32_t hint, uint32_t size,
                     int exact, uint32_t *address)
{
    uint32_t at = hint;
    uint32_t spec = exact ? HK_EXACT_ADDRESS : HK_RANDOMIZED_BASE_ADDRESS;
    int32_t status = hk_range_reserve(team, spec, &at, hk_page_round(size));

    if (status != HK_B_OK)
        return host_error(status);
    *address = at;
    return 0;
}

int hk_guest_map(struct hk_team *team, const char *name, uint32_t address,
                 uint32_t size, unsigned prot, int fd, uint64_t offset)
{
    const struct hk_area_source what = {.name = name,
                                        .spec = HK_EXACT_ADDRESS,
                                        .address = address,
                                        .size = size,
                                        .protection = prot,
                                        .fd = fd,
                                        .offset = offset};
    int32_t id = hk_area_create(team, &what, &address);

    return id < 0 ? host_error(id) : 0;
}

int hk_guest_protect(struct hk_team *team, uint32_t address, uint32_t size,
                     unsigned prot)
{
    struct hk_area *area;
    int result;

    pthread_mutex_lock(&team->areas->lock);
    result = gm_protect(team->space, address, size, prot);
    area = hk_area_at(team->areas, address);
    if (result == 0 && area != NULL && area->span.base == address &&
        area->span.size == size) {
        area->protection = prot;
        hk_area_tell(team, area);
    }
    pthread_mutex_unlock(&team->areas->lock);
    return result < 0 ? -ENOMEM : 0;
}

void hk_guest_release(struct hk_team *team, uint32_t address, uint32_t size)
{
    pthread_mutex_lock(&team->areas->lock);
    hk_area_cut(team, address, size);
    hk_spans_cut(&team->areas->ranges, address, size);
    gm_unmap(team->space, address, size);
    pthread_mutex_unlock(&team->areas->lock);
}

int hk_guest_register(struct hk_team *team, const struct hk_guest_image *image)
{
    uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE] = {0};
    int32_t id;

    hk_put32(info + 4, image->type);
    hk_put32(info + 12, image->init_order);
    hk_put32(info + 16, image->init);
    hk_put32(info + 20, image->fini);
    hk_put32(info + 24, (uint32_t)image->device);
    hk_put64(info + 28, (uint64_t)image->node);
    snprintf((char *)info + 36, HK_PATH_LENGTH, "%s", image->path);
    hk_put32(info + 1060, image->text);
    hk_put32(info + 1064, image->data);
    hk_put32(info + 1068, image->text_size);
    hk_put32(info + 1072, image->data_size);
    hk_put32(info + 1076, image->api_version);
    hk_put32(info + 1080, image->abi);
    hk_put32(info + 1084, image->delta);
    hk_put32(info + 1088, image->symbol_table);
    hk_put32(info + 1092, image->symbol_hash);
    hk_put32(info + 1096, image->string_table);
    id = hk_image_register(team, info);
    return id < 0 ? -ENOMEM : id;
}

void hk_guest_get_numbers(const struct hk_team *team,
                          struct hk_guest_numbers *numbers)
{
    const enum hk_release release = team->kernel->config.release;

    numbers->image_relocated =
        (uint32_t)hk_row_number(release, HK_ROW_image_relocated);
    numbers->exit_team = (uint32_t)hk_row_number(release, HK_ROW_exit_team);
}
