// packagefs_test.cc -- what a volume of packages tells of these.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/root_case.h"

#include <set>

namespace hk
{
namespace
{

// Haiku's packagefs.h.
enum : uint32_t {
    GET_VOLUME_INFO = 10000,
    GET_PACKAGE_INFOS,
    CHANGE_ACTIVATION
};
enum : uint32_t { VOLUME_INFO_SIZE = 32, HEAD_SIZE = 8, PACKAGE_SIZE = 28 };

class Packagefs : public RootCase
{
  protected:
    Packagefs()
    {
        for (const char *name : {"one", "two"})
            EXPECT_EQ(add(file_of(name),
                          package({File(name, "text")}, package_info(name))),
                      0)
                << fault.text;
        EXPECT_EQ(add(file_of("mine"),
                      package({Directory("bin", {File("mine", "text")})},
                              package_info("mine")),
                      HK_LOCATION_HOME),
                  0)
            << fault.text;
        host.write("root/files/boot/system/packages/bad.hpkg", "hpkg");
        EXPECT_EQ(reopen(), 0) << fault.text;
        data = guest().room(4096);
    }

    static std::string file_of(const std::string &name)
    {
        return name + "-1-2-x86.hpkg";
    }
    int directory(const char *name)
    {
        return static_cast<int>(guest().call("open_dir", -1, name));
    }
    int64_t ask(int fd, uint32_t cmd, uint32_t size)
    {
        std::memset(guest().host(data), 0xee, 4096);
        return guest().call("ioctl", fd, cmd, data, size);
    }
    template <typename T> T at(uint32_t offset)
    {
        return guest().get<T>(data, offset);
    }
    // device and node
    std::pair<int32_t, int64_t> node(const std::string &name)
    {
        Address stat = guest().room(88);
        EXPECT_EQ(guest().call("read_stat", -1, name, 0, stat, 88), HK_B_OK)
            << name;
        return {guest().get<int32_t>(stat), guest().get<int64_t>(stat, 4)};
    }
    // Checks each, and tells their names.
    std::set<std::string> told(const std::string &packages)
    {
        std::set<std::string> names;
        for (uint32_t i = 0; i < at<uint32_t>(4); i++) {
            uint32_t info = HEAD_SIZE + i * PACKAGE_SIZE;
            std::string name = guest().text({at<uint32_t>(info + 24)});
            auto [device, file] = node(packages + "/" + name);
            EXPECT_EQ(at<int32_t>(info), device);
            EXPECT_EQ(at<int32_t>(info + 4), node(packages).first);
            EXPECT_EQ(at<int64_t>(info + 8), file);
            EXPECT_EQ(at<int64_t>(info + 16), node(packages).second);
            names.insert(name);
        }
        return names;
    }

    Address data{};
};

TEST_F(Packagefs, TellsOfItsVolume)
{
    const std::pair<const char *, uint32_t> volumes[] = {
        {"/boot/system", 0}, {"/boot/home/config", 1}};
    for (auto [path, type] : volumes) {
        int fd = directory(path);
        ASSERT_EQ(ask(fd, GET_VOLUME_INFO, VOLUME_INFO_SIZE), HK_B_OK);
        EXPECT_EQ(at<uint32_t>(0), type);
        EXPECT_EQ(at<int32_t>(4), node("/boot").first);
        EXPECT_EQ(at<int64_t>(8), node("/boot").second);
        EXPECT_EQ(at<uint32_t>(16), 1u);
        auto [device, packages] = node(std::string(path) + "/packages");
        EXPECT_EQ(at<int32_t>(20), device);
        EXPECT_EQ(at<int64_t>(24), packages);
        EXPECT_EQ(at<uint32_t>(32), 0xeeeeeeeeu);
        // As package_daemon goes on.
        EXPECT_GE(guest().call("open_dir_entry_ref", device, packages, nullptr),
                  0);
    }
}

TEST_F(Packagefs, TellsItsActivePackages)
{
    int fd = directory("/boot/system");
    ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, 4096), HK_B_OK);
    EXPECT_EQ(told("/boot/system/packages"),
              (std::set<std::string>{file_of("one"), file_of("two")}));
    uint32_t size =
        HEAD_SIZE +
        2 * (PACKAGE_SIZE + static_cast<uint32_t>(file_of("one").size()) + 1);
    EXPECT_EQ(at<uint32_t>(0), size);
    EXPECT_EQ(at<uint8_t>(size), 0xee);
    // Any file of the volume can be asked.
    ASSERT_EQ(ask(open("/boot/home/config/bin/mine"), GET_PACKAGE_INFOS, 4096),
              HK_B_OK);
    EXPECT_EQ(told("/boot/home/config/packages"),
              std::set<std::string>{file_of("mine")});
}

