/* depend.c -- the images that a program needs, and their order. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <stdlib.h>
#include <string.h>

static uint32_t find_by_path(const struct eld_linker *linker, const char *path)
{
    for (uint32_t i = 0; i < linker->image_count; i++) {
        if (strcmp(linker->images[i]->file.path, path) == 0)
            return i;
    }
    return ELD_IMAGE_NONE;
}

static uint32_t find_by_name(const struct eld_linker *linker, const char *name)
{
    if (strchr(name, '/') != NULL)
        return find_by_path(linker, name);
    for (uint32_t i = 0; i < linker->image_count; i++) {
        if (strcmp(linker->images[i]->image.name, name) == 0)
            return i;
    }
    return ELD_IMAGE_NONE;
}

struct eld_linked *eld_find_loaded(const struct eld_linker *linker,
                                   const char *name)
{
    uint32_t index = find_by_name(linker, name);

    return index == ELD_IMAGE_NONE ? NULL : linker->images[index];
}

/* Loads a library unless it is there already; adds it to what image needs. */
static int need(struct eld_linker *linker, struct eld_linked *linked,
                const char *name, struct eld_fault *fault)
{
    uint32_t index = find_by_name(linker, name);
    struct eld_file file;

    if (index == ELD_IMAGE_NONE) {
        memset(&file, 0, sizeof(file));
        file.fd = -1;
        int error = eld_open_library(linker, name, linked, &file, fault);
        if (error < 0)
            return eld_report_fault(linker, error, fault);
        /* Two names may lead to one file. */
        index = find_by_path(linker, file.path);
        if (index != ELD_IMAGE_NONE) {
            linker->host.close(linker->host.context, &file);
        } else {
            index = linker->image_count;
            error = eld_load_image(linker, &file, ELD_IMAGE_LIBRARY, fault);
            if (error < 0)
                return eld_report_fault(linker, error, fault);
        }
    }
    linked->needed[linked->image.needed_count++] = index;
    return 0;
}

/* The next word of a list that blanks separate; NULL at its end. */
static const char *next_word(const char *list, size_t *size)
{
    static const char blanks[] = " \t\n\v\f\r";

    list += strspn(list, blanks);
    *size = strcspn(list, blanks);
    return *size > 0 ? list : NULL;
}

static uint32_t count_words(const char *list)
{
    uint32_t count = 0;
    size_t size;

    while ((list = next_word(list, &size)) != NULL) {
        count++;
        list += size;
    }
    return count;
}

/* LD_PRELOAD: what it names comes before the program's own needs. */
static int preload(struct eld_linker *linker, const char *list,
                   struct eld_fault *fault)
{
    char name[ELD_PATH_MAX];
    size_t size;

    while ((list = next_word(list, &size)) != NULL) {
        if (size >= sizeof(name))
            return eld_fail(fault, ELD_ERR_TOO_LONG, NULL, ELD_NONE, ELD_NONE);
        memcpy(name, list, size);
        name[size] = '\0';
        int error = need(linker, linker->images[0], name, fault);
        if (error < 0)
            return error;
        list += size;
    }
    return 0;
}

static int load_needed(struct eld_linker *linker, uint32_t image,
                       struct eld_fault *fault)
{
    struct eld_linked *linked = linker->images[image];
    const char *words = image == 0 ? linker->request->preload : NULL;
    uint64_t count = linked->is_dynamic ? linked->dynamic.needed_count : 0;
    int error = 0;

    if (words != NULL)
        count += count_words(words);
    if (count == 0)
        return 0;
    linked->needed = calloc(count, sizeof(*linked->needed));
    if (linked->needed == NULL)
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    linked->image.needed = linked->needed;
    if (words != NULL)
        error = preload(linker, words, fault);
    for (uint64_t i = 0;
         error == 0 && linked->is_dynamic && i < linked->dynamic.needed_count;
         i++) {
        const char *name;

        error =
            eld_read_needed(&linked->elf, &linked->dynamic, i, &name, fault);
        if (error < 0)
            return eld_fail_in(fault, error, linked);
        error = need(linker, linked, name, fault);
    }
    return error;
}

int eld_load_dependencies(struct eld_linker *linker, struct eld_fault *fault)
{
    /* Breadth first: images join at the end while the list is walked. */
    for (uint32_t i = 0; i < linker->image_count; i++) {
        int error = load_needed(linker, i, fault);

        if (error < 0)
            return error;
    }
    return 0;
}

/* ---- order ---- */

/* An image on the way down, and how many of its needs have been visited. */
struct visit {
    uint32_t image, done;
};

int eld_order_images(struct eld_linker *linker, struct eld_fault *fault)
{
    uint32_t count = linker->image_count, placed = 0, depth = 0;
    struct visit *stack = calloc(count, sizeof(*stack));
    uint8_t *is_seen = calloc(count, 1);

    linker->order = calloc(count, sizeof(*linker->order));
    if (stack == NULL || is_seen == NULL || linker->order == NULL) {
        free(stack);
        free(is_seen);
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    }
    /* Depth first from the program; a circle ends where it was entered. */
    stack[depth++] = (struct visit){0, 0};
    is_seen[0] = 1;
    while (depth > 0) {
        struct visit *visit = &stack[depth - 1];
        struct eld_linked *linked = linker->images[visit->image];

        if (visit->done == linked->image.needed_count) {
            linked->image.init_order = placed;
            linker->order[placed++] = visit->image;
            depth--;
            continue;
        }
        uint32_t next = linked->needed[visit->done++];
        if (!is_seen[next]) {
            is_seen[next] = 1;
            stack[depth++] = (struct visit){next, 0};
        }
    }
    free(stack);
    free(is_seen);
    return 0;
}
