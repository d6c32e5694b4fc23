/* main.c -- elfinfo: shows what is in ELF files. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "elfinfo.h"

int main(int argc, char **argv)
{
    struct inf_options options;
    int status = INF_OK;

    inf_parse_options(&options, argc, argv);
    if (options.html != NULL) {
        int error = inf_begin_page(&options);
        if (error < 0)
            inf_fail("%s: %s", options.html, strerror(-error));
    }
    struct inf_output *out =
        inf_output_new(options.is_json, options.has_colours);
    if (options.is_comparison)
        status = inf_compare(&options, out);
    for (int i = 0; i < options.file_count && !options.is_comparison; i++) {
        if (inf_show_path(options.files[i], NULL, &options, out) != INF_OK)
            status = INF_BAD_FILE;
    }
    int error = inf_output_free(out);
    if (options.html != NULL)
        inf_end_page();
    if (error < 0 || fflush(stdout) != 0)
        inf_fail("standard output: %s", strerror(errno));
    inf_free_options(&options);
    return status;
}
