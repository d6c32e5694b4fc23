/* image.c -- the executables and libraries that a team has loaded. */
/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <stdlib.h>

#include "bytes.h"
#include "syscalls.h"
#include "team.h"

enum { TYPE_AT = 4, NAME_AT = 36 };

struct image {
    int32_t id;
    uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE];
};

struct hk_images {
    pthread_mutex_t lock; /* guards all of it */
    struct image *items;  /* by ascending id */
    uint32_t count, capacity;
    int32_t next_id;
};

int hk_images_new(struct hk_images **images)
{
    struct hk_images *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    made->next_id = 1;
    pthread_mutex_init(&made->lock, NULL);
    *images = made;
    return 0;
}

void hk_images_free(struct hk_images *images)
{
    if (images == NULL)
        return;
    pthread_mutex_destroy(&images->lock);
    free(images->items);
    free(images);
}

void hk_images_clear(struct hk_images *images)
{
    pthread_mutex_lock(&images->lock);
    images->count = 0;
    pthread_mutex_unlock(&images->lock);
}

uint32_t hk_image_count(struct hk_images *images)
{
    uint32_t count;

    pthread_mutex_lock(&images->lock);
    count = images->count;
    pthread_mutex_unlock(&images->lock);
    return count;
}

static int make_room(struct hk_images *images)
{
    uint32_t capacity = images->capacity * 2 + 8;
    struct image *items;

    if (images->count < images->capacity)
        return 0;
    items = realloc(images->items, capacity * sizeof(*items));
    if (items == NULL)
        return -1;
    images->items = items;
    images->capacity = capacity;
    return 0;
}

int32_t hk_image_register(struct hk_images *images,
                          const uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE])
{
    struct image *image;
    int32_t id = HK_B_NO_MEMORY;

    pthread_mutex_lock(&images->lock);
    if (make_room(images) == 0) {
        image = &images->items[images->count++];
        id = images->next_id++;
        image->id = id;
        memcpy(image->info, info, sizeof(image->info));
        hk_put32(image->info, (uint32_t)id);
    }
    pthread_mutex_unlock(&images->lock);
    return id;
}

int64_t hk_sys_register_image(struct hk_thread *self, gm_addr info,
                              uint32_t size)
{
    uint8_t bytes[HK_EXTENDED_IMAGE_INFO_SIZE];

    if (size != sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, info, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    bytes[NAME_AT + HK_PATH_LENGTH - 1] = '\0';
    return hk_image_register(self->team->images, bytes);
}

static uint32_t index_of(const struct hk_images *images, int32_t id)
{
    uint32_t i = 0;

    while (i < images->count && images->items[i].id < id)
        i++;
    return i;
}

int64_t hk_sys_unregister_image(struct hk_thread *self, int32_t id)
{
    struct hk_images *images = self->team->images;
    int32_t status = HK_B_ENTRY_NOT_FOUND;
    uint32_t i;

    pthread_mutex_lock(&images->lock);
    i = index_of(images, id);
    if (i < images->count && images->items[i].id == id) {
        images->count--;
        memmove(&images->items[i], &images->items[i + 1],
                (images->count - i) * sizeof(images->items[0]));
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&images->lock);
    return status;
}

/* Copies the first image with at least that id. */
static int32_t find_from(struct hk_images *images, int32_t id,
                         struct image *image)
{
    int32_t status = HK_B_ENTRY_NOT_FOUND;
    uint32_t i;

    pthread_mutex_lock(&images->lock);
    i = index_of(images, id);
    if (i < images->count) {
        *image = images->items[i];
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&images->lock);
    return status;
}

int64_t hk_sys_get_image_info(struct hk_thread *self, int32_t id, gm_addr info,
                              uint32_t size)
{
    struct image image;

    if (size > HK_IMAGE_INFO_SIZE)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (find_from(self->team->images, id, &image) != HK_B_OK || image.id != id)
        return HK_B_ENTRY_NOT_FOUND;
    return hk_write_user(self, info, image.info, size);
}

/* The cookie is the id to go on from. Images of other teams are not known
 * here. */
int64_t hk_sys_get_next_image_info(struct hk_thread *self, int32_t team,
                                   gm_addr cookie, gm_addr info, uint32_t size)
{
    struct image image;
    uint8_t bytes[4];
    int32_t status;

    if (size > HK_IMAGE_INFO_SIZE)
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT ||
        hk_read_user(self, bytes, cookie, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (team != 0 && team != self->team->id)
        return HK_B_BAD_TEAM_ID;
    status = find_from(self->team->images, (int32_t)hk_get32(bytes), &image);
    if (status != HK_B_OK)
        return status;
    hk_put32(bytes, (uint32_t)image.id + 1);
    if (hk_write_user(self, info, image.info, size) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, cookie, bytes, sizeof(bytes));
}

int64_t hk_sys_image_relocated(struct hk_thread *self, int32_t id)
{
    struct image image;

    if (find_from(self->team->images, id, &image) == HK_B_OK &&
        image.id == id && hk_get32(image.info + TYPE_AT) == HK_APP_IMAGE)
        hk_team_loaded(self, HK_B_OK);
    return HK_B_OK;
}

int64_t hk_sys_loading_app_failed(struct hk_thread *self, int32_t error)
{
    if (error >= HK_B_OK)
        error = HK_B_ERROR;
    hk_team_loaded(self, error);
    hk_end_team(self, error, 0);
    return HK_B_OK;
}

/* The kernel's own symbols are not there to be read. */
int64_t hk_sys_read_kernel_image_symbols(struct hk_thread *self, int32_t id,
                                         gm_addr symbol_table,
                                         gm_addr symbol_count,
                                         gm_addr string_table,
                                         gm_addr string_table_size,
                                         gm_addr image_delta)
{
    (void)self;
    (void)id;
    (void)symbol_table;
    (void)symbol_count;
    (void)string_table;
    (void)string_table_size;
    (void)image_delta;
    return HK_B_BAD_IMAGE_ID;
}
