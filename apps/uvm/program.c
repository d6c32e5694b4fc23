/* program.c -- which file is to be started. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <elf.h>

#include <elfload/elf_check.h>

#include "uvm.h"

static const char host_prefix[] = "/host";

void uvm_host_to_guest(const char *host_path, char guest_path[UVM_PATH_MAX])
{
    const char *path = strcmp(host_path, "/") == 0 ? "" : host_path;
    int length = snprintf(guest_path, UVM_PATH_MAX, "%s%s", host_prefix, path);

    if (length < 0 || length >= UVM_PATH_MAX)
        uvm_fail(UVM_EXIT_FAILURE, "%s: path too long", host_path);
}

/* Opens a path as the guest would: links lead nowhere outside the root. */
static int open_in_root(const char *root, const char *path)
{
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                 .resolve =
                                     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    long fd;

    if (directory < 0)
        return -1;
    fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
    close(directory);
    return (int)fd;
}

/* A path inside the root, as the guest writes it. 1 when it exists, even
 * when it cannot be read. */
static int find_in_root(const struct uvm_options *options, const char *path,
                        struct uvm_program *program)
{
    if (options->root == NULL)
        return 0;
    program->fd = open_in_root(options->root, path);
    if (program->fd < 0 && errno != EACCES)
        return 0;
    program->error = program->fd < 0 ? errno : 0;
    snprintf(program->guest_path, UVM_PATH_MAX, "%s", path);
    program->host_directory[0] = '\0';
    return 1;
}

/* A command by its name alone. */
static int find_command(const struct uvm_options *options, const char *name,
                        struct uvm_program *program)
{
    static const char *const directories[] = {
        "/boot/home/config/non-packaged/bin",
        "/boot/home/config/bin",
        "/boot/system/non-packaged/bin",
        "/boot/system/bin",
        "/boot/system/apps",
        "/boot/system/preferences",
    };
    char path[UVM_PATH_MAX];

    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", directories[i], name);
        if (find_in_root(options, path, program))
            return 1;
    }
    return 0;
}

/* A path of the host: its directory will be bound. */
static int find_on_host(const char *path, struct uvm_program *program)
{
    char real[PATH_MAX];
    char *slash;

    if (realpath(path, real) == NULL)
        return 0;
    program->fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    program->error = program->fd < 0 ? errno : 0;
    uvm_host_to_guest(real, program->guest_path);
    slash = strrchr(real, '/');
    if (slash == real)
        slash++;
    *slash = '\0';
    snprintf(program->host_directory, UVM_PATH_MAX, "%s", real);
    uvm_host_to_guest(real, program->guest_directory);
    return 1;
}

static void find(const struct uvm_options *options, const char *name,
                 struct uvm_program *program)
{
    int found;

    if (strchr(name, '/') == NULL)
        found = find_command(options, name, program);
    else
        found = name[0] == '/' && find_in_root(options, name, program);
    if (!found && !find_on_host(name, program))
        uvm_fail(UVM_EXIT_NOT_FOUND, "%s: %s", name, strerror(ENOENT));
}

/* ---- what the file is ---- */

struct bytes {
    uint8_t *bytes;
    size_t size;
};

static struct bytes read_file(const char *name, struct uvm_program *program)
{
    struct bytes file = {NULL, 0};
    struct stat st;

    if (program->fd < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name,
                 strerror(program->error));
    if (fstat(program->fd, &st) != 0 || !S_ISREG(st.st_mode))
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name,
                 S_ISDIR(st.st_mode) ? "is a directory" : "not a regular file");
    file.size = (size_t)st.st_size;
    if (file.size > 0) {
        file.bytes =
            mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, program->fd, 0);
        if (file.bytes == MAP_FAILED)
            uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, strerror(errno));
    }
    close(program->fd);
    program->fd = -1;
    return file;
}

static void drop_file(struct bytes *file)
{
    if (file->size > 0)
        munmap(file->bytes, file->size);
}

/* The interpreter of a `#!` line and its argument, both copied, or NULL. */
static int script_line(const struct bytes *file, char **interpreter,
                       char **argument)
{
    enum { LINE_LENGTH = 256 };
    char line[LINE_LENGTH + 1];
    size_t size = file->size < LINE_LENGTH ? file->size : LINE_LENGTH;
    char *save = NULL;
    char *word;

    if (size < 2 || memcmp(file->bytes, "#!", 2) != 0)
        return 0;
    memcpy(line, file->bytes, size);
    line[size] = '\0';
    line[strcspn(line, "\n")] = '\0';
    word = strtok_r(line + 2, " \t\r", &save);
    if (word == NULL)
        return 0;
    /* Haiku has its commands in /bin. */
    *interpreter = strdup(strncmp(word, "/usr/bin/", 9) == 0 ? word + 4 : word);
    word = strtok_r(NULL, "\r", &save);
    *argument = word != NULL ? strdup(word) : NULL;
    return 1;
}

/* [before...], program, arguments of the options */
static void make_arguments(const struct uvm_options *options,
                           const char *const *before, size_t before_count,
                           const char *name, struct uvm_program *program)
{
    size_t count = 0;
    const char **arguments;

    while (options->arguments[count] != NULL)
        count++;
    arguments = calloc(before_count + count + 2, sizeof(*arguments));
    if (arguments == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    for (size_t i = 0; i < before_count; i++)
        arguments[i] = before[i];
    arguments[before_count] = name;
    memcpy(arguments + before_count + 1, options->arguments,
           count * sizeof(*arguments));
    program->arguments = arguments;
}

static void follow_script(const struct uvm_options *options, char *interpreter,
                          char *argument, struct uvm_program *program)
{
    const char *const before[] = {interpreter, argument};
    char *script = strdup(program->guest_path);
    struct uvm_program found = *program;

    if (script == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    if (!find_in_root(options, interpreter, &found) &&
        !find_on_host(interpreter, &found))
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: interpreter %s: %s",
                 options->program, interpreter, strerror(ENOENT));
    /* The script's directory stays visible. */
    memcpy(found.host_directory, program->host_directory, UVM_PATH_MAX);
    memcpy(found.guest_directory, program->guest_directory, UVM_PATH_MAX);
    *program = found;
    make_arguments(options, before, argument != NULL ? 2 : 1, script, program);
}

static void check(const char *name, const struct bytes *file)
{
    struct eld_fault fault;
    char text[1024];

    if (eld_check_program(file->bytes, file->size, eld_target_of(EM_386), NULL,
                          &fault) >= 0)
        return;
    eld_fault_format(&fault, text, sizeof(text));
    uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, text);
}

void uvm_find_program(const struct uvm_options *options,
                      struct uvm_program *program)
{
    char *interpreter, *argument;
    struct bytes file;

    find(options, options->program, program);
    file = read_file(options->program, program);
    if (script_line(&file, &interpreter, &argument)) {
        drop_file(&file);
        follow_script(options, interpreter, argument, program);
        file = read_file(interpreter, program);
        check(interpreter, &file);
    } else {
        check(options->program, &file);
        make_arguments(options, NULL, 0, program->guest_path, program);
    }
    drop_file(&file);
}
