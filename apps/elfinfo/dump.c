/* dump.c -- the bytes and the strings of a section. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

enum { LINE = 16 };

static const struct inf_column hex_columns[] = {
    {"section", NULL, 0},    {"address", "Address", 12},
    {"bytes", "Bytes", -36}, {"text", "Text", 0},
    {NULL, NULL, 0},
};

static const struct inf_column string_columns[] = {
    {"section", NULL, 0},
    {"offset", "Offset", 8},
    {"text", "String", 0},
    {NULL, NULL, 0},
};

/* By number or by name, as other tools take it. */
static int find(const struct inf_file *file, const char *text,
                struct eld_section *section, struct eld_fault *fault)
{
    char *end;

    if (isdigit((unsigned char)text[0])) {
        unsigned long number = strtoul(text, &end, 0);
        if (*end == '\0' && number <= UINT32_MAX)
            return eld_read_section(&file->elf, (uint32_t)number, section,
                                    fault);
    }
    return eld_find_section_by_name(&file->elf, text, section, fault);
}

/* Groups of four bytes for readers, none for machines. */
static void put_hex_bytes(struct inf_output *out, const uint8_t *p, size_t size)
{
    char text[LINE / 4 * 9 + 1] = "", plain[2 * LINE + 1] = "";

    for (size_t i = 0; i < size; i++) {
        snprintf(text + strlen(text), 4, i % 4 == 3 ? "%02x " : "%02x", p[i]);
        snprintf(plain + 2 * i, 3, "%02x", p[i]);
    }
    inf_put_texts(out, text, plain);
}

static void put_line(struct inf_output *out, const char *name, uint64_t address,
                     const uint8_t *p, size_t size)
{
    char text[LINE + 1] = "";

    for (size_t i = 0; i < size; i++)
        text[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '.';
    inf_put_text(out, name);
    inf_put_hex(out, address);
    put_hex_bytes(out, p, size);
    inf_put_text(out, text);
    inf_end_row(out);
}

static void dump_hex(struct inf_file *file, const char *name, uint64_t address,
                     const struct eld_part *part)
{
    char title[300];

    snprintf(title, sizeof(title), "Bytes of %s", name);
    inf_begin_table(file->out, "hex_dump", title, hex_columns);
    for (uint64_t at = 0; at < part->size; at += LINE) {
        uint64_t left = part->size - at;
        put_line(file->out, name, address + at,
                 file->elf.bytes + part->offset + at,
                 left < LINE ? (size_t)left : LINE);
    }
    inf_end_table(file->out);
}

static void put_string(struct inf_output *out, const char *name,
                       uint64_t offset, const uint8_t *p, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        inf_fail("out of memory");
    memcpy(text, p, size);
    text[size] = '\0';
    inf_put_text(out, name);
    inf_put_hex(out, offset);
    inf_put_text(out, text);
    inf_end_row(out);
    free(text);
}

static void dump_strings(struct inf_file *file, const char *name,
                         const struct eld_part *part)
{
    const uint8_t *bytes = file->elf.bytes + part->offset;
    uint64_t at = 0;
    char title[300];

    snprintf(title, sizeof(title), "Strings of %s", name);
    inf_begin_table(file->out, "string_dump", title, string_columns);
    while (at < part->size) {
        size_t left = (size_t)(part->size - at);
        const uint8_t *end = memchr(bytes + at, '\0', left);
        size_t size = end != NULL ? (size_t)(end - (bytes + at)) : left;

        if (size > 0)
            put_string(file->out, name, at, bytes + at, size);
        at += size + 1;
    }
    inf_end_table(file->out);
}

void inf_show_dump(struct inf_file *file, const struct inf_dump *dump)
{
    struct eld_section section;
    struct eld_fault fault;
    struct eld_part part;

    if (find(file, dump->section, &section, &fault) < 0 ||
        eld_section_part(&file->elf, &section, &part, &fault) < 0) {
        inf_report(file, &fault);
        return;
    }
    const char *name = inf_section_name(file, &section);
    if (dump->is_text)
        dump_strings(file, name, &part);
    else
        dump_hex(file, name, section.address, &part);
}
