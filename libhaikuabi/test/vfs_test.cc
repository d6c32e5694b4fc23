// vfs_test.cc -- mounts and places, made from the configuration.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;
using hk::Directory;
using hk::Team;

class Places : public testing::Test
{
  protected:
    Places()
    {
        host.write("root/boot/file", "in the root");
        host.write("root/etc/passwd", "root's");
        host.link("root/system", "boot");
        host.write("data/file", "bound");
        host.write("single", "one file");
    }

    // 0, or HK_ERR_*; the team is made anew.
    int start(std::vector<std::pair<std::string, const char *>> binds,
              bool has_root = true)
    {
        std::vector<hk_bind> rows;
        root = host.at("root");
        paths.clear();
        for (const auto &[name, guest] : binds)
            paths.push_back(name[0] == '/' ? name : host.at(name));
        for (size_t i = 0; i < binds.size(); i++)
            rows.push_back({paths[i].c_str(), binds[i].second, 0});
        hk_config config = hk::make_config(has_root ? root.c_str() : nullptr);
        config.binds = rows.data();
        config.bind_count = rows.size();
        team = std::make_unique<Team>(config);
        return team->error;
    }

    std::string read(const std::string &path)
    {
        Address buffer = team->room(100);
        int64_t fd = team->call("open", -1, path, 0, 0);
        if (fd < 0)
            return hk_status_name(static_cast<int32_t>(fd));
        int64_t count =
            team->call("read", static_cast<int>(fd), INT64_C(-1), buffer, 100);
        team->call("close", static_cast<int>(fd));
        return count < 0 ? hk_status_name(static_cast<int32_t>(count))
                         : team->bytes(buffer, static_cast<size_t>(count));
    }

    Directory host;
    std::string root;
    std::vector<std::string> paths;
    std::unique_ptr<Team> team;
};

TEST_F(Places, ABindHidesWhatLiesUnderIt)
{
    ASSERT_EQ(start({{"data", "/boot"}, {"single", "/etc/passwd"}}), 0);
    EXPECT_EQ(read("/boot/file"), "bound");
    EXPECT_EQ(read("/system/file"), "bound");
    EXPECT_EQ(read("/etc/passwd"), "one file");
    EXPECT_EQ(read("/etc/passwd/x"), "B_NOT_A_DIRECTORY");
}

TEST_F(Places, ABindMayLieInAnotherAndWhereNothingIs)
{
    ASSERT_EQ(start({{"data", "/new/deep/place"},
                     {"single", "/new/deep/place/over/here"}}),
              0);
    EXPECT_EQ(read("/new/deep/place/file"), "bound");
    EXPECT_EQ(read("/new/deep/place/over/here"), "one file");
    EXPECT_EQ(read("/new/deep/../deep/place/file"), "bound");
    EXPECT_EQ(read("/new/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team->call("create_dir", -1, "/new/made", 0755),
              HK_B_READ_ONLY_DEVICE);
}

TEST_F(Places, WithoutARootThereAreBindsAndDevices)
{
    ASSERT_EQ(start({{"data", "/boot/home"}}, false), 0);
    EXPECT_EQ(read("/boot/home/file"), "bound");
    EXPECT_EQ(read("/etc/passwd"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/dev/null"), "");
    EXPECT_EQ(read("/"), "B_IS_A_DIRECTORY");
}

TEST_F(Places, DevicesAreAFewHarmlessOnes)
{
    host.write("root/dev/null", "not a device");
    host.write("root/dev/other", "hidden");
    ASSERT_EQ(start({}), 0);
    EXPECT_EQ(read("/dev/null"), "");
    EXPECT_EQ(read("/dev/zero"), std::string(100, '\0'));
    EXPECT_EQ(read("/dev/urandom").size(), 100u);
    for (const char *name : {"other", "mem", "kmem", "sda", "pts", "shm", "fd"})
        EXPECT_EQ(read(std::string("/dev/") + name), "B_ENTRY_NOT_FOUND");
    EXPECT_LT(team->call("create_dir", -1, "/dev/made", 0755), 0);
    EXPECT_LT(team->call("unlink", -1, "/dev/null"), 0);
    EXPECT_LT(team->call("rename", -1, "/dev/null", -1, "/boot/x"), 0);
    EXPECT_EQ(read("/dev/null"), "");
}

TEST_F(Places, DescriptorsOfTheConfigurationStayWhereTheyWere)
{
    ASSERT_EQ(start({{"data", "/host"}}), 0);
    std::filesystem::rename(host.at("data"), host.at("renamed"));
    EXPECT_EQ(read("/host/file"), "bound");
    host.write("data/file", "another");
    EXPECT_EQ(read("/host/file"), "bound");
}

TEST_F(Places, AConfigurationIsChecked)
{
    const struct {
        const char *host, *guest;
        int error;
    } rows[] = {
        {"none", "/x", HK_ERR_NOTFOUND},
        {"single/x", "/x", HK_ERR_NOTFOUND},
        {"data", "relative", HK_ERR_INVALID},
        {"data", "", HK_ERR_INVALID},
        {"data", "/a/../b", HK_ERR_INVALID},
        {"data", "/none/./b", HK_ERR_INVALID},
        {"single", "/", HK_ERR_INVALID},
    };
    for (const auto &row : rows)
        EXPECT_EQ(start({{row.host, row.guest}}), row.error)
            << row.host << " " << row.guest;
}

} // namespace
