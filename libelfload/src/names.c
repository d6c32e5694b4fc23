/* names.c -- numbers to names, out of names.def and relocs.def. */
/* SPDX-License-Identifier: MIT */

#include <elfload/elf_haiku.h>
#include <elfload/elf_names.h>

#include <elf.h>
#include <stddef.h>
#include <string.h>

#define CASE(number, name)                                                     \
    case number:                                                               \
        return name;

const char *eld_machine_name(uint16_t machine, int is_64)
{
    switch (machine) {
#define MACHINE(number, name32, name64) CASE(number, is_64 ? name64 : name32)
#include "names.def"
    }
    return NULL;
}

const char *eld_os_abi_name(uint8_t os_abi)
{
    switch (os_abi) {
#define OS_ABI(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

const char *eld_type_name(uint16_t type)
{
    switch (type) {
#define TYPE(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

enum eld_value eld_dynamic_value(int64_t tag)
{
    switch (tag) {
#define TAG(number, name, value)                                               \
    case number:                                                               \
        return ELD_VALUE_##value;
#include "names.def"
    }
    return ELD_VALUE_NUMBER;
}

const char *eld_symbol_bind_name(uint8_t bind)
{
    switch (bind) {
#define BIND(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

const char *eld_symbol_visibility_name(uint8_t visibility)
{
    switch (visibility) {
#define VISIBILITY(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

const char *eld_haiku_abi_name(uint32_t abi)
{
    switch (abi) {
#define HAIKU_ABI(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

const char *eld_haiku_api_name(uint32_t api_version)
{
    switch (api_version) {
#define HAIKU_API(number, name) CASE(number, name)
#include "names.def"
    }
    return NULL;
}

/* ---- numbers that differ by machine ---- */

struct row {
    uint32_t machine, number;
    const char *name;
};

static const char *find_row(const struct row *rows, size_t count,
                            uint16_t machine, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number &&
            (rows[i].machine == 0 || rows[i].machine == machine))
            return rows[i].name;
    }
    return NULL;
}

#define FIND_ROW(rows, machine, number)                                        \
    find_row(rows, sizeof(rows) / sizeof((rows)[0]), machine, number)

const char *eld_dynamic_tag_name(uint16_t machine, int64_t tag)
{
    static const struct row rows[] = {
#define MACHINE_TAG(machine, number, name) {machine, number, name},
#include "names.def"
    };

    switch (tag) {
#define TAG(number, name, value) CASE(number, name)
#include "names.def"
    }
    return tag < 0 || tag > UINT32_MAX ? NULL
                                       : FIND_ROW(rows, machine, (uint32_t)tag);
}

const char *eld_symbol_type_name(uint16_t machine, uint8_t type)
{
    static const struct row rows[] = {
#define MACHINE_SYMBOL(machine, number, name) {machine, number, name},
#include "names.def"
    };

    switch (type) {
#define SYMBOL(number, name) CASE(number, name)
#include "names.def"
    }
    return FIND_ROW(rows, machine, type);
}

const char *eld_segment_type_name(uint16_t machine, uint32_t type)
{
    static const struct row rows[] = {
#define SEGMENT(machine, number, name) {machine, number, name},
#include "names.def"
    };

    return FIND_ROW(rows, machine, type);
}

const char *eld_section_type_name(uint16_t machine, uint32_t type)
{
    static const struct row rows[] = {
#define SECTION(machine, number, name) {machine, number, name},
#include "names.def"
    };

    return FIND_ROW(rows, machine, type);
}

static const char *reloc_name_i386(uint32_t type)
{
    switch (type) {
#define RELOC_386(number, name) CASE(number, "R_386_" #name)
#define RELOC_X86_64(number, name)
#define RELOC(machine, number, name, action, field, value)                     \
    RELOC_##machine(number, name)
#include "relocs.def"
#undef RELOC
#undef RELOC_386
#undef RELOC_X86_64
    }
    return NULL;
}

static const char *reloc_name_x86_64(uint32_t type)
{
    switch (type) {
#define RELOC_386(number, name)
#define RELOC_X86_64(number, name) CASE(number, "R_X86_64_" #name)
#define RELOC(machine, number, name, action, field, value)                     \
    RELOC_##machine(number, name)
#include "relocs.def"
#undef RELOC
#undef RELOC_386
#undef RELOC_X86_64
    }
    return NULL;
}

/* Rows ascend by machine and number. */
static const char *find_reloc_name(uint16_t machine, uint32_t type)
{
    static const struct row rows[] = {
#define RELOC_NAME(machine, number, name) {machine, number, name},
#include "reloc_names.def"
#undef RELOC_NAME
    };
    size_t low = 0, high = sizeof(rows) / sizeof(rows[0]);

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct row *row = &rows[middle];

        if (row->machine == machine && row->number == type)
            return row->name;
        if (row->machine < machine ||
            (row->machine == machine && row->number < type))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *eld_reloc_name(uint16_t machine, uint32_t type)
{
    if (machine == EM_386 || machine == EM_IAMCU)
        return reloc_name_i386(type);
    if (machine == EM_X86_64)
        return reloc_name_x86_64(type);
    if (machine == EM_SPARCV9 || machine == EM_SPARC32PLUS)
        machine = EM_SPARC;
    return find_reloc_name(machine, type);
}

/* Names of flags as the rows have them. */
enum {
    SEGMENT = ELD_FLAGS_SEGMENT,
    SECTION = ELD_FLAGS_SECTION,
    DYNAMIC = ELD_FLAGS_DYNAMIC,
    DYNAMIC_1 = ELD_FLAGS_DYNAMIC_1,
    VERSION = ELD_FLAGS_VERSION,
    X86_FEATURE_1 = ELD_FLAGS_X86_FEATURE_1,
    X86_ISA_1 = ELD_FLAGS_X86_ISA_1,
    AARCH64_FEATURE_1 = ELD_FLAGS_AARCH64_FEATURE_1
};

const char *eld_next_flag(uint32_t set, uint64_t flags, uint32_t *cursor,
                          uint64_t *rest)
{
    static const struct {
        uint32_t set;
        uint64_t mask, value;
        const char *name;
    } rows[] = {
#define FLAG(set, mask, value, name) {set, mask, value, name},
#include "names.def"
    };

    if (*cursor == 0 && rest != NULL)
        *rest = flags;
    while (*cursor < sizeof(rows) / sizeof(rows[0])) {
        uint32_t i = (*cursor)++;

        if (rows[i].set != set || (flags & rows[i].mask) != rows[i].value)
            continue;
        if (rest != NULL)
            *rest &= ~rows[i].mask;
        return rows[i].name;
    }
    return NULL;
}

static const struct property_row {
    struct row row;
    uint32_t flags;
} properties[] = {
#define PROPERTY(machine, number, name, flags) {{machine, number, name}, flags},
#include "names.def"
};

static const struct property_row *find_property(uint16_t machine, uint32_t type)
{
    uint16_t family =
        machine == EM_X86_64 || machine == EM_IAMCU ? EM_386 : machine;

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        const struct row *row = &properties[i].row;

        if (row->number == type &&
            (row->machine == 0 || row->machine == family))
            return &properties[i];
    }
    return NULL;
}

const char *eld_property_name(uint16_t machine, uint32_t type)
{
    const struct property_row *property = find_property(machine, type);

    return property != NULL ? property->row.name : NULL;
}

uint32_t eld_property_flags(uint16_t machine, uint32_t type)
{
    const struct property_row *property = find_property(machine, type);

    return property != NULL ? property->flags : 0;
}

const char *eld_note_type_name(const char *owner, uint16_t file_type,
                               uint32_t type)
{
    static const struct {
        const char *owner;
        int in_cores;
        uint32_t number;
        const char *name;
    } rows[] = {
#define NOTE(owner, in_cores, number, name) {owner, in_cores, number, name},
#include "names.def"
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].number == type &&
            rows[i].in_cores == (file_type == ET_CORE) &&
            strcmp(rows[i].owner, owner) == 0)
            return rows[i].name;
    }
    return NULL;
}
