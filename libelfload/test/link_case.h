/* link_case.h -- a program to be linked, and what became of it. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_LINK_CASE_H
#define ELFLOAD_TEST_LINK_CASE_H

#include "libelfload/test/elf_builder.h"
#include "libelfload/test/link_host.h"

#include <elfload/elf_haiku.h>
#include <gtest/gtest.h>

#include <string>

/* "/prog" needs what the test says; libraries are in /boot/system/lib. */
class LinkCase
{
  public:
    LinkCase()
    {
        program.entry = program.text_at();
        request.program = "/prog";
        request.target = eld_target_of(EM_386);
    }
    ~LinkCase()
    {
        eld_program_free(result);
    }

    LinkHost host;
    ElfBuilder program;
    eld_link_request request = {};
    eld_program *result = nullptr;
    eld_fault fault = {};

    void add(const ElfBuilder &library)
    {
        ElfBuilder copy = library;
        host.files["/boot/system/lib/" + copy.soname] = copy.build();
        program.needed.push_back(copy.soname);
    }

    /* "" when it worked, else the line a user would see. */
    std::string link()
    {
        if (host.files.count("/prog") == 0)
            host.files["/prog"] = program.build();
        eld_host ops = host.host();
        return text(eld_link_program(&ops, &request, &result, &fault));
    }
    std::string load_runtime_loader(const char *path)
    {
        eld_host ops = host.host();
        return text(eld_load_runtime_loader(&ops, path, request.target, &result,
                                            &fault));
    }

    /* Where something of image number i is. */
    uint64_t at(uint32_t i, uint64_t vaddr) const
    {
        return vaddr + result->images[i].delta;
    }
    /* A word of the program's data. */
    uint64_t word(uint64_t offset, size_t size = 4)
    {
        return host.load(at(0, program.data_at(offset)), size);
    }
    /* Names of the images, by spaces. */
    std::string images() const
    {
        std::string text;
        for (uint32_t i = 0; i < result->image_count; i++)
            text += (i == 0 ? "" : " ") + std::string(result->images[i].name);
        return text;
    }

  private:
    std::string text(int error)
    {
        char line[1024];
        if (error >= 0)
            return "";
        EXPECT_EQ(error, fault.error);
        EXPECT_EQ(host.open_count, 0);
        EXPECT_TRUE(host.is_empty());
        eld_fault_format(&fault, line, sizeof(line));
        return std::string(fault.file) + ": " + line;
    }
};

/* A library that exports nothing yet. */
inline ElfBuilder library(const std::string &soname)
{
    ElfBuilder builder;
    builder.soname = soname;
    return builder;
}

#endif
