// package_test.cc -- packages read, refused and extracted.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/package_builder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace
{

namespace fs = std::filesystem;
using namespace hk;

int descriptor_of(const std::string &bytes)
{
    std::string name = testing::TempDir() + "/package.XXXXXX";
    int fd = mkstemp(name.data());
    unlink(name.c_str());
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    return fd;
}

class Package
{
  public:
    explicit Package(const std::string &bytes)
    {
        int fd = descriptor_of(bytes);
        error = hk_package_open(fd, &package, &fault);
        if (error < 0)
            close(fd);
    }
    ~Package()
    {
        hk_package_close(package);
    }
    Package(const Package &) = delete;
    Package &operator=(const Package &) = delete;

    hk_package_file file(const char *path)
    {
        hk_package_file found{};
        uint32_t entry = hk_package_find_entry(package, path);
        EXPECT_NE(entry, 0u) << path;
        if (entry != 0)
            hk_package_get_file(package, entry, &found);
        return found;
    }
    std::string read(const hk_package_data &data, uint64_t offset = 0,
                     size_t size = 1 << 24)
    {
        std::string bytes(size, '\0');
        int64_t got =
            hk_package_read(package, &data, offset, bytes.data(), size, &fault);
        EXPECT_GE(got, 0) << fault.text;
        bytes.resize(got < 0 ? 0 : static_cast<size_t>(got));
        return bytes;
    }
    std::string content(const char *path)
    {
        return read(file(path).data);
    }

    struct hk_package *package = nullptr;
    hk_package_fault fault{};
    int error;
};

std::string random_bytes(size_t size, unsigned seed, unsigned range)
{
    std::minstd_rand random(seed);
    std::string bytes(size, '\0');
    for (char &byte : bytes)
        byte = static_cast<char>(random() % range);
    return bytes;
}

PackageBuilder sample(Compression compression)
{
    PackageBuilder made(compression);
    made.toc = {
        Directory("bin", {File("tool", random_bytes(300000, 1, 8), 5000,
                               {Node(HK_PACKAGE_PERMISSIONS, 0755)}),
                          Link("alias", "tool")}),
        Directory("data",
                  {File("empty", ""), File("small", "12345678"),
                   File("noise", random_bytes(200000, 2, 256)),
                   File("typed", "text", 1000,
                        {Node(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
                              {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x4d494d53),
                               Node::Data("text/plain")})})}),
    };
    made.info = {
        Node(HK_PACKAGE_NAME, "sample"),
        Node(HK_PACKAGE_ARCHITECTURE, uint64_t{2}),
        Node(HK_PACKAGE_VERSION_MAJOR, "1",
             {Node(HK_PACKAGE_VERSION_MINOR, "2"),
              Node(HK_PACKAGE_VERSION_MICRO, "3"),
              Node(HK_PACKAGE_VERSION_PRERELEASE, "beta"),
              Node(HK_PACKAGE_VERSION_REVISION, uint64_t{4})}),
        Node(HK_PACKAGE_REQUIRES, "haiku",
             {Node(HK_PACKAGE_OPERATOR, uint64_t{4}),
              Node(HK_PACKAGE_VERSION_MAJOR, "r1")}),
        Node(HK_PACKAGE_REQUIRES, "sample"),
    };
    return made;
}

class EachCompression : public testing::TestWithParam<Compression>
{
};
INSTANTIATE_TEST_SUITE_P(Package, EachCompression,
                         testing::Values(STORED, ZLIB, ZSTD));

