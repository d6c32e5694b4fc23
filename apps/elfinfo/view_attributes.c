/* view_attributes.c -- attributes of the file, and its MIME type. */
/* SPDX-License-Identifier: MIT */
#include "elfinfo.h"
#include "value.h"

static const struct inf_column columns[] = {
    {"name", "Name", -28}, {"type", "Type", -6},     {"size", "Size", 7},
    {"text", "Value", 0},  {"type_number", NULL, 0}, {NULL, NULL, 0},
};

void inf_show_attributes(struct inf_file *file)
{
    const struct inf_attributes *attributes = file->source->attributes;
    struct inf_output *out = file->out;
    char room[512], type[5];

    if (attributes == NULL || attributes->count == 0)
        inf_note(out, "There are no attributes.\n\n");
    inf_begin_table(out, "attributes", "Attributes", columns);
    for (size_t i = 0; attributes != NULL && i < attributes->count; i++) {
        const struct inf_attribute *one = &attributes->items[i];
        const struct inf_value value = {one->type, one->bytes, one->size, 0};

        inf_value_text(&value, room, sizeof(room));
        inf_put_text(out, one->name);
        inf_put_text(out, inf_type_text(one->type, type));
        inf_put_decimal(out, one->size);
        inf_put_text(out, room[0] != '\0' ? room : NULL);
        inf_put_decimal(out, one->type);
        inf_end_row(out);
    }
    inf_end_table(out);
}
