// node_refs_test.cc -- directories found again by volume and node number.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class NodeRefs : public testing::Test
{
  protected:
    NodeRefs() : team(hk::make_config(root.path.c_str())) {}

    struct Ref {
        int device;
        int64_t inode;
    };

    Ref tell(const std::string &path)
    {
        EXPECT_EQ(team.call("read_stat", -1, path, 1, stat, 88), HK_B_OK)
            << path;
        return {team.get<int>(stat), team.get<int64_t>(stat, 4)};
    }

    // The path of an entry of that directory, or the error's name.
    std::string path_of(const Ref &ref)
    {
        int64_t status = team.call("entry_ref_to_path", ref.device, ref.inode,
                                   "x", buffer, 1024);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team.text(buffer);
    }

    hk::Directory root;
    hk::Team team;
    Address stat = team.room(88), buffer = team.room(1024);
};

TEST_F(NodeRefs, AreKnownOnceTold)
{
    root.make("a/b");
    Ref told = tell("/a");

    EXPECT_EQ(path_of(told), "/a/x");
    EXPECT_EQ(path_of({told.device, told.inode + 1000000}), "B_BAD_VALUE");
    EXPECT_EQ(path_of({told.device + 1, told.inode}), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(path_of({-1, told.inode}), "B_ENTRY_NOT_FOUND");
}

// A path is a hint only: the numbers must be those of what it leads to.
TEST_F(NodeRefs, AreNotTakenForWhatLiesThereNow)
{
    root.make("a");
    Ref told = tell("/a");

    std::filesystem::rename(root.at("a"), root.at("moved"));
    root.make("a");
    EXPECT_EQ(path_of(told), "/moved/x");
    EXPECT_EQ(tell("/moved").inode, told.inode);
    std::filesystem::rename(root.at("moved"), root.at("a/again"));
    EXPECT_EQ(path_of(told), "/a/again/x");
    // It keeps its number to itself as long as it is open.
    int fd = static_cast<int>(team.call("open_dir", -1, "/a/again"));
    std::filesystem::remove(root.at("a/again"));
    EXPECT_EQ(path_of(told), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
}

// Also when there are more than are remembered.
TEST_F(NodeRefs, AreFoundHoweverManyThereAre)
{
    std::vector<Ref> all;
    for (int i = 0; i < 1100; i++) {
        root.make("d" + std::to_string(i));
        all.push_back(tell("/d" + std::to_string(i)));
    }
    for (size_t i = 0; i < all.size(); i++)
        EXPECT_EQ(path_of(all[i]), "/d" + std::to_string(i) + "/x");
}

TEST_F(NodeRefs, ComeFromListedDirectories)
{
    root.make("list/inner");
    int fd = static_cast<int>(team.call("open_dir", -1, "/list"));
    Address entries = team.room(4096);
    ASSERT_EQ(team.call("read_dir", fd, entries, 4096, 100), 3);
    // dev, pdev, ino, pino: an entry_ref is those of the parent
    EXPECT_EQ(
        path_of({team.get<int>(entries, 4), team.get<int64_t>(entries, 16)}),
        "/list/x");
}

} // namespace
