/* corpus.h -- the files that fuzzing and mutation start from. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_CORPUS_H
#define ELFLOAD_TEST_CORPUS_H

#include "libelfload/test/elf_builder.h"

#include <map>
#include <string>

/* Files for the reader, by name: each class and byte order, every table. */
std::map<std::string, Bytes> reader_corpus();

/*
 * Programs for the linker, by name: a program and a library, packed as
 * link_input unpacks them.
 */
std::map<std::string, Bytes> linker_corpus();

/* Size of the program in 4 bytes, the program, the library. */
Bytes pack(const Bytes &program, const Bytes &library);

#endif
