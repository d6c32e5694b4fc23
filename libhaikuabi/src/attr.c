/* attr.c -- open attributes, read and written as files are. */
/* SPDX-License-Identifier: MIT */
#include "attr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int32_t hk_attr_status(int error)
{
    switch (error) {
    case ENODATA:
        return HK_B_ENTRY_NOT_FOUND;
    case EOPNOTSUPP:
        return HK_B_UNSUPPORTED;
    case E2BIG:
    case ERANGE:
        return HK_B_DEVICE_FULL;
    default:
        return hk_status_from_errno(error);
    }
}

/* Of an attribute that is not made yet, or is there no more, nothing is known.
 */
static int32_t read_value(const struct hk_file *file,
                          struct hk_attr_value *value)
{
    int error = hk_node_attr_read(&file->node, file->attribute, value);

    return error == ENODATA ? HK_B_NOT_INITIALIZED : hk_attr_status(error);
}

/* The bytes of an attribute from pos on; a count or an error. */
static int64_t read_at(const struct hk_thread *self, const struct hk_file *file,
                       int64_t pos, gm_addr buffer, uint32_t size)
{
    struct hk_attr_value value;
    int64_t result = read_value(file, &value);

    if (result != HK_B_OK)
        return result;
    if (pos < value.size) {
        if (size > value.size - (uint32_t)pos)
            size = value.size - (uint32_t)pos;
        result = hk_write_user(self, buffer, value.bytes + pos, size);
        if (result == HK_B_OK)
            result = size;
    }
    free(value.bytes);
    return result;
}

/* What is added is zeros. */
static int32_t set_size(struct hk_attr_value *value, uint32_t size)
{
    uint8_t *bytes = realloc(value->bytes, (size_t)size + 1);

    if (bytes == NULL)
        return HK_B_NO_MEMORY;
    if (size > value->size)
        memset(bytes + value->size, 0, size - value->size);
    value->bytes = bytes;
    value->size = size;
    return HK_B_OK;
}

/* What is to be written to: the first write makes it. */
static int32_t read_or_make(const struct hk_file *file,
                            struct hk_attr_value *value)
{
    int32_t status = read_value(file, value);

    if (!(file->open_mode & HK_O_CREAT))
        return status;
    if (status == HK_B_NOT_INITIALIZED) {
        *value = (struct hk_attr_value){0};
        status = HK_B_OK;
    }
    value->type = file->attribute_type;
    return status;
}

static int64_t write_at(const struct hk_thread *self,
                        const struct hk_file *file, int64_t pos, gm_addr buffer,
                        uint32_t size)
{
    struct hk_attr_value value;
    int64_t result;

    if (pos > HK_ATTR_MAX || size > HK_ATTR_MAX - pos)
        return HK_B_DEVICE_FULL;
    result = read_or_make(file, &value);
    if (result != HK_B_OK)
        return result;
    if (pos + size > value.size)
        result = set_size(&value, (uint32_t)pos + size);
    if (result == HK_B_OK)
        result = hk_read_user(self, value.bytes + pos, buffer, size);
    if (result == HK_B_OK) {
        result = hk_attr_status(
            hk_node_attr_write(&file->node, file->attribute, &value));
    }
    free(value.bytes);
    return result == HK_B_OK ? size : result;
}

/* The host replaces a value as a whole: of two calls that change parts of
 * one at the same time the last one wins. */
int64_t hk_attr_transfer(struct hk_thread *self,
                         const struct hk_transfer *transfer, gm_addr buffer,
                         uint32_t size)
{
    struct hk_file *file = transfer->file;
    int64_t pos = transfer->position;
    int64_t done;

    if (size == 0)
        return 0;
    pthread_mutex_lock(&file->lock);
    if (pos < 0)
        pos = file->position;
    done = transfer->is_write ? write_at(self, file, pos, buffer, size)
                              : read_at(self, file, pos, buffer, size);
    if (done > 0 && transfer->position < 0)
        file->position = pos + done;
    pthread_mutex_unlock(&file->lock);
    return done;
}

static int32_t get_size(const struct hk_file *file, uint32_t *type,
                        uint32_t *size)
{
    struct hk_attr_value value;
    int32_t status = read_value(file, &value);

    if (status == HK_B_OK) {
        *type = value.type;
        *size = value.size;
        free(value.bytes);
    }
    return status;
}

int64_t hk_attr_seek(struct hk_file *file, int64_t pos, int type)
{
    uint32_t size = 0, ignored;
    int64_t result = type < 0 || type > 2 ? HK_B_BAD_VALUE : HK_B_OK;

    if (type == 2)
        result = get_size(file, &ignored, &size);
    if (result != HK_B_OK)
        return result;
    pthread_mutex_lock(&file->lock);
    result = type == 1 ? file->position : size;
    if (pos > INT64_MAX - result)
        result = HK_B_BUFFER_OVERFLOW;
    else if (result + pos < 0)
        result = HK_B_BAD_VALUE;
    else
        result = file->position = result + pos;
    pthread_mutex_unlock(&file->lock);
    return result;
}

int32_t hk_attr_stat(const struct hk_vfs *vfs, struct hk_file *file,
                     struct hk_stat *stat)
{
    uint32_t type, size;
    int32_t status = get_size(file, &type, &size);

    if (status == HK_B_OK)
        status = hk_stat_node(vfs, &file->node, stat);
    if (status != HK_B_OK)
        return status;
    stat->mode = HK_S_ATTR | S_IFREG | 0666;
    stat->type = type;
    stat->size = size;
    stat->blocks = 0;
    stat->rdev = 0;
    return HK_B_OK;
}

int32_t hk_attr_write_stat(struct hk_file *file, const struct hk_stat *stat,
                           uint32_t mask)
{
    struct hk_attr_value value;
    int32_t status;

    if (mask != HK_STAT_MASK_SIZE)
        return HK_B_NOT_SUPPORTED;
    if ((file->open_mode & HK_O_RWMASK) == HK_O_RDONLY || stat->size < 0)
        return HK_B_BAD_VALUE;
    if (stat->size > HK_ATTR_MAX)
        return HK_B_DEVICE_FULL;
    status = read_value(file, &value);
    if (status != HK_B_OK)
        return status;
    status = set_size(&value, (uint32_t)stat->size);
    if (status == HK_B_OK)
        status = hk_attr_status(
            hk_node_attr_write(&file->node, file->attribute, &value));
    free(value.bytes);
    return status;
}
