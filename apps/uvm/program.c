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

int uvm_open_in_root(const struct uvm_options *options, const char *path)
{
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
                                 .resolve =
                                     RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int directory = open(options->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd, error;

    if (directory < 0)
        return -1;
    fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
    close(directory);
    if (fd < 0 || options->layer == NULL)
        return fd;
    error = hk_root_fill(options->layer, fd);
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static int is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP ||
           error == ENAMETOOLONG;
}

/* A path inside the root, as the guest writes it. 1 when it exists, even
 * when it cannot be read. */
static int find_in_root(const struct uvm_options *options, const char *path,
                        struct uvm_program *program)
{
    if (options->root == NULL)
        return 0;
    program->fd = uvm_open_in_root(options, path);
    if (program->fd < 0 && is_absence(errno))
        return 0;
    program->error = program->fd < 0 ? errno : 0;
    snprintf(program->guest_path, UVM_PATH_MAX, "%s", path);
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

/* A path of the host: its directory will be bound, unless a --bind shows it. 0
 * and errno when there is none. */
static int find_on_host(const struct uvm_options *options, const char *path,
                        struct uvm_program *program)
{
    struct uvm_directory *directory =
        &program->directories[program->directory_count];
    char real[PATH_MAX];
    char *slash;

    if (realpath(path, real) == NULL)
        return 0;
    program->fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    program->error = program->fd < 0 ? errno : 0;
    if (uvm_host_to_guest(options, real, program->guest_path))
        return 1;
    slash = strrchr(real, '/');
    if (slash == real)
        slash++;
    *slash = '\0';
    snprintf(directory->host, UVM_PATH_MAX, "%s", real);
    uvm_host_to_guest(options, real, directory->guest);
    program->directory_count++;
    return 1;
}

/* What a user may not know who misses a command. */
static const char *why_no_command(const struct uvm_options *options)
{
    struct hk_root_package package;

    if (options->root == NULL)
        return " (there is no root with commands: --root or UVM_ROOT names "
               "one)";
    for (size_t i = 0;
         options->layer != NULL && hk_root_list(options->layer, i, &package);
         i++)
        if (!package.is_active)
            return " (a package of the root is not activated: 'uvm root "
                   "check' tells why)";
    return "";
}

/* what: as the user knows it, for messages; missing: the exit status when
 * there is no such file. */
static void find(const struct uvm_options *options, const char *name,
                 const char *what, int missing, struct uvm_program *program)
{
    int found;

    if (strchr(name, '/') == NULL)
        found = find_command(options, name, program);
    else
        found = name[0] == '/' && find_in_root(options, name, program);
    if (found || find_on_host(options, name, program))
        return;
    uvm_fail(errno == ENOENT ? missing : UVM_EXIT_NOT_RUNNABLE, "%s: %s%s",
             what, strerror(errno),
             strchr(name, '/') == NULL ? why_no_command(options) : "");
}

/* ---- what the file is ---- */

struct uvm_file uvm_map_file(const char *name, int fd)
{
    struct uvm_file file = {NULL, 0};
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name,
                 S_ISDIR(st.st_mode) ? "is a directory" : "not a regular file");
    file.size = (size_t)st.st_size;
    if (file.size > 0) {
        file.bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (file.bytes == MAP_FAILED)
            uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, strerror(errno));
    }
    close(fd);
    return file;
}

void uvm_unmap_file(const struct uvm_file *file)
{
    if (file->size > 0)
        munmap(file->bytes, file->size);
}

static struct uvm_file read_program(const char *name,
                                    struct uvm_program *program)
{
    int fd = program->fd;

    if (fd < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name,
                 strerror(program->error));
    program->fd = -1;
    return uvm_map_file(name, fd);
}

/* [words of a #! line...], program, arguments of the options */
static void make_arguments(const struct uvm_options *options,
                           const struct uvm_script *script, const char *name,
                           struct uvm_program *program)
{
    size_t before = script != NULL ? script->count : 0;
    size_t count = 0;
    const char **arguments;

    while (options->arguments[count] != NULL)
        count++;
    arguments = calloc(before + count + 2, sizeof(*arguments));
    if (arguments == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    for (size_t i = 0; i < before; i++)
        arguments[i] = script->words[i];
    arguments[before] = name;
    memcpy(arguments + before + 1, options->arguments,
           count * sizeof(*arguments));
    program->arguments = arguments;
}

/* name: as the user knows it. */
static void check(const struct uvm_options *options, const char *name,
                  const struct uvm_file *file)
{
    struct eld_fault fault;
    char text[1024], *root;

    if (eld_check_program(file->bytes, file->size, eld_target_of(EM_386), NULL,
                          &fault) >= 0)
        return;
    eld_fault_format(&fault, text, sizeof(text));
    root = options->layer == NULL ? hk_root_around(options->program) : NULL;
    if (root != NULL)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE,
                 "%s: %s (it is in a root of packages: --root '%s')", name,
                 text, root);
    uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, text);
}

/* As Haiku does, an interpreter is taken as it is: it cannot be a script. */
static void find_interpreter(const struct uvm_options *options,
                             const struct uvm_script *script,
                             struct uvm_program *program)
{
    char *name = strdup(program->guest_path);
    char what[2 * UVM_PATH_MAX];
    struct uvm_file file;

    if (name == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    snprintf(what, sizeof(what), "%s: interpreter %s", options->program,
             script->words[0]);
    find(options, script->words[0], what, UVM_EXIT_NOT_RUNNABLE, program);
    file = read_program(what, program);
    check(options, what, &file);
    uvm_unmap_file(&file);
    make_arguments(options, script, name, program);
}

void uvm_find_program(const struct uvm_options *options,
                      struct uvm_program *program)
{
    struct uvm_script script;
    struct uvm_file file;
    int is_script;

    find(options, options->program, options->program, UVM_EXIT_NOT_FOUND,
         program);
    file = read_program(options->program, program);
    is_script =
        uvm_read_script(options->program, file.bytes, file.size, &script);
    if (!is_script)
        check(options, options->program, &file);
    uvm_unmap_file(&file);
    if (is_script)
        find_interpreter(options, &script, program);
    else
        make_arguments(options, NULL, program->guest_path, program);
}
