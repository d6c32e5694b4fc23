/* image_place.c -- where in a team's images an address of its code is. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "image.h"
#include "shared.h"
#include "team.h"

/* haiku-abi/structs.md, "extended_image_info"; Elf32_Sym is of the gABI. */
enum {
    PATH_AT = 36,
    TEXT_AT = 1060,
    TEXT_SIZE_AT = 1068,
    DELTA_AT = 1084,
    SYMBOLS_AT = 1088,
    HASH_AT = 1092,
    STRINGS_AT = 1096
};
enum { SYMBOL_SIZE = 16, SYMBOLS_MAX = 1 << 20, FUNCTION = 2 };

/* 1 and what is registered of the image whose text has an address. */
static int find_image(const struct hk_team *team, uint32_t address,
                      uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE])
{
    struct hk_shared *shared = team->shared;
    const struct hk_shared_image *image = NULL;

    hk_shared_lock(shared);
    while ((image = hk_owned_next(shared, HK_OWNED_IMAGES, shared->team,
                                  image != NULL ? &image->own : NULL)) != NULL)
        if (address - hk_get32(image->info + TEXT_AT) <
            hk_get32(image->info + TEXT_SIZE_AT))
            break;
    if (image != NULL)
        memcpy(info, image->info, HK_EXTENDED_IMAGE_INFO_SIZE);
    hk_shared_unlock(shared);
    return image != NULL;
}

/* How many symbols an image has: as many as its hash table has chains. */
static uint32_t count_symbols(const struct hk_thread *self, const uint8_t *info)
{
    uint32_t hash = hk_get32(info + HASH_AT), count;
    uint8_t head[8];

    if (hash == 0 || hk_read_user(self, head, hash, sizeof(head)) != HK_B_OK)
        return 0;
    count = hk_get32(head + 4);
    return count < SYMBOLS_MAX ? count : SYMBOLS_MAX;
}

/* 1 and the function that an address is in, of those that the image exports:
 * where it begins, and its name. */
static int find_function(const struct hk_thread *self, const uint8_t *info,
                         uint32_t address, uint32_t *begin, char *name,
                         size_t size)
{
    uint32_t symbols = hk_get32(info + SYMBOLS_AT);
    uint32_t count = count_symbols(self, info);

    for (uint32_t i = 1; i < count; i++) {
        uint8_t symbol[SYMBOL_SIZE];

        if (hk_read_user(self, symbol, symbols + i * SYMBOL_SIZE,
                         sizeof(symbol)) != HK_B_OK)
            return 0;
        *begin = hk_get32(symbol + 4) + hk_get32(info + DELTA_AT);
        if ((symbol[12] & 15) == FUNCTION && hk_get16(symbol + 14) != 0 &&
            address - *begin < hk_get32(symbol + 8))
            return hk_read_user_string(self, name,
                                       hk_get32(info + STRINGS_AT) +
                                           hk_get32(symbol),
                                       size) > 0;
    }
    return 0;
}

/* The guest's names may have anything in them. */
static void make_printable(char *name)
{
    for (; *name != '\0'; name++)
        if (*name < ' ' || *name > '~')
            *name = '?';
}

int hk_name_code(struct hk_thread *self, uint32_t address,
                 char name[HK_CODE_NAME_SIZE])
{
    uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE];
    const char *path = (const char *)info + PATH_AT, *slash;
    char function[256];
    uint32_t begin;

    if (!find_image(self->team, address, info))
        return 0;
    slash = strrchr(path, '/');
    if (slash != NULL)
        path = slash + 1;
    if (find_function(self, info, address, &begin, function, sizeof(function)))
        snprintf(name, HK_CODE_NAME_SIZE, "%s+0x%x in %.100s", function,
                 address - begin, path);
    else
        snprintf(name, HK_CODE_NAME_SIZE, "%.100s+0x%x", path,
                 address - hk_get32(info + TEXT_AT));
    make_printable(name);
    return 1;
}

int hk_place_code(struct hk_thread *self, uint32_t address,
                  char place[HK_CODE_PLACE_SIZE])
{
    char name[HK_CODE_NAME_SIZE];
    int is_named = hk_name_code(self, address, name);

    place[0] = '\0';
    if (is_named)
        snprintf(place, HK_CODE_PLACE_SIZE, " (%s)", name);
    return is_named;
}

/* By where it goes on: behind the call, which a function may end with. */
static int report_caller(struct hk_thread *self, uint32_t behind)
{
    char place[HK_CODE_PLACE_SIZE];
    int is_named = hk_place_code(self, behind - 1, place);

    if (is_named)
        hk_report(hk_kernel_of(self), "%s:   called from 0x%08x%s",
                  self->team->name, behind - 1, place);
    return is_named;
}

void hk_report_callers(struct hk_thread *self)
{
    enum { CALLERS_MAX = 16 };
    struct hk_registers registers;
    char place[HK_CODE_PLACE_SIZE];
    uint8_t words[8];
    uint32_t frame;

    hk_kernel_of(self)->config.host->cpu->get_registers(self->cpu, &registers);
    /* What is not code has made no frame. */
    if (!hk_place_code(self, registers.eip, place) &&
        hk_read_user(self, words, registers.esp, 4) == HK_B_OK)
        report_caller(self, hk_get32(words));
    frame = registers.ebp;
    for (int i = 0; i < CALLERS_MAX; i++) {
        if (hk_read_user(self, words, frame, sizeof(words)) != HK_B_OK ||
            !report_caller(self, hk_get32(words + 4)) ||
            hk_get32(words) <= frame)
            return;
        frame = hk_get32(words);
    }
}
