/* archive.c -- the object files in an archive, shown one by one. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_archive.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

static char *format(const char *pattern, int size, const char *first,
                    int second_size, const char *second)
{
    int length = snprintf(NULL, 0, pattern, size, first, second_size, second);
    char *text = malloc((size_t)length + 1);

    if (text == NULL)
        inf_fail("out of memory");
    snprintf(text, (size_t)length + 1, pattern, size, first, second_size,
             second);
    return text;
}

/* A thin archive's member is a file whose path begins at the archive's. */
static int show_outside(const char *archive_name, const char *title,
                        const struct eld_member *member,
                        const struct inf_options *options,
                        struct inf_output *out)
{
    const char *slash = strrchr(archive_name, '/');
    int is_absolute = member->name_size > 0 && member->name[0] == '/';
    char *path = format(
        "%.*s%.*s",
        slash != NULL && !is_absolute ? (int)(slash + 1 - archive_name) : 0,
        archive_name, (int)member->name_size, member->name);
    int status = inf_show_path(path, title, options, out);

    free(path);
    return status;
}

static int show_member(const char *name, const struct eld_archive *archive,
                       const struct eld_member *member,
                       const struct inf_options *options,
                       struct inf_output *out)
{
    char *title = format("%.*s(%.*s)", (int)strlen(name), name,
                         (int)member->name_size, member->name);
    const struct inf_source source = {title,
                                      archive->bytes + member->data.offset,
                                      (size_t)member->data.size, NULL};
    int status;

    if (archive->is_thin)
        status = show_outside(name, title, member, options, out);
    else
        status = inf_show_elf(&source, options, out);
    free(title);
    return status;
}

static int show_fault(const char *name, const struct eld_fault *fault,
                      const struct inf_options *options, struct inf_output *out)
{
    char line[2048];

    eld_fault_format(fault, line, sizeof(line));
    inf_message(name, "%s", line);
    inf_begin_file(out, name, options->file_count == 1);
    inf_add_error(out, line);
    inf_end_file(out);
    return INF_BAD_FILE;
}

int inf_is_member_wanted(const struct inf_options *options, const char *name)
{
    return options->member == NULL || strcmp(options->member, name) == 0;
}

static int is_wanted(const struct inf_options *options,
                     const struct eld_member *member)
{
    return options->member == NULL ||
           (strlen(options->member) == member->name_size &&
            memcmp(options->member, member->name, member->name_size) == 0);
}

int inf_show_file(const char *name, const struct inf_input *input,
                  const struct inf_attributes *attributes,
                  const struct inf_options *options, struct inf_output *out)
{
    struct eld_archive archive;
    struct eld_member member;
    struct eld_fault fault;
    uint64_t offset = 0;
    int status = INF_OK;
    int found = eld_read_archive(input->bytes, input->size, &archive, &fault);

    if (inf_is_package(input))
        return inf_show_package(name, input, options, out);
    if (found == ELD_ERR_NOT_FOUND) {
        const struct inf_source source = {name, input->bytes, input->size,
                                          attributes};
        return inf_show_elf(&source, options, out);
    }
    while (found >= 0 &&
           (found = eld_next_member(&archive, &offset, &member, &fault)) == 1) {
        if (is_wanted(options, &member) &&
            show_member(name, &archive, &member, options, out) != INF_OK)
            status = INF_BAD_FILE;
    }
    return found < 0 ? show_fault(name, &fault, options, out) : status;
}
