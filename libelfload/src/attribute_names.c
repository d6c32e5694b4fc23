/* attribute_names.c -- names of build attributes, out of attributes.def. */
/* SPDX-License-Identifier: MIT */

#include <elf.h>
#include <elfload/elf_attributes.h>
#include <string.h>

static const struct {
    uint16_t machine; /* 0: any */
    const char *vendor;
    uint64_t tag;
    const char *name;
} names[] = {
#define ATTRIBUTE(machine, vendor, tag, name) {machine, vendor, tag, name},
#include "attributes.def"
};

static const struct {
    const char *vendor;
    uint64_t tag, number;
    const char *text;
} values[] = {
#define VALUE(vendor, tag, number, text) {vendor, tag, number, text},
#include "attributes.def"
};

enum {
    NAMES = sizeof(names) / sizeof(names[0]),
    VALUES = sizeof(values) / sizeof(values[0])
};

const char *eld_attribute_name(uint16_t machine,
                               const struct eld_attribute *attribute)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].tag == attribute->tag &&
            (names[i].machine == machine || names[i].machine == 0) &&
            strcmp(names[i].vendor, attribute->vendor) == 0)
            return names[i].name;
    }
    return NULL;
}

const char *eld_attribute_value_name(const struct eld_attribute *attribute)
{
    for (size_t i = 0; i < VALUES; i++) {
        if (values[i].tag == attribute->tag &&
            values[i].number == attribute->number &&
            strcmp(values[i].vendor, attribute->vendor) == 0)
            return values[i].text;
    }
    return NULL;
}
