/* arguments.c -- arguments and environment on their way to a program. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "bytes.h"
#include "program.h"

/* haiku-abi/x86-32.md, section 4: limits of the flat block. */
enum { FLAT_SIZE_MAX = 256 * 1024 };

static uint64_t strings_size(const char *const *strings, uint32_t *count)
{
    uint64_t size = 0;

    for (*count = 0; strings[*count] != NULL; (*count)++)
        size += strlen(strings[*count]) + 1;
    return size;
}

static char *append(char *to, const char *const *strings)
{
    for (; *strings != NULL; strings++) {
        size_t size = strlen(*strings) + 1;

        memcpy(to, *strings, size);
        to += size;
    }
    return to;
}

int hk_arguments_new(const char *path, const char *const *argv,
                     const char *const *envp, struct hk_arguments *arguments)
{
    struct hk_arguments made = {
        .path = path, .umask = UINT32_MAX, .error_port = -1};
    uint64_t size =
        strings_size(argv, &made.argc) + strings_size(envp, &made.envc);

    if (strlen(path) >= HK_PATH_LENGTH ||
        size + ((uint64_t)made.argc + made.envc + 2) * 4 > FLAT_SIZE_MAX)
        return HK_ERR_TOOBIG;
    made.strings_size = (uint32_t)size;
    made.strings = malloc(size + 1);
    if (made.strings == NULL)
        return HK_ERR_NOMEM;
    append(append(made.strings, argv), envp);
    *arguments = made;
    return 0;
}

void hk_arguments_free(struct hk_arguments *arguments)
{
    free(arguments->strings);
    arguments->strings = NULL;
}

/* Checks one NULL-terminated pointer array and copies its strings. Pointers
 * are to lie behind both arrays in [flat, flat + size), where block is a copy.
 */
static int32_t collect(const uint8_t *block, uint32_t flat, uint32_t size,
                       uint32_t first, uint32_t count,
                       struct hk_arguments *arguments)
{
    const uint32_t pointers = (arguments->argc + arguments->envc + 2) * 4;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = hk_get32(block + (first + i) * 4) - flat;
        const uint8_t *end;
        uint32_t length;

        if (at < pointers || at >= size)
            return HK_B_BAD_VALUE;
        end = memchr(block + at, 0, size - at);
        if (end == NULL)
            return HK_B_BAD_VALUE;
        length = (uint32_t)(end - (block + at)) + 1;
        if (length > FLAT_SIZE_MAX - arguments->strings_size)
            return HK_B_TOO_MANY_ARGS;
        memcpy(arguments->strings + arguments->strings_size, block + at,
               length);
        arguments->strings_size += length;
    }
    if (hk_get32(block + (first + count) * 4) != 0)
        return HK_B_BAD_VALUE;
    return HK_B_OK;
}

int32_t hk_arguments_read(const struct hk_thread *self, gm_addr flat,
                          uint32_t size, int32_t argc, int32_t envc,
                          struct hk_arguments *arguments)
{
    struct hk_arguments made = {.umask = UINT32_MAX, .error_port = -1};
    uint8_t *block;
    int32_t status;

    if (argc < 0 || envc < 0)
        return HK_B_BAD_VALUE;
    if (size > FLAT_SIZE_MAX)
        return HK_B_TOO_MANY_ARGS;
    if (((uint64_t)argc + (uint64_t)envc + 2) * 4 > size)
        return HK_B_BAD_VALUE;
    made.argc = (uint32_t)argc;
    made.envc = (uint32_t)envc;
    block = malloc(size);
    made.strings = malloc(FLAT_SIZE_MAX);
    status = block == NULL || made.strings == NULL
                 ? HK_B_NO_MEMORY
                 : hk_read_user(self, block, flat, size);
    if (status == HK_B_OK)
        status = collect(block, (uint32_t)flat, size, 0, made.argc, &made);
    if (status == HK_B_OK)
        status = collect(block, (uint32_t)flat, size, made.argc + 1, made.envc,
                         &made);
    free(block);
    if (status == HK_B_OK)
        *arguments = made;
    else
        free(made.strings);
    return status;
}
