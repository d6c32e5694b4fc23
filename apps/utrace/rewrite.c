/* rewrite.c -- commands that make a trace of another one. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "utrace.h"

/* A new file beside the one that it becomes: that may be the one that is
 * read. */
static struct tr_writer *open_writer(char name[4096], const char *wanted)
{
    struct tr_writer *writer;
    struct stat st;
    int fd;

    if (stat(wanted, &st) == 0 && !S_ISREG(st.st_mode))
        utrace_fail(UTRACE_EXIT_FAILURE, "%s: no regular file", wanted);
    if (snprintf(name, 4096, "%s.new", wanted) >= 4096)
        utrace_fail(UTRACE_EXIT_USAGE, "the name is too long");
    fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || tr_writer_new(fd, &writer) < 0)
        utrace_fail(UTRACE_EXIT_FAILURE, "%s: %s", name, strerror(errno));
    return writer;
}

static int rewrite(const struct utrace_options *options,
                   const struct tr_rewrite_config *config)
{
    const char *name = options->files[0], *made = options->files[1];
    struct tr_reader *reader = utrace_open(name);
    struct tr_player *player = utrace_player(options, reader, name);
    struct tr_fault fault = {"out of memory"};
    char new_name[4096];
    struct tr_writer *writer = open_writer(new_name, made);
    int result = tr_rewrite(player, writer, config, &fault);
    int error = tr_writer_close(writer);

    utrace_free_player(player);
    tr_reader_close(reader);
    if (result < 0)
        utrace_message("%s: %s", name, fault.text);
    else if (error < 0 || rename(new_name, made) != 0)
        utrace_message("%s: %s", made, strerror(errno));
    else
        return 0;
    unlink(new_name);
    return result < 0 ? utrace_status_of(result) : UTRACE_EXIT_FAILURE;
}

static struct tr_rewrite_config config_of(const struct utrace_options *options)
{
    return (struct tr_rewrite_config){.from = 0,
                                      .to = UINT64_MAX,
                                      .level =
                                          utrace_level_of(options->files[0]),
                                      .interval = options->interval};
}

int utrace_cut(const struct utrace_options *options)
{
    struct tr_rewrite_config config = config_of(options);

    config.from = options->from;
    config.to = options->to;
    return rewrite(options, &config);
}

int utrace_densify(const struct utrace_options *options)
{
    struct tr_rewrite_config config = config_of(options);
    struct utrace_options with_hashes = *options;

    config.level = options->level;
    with_hashes.hashes = 1;
    return rewrite(&with_hashes, &config);
}

int utrace_bless(const struct utrace_options *options)
{
    struct tr_rewrite_config config = config_of(options);
    struct utrace_options blessing = *options;

    blessing.blesses = 1;
    return rewrite(&blessing, &config);
}
