// package_write_test.cc -- packages made of directories, and read back.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/package_builder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

extern "C" {
#include "libhaikuabi/src/attr_store.h"
#include "libhaikuabi/src/kept_stat.h"
}

namespace
{

namespace fs = std::filesystem;
using namespace hk;

const char info[] = "name             sample\n"
                    "version          1.2.3~beta-4 # not the last\n"
                    "architecture     x86_gcc2\n"
                    "summary          \"A sample\"\n"
                    "description      \"Two\nlines\"\n"
                    "vendor           'The \"vendor\"'\n"
                    "packager         me\\ \\<me@x\\>\n"
                    "copyrights       { \"2026 me\"; \"2025 you\" }\n"
                    "licenses         MIT\n"
                    "provides {\n"
                    "    sample = 1.2.3 compat >= 1.0\n"
                    "    cmd:sample\n"
                    "}\n";

class PackageWrite : public testing::Test
{
  protected:
    void SetUp() override
    {
        std::string name = testing::TempDir() + "/write.XXXXXX";
        directory = mkdtemp(name.data());
        store = directory + ".attributes";
        write(".PackageInfo", info);
    }
    void TearDown() override
    {
        hk_package_close(package);
        fs::remove_all(directory);
        fs::remove_all(store);
    }
    void write(const std::string &name, const std::string &bytes,
               mode_t mode = 0644, timespec mtime = {1000, 0})
    {
        std::ofstream(directory + "/" + name, std::ios::binary) << bytes;
        ASSERT_EQ(chmod((directory + "/" + name).c_str(), mode), 0);
        touch(name, mtime);
    }
    void touch(const std::string &name, timespec mtime)
    {
        const timespec times[] = {mtime, mtime};
        ASSERT_EQ(utimensat(AT_FDCWD, (directory + "/" + name).c_str(), times,
                            AT_SYMLINK_NOFOLLOW),
                  0);
    }
    // An attribute as libhaikuabi keeps it; false when the host has none.
    bool attribute(const std::string &name, const std::string &attribute,
                   const std::string &typed)
    {
        return setxattr((directory + "/" + name).c_str(),
                        ("user.haiku." + attribute).c_str(), typed.data(),
                        typed.size(), 0) == 0;
    }
    // The package's bytes; "" when there is none, and `fault` says why.
    std::string create(Compression compression, const char *text = nullptr)
    {
        int from = open(directory.c_str(), O_RDONLY | O_DIRECTORY);
        std::string name = testing::TempDir() + "/made.XXXXXX";
        int to = mkstemp(name.data());
        const hk_package_source source = {from, text, store.c_str(), nullptr};
        error = hk_package_create(
            &source, to, static_cast<hk_package_compression>(compression),
            &fault);
        close(from);
        close(to);
        std::ifstream stream(name, std::ios::binary);
        std::ostringstream bytes;
        bytes << stream.rdbuf();
        if (error == 0)
            open_package(name);
        unlink(name.c_str());
        return error == 0 ? bytes.str() : "";
    }
    void open_package(const std::string &name)
    {
        hk_package_close(package);
        package = nullptr;
        int fd = open(name.c_str(), O_RDONLY);
        ASSERT_EQ(hk_package_open(fd, &package, &fault), 0) << fault.text;
        EXPECT_EQ(hk_package_verify(package, &fault), 0) << fault.text;
    }
    hk_package_file file(const char *path)
    {
        hk_package_file found{};
        uint32_t entry = hk_package_find_entry(package, path);
        EXPECT_NE(entry, 0u) << path;
        if (entry != 0)
            hk_package_get_file(package, entry, &found);
        return found;
    }
    std::string content(const hk_package_data &data)
    {
        std::string bytes(data.size, '\0');
        EXPECT_EQ(hk_package_read(package, &data, 0, bytes.data(), bytes.size(),
                                  &fault),
                  static_cast<int64_t>(data.size))
            << fault.text;
        return bytes;
    }
    const hk_package_attribute *find(uint32_t list, hk_package_id id)
    {
        return hk_package_at(package, hk_package_find(package, list, id));
    }

