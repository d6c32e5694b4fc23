/* attr_name.c -- names of attributes as the host can have them. */
/* SPDX-License-Identifier: MIT */
#include "attr_name.h"

#include <errno.h>

int hk_attr_name_escape(const char *name, char *escaped, size_t max)
{
    size_t length = 0;

    for (; *name != '\0'; name++) {
        int is_escaped = *name == '%' || *name == '/';

        if (length + (is_escaped ? 2 : 1) > max)
            return ENAMETOOLONG;
        if (is_escaped)
            escaped[length++] = '%';
        escaped[length++] = *name == '/' ? '\\' : *name;
    }
    escaped[length] = '\0';
    return 0;
}

size_t hk_attr_name_unescape(const char *escaped, char *name)
{
    size_t length = 0;

    for (; *escaped != '\0'; escaped++) {
        if (*escaped == '%' && *++escaped == '\\')
            name[length++] = '/';
        else if (*escaped != '\0')
            name[length++] = *escaped;
        else
            return 0;
    }
    name[length] = '\0';
    return length == 0 ? 0 : length + 1;
}
