/* release.c -- which Haiku a root holds. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <elf.h>

#include <elfload/elf_dynamic.h>

#include "uvm.h"

struct libroot {
    struct eld_elf elf;
    struct eld_dynamic dynamic;
};

static int64_t look_up(void *context, const char *symbol)
{
    const struct libroot *libroot = context;
    struct eld_symbol found;
    struct eld_part part;

    if (eld_find_symbol(&libroot->elf, &libroot->dynamic, symbol, &found,
                        NULL) < 0 ||
        eld_find_address(&libroot->elf, found.value, 1, &part, NULL) < 0)
        return -1;
    return (int64_t)part.offset;
}

static const char name[] = "/boot/system/lib/libroot.so";

static int fail(char *text, size_t size, const char *what)
{
    snprintf(text, size, "%s: %s", name, what);
    return -1;
}

int uvm_read_release(const struct uvm_options *options, char *text, size_t size)
{
    struct libroot libroot;
    struct eld_fault fault;
    struct uvm_file file;
    char what[1024];
    int fd, release;

    if (options->root == NULL)
        return HK_R1BETA5;
    fd = uvm_open_in_root(options, name);
    if (fd < 0 && errno == ENOENT)
        return HK_R1BETA5;
    if (fd < 0)
        return fail(text, size, strerror(errno));
    file = uvm_map_file(name, fd);
    if (eld_check_library(file.bytes, file.size, eld_target_of(EM_386),
                          &libroot.elf, &fault) < 0 ||
        eld_read_dynamic(&libroot.elf, &libroot.dynamic, &fault) < 0) {
        eld_fault_format(&fault, what, sizeof(what));
        uvm_unmap_file(&file);
        return fail(text, size, what);
    }
    release = hk_detect_release(file.bytes, file.size, look_up, &libroot);
    uvm_unmap_file(&file);
    return release < 0 ? fail(text, size, hk_error_text(release)) : release;
}

enum hk_release uvm_detect_release(const struct uvm_options *options)
{
    char text[2048];
    int release = uvm_read_release(options, text, sizeof(text));

    if (release < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s", text);
    return (enum hk_release)release;
}
