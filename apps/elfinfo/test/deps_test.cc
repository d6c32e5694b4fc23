/* deps_test.cc -- libraries of a program in a root. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <elfload/elf_haiku.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

/* An empty root in the test's directory. */
class Deps : public testing::Test
{
  protected:
    void SetUp() override
    {
        std::string base = getenv("TEST_TMPDIR");
        root = base + "/root";
        ASSERT_EQ(run("rm -rf " + root + " && mkdir -p " + root +
                      "/boot/system/lib " + root + "/boot/system/bin " + root +
                      "/boot/home/lib")
                      .status,
                  0);
    }
    void add(const std::string &path, ElfBuilder builder)
    {
        write_file("root" + path, builder.build());
    }
    static ElfBuilder library(const std::string &soname)
    {
        ElfBuilder builder;
        builder.soname = soname;
        return builder;
    }
    Result deps(const std::string &arguments, const std::string &input = "")
    {
        return elfinfo("deps --root " + root + " " + arguments, input);
    }
    Json json(const std::string &arguments, int status)
    {
        Result result = deps("--json " + arguments);
        EXPECT_EQ(result.status, status) << result.err;
        return Json::parse(result.out)["files"][(size_t)0];
    }
    std::string root;
};

static ElfBuilder program(const std::vector<std::string> &needed)
{
    ElfBuilder builder;
    builder.needed = needed;
    return builder;
}

TEST_F(Deps, TheTreeIsShownWithEachPath)
{
    ElfBuilder top = library("libtop.so"), base = library("libbase.so");
    base.needed = {"libroot.so"};
    top.needed = {"libbase.so", "libroot.so"};
    add("/boot/system/lib/libroot.so", library("libroot.so"));
    add("/boot/system/lib/libbase.so", base);
    add("/boot/system/lib/libtop.so", top);
    add("/boot/system/bin/tool", program({"libtop.so", "libbase.so"}));
    Result result = deps(root + "/boot/system/bin/tool");
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out,
              "/boot/system/bin/tool\n"
              "    libtop.so: /boot/system/lib/libtop.so\n"
              "      libbase.so: /boot/system/lib/libbase.so\n"
              "        libroot.so: /boot/system/lib/libroot.so\n"
              "      libroot.so: /boot/system/lib/libroot.so\n"
              "    libbase.so: /boot/system/lib/libbase.so (see above)\n"
              "\n"
              "Nothing is missing.\n");
    Json images = json(root + "/boot/system/bin/tool", 0)["images"];
    ASSERT_EQ(images.size(), 4u);
    EXPECT_EQ(images.with("name", "libtop.so")["needs"].join(),
              "libbase.so libroot.so");
}

TEST_F(Deps, EverythingMissingIsShown)
{
    ElfBuilder base = library("libbase.so");
    base.versions = {"V1"};
    base.function("there").version("V1");
    base.needed = {"libgone.so"};
    add("/boot/system/lib/libbase.so", base);
    ElfBuilder tool = program({"libbase.so", "libnone.so"});
    tool.undefined("there", STT_FUNC).version("V2", "libbase.so");
    tool.undefined("_ZN5BView4DrawE5BRect", STT_FUNC);
    tool.undefined("weak", STT_FUNC, STB_WEAK);
    add("/boot/system/bin/tool", tool);
    std::string path = root + "/boot/system/bin/tool";
    Result result = deps("-C " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "");
    EXPECT_EQ(result.out.substr(0, result.out.find("\n\n")),
              "/boot/system/bin/tool\n"
              "    libnone.so: not found\n"
              "    libbase.so: /boot/system/lib/libbase.so\n"
              "      libgone.so: not found");
    EXPECT_NE(result.out.find("symbol   BView::Draw(BRect)"), std::string::npos)
        << result.out;
    Json missing = json(path, 1)["missing"];
    ASSERT_EQ(missing.size(), 5u);
    EXPECT_EQ(missing[(size_t)0]["kind"].text(), "library");
    EXPECT_EQ(missing.with("kind", "version")["version"].text(), "V2");
    EXPECT_EQ(missing.with("name", "there")["kind"].text(), "symbol");
    EXPECT_EQ(missing.with("name", "libgone.so")["file"].text(),
              "/boot/system/lib/libbase.so");
    EXPECT_EQ(missing.with("name", "there")["error"].text(),
              "symbol: there@V2: symbol not found");
}

