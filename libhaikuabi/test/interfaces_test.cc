// interfaces_test.cc -- network interfaces: names, addresses, flags.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <net/if.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum { INET = 1, LINK = 4, INET6 = 5, UNIX = 9, DGRAM = 2 };
enum { AT_VALUE = 32, REQUEST_SIZE = 84, LIST_SIZE = 8 };

// haiku-abi/structs.md, "network ioctls".
enum Command : uint32_t {
    GET_ADDRESS = 8903,
    GET_DESTINATION = 8905,
    GET_FLAGS = 8907,
    GET_BROADCAST = 8908,
    GET_COUNT = 8910,
    GET_LIST = 8911,
    GET_INDEX = 8912,
    GET_NAME = 8913,
    GET_NETMASK = 8914,
    GET_METRIC = 8916,
    GET_MTU = 8922,
    GET_TYPE = 8931,
    SET_PRIVATE = 8943
};

const std::string loopback{"\x20\x01\x00\x00\x7f\x00\x00\x01", 8};
const std::string none{"\x02\x00", 2};

class Interfaces : public testing::Test
{
  protected:
    Interfaces()
    {
        fd = static_cast<int>(team.call("socket", INET, DGRAM, 0));
        other = static_cast<int>(team.call("socket", INET6, DGRAM, 0));
        request = team.room(REQUEST_SIZE);
    }

    int64_t ask(uint32_t command, const std::string &name = "loop")
    {
        std::string bytes = name;
        bytes.resize(REQUEST_SIZE);
        request = team.put(bytes);
        return team.call("ioctl", fd, command, request, REQUEST_SIZE);
    }

    // What is told of an interface, or the error's name.
    std::string value(uint32_t command, size_t size,
                      const std::string &name = "loop")
    {
        int64_t status = ask(command, name);
        return status == HK_B_OK
                   ? team.bytes(Address{request.value + AT_VALUE}, size)
                   : hk_status_name(static_cast<int32_t>(status));
    }

    // In a network namespace of its own a test may have none.
    bool is_loop_up()
    {
        return value(GET_ADDRESS, 8) == loopback;
    }

    uint32_t number(uint32_t command, const std::string &name = "loop")
    {
        EXPECT_EQ(ask(command, name), HK_B_OK) << command;
        return team.get<uint32_t>(request, AT_VALUE);
    }

    uint32_t count()
    {
        Address list = team.room(LIST_SIZE);
        EXPECT_EQ(team.call("ioctl", fd, GET_COUNT, list, LIST_SIZE), HK_B_OK);
        return team.get<uint32_t>(list, 4);
    }

    // All that fits in size bytes: its length, or an error.
    int64_t list(int socket, uint32_t size, Address room)
    {
        Address list = team.room(LIST_SIZE);
        team.set(list, 0, size);
        team.set(list, 4, room.value);
        int64_t status = team.call("ioctl", socket, GET_LIST, list, LIST_SIZE);
        return status == HK_B_OK ? team.get<uint32_t>(list) : status;
    }

    hk::Directory root;
    hk::Team team{hk::make_config(root.path.c_str())};
    int fd, other;
    Address request;
};

TEST_F(Interfaces, AsManyAreListedAsTheHostHas)
{
    struct if_nameindex *host = if_nameindex();
    uint32_t expected = 0;
    while (host[expected].if_index != 0)
        expected++;
    if_freenameindex(host);
    EXPECT_EQ(count(), expected);

    uint32_t size = expected * REQUEST_SIZE;
    Address room = team.room(size);
    EXPECT_EQ(list(fd, size, room), size);
    bool has_loop = false;
    for (uint32_t at = 0; at < size; at += REQUEST_SIZE) {
        std::string name = team.bytes(Address{room.value + at}, 32).c_str();
        if (name == "loop") {
            if (is_loop_up()) {
                EXPECT_EQ(team.bytes(Address{room.value + at + AT_VALUE}, 8),
                          loopback);
            }
            has_loop = true;
        } else {
            EXPECT_EQ(name.substr(0, 9), "/dev/net/");
        }
        EXPECT_EQ(ask(GET_INDEX, name), HK_B_OK) << name;
    }
    EXPECT_TRUE(has_loop);
    EXPECT_EQ(list(fd, size - 1, room), HK_ENOBUFS);
    EXPECT_EQ(list(fd, size, Address{8}), HK_B_BAD_ADDRESS);
    if (other >= 0) { // the host may be without
        EXPECT_EQ(list(other, size, room), size);
    }
}

TEST_F(Interfaces, LoopHasAnAddressOfItsOwn)
{
    if (!is_loop_up())
        GTEST_SKIP() << "the host's loop is down";
    EXPECT_EQ(value(GET_ADDRESS, 8), loopback);
    EXPECT_EQ(value(GET_NETMASK, 8),
              std::string("\x20\x01\x00\x00\xff\x00\x00\x00", 8));
    EXPECT_EQ(value(GET_DESTINATION, 2), none);
    EXPECT_EQ(value(GET_BROADCAST, 2), none);
}

TEST_F(Interfaces, LoopIsUpAndALoop)
{
    if (!is_loop_up())
        GTEST_SKIP() << "the host's loop is down";
    EXPECT_EQ(number(GET_FLAGS) & 0x9, 0x9u);
    EXPECT_EQ(number(GET_TYPE), 24u);
    EXPECT_GT(number(GET_MTU), 0u);
    EXPECT_EQ(number(GET_METRIC), 0u);
}

TEST_F(Interfaces, IndexAndNameLeadToEachOther)
{
    uint32_t index = number(GET_INDEX);
    Address named = team.room(REQUEST_SIZE);
    team.set(named, AT_VALUE, index);
    EXPECT_EQ(team.call("ioctl", fd, GET_NAME, named, REQUEST_SIZE), HK_B_OK);
    EXPECT_STREQ(team.bytes(named, 32).c_str(), "loop");
    team.set(named, AT_VALUE, uint32_t{0});
    EXPECT_EQ(team.call("ioctl", fd, GET_NAME, named, REQUEST_SIZE),
              HK_B_BAD_VALUE);
}

TEST_F(Interfaces, OthersAreNone)
{
    for (uint32_t command : {GET_ADDRESS, GET_FLAGS, GET_INDEX, GET_MTU}) {
        EXPECT_EQ(ask(command, "lo"), HK_B_BAD_VALUE);
        EXPECT_EQ(ask(command, "/dev/net/lo"), HK_B_BAD_VALUE);
        EXPECT_EQ(ask(command, "/dev/net/none"), HK_B_BAD_VALUE);
        EXPECT_EQ(ask(command, std::string(32, 'x')), HK_B_BAD_VALUE);
        EXPECT_EQ(team.call("ioctl", fd, command, Address{8}, 84),
                  HK_B_BAD_ADDRESS);
    }
    EXPECT_EQ(ask(SET_PRIVATE), HK_B_BAD_VALUE);
}

TEST_F(Interfaces, OnlyTheInternetsSocketsKnowThem)
{
    int local = static_cast<int>(team.call("socket", UNIX, DGRAM, 0));
    EXPECT_EQ(team.call("ioctl", local, GET_COUNT, request, LIST_SIZE),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("socket", LINK, DGRAM, 0), HK_B_UNSUPPORTED);
}

} // namespace