TEST_F(Packagefs, TellsHowMuchRoomPackagesTake)
{
    int fd = directory("/boot/system");
    ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, 4096), HK_B_OK);
    uint32_t size = at<uint32_t>(0);
    ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, HEAD_SIZE + PACKAGE_SIZE), HK_B_OK);
    EXPECT_EQ(at<uint32_t>(0), size);
    EXPECT_EQ(at<uint32_t>(4), 2u);
    EXPECT_EQ(at<int64_t>(HEAD_SIZE + 16),
              node("/boot/system/packages").second);
    EXPECT_EQ(at<uint32_t>(HEAD_SIZE + PACKAGE_SIZE), 0xeeeeeeeeu);
    ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, size - 1), HK_B_OK);
    EXPECT_EQ(at<uint8_t>(size - 1), 0xee);
    ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, size), HK_B_OK);
    EXPECT_EQ(at<uint8_t>(size - 1), 0);
}

TEST_F(Packagefs, RefusesWhatIsNoRequest)
{
    int fd = directory("/boot/system");
    EXPECT_EQ(ask(fd, GET_VOLUME_INFO, VOLUME_INFO_SIZE - 1), HK_B_BAD_VALUE);
    EXPECT_EQ(ask(fd, GET_PACKAGE_INFOS, HEAD_SIZE + PACKAGE_SIZE - 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(ask(fd, 9999, 4096), HK_B_BAD_VALUE);
    for (uint32_t cmd : {GET_VOLUME_INFO, GET_PACKAGE_INFOS})
        for (uint32_t bad : {8u, 0x7fffffffu})
            EXPECT_EQ(guest().call("ioctl", fd, cmd, Address{bad}, 4096),
                      HK_B_BAD_ADDRESS)
                << cmd;
    EXPECT_EQ(
        guest().call("ioctl", fd, GET_PACKAGE_INFOS, Address{8}, UINT32_MAX),
        HK_B_BAD_ADDRESS);
    // The packages themselves lie on the disk.
    EXPECT_EQ(ask(directory("/boot/system/packages"), GET_VOLUME_INFO, 4096),
              HK_ENOTTY);
    EXPECT_EQ(ask(directory("/boot"), GET_VOLUME_INFO, 4096), HK_ENOTTY);
}

TEST_F(Packagefs, LetsNoGuestActivateOthers)
{
    int fd = directory("/boot/system");
    guest().set(data, 0, 0);
    EXPECT_EQ(guest().call("ioctl", fd, CHANGE_ACTIVATION, data, 4), HK_B_OK);
    guest().set(data, 0, 1);
    EXPECT_EQ(guest().call("ioctl", fd, CHANGE_ACTIVATION, data, 40),
              HK_B_NOT_ALLOWED);
    for (uint32_t size : {0u, 3u, 39u, 10u * 1024 * 1024 + 1})
        EXPECT_EQ(guest().call("ioctl", fd, CHANGE_ACTIVATION, data, size),
                  HK_B_BAD_VALUE)
            << size;
    EXPECT_EQ(guest().call("ioctl", fd, CHANGE_ACTIVATION, Address{8}, 40),
              HK_B_BAD_VALUE);
}

TEST_F(Packagefs, HasNoneInAnExtractedHaiku)
{
    for (bool has_packages : {false, true}) {
        host.make("plain/boot/system");
        if (has_packages)
            host.make("plain/boot/system/packages");
        std::string plain = host.at("plain");
        team = std::make_unique<Team>(make_config(plain.c_str()));
        data = guest().room(4096);
        int fd = directory("/boot/system");
        ASSERT_EQ(ask(fd, GET_VOLUME_INFO, 4096), HK_B_OK);
        EXPECT_EQ(at<uint32_t>(16), has_packages ? 1u : 0u);
        ASSERT_EQ(ask(fd, GET_PACKAGE_INFOS, 4096), HK_B_OK);
        EXPECT_EQ(at<uint32_t>(0), HEAD_SIZE);
        EXPECT_EQ(at<uint32_t>(4), 0u);
    }
}

} // namespace
} // namespace hk
