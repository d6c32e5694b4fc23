/* reader_case.h -- a built file opened by the reader. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_READER_CASE_H
#define ELFLOAD_TEST_READER_CASE_H

#include "libelfload/test/elf_builder.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

/* The four kinds of file: class and byte order. */
struct Kind {
    bool is_64, is_big;
};

inline std::string kind_name(const testing::TestParamInfo<Kind> &info)
{
    return std::string(info.param.is_big ? "Big" : "Little") +
           (info.param.is_64 ? "64" : "32");
}

#define FOR_ALL_KINDS(suite)                                                   \
    INSTANTIATE_TEST_SUITE_P(                                                  \
        All, suite,                                                            \
        testing::Values(Kind{false, false}, Kind{true, false},                 \
                        Kind{false, true}, Kind{true, true}),                  \
        kind_name)

/* Bytes of their exact size on the heap, so that a sanitizer sees any read
 * beyond them. */
class Opened
{
  public:
    explicit Opened(const Bytes &file)
        : size(file.size()), bytes(new uint8_t[file.size()])
    {
        std::copy(file.begin(), file.end(), bytes.get());
        error = eld_read_header(bytes.get(), size, &elf, &fault);
    }
    const eld_elf *operator->() const
    {
        return &elf;
    }
    const eld_elf *get() const
    {
        return &elf;
    }

    std::string line() const
    {
        char text[1024];
        eld_fault_format(&fault, text, sizeof(text));
        return text;
    }

    size_t size;
    std::unique_ptr<uint8_t[]> bytes;
    int error;
    eld_elf elf = {};
    eld_fault fault = {};
};

inline ElfBuilder builder_of(Kind kind)
{
    ElfBuilder builder(kind.is_64);
    builder.is_big = kind.is_big;
    return builder;
}

/* A test for every kind of file. */
class AnyKind : public testing::TestWithParam<Kind>
{
  protected:
    ElfBuilder builder = builder_of(GetParam());
};

#endif