TEST_F(Deps, LibrariesAreSearchedAsOnHaiku)
{
    add("/boot/system/bin/lib.so", library("lib.so"));
    add("/boot/home/lib/liba.so", library("liba.so"));
    add("/boot/home/lib/libb.so", library("libb.so"));
    ElfBuilder tool = program({"liba.so"});
    tool.runpath = "$ORIGIN/../../home/lib";
    add("/boot/system/bin/tool", tool);
    std::string path = root + "/boot/system/bin/tool";
    EXPECT_EQ(json(path, 0)["images"][1]["path"].text(),
              "/boot/home/lib/liba.so");
    add("/boot/system/bin/tool", program({"libb.so"}));
    json(path, 1);
    EXPECT_EQ(json("--library-path %A/lib:/boot/home/lib " + path,
                   0)["images"][1]["path"]
                  .text(),
              "/boot/home/lib/libb.so");
    /* A program of the other compiler has a directory of its own. */
    ElfBuilder old = library("libroot.so"), recent = program({"libc.so"});
    old.object("_gSharedObjectHaikuABI", 0).words = {{0, ELD_ABI_GCC2_HAIKU}};
    recent.object("_gSharedObjectHaikuABI", 0).words = {{0, ELD_ABI_GCC4}};
    mkdir((root + "/boot/system/lib/x86").c_str(), 0700);
    add("/boot/system/lib/libroot.so", old);
    add("/boot/system/lib/libc.so", library("libc.so"));
    add("/boot/system/lib/x86/libc.so", library("libc.so"));
    add("/boot/system/bin/tool", recent);
    EXPECT_EQ(json(path, 0)["images"][1]["path"].text(),
              "/boot/system/lib/x86/libc.so");
}

TEST_F(Deps, LinksStayInTheRoot)
{
    add("/boot/system/lib/libreal.so.1", library("libreal.so"));
    add("/boot/system/bin/tool", program({"libreal.so", "libout.so"}));
    std::string lib = root + "/boot/system/lib/";
    ASSERT_EQ(
        symlink("/boot/system/lib/libreal.so.1", (lib + "libreal.so").c_str()),
        0);
    ASSERT_EQ(symlink("loop.so", (lib + "loop.so").c_str()), 0);
    write_file("outside.so", library("libout.so").build());
    ASSERT_EQ(symlink("../../../../outside.so", (lib + "libout.so").c_str()),
              0);
    Json file = json(root + "/boot/system/bin/tool", 1);
    EXPECT_EQ(file["images"][1]["path"].text(),
              "/boot/system/lib/libreal.so.1");
    EXPECT_EQ(file["missing"][(size_t)0]["name"].text(), "libout.so");
    EXPECT_EQ(file["missing"].size(), 1u);
}

TEST_F(Deps, AProgramMayLieOutsideTheRoot)
{
    ElfBuilder mine = library("libmine.so");
    std::string base = getenv("TEST_TMPDIR");
    mkdir((base + "/lib").c_str(), 0700);
    write_file("lib/libmine.so", mine.build());
    add("/boot/system/lib/libroot.so", library("libroot.so"));
    std::string path =
        write_file("outside", program({"libmine.so", "libroot.so"}).build());
    Json images = json(path, 0)["images"];
    EXPECT_EQ(images[1]["path"].text(), base + "/lib/libmine.so");
    EXPECT_EQ(images[2]["path"].text(), "/boot/system/lib/libroot.so");
    Result result = deps("-", read_file(path));
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.out.find("libmine.so: not found"), std::string::npos);
}

TEST_F(Deps, OfTheBundledGuestAreComplete)
{
    Json file = json("testdata/haiku/dynamic", 0);
    EXPECT_EQ(file["missing"].size(), 0u);
    EXPECT_GE(file["images"].size(), 4u);
}

TEST_F(Deps, WhatHaikuCannotRunIsRefused)
{
    ElfBuilder builder(true);
    builder.machine = EM_S390;
    std::string path = write_file("s390", builder.build());
    Result result = deps(path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: " + path +
                              ": dependencies: Haiku has no programs for "
                              "s390x\n");
    builder = ElfBuilder();
    builder.type = ET_REL;
    path = write_file("object", builder.build());
    result = deps(path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("wrong file type (found REL)"), std::string::npos)
        << result.err;
}
