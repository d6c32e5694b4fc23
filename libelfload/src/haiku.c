/* haiku.c -- the compiler ABI, the API version, the system calls of an image.
 */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <elfload/elf_haiku.h>
#include <string.h>

/* What a shared object is given whose tools say nothing (haiku-abi/
 * libroot-abi, ABI markers). */
enum { API_BEOS = 0x1, API_POST_BEOS = 0x10, COMMENT_MAX = 512 };

static uint32_t read_word(const struct eld_elf *elf,
                          const struct eld_dynamic *dynamic, const char *name)
{
    struct eld_symbol symbol;
    struct eld_part part;

    if (dynamic == NULL ||
        eld_find_symbol(elf, dynamic, name, &symbol, NULL) < 0 ||
        symbol.size < 4 ||
        eld_find_address(elf, symbol.value, 4, &part, NULL) < 0)
        return 0;
    return eld_load32(elf, elf->bytes + part.offset);
}

/* What the comments of an image's compilers come to. */
struct compilers {
    unsigned major, middle; /* 0, 0: none seen */
    int is_beos;            /* a gcc 2 that does not call itself Haiku's */
};

static unsigned parse_number(const char **text)
{
    unsigned number = 0;

    for (; **text >= '0' && **text <= '9' && number < 1000; (*text)++)
        number = number * 10 + (unsigned)(**text - '0');
    return number;
}

/*
 * "GCC: (GNU) 2.95.3-haiku-080322": the smallest major version counts, which
 * passes over the start files' own compiler.
 */
static void add_comment(const char *text, struct compilers *compilers)
{
    static const char prefix[] = "GCC: (";
    const char *p = strchr(text, ')');

    if (strncmp(text, prefix, sizeof(prefix) - 1) != 0 || p == NULL ||
        p[1] != ' ')
        return;
    p += 2;
    unsigned major = parse_number(&p), middle = 0;
    if (*p == '.') {
        p++;
        middle = parse_number(&p);
    }
    if (major == 0)
        return;
    if (compilers->major == 0 || major < compilers->major ||
        (major == compilers->major && middle > compilers->middle)) {
        compilers->major = major;
        compilers->middle = middle;
    }
    const char *platform = strchr(p, '-');
    if (compilers->major == 2 && platform != NULL &&
        strncmp(platform, "-haiku", 6) != 0)
        compilers->is_beos = 1;
}

static uint32_t abi_of(const struct compilers *compilers)
{
    if (compilers->major > 2)
        return compilers->major >= 4 ? (uint32_t)ELD_ABI_GCC4
                                     : compilers->major << 16;
    if (compilers->major < 2 || compilers->middle < 95)
        return ELD_ABI_GCC2_ANCIENT;
    return compilers->is_beos ? ELD_ABI_GCC2_BEOS : ELD_ABI_GCC2_HAIKU;
}

static uint32_t guess_abi(const struct eld_elf *elf)
{
    struct compilers compilers = {0, 0, 0};
    char text[COMMENT_MAX + 1] = "";
    struct eld_section section;
    struct eld_part part;

    if (eld_find_section_by_name(elf, ".comment", &section, NULL) < 0 ||
        eld_section_part(elf, &section, &part, NULL) < 0)
        return ELD_ABI_GCC2_ANCIENT;
    size_t size = part.size < COMMENT_MAX ? (size_t)part.size : COMMENT_MAX;
    memcpy(text, elf->bytes + part.offset, size);
    for (size_t at = 0; at < size; at += strlen(text + at) + 1)
        add_comment(text + at, &compilers);
    return abi_of(&compilers);
}

void eld_read_haiku_version(const struct eld_elf *elf,
                            const struct eld_dynamic *dynamic,
                            struct eld_haiku_version *version)
{
    version->abi = read_word(elf, dynamic, "_gSharedObjectHaikuABI");
    version->api_version =
        read_word(elf, dynamic, "_gSharedObjectHaikuVersion");
    version->is_guess = version->abi == 0;
    if (version->abi == 0)
        version->abi = guess_abi(elf);
    if (version->api_version == 0)
        version->api_version =
            version->abi > ELD_ABI_GCC2_BEOS ? API_POST_BEOS : API_BEOS;
}

/* ---- system calls ---- */

/* Instructions that a stub may begin with, up to the number. */
static const struct {
    uint16_t machine;
    uint8_t size;
    uint8_t bytes[6];
} stubs[] = {
    {EM_386, 1, {0xb8}},                                  /* mov eax, n */
    {EM_X86_64, 1, {0xb8}},                               /* mov eax, n */
    {EM_X86_64, 3, {0x48, 0xc7, 0xc0}},                   /* mov rax, n */
    {EM_X86_64, 6, {0x49, 0x89, 0xca, 0x48, 0xc7, 0xc0}}, /* mov r10, rcx */
};

int eld_read_syscall_number(const struct eld_elf *elf,
                            const struct eld_symbol *symbol, uint32_t *number,
                            struct eld_fault *fault)
{
    for (size_t i = 0; i < sizeof(stubs) / sizeof(stubs[0]); i++) {
        struct eld_part part;
        size_t size = stubs[i].size;

        if (stubs[i].machine != elf->machine || symbol->section == SHN_UNDEF ||
            eld_find_address(elf, symbol->value, size + 4, &part, NULL) < 0)
            continue;
        const uint8_t *p = elf->bytes + part.offset;
        if (memcmp(p, stubs[i].bytes, size) == 0) {
            *number = eld_load32(elf, p + size);
            return 0;
        }
    }
    eld_fail(fault, ELD_ERR_NOT_FOUND, "system call stub", ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, symbol->name, NULL);
    return ELD_ERR_NOT_FOUND;
}
