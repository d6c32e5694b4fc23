/* view_dynamic.c -- the dynamic section. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_names.h>
#include <stdio.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"tag", "Tag", 12},     {"name", "Name", -16}, {"value", "Value", 12},
    {"text", "Meaning", 0}, {NULL, NULL, 0},
};

static const char *string_of(struct inf_file *file, uint64_t offset,
                             struct inf_faults *faults)
{
    struct eld_fault fault;
    const char *text;

    if (!file->is_dynamic)
        return NULL;
    if (eld_read_string(&file->elf, &file->dynamic.symbols.strings, offset,
                        &text, &fault) == 0)
        return text;
    inf_count_fault(faults, &fault);
    return NULL;
}

/* What a value says beside its number, or NULL. */
static const char *meaning(struct inf_file *file,
                           const struct eld_dynamic_entry *entry, char *room,
                           size_t size, struct inf_faults *faults)
{
    switch (eld_dynamic_value(entry->tag)) {
    case ELD_VALUE_STRING:
        return string_of(file, entry->value, faults);
    case ELD_VALUE_TAG:
        return eld_dynamic_tag_name(file->elf.machine, (int64_t)entry->value);
    case ELD_VALUE_FLAGS:
        return inf_flags_text(ELD_FLAGS_DYNAMIC, entry->value, room, size);
    case ELD_VALUE_FLAGS_1:
        return inf_flags_text(ELD_FLAGS_DYNAMIC_1, entry->value, room, size);
    case ELD_VALUE_SIZE:
        snprintf(room, size, "%llu bytes", (unsigned long long)entry->value);
        return room;
    case ELD_VALUE_COUNT:
        snprintf(room, size, "%llu", (unsigned long long)entry->value);
        return room;
    case ELD_VALUE_NUMBER:
    case ELD_VALUE_ADDRESS:
        break;
    }
    return NULL;
}

static void put_entry(struct inf_file *file,
                      const struct eld_dynamic_entry *entry,
                      struct inf_faults *faults)
{
    struct inf_output *out = file->out;
    char room[512];

    inf_put_hex(out, (uint64_t)entry->tag &
                         (file->elf.is_64 ? UINT64_MAX : UINT32_MAX));
    inf_put_text(out, eld_dynamic_tag_name(file->elf.machine, entry->tag));
    inf_put_hex(out, entry->value);
    inf_put_text(out, meaning(file, entry, room, sizeof(room), faults));
    inf_end_row(out);
}

void inf_show_dynamic(struct inf_file *file)
{
    struct inf_faults faults = {.count = 0};
    struct eld_dynamic_entry entry;
    struct eld_table entries;
    struct eld_fault fault;
    int error = eld_find_dynamic(&file->elf, &entries, &fault);

    if (error == ELD_ERR_NOT_FOUND) {
        inf_note(file->out, "There is no dynamic section.\n\n");
        return;
    }
    if (error < 0) {
        inf_report(file, &fault);
        return;
    }
    inf_begin_table(file->out, "dynamic", "Dynamic section", columns);
    for (uint64_t i = 0; i < entries.count; i++) {
        if (eld_read_dynamic_entry(&file->elf, &entries, i, &entry, &fault) < 0)
            inf_count_fault(&faults, &fault);
        else
            put_entry(file, &entry, &faults);
    }
    inf_end_table(file->out);
    inf_report_all(file, &faults);
}
