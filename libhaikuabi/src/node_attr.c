/* node_attr.c -- attributes of a node, as the guest sees them. */
/* SPDX-License-Identifier: MIT */
#include "node_attr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attr_store.h"
#include "root.h"

/* In the order in which packagefs lists them. */
static const char names_of_origin[] = "SYS:PACKAGE\0SYS:PACKAGE_FILE";

enum { CSTR = 0x43535452 };

static int has_origin(const struct hk_node *node, struct hk_origin *origin)
{
    return node->mount != NULL && node->mount->layer != NULL &&
           hk_root_origin(node->mount->layer, node->fd, origin);
}

const struct hk_attr_store *hk_node_store(const struct hk_node *node)
{
    return node->mount != NULL ? node->mount->attributes : NULL;
}

int hk_node_attr_read(const struct hk_node *node, const char *name,
                      struct hk_attr_value *value)
{
    int is_package = strcmp(name, "SYS:PACKAGE") == 0;
    struct hk_origin origin;
    const char *text;

    if ((!is_package && strcmp(name, "SYS:PACKAGE_FILE") != 0) ||
        !has_origin(node, &origin))
        return hk_attr_read(hk_node_store(node), node->fd, name, value);
    text = is_package ? origin.package : origin.file_name;
    value->bytes = calloc(1, strlen(text) + 1);
    if (value->bytes == NULL)
        return ENOMEM;
    value->type = CSTR;
    value->size = (uint32_t)strlen(text) + 1;
    memcpy(value->bytes, text, value->size);
    return 0;
}

int hk_node_attr_list(const struct hk_node *node, char **names, size_t *size)
{
    struct hk_origin origin;
    size_t more = sizeof(names_of_origin);
    char *list;
    int error = hk_attr_list(hk_node_store(node), node->fd, names, size);

    if (error != 0 || !has_origin(node, &origin))
        return error;
    list = realloc(*names, *size + more);
    if (list == NULL) {
        free(*names);
        return ENOMEM;
    }
    memmove(list + more, list, *size);
    memcpy(list, names_of_origin, more);
    *names = list;
    *size += more;
    return 0;
}

int hk_node_attr_write(const struct hk_node *node, const char *name,
                       const struct hk_attr_value *value)
{
    return hk_attr_write(hk_node_store(node), node->fd, name, value);
}

int hk_node_attr_remove(const struct hk_node *node, const char *name)
{
    return hk_attr_remove(hk_node_store(node), node->fd, name);
}
