// index_calls_test.cc -- which attributes of a volume's files are indexed.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/xattr.h>

#include <ctime>
#include <map>
#include <memory>
#include <vector>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr uint32_t TEXT = 0x43535452, LONG = 0x4c4f4e47, LLONG = 0x4c4c4e47;

class Indices : public testing::Test
{
  protected:
    Indices()
    {
        host.make("root");
        host.make("data");
        root = host.at("root");
        data = host.at("data");
        begin(0);
    }
    void begin(int read_only)
    {
        bind = {data.c_str(), "/data", read_only};
        hk_config config = hk::make_config(read_only ? nullptr : root.c_str());
        config.binds = &bind;
        config.bind_count = 1;
        team = std::make_unique<hk::Team>(config);
    }
    bool host_has_attributes() const
    {
        return setxattr(data.c_str(), "user.haiku.x", "RTSC", 4, 0) == 0;
    }
    std::vector<std::string> list(int device = 3)
    {
        int fd = static_cast<int>(team->call("open_index_dir", device));
        Address entries = team->room(4096);
        std::vector<std::string> names;
        int64_t count;
        while ((count = team->call("read_dir", fd, entries, 4096, 100)) > 0)
            for (uint32_t at = 0; count > 0; count--) {
                names.push_back(team->text({entries.value + at + 26}));
                at += team->get<uint16_t>(entries, at + 24);
            }
        EXPECT_EQ(count, 0);
        EXPECT_EQ(team->call("close", fd), HK_B_OK);
        return names;
    }
    int64_t create(const std::string &name, uint32_t type)
    {
        return team->call("create_index", 3, name, static_cast<int>(type), 0);
    }
    int64_t remove(const std::string &name)
    {
        return team->call("remove_index", 3, name);
    }
    // The type of an index, or 0 and the status.
    uint32_t type_of(const std::string &name, int64_t *status)
    {
        Address stat = team->room(88);
        *status = team->call("read_index_stat", 3, name, stat);
        if (*status != HK_B_OK)
            return 0;
        uint32_t type = team->get<uint32_t>(stat, 76);
        const std::map<uint32_t, uint32_t> modes = {
            {TEXT, 0100000000}, {LONG, 0200000000}, {LLONG, 010000000}};
        EXPECT_EQ(team->get<uint32_t>(stat, 12), 04000040000u | modes.at(type));
        EXPECT_EQ(team->get<int64_t>(stat, 28), 2048);
        // Made with the volume or later, which is not long ago.
        EXPECT_LE(std::abs(::time(nullptr) - team->get<int32_t>(stat, 68)),
                  3600);
        return type;
    }

    hk::Directory host;
    std::string root, data;
    hk_bind bind;
    std::unique_ptr<hk::Team> team;
};

const std::vector<std::string> usual = {"name", "size", "last_modified",
                                        "BEOS:APP_SIG"};

TEST_F(Indices, AreThoseOfANewHaikuAtFirst)
{
    int64_t status;
    EXPECT_EQ(list(), usual);
    EXPECT_EQ(type_of("name", &status), TEXT);
    EXPECT_EQ(type_of("last_modified", &status), LLONG);
    EXPECT_EQ(type_of("none", &status), 0u);
    EXPECT_EQ(status, HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Indices, ComeAndGoForAllTeams)
{
    if (!host_has_attributes())
        GTEST_SKIP() << "no attributes on this file system";
    int64_t status;
    EXPECT_EQ(create("MAIL:from", TEXT), HK_B_OK);
    EXPECT_EQ(create("MAIL:from", TEXT), HK_B_FILE_EXISTS);
    EXPECT_EQ(create("count", LONG), HK_B_OK);
    EXPECT_EQ(remove("size"), HK_B_OK);
    EXPECT_EQ(remove("size"), HK_B_ENTRY_NOT_FOUND);
    begin(0);
    const std::vector<std::string> now = {"name", "last_modified",
                                          "BEOS:APP_SIG", "MAIL:from", "count"};
    EXPECT_EQ(list(), now);
    EXPECT_EQ(type_of("count", &status), LONG);
    // The guest sees nothing of where they are kept.
    int64_t directory = team->call("open_attr_dir", -1, "/", 1);
    EXPECT_EQ(team->call("read_dir", static_cast<int>(directory),
                         team->room(512), 512, 10),
              0);
}

TEST_F(Indices, EndWhereThereIsNoMoreRoom)
{
    if (!host_has_attributes())
        GTEST_SKIP() << "no attributes on this file system";
    int64_t status = HK_B_OK;
    int count = 0;
    while (status == HK_B_OK && count < 100)
        status = create(std::to_string(count++) + std::string(200, 'n'), TEXT);
    EXPECT_LT(status, 0);
    EXPECT_LT(count, 100);
    EXPECT_EQ(list().size(), usual.size() + static_cast<size_t>(count) - 1);
}

TEST_F(Indices, AreRefusedByName)
{
    const std::string too_long(256, 'n');
    Address wrong{0x50000000}, kernel{0x80000000}, stat = team->room(88);

    EXPECT_EQ(team->call("open_index_dir", 77), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("open_index_dir", 1), HK_B_UNSUPPORTED);
    EXPECT_EQ(create("x", 1), HK_B_BAD_TYPE);
    EXPECT_EQ(create("", TEXT), HK_B_BAD_VALUE);
    EXPECT_EQ(create("name", TEXT), HK_B_FILE_EXISTS);
    EXPECT_EQ(team->call("create_index", -1, "x", 1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("create_index", 2, "x", 1, 0), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("create_index", 3, wrong, 1, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(create(too_long, TEXT), HK_B_NAME_TOO_LONG);
    EXPECT_EQ(team->call("read_index_stat", 3, "size", kernel),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("read_index_stat", 1, "size", stat), HK_B_UNSUPPORTED);
    EXPECT_EQ(team->call("remove_index", 77, "size"), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("setreuid", 5, 5, 0), HK_B_OK);
    EXPECT_EQ(create("x", TEXT), HK_B_NOT_ALLOWED);
    begin(1);
    EXPECT_EQ(create("x", TEXT), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(list(), usual);
}

} // namespace
