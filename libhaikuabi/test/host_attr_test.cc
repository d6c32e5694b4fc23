// host_attr_test.cc -- attributes kept in the host's extended attributes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <haikuabi/host_attr.h>

namespace
{

class HostAttr : public testing::Test
{
  protected:
    HostAttr()
    {
        host.write("file", "");
        host.link("link", "file");
        path = host.at("file");
        fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    }
    ~HostAttr() override
    {
        ::close(fd);
    }

    void SetUp() override
    {
        if (setxattr(path.c_str(), "user.test", "", 0, 0) != 0)
            GTEST_SKIP() << "no extended attributes here";
        removexattr(path.c_str(), "user.test");
    }

    int write(const std::string &name, uint32_t type, std::string bytes)
    {
        hk_attr_value value = {type, static_cast<uint32_t>(bytes.size()),
                               reinterpret_cast<uint8_t *>(bytes.data())};
        return hk_host_attr_write(fd, name.c_str(), &value);
    }

    std::string read(const std::string &name, uint32_t *type = nullptr)
    {
        hk_attr_value value;
        int error = hk_host_attr_read(fd, name.c_str(), &value);
        if (error != 0)
            return "error " + std::to_string(error);
        std::string bytes(reinterpret_cast<char *>(value.bytes), value.size);
        if (type != nullptr)
            *type = value.type;
        free(value.bytes);
        return bytes;
    }

    std::vector<std::string> list()
    {
        std::vector<std::string> all;
        char *names;
        size_t size;
        EXPECT_EQ(hk_host_attr_list(fd, &names, &size), 0);
        for (size_t at = 0; at < size; at += strlen(names + at) + 1)
            all.push_back(names + at);
        free(names);
        std::sort(all.begin(), all.end());
        return all;
    }

    std::string host_value(const char *name)
    {
        char bytes[64];
        ssize_t size = getxattr(path.c_str(), name, bytes, sizeof(bytes));
        return size < 0 ? "none" : std::string(bytes, size);
    }

    static std::string missing()
    {
        return "error " + std::to_string(ENODATA);
    }

    using Names = std::vector<std::string>;
    hk::Directory host;
    std::string path;
    int fd;
};

TEST_F(HostAttr, AreTheTypeAndTheBytes)
{
    uint32_t type = 0;

    EXPECT_EQ(write("BEOS:TYPE", 0x4d494d53, "text/plain"), 0);
    EXPECT_EQ(read("BEOS:TYPE", &type), "text/plain");
    EXPECT_EQ(type, 0x4d494d53u);
    EXPECT_EQ(host_value("user.haiku.BEOS:TYPE"), "SMIMtext/plain");
    EXPECT_EQ(write("BEOS:TYPE", 1, ""), 0);
    EXPECT_EQ(read("BEOS:TYPE", &type), "");
    EXPECT_EQ(type, 1u);
    EXPECT_EQ(hk_host_attr_remove(fd, "BEOS:TYPE"), 0);
    EXPECT_EQ(read("BEOS:TYPE"), missing());
    EXPECT_EQ(hk_host_attr_remove(fd, "BEOS:TYPE"), ENODATA);
}

TEST_F(HostAttr, NamesMayHoldWhatTheHostsMayNot)
{
    for (const char *name : {"a/b", "100%", "%/", "%\\", "/"}) {
        EXPECT_EQ(write(name, 7, name), 0) << name;
        EXPECT_EQ(read(name), name);
    }
    EXPECT_EQ(list(), (Names{"%/", "%\\", "/", "100%", "a/b"}));
    EXPECT_EQ(host_value("user.haiku.a%\\b").substr(4), "a/b");
}

TEST_F(HostAttr, ThoseOfOthersAreNotListed)
{
    setxattr(path.c_str(), "user.other", "x", 1, 0);
    setxattr(path.c_str(), "user.haiku.", "x", 1, 0);
    EXPECT_EQ(write("ours", 1, "x"), 0);
    EXPECT_EQ(list(), (Names{"ours"}));
    EXPECT_EQ(read("../user.other"), missing());
}

TEST_F(HostAttr, OneTooShortForATypeIsBroken)
{
    ASSERT_EQ(setxattr(path.c_str(), "user.haiku.short", "xyz", 3, 0), 0);
    EXPECT_EQ(read("short"), "error " + std::to_string(EIO));
}

TEST_F(HostAttr, ANameThatIsTooLongIsRefused)
{
    EXPECT_EQ(write(std::string(244, 'n'), 1, "x"), 0);
    EXPECT_EQ(read(std::string(244, 'n')), "x");
    EXPECT_EQ(write(std::string(245, 'n'), 1, "x"), ENAMETOOLONG);
    EXPECT_EQ(write(std::string(122, '/'), 1, "x"), 0);
    EXPECT_EQ(read(std::string(123, '/')),
              "error " + std::to_string(ENAMETOOLONG));
}

TEST_F(HostAttr, SymlinksHaveNone)
{
    int link = ::open(host.at("link").c_str(), O_PATH | O_NOFOLLOW);
    hk_attr_value value = {1, 0, nullptr};

    EXPECT_EQ(hk_host_attr_write(link, "a", &value), EOPNOTSUPP);
    EXPECT_EQ(list(), Names());
    ::close(link);
}

} // namespace
