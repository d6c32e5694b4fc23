// attr_keys_test.cc -- of which files a store of attributes may have something.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <memory>
#include <sys/stat.h>

extern "C" {
#include "libhaikuabi/src/attr_keys.h"
}

namespace
{

class AttrKeys : public testing::Test
{
  protected:
    bool may_have(const char *own)
    {
        struct stat info;

        EXPECT_EQ(::stat(store.path.c_str(), &info), 0);
        return hk_attr_keys_may_have(keys.get(), store.path.c_str(), &info,
                                     own) != 0;
    }
    // As if it had last changed long ago.
    void rest()
    {
        const timespec times[2] = {{1000000000, 0}, {1000000000, 0}};

        EXPECT_EQ(::utimensat(AT_FDCWD, store.path.c_str(), times, 0), 0);
    }
    // So often that it is worth a look.
    void ask()
    {
        for (int i = 0; i < 200; i++)
            may_have("1-aa");
    }

    hk::Directory store;
    std::unique_ptr<hk_attr_keys, void (*)(hk_attr_keys *)> keys{
        hk_attr_keys_new(), hk_attr_keys_free};
};

TEST_F(AttrKeys, KnowWhatIsInADirectoryThatRests)
{
    store.make("0000000000000001-1-aa");
    store.make("0000000000000002-1-bb");
    store.write("lock", "");
    rest();
    EXPECT_TRUE(may_have("1-cc")); // it has not looked yet
    ask();
    EXPECT_TRUE(may_have("1-aa"));
    EXPECT_TRUE(may_have("1-bb"));
    EXPECT_FALSE(may_have("1-cc"));
    EXPECT_FALSE(may_have("ffffffff-aa"));
    EXPECT_TRUE(may_have(nullptr)); // anything at all
}

TEST_F(AttrKeys, AreAskedForAgainWhenTheDirectoryChanges)
{
    rest();
    ask();
    EXPECT_FALSE(may_have("1-aa"));
    EXPECT_FALSE(may_have(nullptr)); // it has nothing
    store.make("0000000000000001-1-aa");
    EXPECT_TRUE(may_have("1-aa"));
    EXPECT_TRUE(may_have("1-cc"));
    rest();
    ask();
    EXPECT_TRUE(may_have("1-aa"));
    EXPECT_FALSE(may_have("1-cc"));
}

// Another change could have the same time.
TEST_F(AttrKeys, AreNotKnownOfADirectoryThatHasJustChanged)
{
    const timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};

    ASSERT_EQ(::utimensat(AT_FDCWD, store.path.c_str(), times, 0), 0);
    ask();
    EXPECT_TRUE(may_have("1-cc"));
}

TEST_F(AttrKeys, AreNotKnownWhenThereAreTooMany)
{
    for (int i = 0; i <= 4096; i++)
        store.write("0000000000000001-1-" + std::to_string(i), "");
    rest();
    ask();
    EXPECT_TRUE(may_have("1-cc"));
}

} // namespace
