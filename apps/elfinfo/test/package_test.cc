/* package_test.cc -- files in packages; attributes of files. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"
#include "libhaikuabi/test/package_builder.h"

#include <gtest/gtest.h>
#include <sys/xattr.h>

#include <cstdlib>

static std::string elf(const std::string &soname)
{
    ElfBuilder builder;
    builder.soname = soname;
    Bytes bytes = builder.build();
    return std::string(bytes.begin(), bytes.end());
}

static std::string package(hk::Compression compression)
{
    hk::PackageBuilder builder(compression);
    hk::Node type(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
                  {hk::Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x4d494d53),
                   hk::Node::Data("application/x-vnd.be-elfexecutable")});
    builder.toc = {
        hk::Directory("lib", {hk::File("libone.so", elf("one"), 1, {type}),
                              hk::File("notes.txt", "text")}),
        hk::Directory("add-ons",
                      {hk::Directory("deep", {hk::File("two", elf("two"))})}),
        hk::Link("link", "lib/libone.so")};
    return builder.build();
}

TEST(Package, FilesAreShownWithoutExtraction)
{
    for (auto compression : {hk::STORED, hk::ZLIB, hk::ZSTD}) {
        std::string path = write_file("p.hpkg", package(compression));
        Result result = elfinfo("--json --summary --attributes " + path);
        ASSERT_EQ(result.status, 0) << result.err;
        Json files = Json::parse(result.out)["files"];
        ASSERT_EQ(files.size(), 2u);
        EXPECT_EQ(files[(size_t)0]["file"].text(), path + "(lib/libone.so)");
        EXPECT_EQ(files[(size_t)0]["summary"]["soname"].text(), "one");
        EXPECT_EQ(files[(size_t)0]["summary"]["mime_type"].text(),
                  "application/x-vnd.be-elfexecutable");
        EXPECT_EQ(files[(size_t)0]["attributes"][(size_t)0]["text"].text(),
                  "application/x-vnd.be-elfexecutable");
        EXPECT_EQ(files[1]["file"].text(), path + "(add-ons/deep/two)");
        EXPECT_EQ(files[1]["attributes"].size(), 0u);
    }
}

TEST(Package, OneFileOfMany)
{
    std::string path = write_file("p.hpkg", package(hk::ZSTD));
    Result result =
        elfinfo("--json --summary --member add-ons/deep/two " + path);
    Json files = Json::parse(result.out)["files"];
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[(size_t)0]["summary"]["soname"].text(), "two");
    result = elfinfo("--member nothing " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: " + path + ": has no such ELF file\n");
    EXPECT_EQ(elfinfo("--member lib/libone.so -", read_file(path)).status, 0);
}

TEST(Package, EveryLengthIsReadOrRefused)
{
    std::string whole = package(hk::ZLIB);
    for (size_t size = 0; size < whole.size(); size += 7) {
        std::string path = write_file("p.hpkg", whole.substr(0, size));
        Result result = elfinfo(path);
        EXPECT_EQ(result.status, 1) << size;
        EXPECT_EQ(result.err.compare(0, 9, "elfinfo: "), 0) << result.err;
    }
}

TEST(Attributes, OfTheHostsFiles)
{
    std::string path = write_file("attributed", elf("one"));
    std::string value = std::string("SMIM", 4) + "text/x-source-code";
    if (setxattr(path.c_str(), "user.haiku.BEOS:TYPE", value.data(),
                 value.size(), 0) != 0)
        GTEST_SKIP() << "this file system keeps no attributes";
    std::string number =
        std::string("GNOL", 4) + std::string("\xfe\xff\xff\xff");
    setxattr(path.c_str(), "user.haiku.n", number.data(), number.size(), 0);
    Json file = elfinfo_json("--attributes --summary " + path);
    EXPECT_EQ(file["summary"]["mime_type"].text(), "text/x-source-code");
    EXPECT_EQ(file["attributes"].with("name", "n")["text"].text(), "-2");
    EXPECT_EQ(file["attributes"].with("name", "n")["type"].text(), "LONG");
    EXPECT_EQ(elfinfo("attributes /bin/true").out,
              "There are no attributes.\n\n");
}
