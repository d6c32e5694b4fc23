/* dump.c -- the bytes and the strings of a section. */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug.h"

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
                     const uint8_t *bytes, size_t size)
{
    char title[300];

    snprintf(title, sizeof(title), "Bytes of %s", name);
    inf_begin_table(file->out, "hex_dump", title, hex_columns);
    for (size_t at = 0; at < size; at += LINE) {
        size_t left = size - at;
        put_line(file->out, name, address + at, bytes + at,
                 left < LINE ? left : LINE);
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
                         const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    char title[300];

    snprintf(title, sizeof(title), "Strings of %s", name);
    inf_begin_table(file->out, "string_dump", title, string_columns);
    while (at < size) {
        const uint8_t *end = memchr(bytes + at, '\0', size - at);
        size_t length = end != NULL ? (size_t)(end - bytes) - at : size - at;

        if (length > 0)
            put_string(file->out, name, at, bytes + at, length);
        at += length + 1;
    }
    inf_end_table(file->out);
}

/* Decompressed bytes on the heap, or NULL when they are as they are. */
static uint8_t *decompress(struct inf_file *file,
                           const struct eld_section *section, size_t *size)
{
    struct eld_compression compression;
    struct eld_fault fault;
    const char *why;
    int error =
        eld_section_compression(&file->elf, section, &compression, &fault);

    if (!file->options->is_decompressing || error == ELD_ERR_NOT_FOUND)
        return NULL;
    if (error < 0) {
        inf_report(file, &fault);
        return NULL;
    }
    uint8_t *bytes = inf_decompress(&file->elf, &compression, &why);
    if (bytes == NULL)
        inf_report_text(file, "section %u at offset 0x%" PRIx64 ": %s",
                        section->index, section->offset, why);
    else
        *size = (size_t)compression.size;
    return bytes;
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
    size_t size = (size_t)part.size;
    uint8_t *decompressed = decompress(file, &section, &size);
    const uint8_t *bytes =
        decompressed != NULL ? decompressed : file->elf.bytes + part.offset;
    if (dump->is_text)
        dump_strings(file, name, bytes, size);
    else
        dump_hex(file, name, section.address, bytes, size);
    free(decompressed);
}
