// file_io_test.cc -- read, write, their vectored forms, and seek.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr int64_t here = -1;

class FileIo : public testing::Test
{
  protected:
    FileIo() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "0123456789");
        root.make("directory");
        root.link("link", "file");
        return hk::make_config(root.path.c_str());
    }

    int open(const char *path, int mode)
    {
        return static_cast<int>(team.call("open", -1, path, mode, 0644));
    }

    Address vectors(const std::vector<std::pair<uint32_t, uint32_t>> &rows)
    {
        Address all = team.room(static_cast<uint32_t>(rows.size()) * 8 + 8);
        uint32_t at = 0;
        for (const auto &[base, size] : rows) {
            team.set(all, at, base);
            team.set(all, at + 4, size);
            at += 8;
        }
        return all;
    }

    std::pair<int, int> pipe()
    {
        Address ends = team.room(8);
        EXPECT_EQ(team.call("create_pipe", ends), HK_B_OK);
        return {team.get<int>(ends), team.get<int>(ends, 4)};
    }

    hk::Directory root;
    hk::Team team;
    Address buffer = team.room(3 * 4096);
};

TEST_F(FileIo, ReadsOnFromWhereItIsAndAtAGivenPosition)
{
    int fd = open("/file", 0);

    EXPECT_EQ(fd, 3);
    EXPECT_EQ(team.call("read", fd, here, buffer, 4), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "0123");
    EXPECT_EQ(team.call("read", fd, INT64_C(8), buffer, 100), 2);
    EXPECT_EQ(team.bytes(buffer, 2), "89");
    EXPECT_EQ(team.call("read", fd, here, buffer, 100), 6);
    EXPECT_EQ(team.bytes(buffer, 6), "456789");
    EXPECT_EQ(team.call("read", fd, here, buffer, 100), 0);
    EXPECT_EQ(team.call("read", fd, INT64_C(1) << 40, buffer, 100), 0);
}

TEST_F(FileIo, WritesOnFromWhereItIsAndAtAGivenPosition)
{
    int fd = open("/new", 0x202);

    EXPECT_EQ(team.call("write", fd, here, "abcdef", 6), 6);
    EXPECT_EQ(team.call("write", fd, INT64_C(1), "XY", 2), 2);
    EXPECT_EQ(team.call("write", fd, here, "g", 1), 1);
    EXPECT_EQ(root.read("new"), "aXYdefg");
    EXPECT_EQ(team.call("write", fd, INT64_C(9), "z", 1), 1);
    EXPECT_EQ(root.read("new"), std::string("aXYdefg\0\0z", 10));
}

TEST_F(FileIo, AppendingGoesToTheEndAlways)
{
    int fd = open("/file", 0x801);

    EXPECT_EQ(team.call("write", fd, INT64_C(2), "A", 1), 1);
    EXPECT_EQ(team.call("write", fd, here, "B", 1), 1);
    EXPECT_EQ(root.read("file"), "0123456789AB");
}

TEST_F(FileIo, RefusesAsHaikuDoes)
{
    int reader = open("/file", 0), writer = open("/file", 1);
    int dir = static_cast<int>(team.call("open_dir", -1, "/directory"));
    int plain_dir = open("/directory", 0), link = open("/link", 0x2000);
    const struct {
        const char *call;
        int fd;
        int64_t pos;
        Address buffer;
        int size;
        int64_t result;
    } rows[] = {
        {"read", reader, -2, buffer, 1, HK_B_BAD_VALUE},
        {"read", 99, here, buffer, 1, HK_B_FILE_ERROR},
        {"read", -1, here, buffer, 1, HK_B_FILE_ERROR},
        {"read", writer, here, buffer, 1, HK_B_FILE_ERROR},
        {"write", reader, here, buffer, 1, HK_B_FILE_ERROR},
        {"read", dir, here, buffer, 1, HK_B_BAD_VALUE},
        {"read", plain_dir, here, buffer, 1, HK_B_IS_A_DIRECTORY},
        {"read", link, here, buffer, 1, HK_B_BAD_VALUE},
        {"read", reader, here, {0}, 1, HK_B_BAD_ADDRESS},
        {"read", reader, here, {0x80000000}, 1, HK_B_BAD_ADDRESS},
        {"read", reader, here, {0xfffffff0}, 0x20, HK_B_BAD_ADDRESS},
        {"read", reader, here, {0x7ffffff0}, 0x20, HK_B_BAD_ADDRESS},
        {"read", reader, here, {0x50000000}, 1, HK_B_BAD_ADDRESS},
        {"write", writer, here, {0x50000000}, 1, HK_B_BAD_ADDRESS},
        {"read", reader, here, {0}, 0, 0},
        {"write", writer, here, {0x90000000}, 0, 0},
    };
    for (const auto &row : rows)
        EXPECT_EQ(team.call(row.call, row.fd, row.pos, row.buffer, row.size),
                  row.result)
            << row.call << " " << row.fd << " " << row.buffer.value;
    EXPECT_EQ(team.call("read", reader, here, buffer, 3), 3);
}