    std::string store;
    std::string directory;
    struct hk_package *package = nullptr;
    hk_package_fault fault{};
    int error = 0;
};

std::string random_bytes(size_t size, unsigned seed, unsigned range)
{
    std::minstd_rand random(seed);
    std::string bytes(size, '\0');
    for (char &byte : bytes)
        byte = static_cast<char>(random() % range);
    return bytes;
}

TEST_F(PackageWrite, GivesContentsOfAnySizeBack)
{
    const size_t sizes[] = {0,     1,     8,      9,      65535,
                            65536, 65537, 131072, 300000, 1000000};
    for (size_t size : sizes)
        for (unsigned range : {3u, 256u})
            write("f" + std::to_string(size) + "." + std::to_string(range),
                  random_bytes(size, static_cast<unsigned>(size), range));
    for (Compression compression : {STORED, ZLIB, ZSTD}) {
        ASSERT_NE(create(compression), "") << fault.text;
        for (size_t size : sizes)
            for (unsigned range : {3u, 256u}) {
                std::string name =
                    "f" + std::to_string(size) + "." + std::to_string(range);
                EXPECT_EQ(
                    content(file(name.c_str()).data),
                    random_bytes(size, static_cast<unsigned>(size), range))
                    << name;
            }
    }
}

TEST_F(PackageWrite, KeepsKindsModesTimesAndTargets)
{
    fs::create_directories(directory + "/bin/deep/er");
    write("bin/tool", "#!/bin/sh\n", 0755, {5000, 123456789});
    write("bin/setid", "x", 04755);
    fs::create_symlink("../bin/tool", directory + "/bin/alias");
    touch("bin/alias", {7, 0});
    chmod((directory + "/bin").c_str(), 0700);
    touch("bin", {8, 0});
    ASSERT_NE(create(ZSTD), "") << fault.text;
    hk_package_file tool = file("bin/tool");
    EXPECT_EQ(tool.type, HK_PACKAGE_FILE);
    EXPECT_EQ(tool.permissions, 0755);
    EXPECT_EQ(tool.mtime, 5000);
    EXPECT_EQ(tool.mtime_nanos, 123456789u);
    EXPECT_EQ(file("bin/setid").permissions, 04755);
    EXPECT_EQ(file("bin/alias").type, HK_PACKAGE_LINK);
    EXPECT_STREQ(file("bin/alias").target, "../bin/tool");
    EXPECT_EQ(file("bin/alias").mtime, 7);
    EXPECT_EQ(file("bin").type, HK_PACKAGE_DIRECTORY);
    EXPECT_EQ(file("bin").permissions, 0700);
    EXPECT_EQ(file("bin").mtime, 8);
    EXPECT_EQ(file("bin/deep/er").type, HK_PACKAGE_DIRECTORY);
    EXPECT_EQ(content(file(".PackageInfo").data), info);
}

TEST_F(PackageWrite, KeepsAttributesWithTheirTypes)
{
    write("typed", "text");
    if (!attribute("typed", "BEOS:TYPE", "SMIMtext/plain"))
        GTEST_SKIP() << "no attributes on this file system";
    ASSERT_TRUE(attribute("typed", "A:SHORT", "GNOLabcd"));
    ASSERT_NE(create(ZLIB), "") << fault.text;
    uint32_t children =
        hk_package_at(package, hk_package_find_entry(package, "typed"))->child;
    uint32_t first = hk_package_find(package, children, HK_PACKAGE_ATTRIBUTE);
    const hk_package_attribute *at = hk_package_at(package, first);
    EXPECT_STREQ(at->value.string, "A:SHORT"); // in the order of names
    EXPECT_EQ(content(find(at->child, HK_PACKAGE_DATA)->value.data), "abcd");
    at = find(at->next, HK_PACKAGE_ATTRIBUTE);
    EXPECT_STREQ(at->value.string, "BEOS:TYPE");
    EXPECT_EQ(find(at->child, HK_PACKAGE_ATTRIBUTE_TYPE)->value.number,
              0x4d494d53u); // 'MIMS', little-endian on the host
    EXPECT_EQ(content(find(at->child, HK_PACKAGE_DATA)->value.data),
              "text/plain");
    // Haiku's reader looks for the content before the first attribute only.
    while (children != first &&
           hk_package_at(package, children)->id != HK_PACKAGE_DATA)
        children = hk_package_at(package, children)->next;
    EXPECT_NE(children, first);
}

// What the host's files cannot keep lies elsewhere, before and after.
TEST_F(PackageWrite, KeepsAttributesThatTheHostsFilesCannot)
{
    const std::string big(200000, 'b'), small = "of a link";
    std::string to = testing::TempDir() + "/extracted.XXXXXX";
    hk_attr_store *kept;
    ASSERT_EQ(hk_attr_store_new(store.c_str(), &kept), 0);
    auto write_to = [&](const char *name, const std::string &bytes) {
        int fd = open((directory + "/" + name).c_str(), O_PATH | O_NOFOLLOW);
        const hk_attr_value value = {
            0x52415754, static_cast<uint32_t>(bytes.size()),
            reinterpret_cast<uint8_t *>(const_cast<char *>(bytes.data()))};
        EXPECT_EQ(hk_attr_write(kept, fd, "kept", &value), 0) << name;
        close(fd);
    };
    auto read_from = [&](const std::string &path) -> std::string {
        int fd = open(path.c_str(), O_PATH | O_NOFOLLOW);
        hk_attr_value value = {};
        int error = hk_attr_read(kept, fd, "kept", &value);
        close(fd);
        std::string bytes =
            error != 0 ? strerror(error)
                       : std::string(reinterpret_cast<char *>(value.bytes),
                                     value.size);
        free(value.bytes);
        return bytes;
    };

    write("file", "text");
    fs::create_directory(directory + "/inner");
    fs::create_symlink("file", directory + "/link");
    for (const char *name : {"file", "inner"})
        write_to(name, big);
    write_to("link", small);
    int link = open((directory + "/link").c_str(), O_PATH | O_NOFOLLOW);
    EXPECT_EQ(hk_keep_link_mode(kept, link, 0640), 0);
    close(link);
    ASSERT_NE(create(ZLIB), "") << fault.text;
    int out = open(mkdtemp(to.data()), O_RDONLY | O_DIRECTORY);
    uint64_t lost = 9;
    EXPECT_EQ(hk_package_extract(package, out, store.c_str(), &lost, &fault), 0)
        << fault.text;
    EXPECT_EQ(lost, 0u);
    EXPECT_EQ(read_from(to + "/file"), big);
    EXPECT_EQ(read_from(to + "/inner"), big);
    EXPECT_EQ(read_from(to + "/link"), small);
    EXPECT_EQ(hk_kept_link_mode(kept, out, "link"), S_IFLNK | 0640u);
    // Without, they are counted.
    fs::remove_all(to + "/link");
    fs::remove_all(to + "/file");
    EXPECT_EQ(hk_package_extract(package, out, nullptr, &lost, &fault), 0);
    EXPECT_EQ(lost, 3u);
    close(out);
    fs::remove_all(to);
    hk_attr_store_free(kept);
}

TEST_F(PackageWrite, TakesListsWithoutSeparators)
{
    std::string text = std::string(info) + "flags { approve_license "
                                           "system_package } urls { a b }\n"
                                           "requires { x >= 1 y z < 2 }";
    ASSERT_NE(create(ZSTD, text.c_str()), "") << fault.text;
    uint32_t list = hk_package_info(package);
    EXPECT_EQ(find(list, HK_PACKAGE_FLAGS)->value.number, 3u);
    const hk_package_attribute *at = find(list, HK_PACKAGE_URL);
    EXPECT_STREQ(at->value.string, "a");
    EXPECT_STREQ(find(at->next, HK_PACKAGE_URL)->value.string, "b");
    at = find(list, HK_PACKAGE_REQUIRES);
    for (const char *name : {"x", "y", "z"}) {
        EXPECT_STREQ(at->value.string, name);
        at = find(at->next, HK_PACKAGE_REQUIRES);
    }
}

TEST_F(PackageWrite, SaysWhatThePackageInfoSays)
{
    std::string text =
        std::string(info) +
        "flags { approve_license; system_package }\n"
        "requires {\n haiku >= r1~beta5-1\n lib:x == 2 base\n cmd:sh\n}\n"
        "global-writable-files {\n settings/x keep-old\n var/y directory\n}\n"
        "user-settings-files { settings/u template data/u }\n"
        "users { joe real-name \"Joe D\" home /home/joe groups a b }\n"
        "urls \"https://x.org\"; groups { a; b }\n"
        "post-install-scripts boot/post-install/x.sh\n";
    ASSERT_NE(create(ZSTD, text.c_str()), "") << fault.text;
    uint32_t list = hk_package_info(package);
    char version[64];
    EXPECT_STREQ(find(list, HK_PACKAGE_NAME)->value.string, "sample");
    hk_package_version(package, list, version, sizeof(version));
    EXPECT_STREQ(version, "1.2.3~beta-4");
    EXPECT_EQ(find(list, HK_PACKAGE_ARCHITECTURE)->value.number, 2u);
    EXPECT_STREQ(find(list, HK_PACKAGE_DESCRIPTION)->value.string,
                 "Two\nlines");
    EXPECT_STREQ(find(list, HK_PACKAGE_VENDOR)->value.string, "The \"vendor\"");
    EXPECT_EQ(find(list, HK_PACKAGE_FLAGS)->value.number, 3u);
    const hk_package_attribute *at = find(list, HK_PACKAGE_COPYRIGHT);
    EXPECT_STREQ(at->value.string, "2026 me");
    EXPECT_STREQ(find(at->next, HK_PACKAGE_COPYRIGHT)->value.string,
                 "2025 you");
    at = find(list, HK_PACKAGE_PROVIDES);
    EXPECT_STREQ(at->value.string, "sample");
    EXPECT_STREQ(find(at->child, HK_PACKAGE_COMPATIBLE)->value.string, "1");
    at = find(list, HK_PACKAGE_REQUIRES);
    EXPECT_EQ(find(at->child, HK_PACKAGE_OPERATOR)->value.number, 4u);
    hk_package_version(package, at->child, version, sizeof(version));
    EXPECT_STREQ(version, "r1~beta5-1");
    EXPECT_STREQ(find(list, HK_PACKAGE_BASE_PACKAGE)->value.string, "lib:x");
    at = find(list, HK_PACKAGE_WRITABLE_FILE);
    EXPECT_EQ(find(at->child, HK_PACKAGE_UPDATE_TYPE)->value.number, 0u);
    at = find(at->next, HK_PACKAGE_WRITABLE_FILE);
    EXPECT_EQ(find(at->child, HK_PACKAGE_IS_DIRECTORY)->value.number, 1u);
    at = find(list, HK_PACKAGE_PACKAGE_USER);
    EXPECT_STREQ(find(at->child, HK_PACKAGE_USER_HOME)->value.string,
                 "/home/joe");
    EXPECT_STREQ(find(at->child, HK_PACKAGE_USER_GROUP)->value.string, "a");
    EXPECT_STREQ(find(list, HK_PACKAGE_POST_INSTALL)->value.string,
                 "boot/post-install/x.sh");
}

// Bytes of another writer, made by the format's facts.
TEST_F(PackageWrite, MakesTheBytesThatTheFormatSays)
{
    fs::create_directories(directory + "/aa");
    write("aa/x", "12345678", 0755, {70000, 0});
    write("aa/y", "123456789", 0644, {200, 5});
    fs::create_symlink("x", directory + "/aa/z");
    touch("aa/z", {1, 0});
    touch("aa", {300, 0});
    chmod((directory + "/aa").c_str(), 0755);
    unlink((directory + "/.PackageInfo").c_str());
    std::string made = create(STORED, info);
    ASSERT_NE(made, "") << fault.text;

    auto entry = [](const char *name, std::vector<Node> children) {
        return Node(HK_PACKAGE_ENTRY, name, std::move(children));
    };
    auto number = [](unsigned id, uint64_t value) { return Node(id, value); };
    PackageBuilder expected(STORED);
    expected.toc = {entry(
        "aa",
        {number(HK_PACKAGE_FILE_TYPE, 1), number(HK_PACKAGE_MTIME, 300),
         number(HK_PACKAGE_CRTIME, 300),
         entry("x", {number(HK_PACKAGE_PERMISSIONS, 0755),
                     number(HK_PACKAGE_MTIME, 70000),
                     number(HK_PACKAGE_CRTIME, 70000), Node::Data("12345678")}),
         entry("y", {number(HK_PACKAGE_MTIME, 200),
                     number(HK_PACKAGE_MTIME_NANOS, 5),
                     number(HK_PACKAGE_CRTIME, 200), Node::Data("123456789")}),
         entry("z", {number(HK_PACKAGE_FILE_TYPE, 2),
                     number(HK_PACKAGE_MTIME, 1), number(HK_PACKAGE_CRTIME, 1),
                     Node(HK_PACKAGE_SYMLINK, "x")})})};
    expected.info = {
        Node(HK_PACKAGE_NAME, "sample"),
        Node(HK_PACKAGE_VERSION_MAJOR, "1",
             {Node(HK_PACKAGE_VERSION_MINOR, "2"),
              Node(HK_PACKAGE_VERSION_MICRO, "3"),
              Node(HK_PACKAGE_VERSION_PRERELEASE, "beta"),
              number(HK_PACKAGE_VERSION_REVISION, 4)}),
        number(HK_PACKAGE_ARCHITECTURE, 2),
        Node(HK_PACKAGE_SUMMARY, "A sample"),
        Node(HK_PACKAGE_DESCRIPTION, "Two\nlines"),
        Node(HK_PACKAGE_VENDOR, "The \"vendor\""),
        Node(HK_PACKAGE_PACKAGER, "me <me@x>"),
        Node(HK_PACKAGE_COPYRIGHT, "2026 me"),
        Node(HK_PACKAGE_COPYRIGHT, "2025 you"),
        Node(HK_PACKAGE_LICENSE, "MIT"),
        Node(HK_PACKAGE_PROVIDES, "sample",
             {Node(HK_PACKAGE_VERSION_MAJOR, "1",
                   {Node(HK_PACKAGE_VERSION_MINOR, "2"),
                    Node(HK_PACKAGE_VERSION_MICRO, "3")}),
              Node(HK_PACKAGE_COMPATIBLE, "1",
                   {Node(HK_PACKAGE_VERSION_MINOR, "0")})}),
        Node(HK_PACKAGE_PROVIDES, "cmd:sample"),
    };
    EXPECT_EQ(made, expected.build());
}

TEST_F(PackageWrite, MakesTheSameBytesOfTheSameFiles)
{
    fs::create_directories(directory + "/d");
    touch("d", {1, 0});
    for (int i = 0; i < 50; i++)
        write("d/" + std::to_string(i * 7919 % 101), random_bytes(100, i, 9));
    touch("d", {1, 0});
    std::string first = create(ZSTD);
    EXPECT_NE(first, "");
    // Another order of the host's names.
    std::string copy = directory + ".copy";
    fs::rename(directory, copy);
    fs::create_directories(directory + "/d");
    write(".PackageInfo", info);
    for (int i = 100; i >= 0; i--)
        if (fs::exists(copy + "/d/" + std::to_string(i))) {
            std::ifstream from(copy + "/d/" + std::to_string(i));
            std::ostringstream bytes;
            bytes << from.rdbuf();
            write("d/" + std::to_string(i), bytes.str());
        }
    touch("d", {1, 0});
    fs::remove_all(copy);
    EXPECT_EQ(create(ZSTD), first);
}

TEST_F(PackageWrite, RefusesWhatAPackageCannotHave)
{
    ASSERT_EQ(mkfifo((directory + "/fifo").c_str(), 0644), 0);
    EXPECT_EQ(create(ZSTD), "");
    EXPECT_EQ(error, HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text,
                 "fifo: neither a file, a directory nor a symbolic link");
    unlink((directory + "/fifo").c_str());
    unlink((directory + "/.PackageInfo").c_str());
    EXPECT_EQ(create(ZSTD), "");
    EXPECT_STREQ(fault.text, ".PackageInfo: No such file or directory");
    write(".PackageInfo", std::string("name x\0y", 8));
    EXPECT_EQ(create(ZSTD), "");
    EXPECT_STREQ(fault.text, ".PackageInfo: not a text");
}

TEST_F(PackageWrite, RefusesAPackageInItself)
{
    int from = open(directory.c_str(), O_RDONLY | O_DIRECTORY);
    int to = open((directory + "/out").c_str(), O_RDWR | O_CREAT, 0644);
    const hk_package_source source = {from, nullptr, nullptr, nullptr};
    EXPECT_EQ(hk_package_create(&source, to, HK_PACKAGE_ZSTD, &fault),
              HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text, "out: it is the package itself");
    close(to);
    close(from);
}

TEST_F(PackageWrite, RefusesDirectoriesDeeperThanReadersGo)
{
    std::string deep = directory;
    for (int i = 0; i < 260; i++)
        deep += "/d";
    fs::create_directories(deep);
    EXPECT_EQ(create(ZSTD), "");
    EXPECT_EQ(error, HK_PACKAGE_ERR_LIMIT);
}

TEST_F(PackageWrite, NamesTheLineOfAWrongPackageInfo)
{
    const struct {
        const char *text, *fault;
    } rows[] = {
        {"", ".PackageInfo: no \"name\" in it"},
        {"name a\nversion 1-1\n", ".PackageInfo: no \"architecture\" in it"},
        {"name a-b\n",
         ".PackageInfo:1: \"a-b\": no name of a package or of what it "
         "provides"},
        {"name a b\n", ".PackageInfo:1: \"b\": not an item of a .PackageInfo"},
        {"name\n", ".PackageInfo:1: expected a value"},
        {"\n# x\nfrobnicate a\n",
         ".PackageInfo:3: \"frobnicate\": not an item of a .PackageInfo"},
        {"name a\nname b\n", ".PackageInfo:2: \"name\": said twice"},
        {"version 1\n",
         ".PackageInfo:1: \"1\": expected a revision, -NUMBER, behind it"},
        {"version 1-x\n",
         ".PackageInfo:1: \"1\": expected a revision, -NUMBER, behind it"},
        {"version 1..2-3\n", ".PackageInfo:1: \"1\": not a version"},
        {"version 1~-3\n", ".PackageInfo:1: \"1\": not a version"},
        {"architecture vax\n", ".PackageInfo:1: \"vax\": not an architecture"},
        {"summary \"a\nb\"\n",
         ".PackageInfo:1: a summary of more than one line"},
        {"summary \"a", ".PackageInfo:1: a quoted string without end"},
        {"licenses {\n a\n", ".PackageInfo:3: expected a value or \"}\""},
        {"licenses { { }\n", ".PackageInfo:1: expected a value or \"}\""},
        {"provides a == 1\n", ".PackageInfo:1: expected \"=\""},
        {"provides a = 1 compat = 1\n",
         ".PackageInfo:1: expected \">=\" behind \"compat\""},
        {"requires a = 1\n", ".PackageInfo:1: expected <, <=, ==, !=, >= or >"},
        {"requires a >= !\n", ".PackageInfo:1: a word cannot begin with \"!\""},
        {"flags huge\n", ".PackageInfo:1: \"huge\": neither approve_license "
                         "nor system_package"},
        {"global-writable-files a sometimes\n",
         ".PackageInfo:1: \"sometimes\": expected keep-old, manual or "
         "auto-merge"},
        {"user-settings-files a template\n",
         ".PackageInfo:1: expected the path of a template"},
        {"users a age 7\n", ".PackageInfo:1: \"age\": expected real-name, "
                            "home, shell or groups"},
        {"= 7\n", ".PackageInfo:1: expected the name of an item"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(create(STORED, row.text), "") << row.text;
        EXPECT_EQ(error, HK_PACKAGE_ERR_INPUT) << row.text;
        EXPECT_STREQ(fault.text, row.fault) << row.text;
    }
}

} // namespace
