/* link_test.cc -- programs loaded and linked. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/elf_builder.h"
#include "libelfload/test/link_host.h"

#include <gtest/gtest.h>

TEST(Link, AStaticProgramIsMappedWhereItAsks)
{
    LinkHost host;
    ElfBuilder builder(false, 0x400000);
    builder.type = ET_EXEC;
    builder.is_dynamic = false;
    builder.entry = builder.text_at();
    builder.bss_size = 0x5000;
    builder.words[0] = 0x12345678;
    host.files["/prog"] = builder.build();
    eld_host ops = host.host();
    eld_link_request request = {};
    request.program = "/prog";
    request.target = eld_target_of(EM_386);
    eld_program *program = nullptr;
    eld_fault fault;
    char line[512];
    int error = eld_link_program(&ops, &request, &program, &fault);
    if (error < 0)
        eld_fault_format(&fault, line, sizeof(line));
    ASSERT_EQ(error, 0) << line;
    EXPECT_EQ(program->entry, builder.text_at());
    EXPECT_EQ(host.names(), "prog_seg0ro prog_seg1ro prog_seg2rw prog_seg3rw");
    EXPECT_EQ(host.load(builder.data_at()), 0x12345678u);
    EXPECT_EQ(host.prot_at(builder.text_at()),
              (unsigned)(GM_PROT_READ | GM_PROT_EXEC));
    eld_program_free(program);
    EXPECT_EQ(host.open_count, 0);
}

TEST(Link, ALibraryIsBoundToItsProgram)
{
    LinkHost host;
    ElfBuilder library;
    library.soname = "libone.so";
    library.object("variable", 0x10).function("call");
    library.words[0x10] = 77;
    ElfBuilder builder;
    builder.entry = builder.text_at();
    builder.needed = {"libone.so"};
    builder.undefined("variable", STT_OBJECT).undefined("call", STT_FUNC);
    builder.reloc(0, R_386_32, "variable", 4)
        .reloc(4, R_386_GLOB_DAT, "variable")
        .reloc(8, R_386_RELATIVE, "", 0x1234);
    builder.plt_relocs.push_back({builder.data_at(12), R_386_JMP_SLOT, "call"});
    host.files["/prog"] = builder.build();
    host.files["/boot/system/lib/libone.so"] = library.build();
    eld_host ops = host.host();
    eld_link_request request = {};
    request.program = "/prog";
    request.target = eld_target_of(EM_386);
    eld_program *program = nullptr;
    eld_fault fault;
    char line[512];
    int error = eld_link_program(&ops, &request, &program, &fault);
    if (error < 0)
        eld_fault_format(&fault, line, sizeof(line));
    ASSERT_EQ(error, 0) << line;
    ASSERT_EQ(program->image_count, 2u);
    uint64_t delta = program->images[1].delta, own = program->images[0].delta;
    EXPECT_EQ(host.load(own + builder.data_at(0)),
              delta + library.data_at(0x10) + 4);
    EXPECT_EQ(host.load(own + builder.data_at(4)),
              delta + library.data_at(0x10));
    EXPECT_EQ(host.load(own + builder.data_at(8)), own + 0x1234);
    EXPECT_EQ(host.load(own + builder.data_at(12)), delta + library.text_at());
    EXPECT_EQ(host.load(delta + library.data_at(0x10)), 77u);
    eld_program_free(program);
    EXPECT_EQ(host.open_count, 0);
}
