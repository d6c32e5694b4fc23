/* root_check.c -- whether programs of a root find what they need. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elf.h>

#include <elfload/elf_check.h>
#include <elfload/elf_dynamic.h>

#include "uvm.h"

/* Where Haiku's loader looks, without a LIBRARY_PATH of one's own; below each
 * there may be the libraries of a second compiler (haiku-abi/libroot-abi.md,
 * "Library search"). "": lib beside the program. */
static const char *const directories[] = {
    "",
    "/boot/home/config/non-packaged/lib",
    "/boot/home/config/lib",
    "/boot/system/non-packaged/lib",
    "/boot/system/lib",
};
static const char *const variants[] = {"", "/x86"};

enum { NAMES_MAX = 512 };

struct check {
    const struct uvm_options *options;
    void (*tell)(void *context, const char *line);
    void *context;
    const char *program;
    char *names[NAMES_MAX]; /* libraries met so far */
    size_t count;
};

static void tell(struct check *check, const char *name, const char *text)
{
    char line[2 * UVM_PATH_MAX];

    if (strcmp(name, check->program) == 0)
        snprintf(line, sizeof(line), "%s: %s", name, text);
    else
        snprintf(line, sizeof(line), "%s: %s: %s", check->program, name, text);
    check->tell(check->context, line);
}

static int find_library(struct check *check, const char *name,
                        char path[UVM_PATH_MAX])
{
    const char *slash = strrchr(check->program, '/');

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
        for (size_t j = 0; j < sizeof(variants) / sizeof(variants[0]); j++) {
            int fd;

            if (i == 0)
                snprintf(path, UVM_PATH_MAX, "%.*s/lib%s/%s",
                         (int)(slash - check->program), check->program,
                         variants[j], name);
            else
                snprintf(path, UVM_PATH_MAX, "%s%s/%s", directories[i],
                         variants[j], name);
            fd = uvm_open_in_root(check->options, path);
            if (fd >= 0)
                return fd;
        }
    return -1;
}

static int note(struct check *check, const char *name)
{
    for (size_t i = 0; i < check->count; i++)
        if (strcmp(check->names[i], name) == 0)
            return 0;
    if (check->count == NAMES_MAX)
        return 0;
    check->names[check->count] = strdup(name);
    if (check->names[check->count] == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    check->count++;
    return 1;
}

/* Notes what a file needs, and tells what is not there. */
static void note_needed(struct check *check, const char *name,
                        const struct eld_elf *elf)
{
    struct eld_dynamic dynamic;
    struct eld_fault fault;
    char text[1024], path[UVM_PATH_MAX];
    const char *needed;
    int error = eld_read_dynamic(elf, &dynamic, &fault);

    if (error == ELD_ERR_NOT_FOUND)
        return;
    for (uint64_t i = 0; error >= 0 && i < dynamic.needed_count; i++) {
        int fd;

        error = eld_read_needed(elf, &dynamic, i, &needed, &fault);
        if (error < 0 || !note(check, needed))
            continue;
        fd = find_library(check, needed, path);
        if (fd >= 0) {
            close(fd);
            continue;
        }
        snprintf(text, sizeof(text),
                 "needs the library %.200s, which is in "
                 "no directory of libraries",
                 needed);
        tell(check, name, text);
    }
    if (error < 0) {
        eld_fault_format(&fault, text, sizeof(text));
        tell(check, name, text);
    }
}

static void check_file(struct check *check, const char *name, int fd,
                       int is_program)
{
    struct uvm_file file = uvm_map_file(name, fd);
    struct eld_fault fault;
    struct eld_elf elf;
    char text[1024];
    int error = (is_program ? eld_check_program : eld_check_library)(
        file.bytes, file.size, eld_target_of(EM_386), &elf, &fault);

    if (error < 0) {
        eld_fault_format(&fault, text, sizeof(text));
        tell(check, name, text);
    } else {
        note_needed(check, name, &elf);
    }
    uvm_unmap_file(&file);
}

static int is_script(const struct uvm_file *file)
{
    return file->size >= 2 && memcmp(file->bytes, "#!", 2) == 0;
}

/* A program and, one after the other, the libraries that it needs. */
static void check_program(struct check *check, const char *program)
{
    char path[UVM_PATH_MAX];
    struct uvm_file file;
    int fd = uvm_open_in_root(check->options, program);

    check->program = program;
    check->count = 0;
    if (fd < 0) {
        tell(check, program, strerror(errno));
        return;
    }
    file = uvm_map_file(program, dup(fd));
    if (is_script(&file))
        close(fd);
    else
        check_file(check, program, fd, 1);
    uvm_unmap_file(&file);
    for (size_t i = 0; i < check->count; i++) {
        fd = find_library(check, check->names[i], path);
        if (fd >= 0)
            check_file(check, path, fd, 0);
        free(check->names[i]);
    }
}

void uvm_check_programs(const struct uvm_options *options, char **programs,
                        void (*tell_line)(void *context, const char *line),
                        void *context)
{
    static const char loader[] = "/boot/system/runtime_loader";
    static const char shell[] = "/bin/sh";
    struct check *check = calloc(1, sizeof(*check));
    char text[1024];
    int fd = uvm_open_in_root(options, loader);

    if (check == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    check->options = options;
    check->tell = tell_line;
    check->context = context;
    check->program = loader;
    if (fd < 0)
        tell(check, loader,
             "missing: no package brings Haiku's loader (it is in that named "
             "haiku), and programs run that find all their libraries beside "
             "them");
    else
        check_file(check, loader, fd, 0);
    if (uvm_read_release(options, text, sizeof(text)) < 0)
        tell_line(context, text);
    fd = *programs == NULL ? uvm_open_in_root(options, shell) : -1;
    if (fd >= 0) {
        close(fd);
        check_program(check, shell);
    }
    for (; *programs != NULL; programs++)
        check_program(check, *programs);
    free(check);
}