TEST_F(FileIo, ReadsIntoPagesWhoseStoresAreWatched)
{
    std::string text(7000, 'x');
    root.write("long", text + "end");
    int fd = open("/long", 0);

    harness_watch(team.harness, HARNESS_MEMORY + 4096);
    EXPECT_EQ(team.call("read", fd, INT64_C(0), buffer, 7003), 7003);
    EXPECT_EQ(team.bytes(buffer, 7003), text + "end");
    auto [in, out] = pipe();
    EXPECT_EQ(team.call("write", out, here, "pipe", 4), 4);
    harness_watch(team.harness, HARNESS_MEMORY);
    EXPECT_EQ(team.call("read", in, here, buffer, 100), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "pipe");
}

TEST_F(FileIo, ReadsNothingIntoPagesThatTheGuestCannotWrite)
{
    int fd = open("/file", 0);

    harness_protect(team.harness, HARNESS_MEMORY + 4096, 4096, 1);
    EXPECT_EQ(
        team.call("read", fd, INT64_C(0), Address{HARNESS_MEMORY + 4096}, 4),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(
        team.call("read", fd, INT64_C(0), Address{HARNESS_MEMORY + 4092}, 8),
        4);
}

TEST_F(FileIo, VectorsAreTakenInTurn)
{
    int fd = open("/file", 2);
    uint32_t at = buffer.value;

    EXPECT_EQ(team.call("readv", fd, here, vectors({{at, 3}, {at + 8, 4}}), 2),
              7);
    EXPECT_EQ(team.bytes(buffer, 3), "012");
    EXPECT_EQ(team.bytes({at + 8}, 4), "3456");
    EXPECT_EQ(team.call("readv", fd, INT64_C(6),
                        vectors({{at, 0}, {at, 2}, {0, 99}, {at + 2, 99}}), 4),
              4);
    EXPECT_EQ(team.bytes(buffer, 4), "6789");
    EXPECT_EQ(
        team.call("writev", fd, INT64_C(0), vectors({{at, 2}, {at + 2, 1}}), 2),
        3);
    EXPECT_EQ(root.read("file"), "6783456789");
}

TEST_F(FileIo, VectorsAreChecked)
{
    int fd = open("/file", 0);
    uint32_t at = buffer.value;

    EXPECT_EQ(team.call("readv", fd, here, vectors({{at, 1}}), 0),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("readv", fd, here, vectors({{at, 1}}), 1025),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("readv", fd, here, nullptr, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("readv", fd, here, vectors({{0x80000000, 1}}), 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("readv", fd, here,
                        vectors({{at, 0x60000000}, {at, 0x60000000}}), 2),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("readv", fd, INT64_C(-2), vectors({{at, 1}}), 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("readv", 99, here, vectors({{at, 1}}), 1),
              HK_B_FILE_ERROR);
}

TEST_F(FileIo, SeekMovesThePosition)
{
    int fd = open("/file", 0);
    const struct {
        int64_t pos;
        int type;
        int64_t result;
    } rows[] = {
        {4, 0, 4},
        {2, 1, 6},
        {-1, 2, 9},
        {-10, 1, HK_B_BAD_VALUE},
        {0, 9, HK_B_BAD_VALUE},
        {INT64_C(1) << 40, 0, INT64_C(1) << 40},
        {3, 3, 3},
        {3, 4, 10},
        {99, 3, HK_ENXIO},
    };
    for (const auto &row : rows)
        EXPECT_EQ(team.call("seek", fd, row.pos, row.type), row.result)
            << row.pos << " " << row.type;
    EXPECT_EQ(team.call("seek", 99, INT64_C(0), 0), HK_B_FILE_ERROR);
}

TEST_F(FileIo, PipesHaveNoPosition)
{
    auto [in, out] = pipe();

    EXPECT_EQ(team.call("seek", in, INT64_C(0), 1), HK_ESPIPE);
    // The loader writes its messages at position 0, wherever they go.
    EXPECT_EQ(team.call("write", out, INT64_C(0), "ab", 2), 2);
    EXPECT_EQ(team.call("write", out, INT64_C(1), "ab", 2), HK_ESPIPE);
    EXPECT_EQ(team.call("read", in, INT64_C(5), buffer, 2), HK_ESPIPE);
    EXPECT_EQ(team.call("read", in, here, buffer, 9), 2);
}

TEST_F(FileIo, APipeMakesItsUsersWait)
{
    auto [in, out] = pipe();
    std::string text(300000, 'p');
    Address from = team.put(text);
    std::string got;

    std::thread writer([this, out = out, from, size = text.size()] {
        EXPECT_EQ(team.call("write", out, here, from, static_cast<int>(size)),
                  static_cast<int64_t>(size));
        team.call("close", out);
    });
    // The harness makes arguments in one place: the reader has its own.
    for (;;) {
        uint32_t words[] = {static_cast<uint32_t>(in), ~0u, ~0u, buffer.value,
                            4096};
        int64_t count = harness_call(team.harness, "read", words, 5);
        if (count <= 0)
            break;
        got += team.bytes(buffer, static_cast<size_t>(count));
    }
    writer.join();
    EXPECT_EQ(got, text);
}

TEST_F(FileIo, ANonBlockingPipeDoesNot)
{
    auto [in, out] = pipe();

    EXPECT_EQ(team.call("fcntl", in, 0x10, 0x80), HK_B_OK);
    EXPECT_EQ(team.call("fcntl", out, 0x10, 0x80), HK_B_OK);
    EXPECT_EQ(team.call("read", in, here, buffer, 1), HK_B_WOULD_BLOCK);
    int64_t total = 0, count;
    while ((count = team.call("write", out, here, buffer, 8192)) > 0)
        total += count;
    EXPECT_EQ(count, HK_B_WOULD_BLOCK);
    EXPECT_EQ(total, 65536); // VFS_FIFO_BUFFER_CAPACITY
}

// Nobody has asked yet what kind of file it is.
TEST_F(FileIo, TheFirstTransferOfAFifoIsAsAnyOther)
{
    ASSERT_EQ(::mkfifo(root.at("fifo").c_str(), 0644), 0);
    int both = open("/fifo", 2);
    int in = open("/fifo", 0x80), out = open("/fifo", 1); // O_NONBLOCK
    int other = open("/fifo", 2);

    EXPECT_EQ(team.call("read", in, here, buffer, 10), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("write", out, here, "abcde", 5), 5);
    EXPECT_EQ(team.call("read", both, here, buffer, 10), 5);
    EXPECT_EQ(team.bytes(buffer, 5), "abcde");
    EXPECT_EQ(team.call("write", other, INT64_C(1), "ab", 2), HK_ESPIPE);
    for (int fd : {both, out, other})
        team.call("close", fd);
    EXPECT_EQ(team.call("read", in, here, buffer, 10), 0);
    in = open("/fifo", 0x80);
    EXPECT_EQ(team.call("read", in, here, buffer, 10), HK_B_WOULD_BLOCK);
}

TEST_F(FileIo, TheFirstTransferEndsByASignal)
{
    ASSERT_EQ(::mkfifo(root.at("fifo").c_str(), 0644), 0);
    int both = open("/fifo", 2);

    std::thread other([this] {
        for (int i = 0; i < 20; i++)
            std::this_thread::yield();
        harness_signal(team.harness, 15);
    });
    EXPECT_EQ(team.call("read", both, here, buffer, 1), HK_B_INTERRUPTED);
    other.join();
}

TEST_F(FileIo, TheFirstTransferIsRefusedAsAnyOther)
{
    int directory = open("/directory", 0), link = open("/link", 0x2000);

    EXPECT_EQ(team.call("read", directory, here, buffer, 1),
              HK_B_IS_A_DIRECTORY);
    EXPECT_EQ(team.call("read", link, here, buffer, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read", open("/file", 0), here, buffer, 99), 10);
    EXPECT_EQ(team.call("read", open("/file", 0), INT64_C(10), buffer, 9), 0);
}

TEST_F(FileIo, APipeWithoutReadersIsBusted)
{
    auto [in, out] = pipe();

    harness_block_signals(team.harness, ~UINT64_C(0));
    team.call("close", in);
    EXPECT_EQ(team.call("write", out, here, "x", 1), HK_B_BUSTED_PIPE);
    EXPECT_EQ(harness_pending(team.harness), UINT64_C(1) << (7 - 1));
}

TEST_F(FileIo, ASignalEndsTheWait)
{
    auto [in, out] = pipe();

    std::thread other([this] {
        for (int i = 0; i < 20; i++)
            std::this_thread::yield();
        harness_signal(team.harness, 15);
    });
    EXPECT_EQ(team.call("read", in, here, buffer, 1), HK_B_INTERRUPTED);
    other.join();
    (void)out;
}

TEST_F(FileIo, DevicesIgnoreThePosition)
{
    int zero = open("/dev/zero", 2), null = open("/dev/null", 2);

    std::memset(team.host(buffer), 'x', 8);
    EXPECT_EQ(team.call("read", zero, INT64_C(7), buffer, 4), 4);
    EXPECT_EQ(team.bytes(buffer, 5), std::string("\0\0\0\0x", 5));
    EXPECT_EQ(team.call("read", null, here, buffer, 4), 0);
    EXPECT_EQ(team.call("write", null, INT64_C(3), buffer, 4), 4);
}

} // namespace
