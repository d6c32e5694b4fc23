/* main.c -- elfinfo: shows what is in ELF files. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "elfinfo.h"

/* A file that cannot be read is one in the document all the same. */
static void show_unread(const char *path, int error,
                        const struct inf_options *options,
                        struct inf_output *out)
{
    inf_message(path, "%s", strerror(-error));
    inf_begin_file(out, path, options->file_count == 1);
    inf_add_error(out, strerror(-error));
    inf_end_file(out);
}

static int show(const char *path, const struct inf_options *options,
                struct inf_output *out)
{
    struct inf_input input;
    int error = inf_read_input(path, &input);

    if (error < 0) {
        show_unread(path, error, options, out);
        return INF_BAD_FILE;
    }
    int status = inf_show_file(path, &input, options, out);
    inf_free_input(&input);
    return status;
}

int main(int argc, char **argv)
{
    struct inf_options options;
    int status = INF_OK;

    inf_parse_options(&options, argc, argv);
    struct inf_output *out = inf_output_new(options.is_json);
    for (int i = 0; i < options.file_count; i++) {
        if (show(options.files[i], &options, out) != INF_OK)
            status = INF_BAD_FILE;
    }
    if (inf_output_free(out) < 0)
        inf_fail("standard output: %s", strerror(errno));
    inf_free_options(&options);
    return status;
}
