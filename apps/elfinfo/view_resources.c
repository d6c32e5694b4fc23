/* view_resources.c -- the resources of a Haiku program, and their values. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_resources.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"
#include "value.h"

static const struct inf_column columns[] = {
    {"type", "Type", -6},     {"id", "ID", 6},     {"name", "Name", -24},
    {"offset", "Offset", 10}, {"size", "Size", 7}, {"text", "Value", 0},
    {"type_number", NULL, 0}, {NULL, NULL, 0},
};

static void put_resource(struct inf_file *file,
                         const struct eld_resources *resources,
                         const struct eld_resource *resource)
{
    struct inf_output *out = file->out;
    char type[5] = {(char)(resource->type >> 24), (char)(resource->type >> 16),
                    (char)(resource->type >> 8), (char)resource->type, '\0'};
    char *name = strndup(resource->name, resource->name_size);
    struct inf_value value = {resource->type,
                              file->elf.bytes + resource->data.offset,
                              (size_t)resource->data.size, resources->is_big};
    char room[512];

    if (name == NULL)
        inf_fail("out of memory");
    inf_value_text(&value, room, sizeof(room));
    inf_put_text(out, type);
    inf_put_signed(out, resource->id);
    inf_put_text(out, name[0] != '\0' ? name : NULL);
    inf_put_hex(out, resource->data.offset);
    inf_put_decimal(out, resource->data.size);
    inf_put_text(out, room[0] != '\0' ? room : NULL);
    inf_put_decimal(out, resource->type);
    inf_end_row(out);
    free(name);
}

void inf_show_resources(struct inf_file *file)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resources resources;
    struct eld_resource resource;
    struct eld_fault fault;
    int found = eld_find_resources(&file->elf, &resources, &fault);

    if (found == ELD_ERR_NOT_FOUND) {
        inf_note(file->out, "There are no resources.\n\n");
        return;
    }
    inf_begin_table(file->out, "resources", "Resources", columns);
    while (found >= 0 &&
           (found = eld_next_resource(&file->elf, &resources, &cursor,
                                      &resource, &fault)) == 1)
        put_resource(file, &resources, &resource);
    inf_end_table(file->out);
    if (found < 0)
        inf_report(file, &fault);
}
