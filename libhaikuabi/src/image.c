/* image.c -- the executables and libraries that teams have loaded. */
/* SPDX-License-Identifier: MIT */
#include "image.h"

#include "bytes.h"
#include "debug.h"
#include "shared.h"
#include "syscalls.h"
#include "team.h"

enum { TYPE_AT = 4, NAME_AT = 36 };

_Static_assert((int)HK_SHARED_IMAGE_SIZE == (int)HK_EXTENDED_IMAGE_INFO_SIZE,
               "an image of the shared file is an extended_image_info");

/* With the lock. The program's own image is the first one. */
static struct hk_shared_image *
add_image(struct hk_shared *shared,
          const uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE],
          enum hk_owned_place place)
{
    struct hk_shared_image *image =
        hk_owned_new(shared, HK_OWNED_IMAGES, place, 0);

    if (image == NULL)
        return NULL;
    memcpy(image->info, info, sizeof(image->info));
    hk_put32(image->info, (uint32_t)image->own.id);
    return image;
}

int32_t hk_image_register(struct hk_team *team,
                          const uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE])
{
    enum hk_owned_place place = hk_get32(info + TYPE_AT) == HK_APP_IMAGE
                                    ? HK_OWNED_FIRST
                                    : HK_OWNED_LAST;
    const struct hk_shared_image *image;
    int32_t id;

    hk_shared_lock(team->shared);
    image = add_image(team->shared, info, place);
    if (image == NULL) {
        hk_shared_reap(team->shared);
        image = add_image(team->shared, info, place);
    }
    id = image != NULL ? image->own.id : HK_B_NO_MEMORY;
    hk_shared_unlock(team->shared);
    return id;
}

void hk_images_inherit(struct hk_shared *shared, uint32_t parent)
{
    const struct hk_shared_image *image =
        hk_owned_next(shared, HK_OWNED_IMAGES, parent, NULL);

    while (image != NULL && add_image(shared, image->info, HK_OWNED_LAST))
        image = hk_owned_next(shared, HK_OWNED_IMAGES, parent, &image->own);
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
    return hk_image_register(self->team, bytes);
}

/* Of this team's images alone. */
int64_t hk_sys_unregister_image(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t info[HK_IMAGE_INFO_SIZE];
    struct hk_shared_image *image;
    int32_t status = HK_B_ENTRY_NOT_FOUND;

    hk_shared_lock(shared);
    image = hk_owned_find(shared, HK_OWNED_IMAGES, id);
    if (image != NULL && image->own.team == shared->team) {
        memcpy(info, image->info, sizeof(info));
        hk_owned_free(shared, HK_OWNED_IMAGES, &image->own);
        status = HK_B_OK;
    }
    hk_shared_unlock(shared);
    if (status == HK_B_OK)
        hk_debug_image(self, HK_DEBUG_IMAGE_DELETED, info);
    return status;
}

/* 1 and what image_info says of an image. */
static int find_info(struct hk_shared *shared, int32_t id,
                     uint8_t bytes[HK_IMAGE_INFO_SIZE])
{
    const struct hk_shared_image *image;

    hk_shared_lock(shared);
    image = hk_owned_find(shared, HK_OWNED_IMAGES, id);
    if (image != NULL)
        memcpy(bytes, image->info, HK_IMAGE_INFO_SIZE);
    hk_shared_unlock(shared);
    return image != NULL;
}

/* Haiku writes to the guest whatever it found. */
int64_t hk_sys_get_image_info(struct hk_thread *self, int32_t id, gm_addr info,
                              uint32_t size)
{
    uint8_t bytes[HK_IMAGE_INFO_SIZE] = {0};
    int is_found;

    if (size > sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    is_found = find_info(hk_shared_of(self), id, bytes);
    if (hk_write_user(self, info, bytes, size) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return is_found ? HK_B_OK : HK_B_ENTRY_NOT_FOUND;
}

/* Copies the image of a team at a place in its list. */
static int32_t image_at(struct hk_shared *shared, int32_t team, int32_t place,
                        uint8_t bytes[HK_IMAGE_INFO_SIZE])
{
    const struct hk_shared_image *image = NULL;
    int32_t status = HK_B_BAD_TEAM_ID;
    uint32_t index;

    hk_shared_lock(shared);
    index = hk_shared_find_team(shared, team);
    if (index != 0) {
        status = HK_B_ENTRY_NOT_FOUND;
        image = hk_owned_next(shared, HK_OWNED_IMAGES, index, NULL);
    }
    for (int32_t i = 0; image != NULL && i != place; i++)
        image = hk_owned_next(shared, HK_OWNED_IMAGES, index, &image->own);
    if (image != NULL) {
        memcpy(bytes, image->info, HK_IMAGE_INFO_SIZE);
        status = HK_B_OK;
    }
    hk_shared_unlock(shared);
    return status;
}

/* The cookie is a place in the team's list. Both are written whatever was
 * found. */
int64_t hk_sys_get_next_image_info(struct hk_thread *self, int32_t team,
                                   gm_addr cookie, gm_addr info, uint32_t size)
{
    uint8_t bytes[HK_IMAGE_INFO_SIZE] = {0}, word[4];
    int32_t place, status;

    if (size > sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (info >= HK_USER_LIMIT ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    place = (int32_t)hk_get32(word);
    status = image_at(hk_shared_of(self), team, place, bytes);
    if (status == HK_B_OK)
        hk_put32(word, (uint32_t)place + 1);
    if (hk_write_user(self, info, bytes, size) != HK_B_OK ||
        hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return status;
}

/* The program is linked when its own image is. */
static int is_own_program(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_image *image;
    int result;

    hk_shared_lock(shared);
    image = hk_owned_find(shared, HK_OWNED_IMAGES, id);
    result = image != NULL && image->own.team == shared->team &&
             hk_get32(image->info + TYPE_AT) == HK_APP_IMAGE;
    hk_shared_unlock(shared);
    return result;
}

int64_t hk_sys_image_relocated(struct hk_thread *self, int32_t id)
{
    uint8_t info[HK_IMAGE_INFO_SIZE];

    if (find_info(hk_shared_of(self), id, info))
        hk_debug_image(self, HK_DEBUG_IMAGE_CREATED, info);
    if (is_own_program(self, id))
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

static int is_kernels(gm_addr address)
{
    return address >= HK_USER_LIMIT;
}

/* The kernel has no images to have symbols. */
int64_t hk_sys_read_kernel_image_symbols(struct hk_thread *self, int32_t id,
                                         gm_addr symbol_table,
                                         gm_addr symbol_count,
                                         gm_addr string_table,
                                         gm_addr string_table_size,
                                         gm_addr image_delta)
{
    uint8_t word[4];

    (void)id;
    if (symbol_count == 0 || string_table_size == 0)
        return HK_B_BAD_VALUE;
    if (is_kernels(image_delta) || is_kernels(symbol_table) ||
        is_kernels(string_table) ||
        hk_read_user(self, word, symbol_count, sizeof(word)) != HK_B_OK ||
        hk_read_user(self, word, string_table_size, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return HK_B_ENTRY_NOT_FOUND;
}
