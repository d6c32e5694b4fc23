/* map_test.cc -- segments in memory. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

/* "name address size prot", one mapping a line. */
static std::string mapped(const LinkCase &test)
{
    std::string text;
    for (const auto &one : test.host.mapped) {
        char line[128];
        snprintf(line, sizeof(line), "%s %lx %lx %x\n", one.name.c_str(),
                 (unsigned long)one.address, (unsigned long)one.size, one.prot);
        text += line;
    }
    return text;
}

enum { R = GM_PROT_READ, W = GM_PROT_WRITE, X = GM_PROT_EXEC };

TEST(Map, AFixedProgramIsWhereItAsksToBe)
{
    LinkCase test;
    test.program.base = 0x400000;
    test.program.type = ET_EXEC;
    test.program.entry = test.program.text_at();
    test.program.bss_size = 0x2000;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(mapped(test), "prog_seg0ro 400000 1000 1\n"
                            "prog_seg1ro 410000 1000 5\n"
                            "prog_seg2rw 420000 1000 3\n"
                            "prog_seg3rw 421000 2000 3\n");
    EXPECT_EQ(test.result->images[0].delta, 0u);
    EXPECT_EQ(test.result->entry, test.program.text_at());
}

TEST(Map, ARelocatableProgramIsWhereTheHostLikesIt)
{
    LinkCase test;
    test.host.shift = 0x7000;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->images[0].delta, 0x207000u);
    EXPECT_EQ(test.result->entry, 0x207000 + test.program.text_at());

    LinkCase based;
    based.request.base = 0x5000000;
    ASSERT_EQ(based.link(), "");
    EXPECT_EQ(based.result->images[0].delta, 0x5000000u);
}

TEST(Map, ARelocatableProgramWithABaseMovesToo)
{
    LinkCase test;
    test.program.base = 0x10000000;
    test.program.entry = test.program.text_at();
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->entry,
              0x200000 + ElfBuilder::kText + test.program.text_offset);
    EXPECT_EQ(test.at(0, test.program.base), 0x200000u);
}

TEST(Map, BeosProgramsAtZeroAreMoved)
{
    LinkCase test;
    test.program.type = ET_EXEC;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->images[0].delta, 0x200000u);
}

TEST(Map, BytesBehindTheFileAreZeroInWritableSegments)
{
    LinkCase test;
    test.program.bss_size = 0x10; /* ends in the page the file's data is in */
    test.program.comment = std::string(600, 'c');
    ASSERT_EQ(test.link(), "");
    uint64_t end = test.at(0, test.program.bss_at());
    for (uint64_t at = end; at < end - end % 0x1000 + 0x1000; at++)
        ASSERT_EQ(test.host.load(at, 1), 0u);
    EXPECT_EQ(test.host.mapped.size(), 3u);
}

TEST(Map, ASegmentOfZerosAloneNeedsNoFile)
{
    LinkCase test;
    test.program.is_dynamic = false;
    Bytes bytes = test.program.build();
    uint32_t file_size = 0, memory_size = 0x3000;
    memcpy(&bytes[52 + 2 * 32 + 16], &file_size, 4);
    memcpy(&bytes[52 + 2 * 32 + 20], &memory_size, 4);
    test.host.files["/prog"] = bytes;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(mapped(test), "prog_seg0ro 200000 1000 1\n"
                            "prog_seg1ro 210000 1000 5\n"
                            "prog_seg2rw 220000 4000 3\n");
    EXPECT_EQ(test.result->images[0].regions[2].offset, ELD_NONE);
}

TEST(Map, ProtectionsAreThoseOfTheSegmentsInTheEnd)
{
    LinkCase test;
    test.program.data_size = 0x1000;
    test.program.relro_size = 0x1000 - 0xc00;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.host.prot_at(test.at(0, 0)), (unsigned)R);
    EXPECT_EQ(test.host.prot_at(test.result->entry), (unsigned)(R | X));
    EXPECT_EQ(test.host.prot_at(test.at(0, test.program.data_at())),
              (unsigned)R);
    EXPECT_EQ(test.host.prot_at(test.at(0, test.program.data_at(0x1000))),
              (unsigned)(R | W));
}

TEST(Map, RelroTakesWholePagesAndNothingElse)
{
    for (size_t size : {1, 0x3ff, 0x400, 0x401, 0x13ff, 0x1400, 0x7fffffff}) {
        LinkCase test;
        test.program.data_size = 0x2000;
        test.program.relro_size = size;
        ASSERT_EQ(test.link(), "") << size;
        uint64_t data = test.at(0, test.program.data_at());
        uint64_t pages = (size + 0xc00) / 0x1000;
        for (uint64_t i = 0; i < 3; i++)
            EXPECT_EQ(test.host.prot_at(data + 0x1000 * i),
                      i < pages ? (unsigned)R : (unsigned)(R | W))
                << size << " " << i;
    }
}

TEST(Map, LongNamesAreCutAsAreaNamesAre)
{
    LinkCase test;
    std::string path = "/a/" + std::string(40, 'n');
    test.request.program = path.c_str();
    test.host.files[path] = test.program.build();
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.host.mapped[0].name, std::string(31, 'n'));
}

TEST(Map, EveryRefusalOfTheHostIsReportedAndUndone)
{
    const int calls = 14;
    for (int i = 0; i <= calls; i++) {
        LinkCase test;
        ElfBuilder library_one = library("libone.so");
        library_one.bss_size = 0x2000;
        library_one.relro_size = 0x500;
        test.add(library_one);
        test.host.fail_at = i;
        std::string line = test.link();
        if (i == calls) {
            EXPECT_EQ(line, "");
            break;
        }
        EXPECT_NE(line.find("the host refused"), std::string::npos) << line;
        EXPECT_NE(test.fault.host_error, 0);
    }
}
