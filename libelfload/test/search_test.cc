/* search_test.cc -- where libraries are looked for. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

#include <gtest/gtest.h>

/* Paths that were tried for libx.so, by spaces. */
static std::string tried(LinkCase &test)
{
    std::string text;
    for (const auto &path : test.host.opened)
        if (path != "/prog" && path != "/boot/app/prog")
            text += (text.empty() ? "" : " ") + path;
    return text;
}

TEST(Search, DefaultsAreTheProgramsOwnThenTheSystems)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.host.links["/prog"] = "/boot/app/prog";
    test.host.files["/boot/app/prog"] = test.program.build();
    EXPECT_EQ(test.link(), "/boot/app/prog: libx.so: library not found");
    EXPECT_EQ(tried(test),
              "/boot/app/lib/libx.so /boot/system/non-packaged/lib/libx.so "
              "/boot/system/lib/libx.so");
}

TEST(Search, SafeModeLooksNowhereElse)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.request.is_safe_mode = 1;
    test.request.library_path = "/a";
    test.link();
    EXPECT_EQ(tried(test), "/lib/libx.so /boot/system/lib/libx.so");
}

TEST(Search, TheEnvironmentReplacesTheDefaults)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.request.library_path = "/a:%A/b:$ORIGIN/c::/d";
    test.link();
    /* $ORIGIN is for run paths alone; empty elements are passed over. */
    EXPECT_EQ(tried(test), "/a/libx.so /b/libx.so /d/libx.so");
}

TEST(Search, ARunPathComesFirst)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.program.runpath = "$ORIGIN/own:/r";
    test.program.rpath = "/ignored";
    test.request.library_path = "/e";
    test.host.links["/prog"] = "/boot/app/prog";
    test.host.files["/boot/app/prog"] = test.program.build();
    test.link();
    EXPECT_EQ(tried(test), "/boot/app/own/libx.so /r/libx.so /e/libx.so");
}

TEST(Search, ASemicolonSeparatesTwoLists)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.program.rpath = "/a:/b;/c";
    test.request.library_path = "";
    test.link();
    EXPECT_EQ(tried(test), "/a/libx.so /b/libx.so /c/libx.so");
}

TEST(Search, TheRunPathIsThatOfWhoNeedsTheLibrary)
{
    LinkCase test;
    ElfBuilder one = library("libone.so"), two = library("libtwo.so");
    one.needed = {"libtwo.so"};
    one.runpath = "$ORIGIN/deeper";
    test.add(one);
    test.program.runpath = "/wrong";
    test.host.files["/boot/system/lib/deeper/libtwo.so"] = two.build();
    EXPECT_EQ(test.link(), "");
    EXPECT_EQ(test.images(), "prog libone.so libtwo.so");
}

TEST(Search, ANameWithASlashIsTriedAsItIsThenByItsLeaf)
{
    LinkCase test;
    test.program.needed = {"/opt/sub/libx.so"};
    test.request.library_path = "/a";
    test.host.files["/a/libx.so"] = library("libx.so").build();
    EXPECT_EQ(test.link(), "");
    EXPECT_EQ(tried(test), "/opt/sub/libx.so /a/libx.so");

    LinkCase direct;
    direct.program.needed = {"/opt/sub/libx.so"};
    direct.host.files["/opt/sub/libx.so"] = library("libx.so").build();
    EXPECT_EQ(direct.link(), "");
    EXPECT_EQ(tried(direct), "/opt/sub/libx.so");
}

TEST(Search, AnErrorOtherThanAbsenceIsTold)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.host.errors["/boot/system/lib/libx.so"] = EACCES;
    EXPECT_EQ(test.link(),
              "/prog: libx.so: library not found (Permission denied)");
    EXPECT_EQ(test.fault.host_error, EACCES);
}

TEST(Search, ALaterDirectoryWillDoWhenAnEarlierOneRefuses)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.host.errors["/lib/libx.so"] = EISDIR;
    test.host.files["/boot/system/lib/libx.so"] = library("libx.so").build();
    EXPECT_EQ(test.link(), "");
}

TEST(Search, PathsThatAreTooLongAreNotTried)
{
    LinkCase test;
    std::string list = "/" + std::string(2000, 'x') + ":/a";
    test.program.needed = {"libx.so"};
    test.request.library_path = list.c_str();
    test.host.files["/a/libx.so"] = library("libx.so").build();
    EXPECT_EQ(test.link(), "");
    EXPECT_EQ(tried(test), "/a/libx.so");
}

/* ---- two compiler generations ---- */

static std::string tried_with(uint32_t system, uint32_t program)
{
    LinkCase test;
    test.program.needed = {"libx.so"};
    test.request.system_abi = system;
    test.request.library_path = "%A/lib:/boot/home/config/lib:/boot/system/"
                                "lib:/boot/system/lib/sub";
    if (program != 0) {
        test.program.object("_gSharedObjectHaikuABI", 0);
        test.program.words[0] = program;
    }
    test.link();
    return tried(test);
}

TEST(Search, LibrariesOfTheOtherCompilerAreInASubdirectory)
{
    const char *plain = "/lib/libx.so /boot/home/config/lib/libx.so "
                        "/boot/system/lib/libx.so "
                        "/boot/system/lib/sub/libx.so";
    EXPECT_EQ(tried_with(0, 0), plain);
    EXPECT_EQ(tried_with(0, ELD_ABI_GCC4), plain);
    EXPECT_EQ(tried_with(ELD_ABI_GCC2_HAIKU, ELD_ABI_GCC2_HAIKU), plain);
    EXPECT_EQ(tried_with(ELD_ABI_GCC2_HAIKU, ELD_ABI_GCC4),
              "/lib/libx.so /boot/home/config/lib/x86/libx.so "
              "/boot/system/lib/x86/libx.so /boot/system/lib/sub/libx.so");
    EXPECT_EQ(tried_with(ELD_ABI_GCC4, ELD_ABI_GCC2_HAIKU),
              "/lib/libx.so /boot/home/config/lib/x86_gcc2/libx.so "
              "/boot/system/lib/x86_gcc2/libx.so "
              "/boot/system/lib/sub/libx.so");
    /* A program without any mark goes with the system. */
    EXPECT_EQ(tried_with(ELD_ABI_GCC2_HAIKU, 0), plain);
}
