/* parity.h -- what elfinfo is compared with, and for which files. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_TEST_PARITY_H
#define ELFINFO_TEST_PARITY_H

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

using Files = std::map<std::string, std::string>;

/* With a list of files only those: it is long. */
inline const Files &all_files()
{
    static Files files = listed_files();
    if (files.empty()) {
        files = built_files();
        files.merge(guest_files());
        files.merge(host_files());
    }
    return files;
}

/* What to compare with: readelf, or llvm-readelf. */
inline const char *program()
{
    const char *name = getenv("ELFINFO_READELF");
    return name != nullptr ? name : "readelf";
}

inline bool is_llvm()
{
    return strstr(program(), "llvm") != nullptr;
}

inline std::vector<std::string> readelf(const std::string &arguments)
{
    Result result =
        run("LC_ALL=C " + std::string(program()) + " -W " + arguments);
    EXPECT_EQ(result.status, 0) << arguments << ": " << result.err;
    return lines_of(result.out);
}

inline uint64_t hex(const std::string &text)
{
    return strtoull(text.c_str(), nullptr, 16);
}

inline uint64_t decimal(const std::string &text)
{
    return strtoull(text.c_str(), nullptr, 0);
}

/* The text behind "Label:", "" when there is none. */
inline std::string field(const std::vector<std::string> &lines,
                         const std::string &label)
{
    for (const auto &line : lines) {
        size_t at = line.find(label + ":");
        if (at == std::string::npos)
            continue;
        size_t text = line.find_first_not_of(' ', at + label.size() + 1);
        return text == std::string::npos ? "" : line.substr(text);
    }
    return "";
}

#endif
