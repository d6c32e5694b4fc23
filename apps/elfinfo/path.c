/* path.c -- a file that is named by its path. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "elfinfo.h"

/* A file that cannot be read is one in the document all the same. */
static void show_unread(const char *name, int error,
                        const struct inf_options *options,
                        struct inf_output *out)
{
    inf_message(name, "%s", strerror(-error));
    inf_begin_file(out, name, options->file_count == 1);
    inf_add_error(out, strerror(-error));
    inf_end_file(out);
}

int inf_show_path(const char *path, const char *title,
                  const struct inf_options *options, struct inf_output *out)
{
    struct inf_attributes attributes = {NULL, 0};
    struct inf_input input;
    int status, error = inf_read_input(path, &input);

    if (error < 0) {
        show_unread(title != NULL ? title : path, error, options, out);
        return INF_BAD_FILE;
    }
    if (strcmp(path, "-") != 0)
        inf_read_attributes(path, &attributes);
    const struct inf_source source = {title, input.bytes, input.size,
                                      &attributes};
    if (title != NULL)
        status = inf_show_elf(&source, options, out);
    else
        status = inf_show_file(path, &input, &attributes, options, out);
    inf_free_attributes(&attributes);
    inf_free_input(&input);
    return status;
}
