/* attributes.c -- Haiku's attributes of a file that is shown. */
/* SPDX-License-Identifier: MIT */
#include "attributes.h"

#include <fcntl.h>
#include <haikuabi/host_attr.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elfinfo.h"

void inf_add_attribute(struct inf_attributes *attributes, const char *name,
                       uint32_t type, uint8_t *bytes, size_t size)
{
    struct inf_attribute *items =
        realloc(attributes->items, (attributes->count + 1) * sizeof(*items));
    char *copy = strdup(name);

    if (items == NULL || copy == NULL)
        inf_fail("out of memory");
    attributes->items = items;
    items[attributes->count++] =
        (struct inf_attribute){copy, type, bytes, size};
}

void inf_read_attributes(const char *path, struct inf_attributes *attributes)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    struct hk_attr_value value;
    char *names = NULL;
    size_t size = 0;

    if (fd < 0)
        return;
    if (hk_host_attr_list(fd, &names, &size) == 0) {
        for (size_t at = 0; at < size; at += strlen(names + at) + 1) {
            if (hk_host_attr_read(fd, names + at, &value) == 0)
                inf_add_attribute(attributes, names + at, value.type,
                                  value.bytes, value.size);
        }
        free(names);
    }
    close(fd);
}

const struct inf_attribute *
inf_find_attribute(const struct inf_attributes *attributes, const char *name)
{
    for (size_t i = 0; i < attributes->count; i++) {
        if (strcmp(attributes->items[i].name, name) == 0)
            return &attributes->items[i];
    }
    return NULL;
}

void inf_free_attributes(struct inf_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++) {
        free(attributes->items[i].name);
        free(attributes->items[i].bytes);
    }
    free(attributes->items);
    *attributes = (struct inf_attributes){NULL, 0};
}
