/* inspect_test.cc -- what a program needs, and what is missing. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

/* A program that is inspected; reports are lines. */
class Inspection
{
  public:
    Inspection()
    {
        request.program = "/prog";
        request.target = eld_target_of(EM_386);
    }
    ~Inspection()
    {
        eld_program_free(result);
        EXPECT_EQ(host.open_count, 0);
        EXPECT_TRUE(host.mapped.empty());
    }

    LinkHost host;
    ElfBuilder program;
    eld_link_request request = {};
    eld_program *result = nullptr;
    eld_fault fault = {};
    std::vector<std::string> reports;

    void add(const ElfBuilder &library)
    {
        ElfBuilder copy = library;
        host.files["/boot/system/lib/" + copy.soname] = copy.build();
        program.needed.push_back(copy.soname);
    }
    int inspect()
    {
        if (host.files.count("/prog") == 0)
            host.files["/prog"] = program.build();
        eld_host ops = host.host();
        ops.space = nullptr;
        ops.reserve = nullptr;
        ops.map = nullptr;
        return eld_inspect_program(&ops, &request, report, this, &result,
                                   &fault);
    }
    std::string images() const
    {
        std::string text;
        for (uint32_t i = 0; i < result->image_count; i++)
            text += (i == 0 ? "" : " ") + std::string(result->images[i].name);
        return text;
    }

  private:
    static void report(void *context, const eld_fault *fault)
    {
        char line[1024];
        eld_fault_format(fault, line, sizeof(line));
        static_cast<Inspection *>(context)->reports.push_back(
            std::string(fault->file) + ": " + line);
    }
};

using Lines = std::vector<std::string>;

TEST(Inspect, FindsAllThatWouldBeLoaded)
{
    Inspection test;
    ElfBuilder base = library("libbase.so"), top = library("libtop.so");
    base.function("f");
    top.needed = {"libbase.so"};
    top.undefined("f", STT_FUNC);
    test.add(top);
    test.add(base);
    test.program.undefined("f", STT_FUNC).undefined("w", STT_FUNC, STB_WEAK);
    ASSERT_EQ(test.inspect(), 0);
    EXPECT_EQ(test.images(), "prog libtop.so libbase.so");
    EXPECT_EQ(test.reports, Lines{});
    ASSERT_EQ(test.result->images[1].needed_count, 1u);
    EXPECT_EQ(test.result->images[1].needed[0], 2u);
    EXPECT_STREQ(test.result->images[2].path, "/boot/system/lib/libbase.so");
}

TEST(Inspect, ReportsEverythingThatIsMissing)
{
    Inspection test;
    ElfBuilder library_x = library("libx.so");
    library_x.versions = {"V1"};
    library_x.function("f").version("V1").undefined("deep", STT_FUNC);
    library_x.needed = {"libdeep.so"};
    test.add(library_x);
    test.program.needed.push_back("libnone.so");
    test.program.undefined("f", STT_FUNC).version("V2", "libx.so");
    test.program.undefined("g", STT_OBJECT);
    test.program.undefined("n", STT_FUNC).version("N1", "libnone.so");
    ASSERT_EQ(test.inspect(), 0);
    EXPECT_EQ(test.images(), "prog libx.so");
    EXPECT_EQ(test.reports,
              (Lines{"/prog: libnone.so: library not found",
                     "/boot/system/lib/libx.so: libdeep.so: library not found",
                     "/prog: libx.so@V2: version not found",
                     "/prog: symbol: f@V2: symbol not found",
                     "/prog: symbol: g: symbol not found",
                     "/prog: symbol: n@N1: symbol not found",
                     "/boot/system/lib/libx.so: symbol: deep: symbol not "
                     "found"}));
    EXPECT_EQ(test.result->images[0].needed_count, 1u);
}

TEST(Inspect, ALibraryThatIsNoneIsReported)
{
    Inspection test;
    test.program.needed = {"libbad.so"};
    test.host.files["/boot/system/lib/libbad.so"] = {'h', 'i', '\n'};
    ASSERT_EQ(test.inspect(), 0);
    EXPECT_EQ(test.reports, (Lines{"/boot/system/lib/libbad.so: text file, not "
                                   "an ELF file"}));
}

TEST(Inspect, LibrariesCanBeInspectedToo)
{
    Inspection test;
    test.program.entry = 0;
    test.program.soname = "libprog.so";
    ASSERT_EQ(test.inspect(), 0);
    EXPECT_EQ(test.images(), "libprog.so");
}

TEST(Inspect, AProgramThatCannotBeReadIsAnError)
{
    Inspection test;
    test.host.files["/prog"] = {};
    EXPECT_EQ(test.inspect(), ELD_ERR_EMPTY);
    EXPECT_STREQ(test.fault.file, "/prog");
    EXPECT_EQ(test.result, nullptr);
}

TEST(Inspect, CirclesEnd)
{
    Inspection test;
    ElfBuilder a = library("liba.so"), b = library("libb.so");
    a.needed = {"libb.so"};
    b.needed = {"liba.so"};
    test.add(a);
    test.add(b);
    ASSERT_EQ(test.inspect(), 0);
    EXPECT_EQ(test.images(), "prog liba.so libb.so");
}
