/* view_notes.c -- the notes of segments, or else of sections. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>
#include <stdio.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"part", NULL, 0},        {"offset", "Offset", 9},
    {"owner", "Owner", -10},  {"type", "Type", -24},
    {"size", "Size", 6},      {"text", "Description", 0},
    {"type_number", NULL, 0}, {"bytes", NULL, 0},
    {NULL, NULL, 0},
};

/* Bytes of a description that JSON holds; the size says how many there are. */
enum { BYTES_MAX = 4096 };

static const char *hex_text(const struct eld_note *note, char *room,
                            size_t size)
{
    size_t used = 0;

    for (uint32_t i = 0; i < note->size && used + 3 < size; i++)
        used +=
            (size_t)snprintf(room + used, size - used, "%02x", note->bytes[i]);
    return room;
}

/* "Linux 3.2.0": a system and three numbers (LSB, ABI note tag). */
static const char *abi_tag_text(const struct eld_elf *elf,
                                const struct eld_note *note, char *room,
                                size_t size)
{
    static const char *const systems[] = {"Linux",   "Hurd",   "Solaris",
                                          "FreeBSD", "NetBSD", "Syllable"};
    uint32_t words[4];

    if (note->size < sizeof(words))
        return NULL;
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *p = note->bytes + 4 * i;
        words[i] = elf->is_big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
                                     (uint32_t)p[2] << 8 | p[3]
                               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
                                     (uint32_t)p[1] << 8 | p[0];
    }
    const char *system = words[0] < sizeof(systems) / sizeof(systems[0])
                             ? systems[words[0]]
                             : "unknown system";
    snprintf(room, size, "%s %u.%u.%u", system, words[1], words[2], words[3]);
    return room;
}

/* "X86_FEATURE_1_AND: IBT SHSTK; ..." */
static const char *properties_text(const struct eld_elf *elf,
                                   const struct eld_note *note, char *room,
                                   size_t size)
{
    struct eld_property property;
    uint64_t offset = 0;
    size_t used = 0;

    room[0] = '\0';
    while (eld_next_property(elf, note, &offset, &property, NULL) == 1 &&
           used < size) {
        const char *name = eld_property_name(elf->machine, property.type);
        uint32_t set = eld_property_flags(elf->machine, property.type);
        char value[256], number[16];

        snprintf(number, sizeof(number), "0x%x", property.type);
        if (set != 0)
            inf_flags_text(set, property.value, value, sizeof(value));
        else
            snprintf(value, sizeof(value), "0x%x", property.value);
        int count =
            snprintf(room + used, size - used, "%s%s: %s", used > 0 ? "; " : "",
                     name != NULL ? name : number, value);
        used += count > 0 ? (size_t)count : 0;
    }
    return room;
}

static const char *description(const struct eld_elf *elf, const char *type,
                               const struct eld_note *note, char *room,
                               size_t size)
{
    room[0] = '\0';
    if (type == NULL)
        return NULL;
    if (strcmp(type, "NT_GNU_BUILD_ID") == 0)
        return hex_text(note, room, size);
    if (strcmp(type, "NT_GNU_ABI_TAG") == 0)
        return abi_tag_text(elf, note, room, size);
    if (strcmp(type, "NT_GNU_PROPERTY_TYPE_0") == 0)
        return properties_text(elf, note, room, size);
    if (strcmp(type, "NT_GNU_GOLD_VERSION") == 0 ||
        strcmp(type, "NT_GO_BUILD_ID") == 0 ||
        strcmp(type, "NT_FDO_PACKAGING_METADATA") == 0) {
        snprintf(room, size, "%.*s", (int)note->size,
                 (const char *)note->bytes);
        return room;
    }
    return NULL;
}

static void put_note(struct inf_file *file, const char *part,
                     const struct eld_note *note)
{
    struct inf_output *out = file->out;
    char owner[64], room[1024];

    snprintf(owner, sizeof(owner), "%.*s", (int)note->name_size, note->name);
    const char *type = eld_note_type_name(owner, file->elf.type, note->type);
    inf_put_text(out, part);
    inf_put_hex(out, note->offset);
    inf_put_text(out, owner);
    inf_put_name(out, type, note->type);
    inf_put_decimal(out, note->size);
    inf_put_text(out, description(&file->elf, type, note, room, sizeof(room)));
    inf_put_decimal(out, note->type);
    inf_put_bytes(out, note->bytes,
                  note->size < BYTES_MAX ? note->size : BYTES_MAX);
    inf_end_row(out);
}

static void show_part(struct inf_file *file, const char *name,
                      const struct eld_part *part, uint64_t align)
{
    struct eld_fault fault;
    struct eld_note note;
    uint64_t offset = 0;
    char title[300];
    int found;

    snprintf(title, sizeof(title), "Notes in %s", name);
    inf_begin_table(file->out, "notes", title, columns);
    while ((found = eld_next_note(&file->elf, part, align, &offset, &note,
                                  &fault)) == 1)
        put_note(file, name, &note);
    inf_end_table(file->out);
    if (found < 0)
        inf_report(file, &fault);
}

static int show_sections(struct inf_file *file)
{
    struct eld_section section;
    struct eld_fault fault;
    struct eld_part part;
    int count = 0;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, &fault) < 0) {
            inf_report(file, &fault);
            break;
        }
        if (section.type != SHT_NOTE)
            continue;
        count++;
        if (eld_section_part(&file->elf, &section, &part, &fault) < 0)
            inf_report(file, &fault);
        else
            show_part(file, inf_section_name(file, &section), &part,
                      section.align);
    }
    return count;
}

static void show_segments(struct inf_file *file)
{
    struct eld_segment segment;
    struct eld_fault fault;
    char name[32];

    for (uint32_t i = 0; i < file->elf.segment_count; i++) {
        if (eld_read_segment(&file->elf, i, &segment, &fault) < 0) {
            inf_report(file, &fault);
            break;
        }
        struct eld_part part = {segment.offset, segment.file_size};
        if (segment.type != PT_NOTE)
            continue;
        snprintf(name, sizeof(name), "segment %u", i);
        show_part(file, name, &part, segment.align);
    }
}

void inf_show_notes(struct inf_file *file)
{
    /* Sections have names; cores have none. */
    if (show_sections(file) == 0)
        show_segments(file);
}
