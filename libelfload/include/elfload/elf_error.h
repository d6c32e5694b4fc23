/* elf_error.h -- what can be wrong with an ELF file, and where. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_ERROR_H
#define ELFLOAD_ELF_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results below zero. X(NAME, value, text). */
#define ELD_ERRORS(X)                                                          \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid argument")                                         \
    X(EMPTY, -3, "empty file")                                                 \
    X(TEXT, -4, "text file, not an ELF file")                                  \
    X(NOT_ELF, -5, "not an ELF file")                                          \
    X(TRUNCATED, -6, "file is truncated")                                      \
    X(CLASS, -7, "unknown class")                                              \
    X(ENCODING, -8, "unknown byte order")                                      \
    X(VERSION, -9, "unknown version")                                          \
    X(MACHINE, -10, "wrong machine")                                           \
    X(TYPE, -11, "wrong file type")                                            \
    X(ENTRY_SIZE, -12, "wrong size of a table entry")                          \
    X(RANGE, -13, "number out of range")                                       \
    X(ADDRESS, -14, "address is in no segment of the file")                    \
    X(STRING, -15, "string does not end")                                      \
    X(LOOP, -16, "chain does not end")                                         \
    X(NOT_FOUND, -17, "not found")                                             \
    X(WRONG_CLASS, -18, "wrong class")                                         \
    X(BYTE_ORDER, -19, "wrong byte order")                                     \
    X(NO_SEGMENTS, -20, "has no segments to load")                             \
    X(MEMSZ, -21, "larger in the file than in memory")                         \
    X(ALIGN, -22, "address and file offset differ within a page")              \
    X(ORDER, -23, "not in ascending order of addresses")                       \
    X(OVERLAP, -24, "overlaps the one before it")                              \
    X(TOO_HIGH, -25, "ends beyond the address space")                          \
    X(TOO_BIG, -26, "needs more memory than a program can have")               \
    X(ENTRY, -27, "entry point is in no segment")                              \
    X(HOST, -28, "the host refused")                                           \
    X(NO_LIBRARY, -29, "library not found")                                    \
    X(NO_SYMBOL, -30, "symbol not found")                                      \
    X(SYMBOL_TYPE, -31, "symbol is of another type")                           \
    X(NO_VERSION, -32, "version not found")                                    \
    X(RELOC_TYPE, -33, "relocation type is not supported")                     \
    X(RELOC_PLACE, -34, "relocated place is outside the image")                \
    X(RELOC_OVERFLOW, -35, "relocated value does not fit")                     \
    X(STATIC_TLS, -36, "static TLS model is not supported")                    \
    X(TOO_MANY, -37, "too many images")                                        \
    X(TOO_LONG, -38, "name is too long")                                       \
    X(MEMORY, -39, "guest memory is not accessible")                           \
    X(NO_PROGRAM, -40, "a library or add-on, which has no entry point")

enum eld_error {
#define X(name, value, text) ELD_ERR_##name = (value),
    ELD_ERRORS(X)
#undef X
};

/* Text of an ELD_ERR_* value; never NULL. */
const char *eld_error_text(int error);

#define ELD_NONE UINT64_MAX /* no such number */

/*
 * Where and what. Functions that take one write it on failure only; NULL is
 * allowed everywhere.
 */
struct eld_fault {
    int error;         /* enum eld_error, as returned */
    int host_error;    /* errno value with HOST and NO_LIBRARY, else 0 */
    const char *what;  /* part of the file ("program header"), constant */
    uint64_t index;    /* which of them, or ELD_NONE */
    uint64_t offset;   /* where in the file, or ELD_NONE */
    uint64_t found;    /* the value that is wrong, or ELD_NONE */
    uint64_t expected; /* its limit, or what it should be, or ELD_NONE */
    char file[1024];   /* the linker's: image it is about, else "" */
    char name[256];    /* symbol, library or machine, else "" */
    char version[64];  /* of that symbol or library, else "" */
};

/*
 * Writes one line without a newline that says everything but the file's
 * name, cut off to fit size bytes with its NUL: "program header 3 at offset
 * 0x94: file is truncated (0x2000 found, at most 0x1f00 expected)". Bytes of
 * names that are not printable ASCII become '?'. Returns its length.
 */
size_t eld_fault_format(const struct eld_fault *fault, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
