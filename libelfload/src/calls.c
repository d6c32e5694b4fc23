/* calls.c -- which functions run before a program and after it. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <elf.h>
#include <stdlib.h>

/* A list that grows; after a failure it stays as it is. */
struct list {
    struct eld_call *calls;
    uint32_t count, room;
    int error;
};

static void add(struct list *list, uint32_t image, uint64_t address,
                int takes_image_id)
{
    if (list->error < 0)
        return;
    if (list->count == list->room) {
        uint32_t room = list->room != 0 ? 2 * list->room : 16;
        struct eld_call *calls =
            room > list->room ? realloc(list->calls, room * sizeof(*calls))
                              : NULL;
        if (calls == NULL) {
            list->error = ELD_ERR_NOMEM;
            return;
        }
        list->calls = calls;
        list->room = room;
    }
    list->calls[list->count++] =
        (struct eld_call){address, image, (uint8_t)takes_image_id};
}

/* A function that is called by its name alone. */
static void add_named(struct list *list, const struct eld_linker *linker,
                      uint32_t image, const char *name)
{
    const struct eld_linked *linked = linker->images[image];
    struct eld_symbol symbol;

    if (linked->is_dynamic &&
        eld_find_symbol(&linked->elf, &linked->dynamic, name, &symbol, NULL) ==
            0 &&
        symbol.type == STT_FUNC)
        add(list, image, eld_place_of(linked, symbol.value), 1);
}

/*
 * The functions of an array, which is read from memory: its words have been
 * relocated. It must be data of the file's, which bounds its length.
 */
static void add_array(struct list *list, struct eld_linker *linker,
                      uint32_t image, const struct eld_array *array,
                      int is_backward)
{
    struct eld_linked *linked = linker->images[image];
    unsigned word = linked->elf.is_64 ? 8 : 4;
    uint64_t count = array->size / word;

    if (array->address == ELD_NONE || count == 0)
        return;
    uint64_t start = eld_place_of(linked, array->address);
    const struct eld_region *region =
        eld_region_at(linked, start, count * word);
    if (region == NULL || region->offset == ELD_NONE) {
        list->error = ELD_ERR_ADDRESS;
        return;
    }
    for (uint64_t i = 0; i < count && list->error == 0; i++) {
        uint64_t index = is_backward ? count - 1 - i : i, address;
        int error = eld_window_read(&linker->window, start + index * word, word,
                                    &address);
        if (error < 0)
            list->error = error;
        else
            add(list, image, address, 0);
    }
}

/* haiku-abi/libroot-abi, Init and termination order. */
static void add_init(struct list *list, struct eld_linker *linker,
                     uint32_t image)
{
    const struct eld_linked *linked = linker->images[image];

    add_named(list, linker, image, "initialize_before");
    if (linked->image.init != 0)
        add(list, image, linked->image.init, 1);
    if (linked->is_dynamic)
        add_array(list, linker, image, &linked->dynamic.init_array, 0);
    add_named(list, linker, image, "initialize_after");
}

static void add_fini(struct list *list, struct eld_linker *linker,
                     uint32_t image)
{
    const struct eld_linked *linked = linker->images[image];

    add_named(list, linker, image, "terminate_before");
    if (linked->is_dynamic)
        add_array(list, linker, image, &linked->dynamic.fini_array, 1);
    if (linked->image.fini != 0)
        add(list, image, linked->image.fini, 1);
    add_named(list, linker, image, "terminate_after");
}

int eld_list_calls(struct eld_linker *linker, struct eld_fault *fault)
{
    const struct eld_linked *program = linker->images[0];
    struct list init = {NULL, 0, 0, 0}, fini = {NULL, 0, 0, 0};
    uint32_t image = 0;

    if (program->is_dynamic)
        add_array(&init, linker, 0, &program->dynamic.preinit_array, 0);
    for (uint32_t i = 0; i < linker->image_count && init.error == 0; i++) {
        image = linker->order[i];
        add_init(&init, linker, image);
    }
    for (uint32_t i = linker->image_count;
         i-- > 0 && init.error == 0 && fini.error == 0;) {
        image = linker->order[i];
        add_fini(&fini, linker, image);
    }
    linker->calls[0] = init.calls;
    linker->calls[1] = fini.calls;
    linker->program.init = init.calls;
    linker->program.init_count = init.count;
    linker->program.fini = fini.calls;
    linker->program.fini_count = fini.count;
    int error = init.error < 0 ? init.error : fini.error;
    if (error < 0) {
        eld_fail(fault, error, "array of functions", ELD_NONE, ELD_NONE);
        eld_fail_in(fault, error, linker->images[image]);
    }
    return error;
}
