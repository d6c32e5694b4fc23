/* release.c -- which Haiku a root holds. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
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

enum hk_release uvm_detect_release(const char *root)
{
    static const char name[] = "/boot/system/lib/libroot.so";
    struct libroot libroot;
    struct eld_fault fault;
    struct uvm_file file;
    char text[1024];
    int fd, release;

    if (root == NULL)
        return HK_R1BETA5;
    fd = uvm_open_in_root(root, name);
    if (fd < 0 && errno == ENOENT)
        return HK_R1BETA5;
    if (fd < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, strerror(errno));
    file = uvm_map_file(name, fd);
    if (eld_check_library(file.bytes, file.size, eld_target_of(EM_386),
                          &libroot.elf, &fault) < 0 ||
        eld_read_dynamic(&libroot.elf, &libroot.dynamic, &fault) < 0) {
        eld_fault_format(&fault, text, sizeof(text));
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, text);
    }
    release = hk_detect_release(file.bytes, file.size, look_up, &libroot);
    if (release < 0)
        uvm_fail(UVM_EXIT_NOT_RUNNABLE, "%s: %s", name, hk_error_text(release));
    uvm_unmap_file(&file);
    return (enum hk_release)release;
}