TEST_P(EachCompression, GivesContentsBack)
{
    Package package(sample(GetParam()).build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    EXPECT_EQ(package.content("bin/tool"), random_bytes(300000, 1, 8));
    EXPECT_EQ(package.content("/data//noise"), random_bytes(200000, 2, 256));
    EXPECT_EQ(package.content("data/small"), "12345678");
    EXPECT_EQ(package.content("data/empty"), "");
    EXPECT_EQ(hk_package_find_entry(package.package, "data/none"), 0u);
    EXPECT_EQ(hk_package_find_entry(package.package, "data/small/x"), 0u);
    EXPECT_EQ(hk_package_verify(package.package, nullptr), 0);
}

TEST_P(EachCompression, ReadsAnyRange)
{
    Package package(sample(GetParam()).build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    const std::string whole = random_bytes(300000, 1, 8);
    hk_package_data data = package.file("bin/tool").data;
    std::minstd_rand random(3);
    for (int i = 0; i < 200; i++) {
        size_t offset = random() % 310000, size = random() % 140000;
        EXPECT_EQ(package.read(data, offset, size),
                  offset < whole.size() ? whole.substr(offset, size) : "");
    }
}

TEST(Package, TellsOfFiles)
{
    Package package(sample(ZSTD).build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    hk_package_file tool = package.file("bin/tool");
    EXPECT_EQ(tool.type, HK_PACKAGE_FILE);
    EXPECT_EQ(tool.permissions, 0755);
    EXPECT_EQ(tool.mtime, 5000);
    EXPECT_EQ(tool.data.size, 300000u);
    EXPECT_EQ(package.file("bin").type, HK_PACKAGE_DIRECTORY);
    EXPECT_EQ(package.file("bin").permissions, 0755);
    EXPECT_EQ(package.file("bin/alias").type, HK_PACKAGE_LINK);
    EXPECT_STREQ(package.file("bin/alias").target, "tool");
    EXPECT_EQ(package.file("bin/alias").permissions, 0777);
    EXPECT_EQ(package.file("data/small").permissions, 0644);
}

TEST(Package, TellsOfItself)
{
    Package package(sample(ZLIB).build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    uint32_t info = hk_package_info(package.package);
    char version[64];
    hk_package_version(package.package, info, version, sizeof(version));
    EXPECT_STREQ(version, "1.2.3~beta-4");
    hk_package_version(package.package, info, version, 4);
    EXPECT_STREQ(version, "1.2");
    uint32_t name = hk_package_find(package.package, info, HK_PACKAGE_NAME);
    EXPECT_STREQ(hk_package_at(package.package, name)->value.string, "sample");
    uint32_t requires_ =
        hk_package_find(package.package, info, HK_PACKAGE_REQUIRES);
    const hk_package_attribute *haiku =
        hk_package_at(package.package, requires_);
    EXPECT_STREQ(haiku->value.string, "haiku");
    hk_package_version(package.package, haiku->child, version, 64);
    EXPECT_STREQ(version, "r1");
    EXPECT_STREQ(hk_package_architecture(2), "x86_gcc2");
    EXPECT_EQ(hk_package_architecture(11), nullptr);
    EXPECT_STREQ(hk_package_id_name(HK_PACKAGE_URL), "package:url");
    EXPECT_EQ(hk_package_id_name(56), nullptr);
    EXPECT_EQ(hk_package_at(package.package, 0), nullptr);
}

TEST(Package, MayBeEmpty)
{
    PackageBuilder made(ZSTD);
    Package package(made.build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    EXPECT_EQ(hk_package_toc(package.package), 0u);
    EXPECT_EQ(hk_package_info(package.package), 0u);
}

TEST(Package, SkipsAttributesOfLaterVersions)
{
    PackageBuilder made(STORED);
    made.toc = {File("file", "content!", 1000, {Node(120, uint64_t{7})})};
    Package package(made.build());
    ASSERT_EQ(package.error, 0) << package.fault.text;
    EXPECT_EQ(package.content("file"), "content!");
}

// ---- what is refused ----

std::string replaced(std::string bytes, size_t at, const std::string &with)
{
    return bytes.replace(at, with.size(), with);
}

TEST(Package, RefusesWrongHeaders)
{
    const std::string good = sample(ZLIB).build();
    const struct {
        const char *what;
        std::string bytes;
        int error;
    } rows[] = {
        {"empty", "", HK_PACKAGE_ERR_FORMAT},
        {"text", std::string(500, 'x'), HK_PACKAGE_ERR_FORMAT},
        {"repository", replaced(good, 3, "r"), HK_PACKAGE_ERR_FORMAT},
        {"version 1", replaced(good, 7, "\1"), HK_PACKAGE_ERR_FORMAT},
        {"compression 3", replaced(good, 19, "\3"), HK_PACKAGE_ERR_FORMAT},
        {"longer", good + "x", HK_PACKAGE_ERR_DAMAGED},
        {"shorter", good.substr(0, good.size() - 1), HK_PACKAGE_ERR_DAMAGED},
        {"header size", replaced(good, 5, "\117"), HK_PACKAGE_ERR_DAMAGED},
        {"heap size", replaced(good, 31, "\1"), HK_PACKAGE_ERR_DAMAGED},
        {"unpacked size", replaced(good, 32, "\177"), HK_PACKAGE_ERR_DAMAGED},
        {"TOC size", replaced(good, 56, "\1"), HK_PACKAGE_ERR_LIMIT},
        {"string count", replaced(good, 72, "\1"), HK_PACKAGE_ERR_DAMAGED},
    };
    for (const auto &row : rows) {
        Package package(row.bytes);
        EXPECT_EQ(package.error, row.error) << row.what;
        EXPECT_STRNE(package.fault.text, "") << row.what;
    }
}

// The list of files lies before what the package says of itself, and its length
// reaches into that when it is too big by one, and before the heap by more.
TEST(Package, RefusesSectionsThatOverlap)
{
    PackageBuilder made = sample(STORED);
    const std::string good = made.build();
    auto number_at = [&](size_t at, int size) {
        uint64_t number = 0;
        for (int i = 0; i < size; i++)
            number = number << 8 | static_cast<uint8_t>(good[at + i]);
        return number;
    };
    const uint64_t heap = number_at(32, 8), info = number_at(40, 4);
    auto error_of = [&](size_t at, uint64_t value, unsigned size) {
        std::string bytes;
        PackageBuilder::put(bytes, value, size);
        return Package(replaced(good, at, bytes)).error;
    };

    EXPECT_EQ(Package(good).error, 0);
    EXPECT_EQ(error_of(56, heap - info + 1, 8), HK_PACKAGE_ERR_DAMAGED);
    EXPECT_EQ(error_of(56, heap, 8), HK_PACKAGE_ERR_DAMAGED);
    EXPECT_EQ(error_of(40, heap, 4), HK_PACKAGE_ERR_DAMAGED);
    EXPECT_EQ(error_of(40, heap + 1, 4), HK_PACKAGE_ERR_DAMAGED);
    // Of the strings of a section, which are its beginning.
    EXPECT_EQ(error_of(44, info + 1, 4), HK_PACKAGE_ERR_DAMAGED);
    EXPECT_EQ(error_of(64, number_at(56, 8) + 1, 8), HK_PACKAGE_ERR_DAMAGED);
}

// A TOC of these bytes behind an empty string table.
Package *with_toc(const std::string &bytes)
{
    PackageBuilder made(STORED);
    std::string file = made.build();
    std::string toc = std::string(1, '\0') + bytes;
    file.replace(80, 2, toc);
    std::string size;
    PackageBuilder::put(size, toc.size(), 8);
    file.replace(56, 8, size);
    std::string heap;
    PackageBuilder::put(heap, toc.size() + 2, 8);
    file.replace(24, 8, heap);
    file.replace(32, 8, heap);
    std::string total;
    PackageBuilder::put(total, file.size(), 8);
    file.replace(8, 8, total);
    return new Package(file);
}

TEST(Package, RefusesWrongTrees)
{
    auto tag = PackageBuilder::tag;
    const std::string nul(1, '\0');
    const std::string entry = tag(HK_PACKAGE_ENTRY, HK_PACKAGE_STRING, 0, 0);
    const struct {
        const char *what;
        std::string toc;
        int error;
    } rows[] = {
        {"right", entry + "name" + nul + nul, 0},
        {"no end of the list", entry + "name" + nul, HK_PACKAGE_ERR_DAMAGED},
        {"no end of the string", entry + "name", HK_PACKAGE_ERR_DAMAGED},
        {"empty name", entry + nul + nul, HK_PACKAGE_ERR_DAMAGED},
        {"dot", entry + "." + nul + nul, HK_PACKAGE_ERR_DAMAGED},
        {"dot dot", entry + ".." + nul + nul, HK_PACKAGE_ERR_DAMAGED},
        {"slash", entry + "a/b" + nul + nul, HK_PACKAGE_ERR_DAMAGED},
        {"wrong type", tag(HK_PACKAGE_ENTRY, HK_PACKAGE_UINT, 0, 0) + "x" + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"type 0", tag(0, 0, 0, 0) + "x" + nul, HK_PACKAGE_ERR_DAMAGED},
        {"type 7", tag(100, 7, 0, 0) + "x" + nul, HK_PACKAGE_ERR_DAMAGED},
        {"encoding 2 of a string",
         tag(HK_PACKAGE_ENTRY, HK_PACKAGE_STRING, 0, 2) + "x" + nul + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"string 5 of none",
         tag(HK_PACKAGE_ENTRY, HK_PACKAGE_STRING, 0, 1) + "\5" + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"9 bytes inline",
         tag(HK_PACKAGE_DATA, HK_PACKAGE_RAW, 0, 0) + "\11" + "123456789" + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"data beyond the heap",
         tag(HK_PACKAGE_DATA, HK_PACKAGE_RAW, 0, 1) + "\177" + "\1" + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"unknown bits in a tag", PackageBuilder::leb128(1 << 14) + nul,
         HK_PACKAGE_ERR_DAMAGED},
        {"endless number", std::string(12, '\xff') + nul,
         HK_PACKAGE_ERR_DAMAGED},
    };
    for (const auto &row : rows) {
        std::unique_ptr<Package> package(with_toc(row.toc));
        EXPECT_EQ(package->error, row.error)
            << row.what << ": " << package->fault.text;
    }
}

// Contents may lie over each other, as equal ones do, and over the sections:
// they are what the heap has there.
TEST(Package, ReadsContentsThatOverlap)
{
    auto tag = PackageBuilder::tag;
    const std::string nul(1, '\0');
    auto file = [&](const char *name, char size, char offset) {
        return tag(HK_PACKAGE_ENTRY, HK_PACKAGE_STRING, true, 0) + name + nul +
               tag(HK_PACKAGE_DATA, HK_PACKAGE_RAW, false, 1) + size + offset +
               nul;
    };
    const std::string toc =
        file("a", 6, 1) + file("b", 6, 3) + file("all", 20, 0) + nul;
    std::unique_ptr<Package> package(with_toc(toc));
    ASSERT_EQ(package->error, 0) << package->fault.text;
    EXPECT_EQ(package->content("a"), toc.substr(0, 6));
    EXPECT_EQ(package->content("b"), toc.substr(2, 6));
    EXPECT_EQ(package->content("all"), nul + toc.substr(0, 19));
    EXPECT_EQ(hk_package_verify(package->package, nullptr), 0);
}

TEST(Package, RefusesWhatIsTooDeep)
{
    std::string toc;
    for (int i = 0; i < 1000; i++)
        toc +=
            PackageBuilder::tag(HK_PACKAGE_ENTRY, HK_PACKAGE_STRING, true, 0) +
            "d" + '\0';
    toc += std::string(1001, '\0');
    std::unique_ptr<Package> package(with_toc(toc));
    EXPECT_EQ(package->error, HK_PACKAGE_ERR_LIMIT);
}

TEST(Package, RefusesTooManyAttributes)
{
    std::string toc;
    for (int i = 0; i <= 1 << 20; i++)
        toc += PackageBuilder::tag(HK_PACKAGE_PERMISSIONS, HK_PACKAGE_UINT,
                                   false, 0) +
               "x";
    std::unique_ptr<Package> package(with_toc(toc + '\0'));
    EXPECT_EQ(package->error, HK_PACKAGE_ERR_LIMIT);
}

// A stream of a few bytes that gives more than its chunk has.
TEST(Package, RefusesAChunkThatUnpacksToMore)
{
    const std::string zeros(1 << 20, '\0');
    for (Compression compression : {ZLIB, ZSTD}) {
        std::string file = PackageBuilder(compression).build();
        std::string bomb(compressBound(zeros.size()), '\0');
        if (compression == ZLIB) {
            uLongf size = bomb.size();
            ASSERT_EQ(compress(reinterpret_cast<Bytef *>(bomb.data()), &size,
                               reinterpret_cast<const Bytef *>(zeros.data()),
                               zeros.size()),
                      Z_OK);
            bomb.resize(size);
        } else {
            bomb.resize(ZSTD_compress(bomb.data(), bomb.size(), zeros.data(),
                                      zeros.size(), 1));
        }
        file.replace(80, std::string::npos, bomb);
        auto set = [&](size_t at, uint64_t value) {
            std::string number;
            PackageBuilder::put(number, value, 8);
            file.replace(at, 8, number);
        };
        set(8, file.size());
        set(24, bomb.size());
        set(32, 60000); // a chunk
        Package package(file);
        EXPECT_EQ(package.error, HK_PACKAGE_ERR_DAMAGED) << compression;
    }
}

// What is asked for is unpacked, wherever it is, and little else is kept.
TEST(Package, OfABombReadsWhatIsAskedFor)
{
    enum { SIZE = 64 << 20, KEPT = 4 << 20 };
    auto allocated = [] {
        struct mallinfo2 info = mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    PackageBuilder made(ZSTD);
    made.toc = {File("bomb", std::string(SIZE - 4, '\0') + "boom")};
    std::string bytes = made.build();
    ASSERT_LT(bytes.size(), SIZE / 1000u);
    size_t before = allocated();
    Package package(bytes);
    ASSERT_EQ(package.error, 0) << package.fault.text;
    struct hk_package_file file;
    hk_package_get_file(package.package,
                        hk_package_find_entry(package.package, "bomb"), &file);
    EXPECT_EQ(file.data.size, static_cast<uint64_t>(SIZE));
    for (int offset : {SIZE - 4, SIZE / 2, 0}) {
        char text[8] = "";
        EXPECT_EQ(hk_package_read(package.package, &file.data, offset, text, 4,
                                  &package.fault),
                  4);
        EXPECT_STREQ(text, offset == SIZE - 4 ? "boom" : "");
    }
    EXPECT_EQ(hk_package_verify(package.package, &package.fault), 0);
    EXPECT_LT(allocated(), before + KEPT);
}

TEST(Package, FindsDamagedChunks)
{
    for (Compression compression : {ZLIB, ZSTD}) {
        PackageBuilder made = sample(compression);
        std::string bytes = made.build();
        bytes[80] ^= 0x55; // of the first stream's magic
        Package package(bytes);
        ASSERT_EQ(package.error, 0) << package.fault.text;
        EXPECT_EQ(hk_package_verify(package.package, &package.fault),
                  HK_PACKAGE_ERR_DAMAGED);
        EXPECT_NE(std::string(package.fault.text).find("chunk 0"),
                  std::string::npos)
            << package.fault.text;
    }
}

TEST(Package, SurvivesAnyCutAndChange)
{
    PackageBuilder small(ZSTD);
    small.toc = sample(ZSTD).toc;
    small.toc[0] = Directory("bin", {File("tool", "twelve bytes")});
    small.toc[1].children.pop_back();
    small.toc[1].children.pop_back();
    small.info = sample(ZSTD).info;
    const std::string good = small.build();
    for (size_t size = 0; size < good.size(); size++)
        EXPECT_LT(Package(good.substr(0, size)).error, 0) << size;
    std::minstd_rand random(4);
    for (int i = 0; i < 5000; i++) {
        std::string bytes = good;
        for (unsigned n = 1 + random() % 3; n > 0; n--)
            bytes[random() % bytes.size()] = static_cast<char>(random());
        Package package(bytes);
        if (package.error == 0)
            hk_package_verify(package.package, nullptr);
    }
}

// ---- extracting ----

class Extracted : public testing::Test
{
  protected:
    Extracted()
    {
        std::string name = testing::TempDir() + "/extracted.XXXXXX";
        root = mkdtemp(name.data());
        directory = open(root.c_str(), O_RDONLY | O_DIRECTORY);
    }
    ~Extracted() override
    {
        close(directory);
        fs::remove_all(root);
    }
    int extract(const std::string &bytes, uint64_t *lost = nullptr)
    {
        Package package(bytes);
        EXPECT_EQ(package.error, 0) << package.fault.text;
        int error = hk_package_extract(package.package, directory, nullptr,
                                       lost, &fault);
        EXPECT_EQ(leftovers(), 0);
        return error;
    }
    int leftovers()
    {
        int count = 0;
        for (const auto &entry : fs::recursive_directory_iterator(root))
            count += entry.path().filename().string().rfind(".uvm", 0) == 0;
        return count;
    }
    std::string text(const char *path)
    {
        std::ifstream file(root / path, std::ios::binary);
        std::stringstream bytes;
        bytes << file.rdbuf();
        return bytes.str();
    }

    fs::path root;
    int directory;
    hk_package_fault fault{};
};

TEST_F(Extracted, FilesAreAsInThePackage)
{
    ASSERT_EQ(extract(sample(ZSTD).build()), 0) << fault.text;
    EXPECT_EQ(text("bin/tool"), random_bytes(300000, 1, 8));
    EXPECT_EQ(text("data/noise"), random_bytes(200000, 2, 256));
    EXPECT_EQ(fs::read_symlink(root / "bin/alias"), "tool");
    EXPECT_EQ(fs::file_size(root / "data/empty"), 0u);
    struct stat st;
    ASSERT_EQ(stat((root / "bin/tool").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0755u);
    EXPECT_EQ(st.st_mtime, 5000);
}

TEST_F(Extracted, AttributesAreKeptOrCounted)
{
    uint64_t lost = 0;
    ASSERT_EQ(extract(sample(ZSTD).build(), &lost), 0) << fault.text;
    char value[64];
    ssize_t size = getxattr((root / "data/typed").c_str(),
                            "user.haiku.BEOS:TYPE", value, sizeof(value));
    if (lost > 0) {
        EXPECT_EQ(lost, 1u);
        GTEST_SKIP() << "the file system keeps no attributes";
    }
    ASSERT_EQ(size, 14);
    EXPECT_EQ(std::string(value, 14), std::string("SMIMtext/plain"));
}

TEST_F(Extracted, TheNewerFileStays)
{
    auto one = [](const char *content, uint64_t mtime) {
        PackageBuilder made(ZLIB);
        made.toc = {File("file", content, mtime)};
        return made.build();
    };
    EXPECT_EQ(extract(one("second", 2000)), 0);
    EXPECT_EQ(extract(one("first", 1000)), 0);
    EXPECT_EQ(text("file"), "second");
    EXPECT_EQ(extract(one("third", 3000)), 0);
    EXPECT_EQ(text("file"), "third");
}

TEST_F(Extracted, NothingIsWrittenThroughALink)
{
    fs::create_directory(root / "outside");
    PackageBuilder first(STORED), second(STORED);
    first.toc = {Link("door", "outside"), Link("file", "outside/file")};
    second.toc = {Directory("door", {File("file", "escaped", 9000)})};
    EXPECT_EQ(extract(first.build()), 0) << fault.text;
    EXPECT_EQ(extract(second.build()), HK_PACKAGE_ERR_EXISTS);
    EXPECT_STREQ(fault.text, "door: something else is there");
    second.toc = {File("file", "escaped", 9000)};
    PackageBuilder third(STORED);
    third.toc = second.toc;
    EXPECT_EQ(extract(third.build()), 0) << fault.text;
    EXPECT_TRUE(fs::is_empty(root / "outside"));
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(root / "file")));
}

TEST_F(Extracted, AFileDoesNotReplaceADirectory)
{
    fs::create_directory(root / "name");
    PackageBuilder made(STORED);
    made.toc = {File("name", "text")};
    EXPECT_EQ(extract(made.build()), HK_PACKAGE_ERR_EXISTS);
}

TEST_F(Extracted, ReadOnlyDirectoriesAreFilled)
{
    PackageBuilder made(STORED);
    made.toc = {Directory(
        "closed", {Node(HK_PACKAGE_PERMISSIONS, 0555), File("file", "text")})};
    ASSERT_EQ(extract(made.build()), 0) << fault.text;
    EXPECT_EQ(text("closed/file"), "text");
    struct stat st;
    ASSERT_EQ(stat((root / "closed").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0555u);
}

TEST_F(Extracted, EntriesWithoutChildrenAreNone)
{
    PackageBuilder made(STORED);
    made.toc = {Node(HK_PACKAGE_ENTRY, "nothing"), File("file", "text")};
    ASSERT_EQ(extract(made.build()), 0) << fault.text;
    EXPECT_FALSE(fs::exists(root / "nothing"));
    EXPECT_EQ(text("file"), "text");
}

} // namespace
