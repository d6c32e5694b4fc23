/* root_test.cc -- dependencies in packages, and in roots made of them. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"
#include "libhaikuabi/test/package_builder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <haikuabi/root.h>
#include <unistd.h>

#include <cstdlib>

static std::string elf(const std::string &soname,
                       const std::vector<std::string> &needed = {})
{
    ElfBuilder builder;
    builder.soname = soname;
    builder.needed = needed;
    Bytes bytes = builder.build();
    return std::string(bytes.begin(), bytes.end());
}

static std::string package(std::vector<hk::Node> lib)
{
    hk::PackageBuilder builder(hk::ZSTD);
    builder.toc = {hk::Directory("lib", std::move(lib))};
    builder.info = {
        hk::Node(HK_PACKAGE_NAME, "some"),
        hk::Node(HK_PACKAGE_ARCHITECTURE, uint64_t{1}),
        hk::Node(HK_PACKAGE_VERSION_MAJOR, "1",
                 {hk::Node(HK_PACKAGE_VERSION_REVISION, uint64_t{2})})};
    return builder.build();
}

/* libroot, and libx behind links. */
static std::string base()
{
    return package({hk::File("libroot.so", elf("libroot.so")),
                    hk::File("libx.so.1", elf("libx.so", {"libroot.so"})),
                    hk::Link("libx.so.0", "/boot/system/./lib/libx.so.1"),
                    hk::Link("libx.so", "../lib/libx.so.0"),
                    hk::Link("liby.so", "liby.so"),
                    hk::Link("libz.so", "../../../../../lib/libroot.so")});
}

/* A directory, and a program beside it. */
class Packages : public testing::Test
{
  protected:
    void SetUp() override
    {
        root = std::string(getenv("TEST_TMPDIR")) + "/root";
        ASSERT_EQ(run("rm -rf " + root + " && mkdir -p " + root +
                      "/boot/system/packages " + root +
                      "/boot/home/config/packages")
                      .status,
                  0);
    }
    Json json(const std::string &program, int status)
    {
        Result result = elfinfo("deps --json --root " + root + options + " " +
                                write_file("program", program));
        EXPECT_EQ(result.status, status) << result.err << result.out;
        return Json::parse(result.out)["files"][(size_t)0];
    }
    void expect_images(const std::vector<std::string> &paths)
    {
        Json images = json(elf("", {"libx.so"}), 0)["images"];
        ASSERT_EQ(images.size(), paths.size() + 1);
        for (size_t i = 0; i < paths.size(); i++)
            EXPECT_EQ(images[i + 1]["path"].text(), paths[i]);
    }
    std::string root, options;
};

static const std::vector<std::string> kSystem = {"/boot/system/lib/libx.so.1",
                                                 "/boot/system/lib/libroot.so"};

TEST_F(Packages, OfADirectoryAreReadInPlace)
{
    write_file("root/boot/system/packages/base.hpkg", base());
    write_file("root/boot/system/packages/README", std::string("no package"));
    expect_images(kSystem);
}

TEST_F(Packages, MayLieInTheDirectoryItself)
{
    write_file("root/base.hpkg", base());
    expect_images(kSystem);
    Result result = elfinfo("releases --against " + root + " " +
                            write_file("program", elf("", {"libroot.so"})));
    EXPECT_EQ(result.status, 0) << result.err;
}

TEST_F(Packages, OfTheHomeDirectoryHaveItsPaths)
{
    write_file("root/boot/system/packages/a.hpkg",
               package({hk::File("libroot.so", elf("libroot.so"))}));
    write_file("root/boot/home/config/packages/b.hpkg",
               package({hk::File("libx.so", elf("libx.so", {"libroot.so"}))}));
    options = " --library-path /boot/home/config/lib:/boot/system/lib";
    expect_images(
        {"/boot/home/config/lib/libx.so", "/boot/system/lib/libroot.so"});
}

TEST_F(Packages, FilesOfTheDirectoryComeFirst)
{
    write_file("root/base.hpkg", base());
    run("mkdir " + root + "/boot/system/lib");
    write_file("root/boot/system/lib/libx.so", elf("libx.so"));
    expect_images({"/boot/system/lib/libx.so"});
}

TEST_F(Packages, LinksThatLeadNowhereAreMissingLibraries)
{
    write_file("root/base.hpkg", base());
    Json missing = json(elf("", {"liby.so", "libz.so", "lib"}), 1)["missing"];
    ASSERT_EQ(missing.size(), 3u);
    for (size_t i = 0; i < 3; i++)
        EXPECT_EQ(missing[i]["kind"].text(), "library");
}

TEST_F(Packages, ThatAreBrokenAreErrors)
{
    write_file("root/base.hpkg", base());
    write_file("root/bad.hpkg", std::string("hpkg and no more"));
    Json file = json(elf("", {"libx.so"}), 1);
    EXPECT_EQ(file["images"].size(), 3u);
    EXPECT_EQ(file["missing"].size(), 0u);
    EXPECT_EQ(file["errors"].size(), 1u);
    EXPECT_NE(file["errors"].join().find("/bad.hpkg: "), std::string::npos);
}

/* There files have their content only when they are opened. */
TEST_F(Packages, OfARootOfUvmsAreActivated)
{
    run("rm -r " + root);
    hk_package_fault fault = {};
    hk_root *made = nullptr;
    ASSERT_EQ(hk_root_create(root.c_str(), &fault), 0) << fault.text;
    ASSERT_EQ(hk_root_open(root.c_str(), nullptr, &made, &fault), 0)
        << fault.text;
    std::string file = write_file("base.hpkg", base());
    const hk_root_additions some = {
        1,
        [](void *name, size_t, char **file_name, int *package,
           hk_package_fault *) {
            *file_name = strdup("some-1-2-x86.hpkg");
            *package = open(static_cast<char *>(name), O_RDONLY);
            return 0;
        },
        file.data()};
    EXPECT_EQ(hk_root_add(made, HK_LOCATION_SYSTEM, &some, nullptr, &fault), 0)
        << fault.text;
    hk_root_close(made);
    expect_images(kSystem);
}
