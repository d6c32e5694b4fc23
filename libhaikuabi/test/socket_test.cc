// socket_test.cc -- sockets: addresses, options, bytes and descriptors.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum { INET = 1, INET6 = 5, UNIX = 9, STREAM = 1, DGRAM = 2, SEQ = 5 };
enum { SOL_SOCKET_ = -1, PEEK = 2, WAITALL = 0x40, DONTWAIT = 0x80 };

class Sockets : public testing::Test
{
  protected:
    explicit Sockets(hk_release release = HK_R1BETA5)
        : team(config(root, release))
    {
    }

    static hk_config config(const hk::Directory &root, hk_release release)
    {
        root.make("run");
        root.write("file", "text");
        hk_config config = hk::make_config(root.path.c_str());
        config.release = release;
        return config;
    }

    int socket(int family, int type)
    {
        return static_cast<int>(team.call("socket", family, type, 0));
    }

    std::pair<int, int> pair(int type = STREAM)
    {
        Address ends = team.room(8);
        EXPECT_EQ(team.call("socketpair", UNIX, type, 0, ends), HK_B_OK);
        return {team.get<int>(ends), team.get<int>(ends, 4)};
    }

    // Two ends of one over TCP.
    std::pair<int, int> connection()
    {
        int server = socket(INET, STREAM), client = socket(INET, STREAM);
        Address length = team.room(4);
        EXPECT_EQ(team.call("bind", server, inet(), 32), HK_B_OK);
        EXPECT_EQ(team.call("listen", server, 5), HK_B_OK);
        std::string at = name("getsockname", server);
        EXPECT_EQ(team.call("connect", client, team.put(at), 32), HK_B_OK);
        int64_t accepted = team.call("accept", server, nullptr, length);
        return {client, static_cast<int>(accepted)};
    }

    Address inet(uint16_t port = 0)
    {
        Address address = team.room(32);
        team.set(address, 0, uint8_t{32});
        team.set(address, 1, uint8_t{INET});
        team.set(address, 2, htons(port));
        team.set(address, 4, htonl(0x7f000001));
        return address;
    }

    Address local(const std::string &path)
    {
        Address address = team.room(128);
        team.set(address, 1, uint8_t{UNIX});
        std::memcpy(team.host(address) + 2, path.data(), path.size());
        return address;
    }

    // The name of a socket: its bytes, as many as there are.
    std::string name(const char *call, int fd)
    {
        Address address = team.room(128), length = team.room(4);
        team.set(length, 0, 128);
        int64_t status = team.call(call, fd, address, length);
        if (status != HK_B_OK)
            return hk_status_name(static_cast<int32_t>(status));
        return team.bytes(address, team.get<uint32_t>(length));
    }

    int64_t send(int fd, const std::string &text, int flags = 0)
    {
        return team.call("send", fd, text, static_cast<int>(text.size()),
                         flags);
    }

    std::string recv(int fd, int size = 100, int flags = 0)
    {
        int64_t count = team.call("recv", fd, buffer, size, flags);
        return count < 0 ? hk_status_name(static_cast<int32_t>(count))
                         : team.bytes(buffer, static_cast<size_t>(count));
    }

    // A descriptor goes from one socket to another: its new number.
    int64_t pass(int from, int to, int fd)
    {
        Address header = team.room(28), vector = team.room(8);
        Address control = team.room(16);
        team.set(vector, 0, team.put("x").value);
        team.set(vector, 4, 1);
        team.set(control, 0, 16);
        team.set(control, 4, SOL_SOCKET_);
        team.set(control, 8, 1);
        team.set(control, 12, fd);
        team.set(header, 8, vector.value);
        team.set(header, 12, 1);
        team.set(header, 16, control.value);
        team.set(header, 20, 16);
        EXPECT_EQ(team.call("sendmsg", from, header, 0), 1);
        EXPECT_EQ(team.call("recvmsg", to, header, 0), 1);
        return team.get<int>(control, 12);
    }

    int64_t option(int fd, int level, int name, int value)
    {
        Address at = team.room(4);
        team.set(at, 0, value);
        return team.call("setsockopt", fd, level, name, at, 4);
    }

    int64_t option(int fd, int level, int name)
    {
        Address at = team.room(4), length = team.room(4);
        team.set(length, 0, 4);
        int64_t status = team.call("getsockopt", fd, level, name, at, length);
        return status < 0 ? status : team.get<int>(at);
    }

    // How many sockets there are; the last one is in stat.
    int listed()
    {
        Address cookie = team.room(4);
        int count = 0;
        while (team.call("get_next_socket_stat", -1, cookie, stat) == HK_B_OK)
            count++;
        return count;
    }

    hk::Directory root;
    hk::ThreadedTeam team;
    Address buffer = team.room(0x20000), stat = team.room(312);
};

class SocketsR1beta6 : public Sockets
{
  protected:
    SocketsR1beta6() : Sockets(HK_R1BETA6) {}
};

TEST_F(Sockets, PairsCarryBytesBothWays)
{
    auto [a, b] = pair();

    EXPECT_EQ(send(a, "ping"), 4);
    EXPECT_EQ(recv(b), "ping");
    EXPECT_EQ(team.call("write", b, INT64_C(-1), "pong", 4), 4);
    EXPECT_EQ(team.call("read", a, INT64_C(7), buffer, 9), 4);
    EXPECT_EQ(recv(a, 9, DONTWAIT), "B_WOULD_BLOCK");
    EXPECT_EQ(team.call("shutdown_socket", a, 1), HK_B_OK);
    EXPECT_EQ(recv(b), "");
    EXPECT_EQ(team.call("seek", a, INT64_C(0), 0), HK_ESPIPE);
    harness_block_signals(team.harness, ~UINT64_C(0));
    EXPECT_EQ(send(a, "x", 0x800), HK_B_BUSTED_PIPE); // MSG_NOSIGNAL
    EXPECT_EQ(harness_pending(team.harness), 0u);
    EXPECT_EQ(send(a, "x"), HK_B_BUSTED_PIPE);
    EXPECT_NE(harness_pending(team.harness), 0u);
}

TEST_F(Sockets, MessagesKeepTheirBounds)
{
    auto [a, b] = pair(DGRAM);

    send(a, "first");
    send(a, "second");
    EXPECT_EQ(recv(b, 3, PEEK), "B_NOT_SUPPORTED");
    EXPECT_EQ(recv(b, 3), "fir");
    harness_watch(team.harness, buffer.value & ~4095u);
    EXPECT_EQ(recv(b), "second");
}

TEST_F(Sockets, AStreamIsWaitedForAsAWhole)
{
    auto [a, b] = connection();

    std::thread other([this, fd = a] {
        uint32_t at = team.put(std::string(100000, 's')).value;
        for (int i = 0; i < 2; i++) {
            uint32_t words[] = {static_cast<uint32_t>(fd), at, 50000, 0};
            EXPECT_EQ(harness_call(team.harness, "send", words, 4), 50000);
        }
    });
    uint32_t words[] = {static_cast<uint32_t>(b), buffer.value, 100000,
                        WAITALL};
    EXPECT_EQ(harness_call(team.harness, "recv", words, 4), 100000);
    other.join();
}

TEST_F(Sockets, ConnectOverTheLoopback)
{
    int server = socket(INET, STREAM);
    ASSERT_GE(server, 0);
    EXPECT_EQ(option(server, SOL_SOCKET_, 0x40, 1), HK_B_OK);
    EXPECT_EQ(team.call("bind", server, inet(), 32), HK_B_OK);
    EXPECT_EQ(team.call("listen", server, 5), HK_B_OK);
    EXPECT_NE(option(server, SOL_SOCKET_, 0x1), 0); // SO_ACCEPTCONN
    std::string where = name("getsockname", server);
    ASSERT_EQ(where.size(), 32u);
    EXPECT_EQ(where[0], 32);
    EXPECT_EQ(where[1], INET);
    uint16_t port = ntohs(hk::load<uint16_t>(where.data() + 2));
    EXPECT_NE(port, 0);

    int client = socket(INET, STREAM);
    EXPECT_EQ(team.call("connect", client, inet(port), 32), HK_B_OK);
    Address from = team.room(128), length = team.room(4);
    team.set(length, 0, 128);
    int accepted = static_cast<int>(team.call("accept", server, from, length));
    ASSERT_GE(accepted, 0);
    EXPECT_EQ(team.get<uint32_t>(length), 32u);
    EXPECT_EQ(team.bytes(from, 32), name("getsockname", client));
    EXPECT_EQ(name("getpeername", client), where);
    EXPECT_EQ(send(client, "hello"), 5);
    EXPECT_EQ(recv(accepted), "hello");
    EXPECT_EQ(team.call("sockatmark", accepted), HK_B_UNSUPPORTED);
    EXPECT_EQ(team.call("connect", client, inet(port), 32), HK_EISCONN);
    team.call("close", server);
    int late = socket(INET, STREAM);
    EXPECT_EQ(team.call("connect", late, inet(port), 32), HK_ECONNREFUSED);
}

TEST_F(Sockets, DatagramsComeWithTheirSender)
{
    int one = socket(INET, DGRAM), other = socket(INET, DGRAM);

    ASSERT_EQ(team.call("bind", one, inet(), 32), HK_B_OK);
    Address to = team.room(32);
    std::string where = name("getsockname", one);
    std::memcpy(team.host(to), where.data(), 32);
    EXPECT_EQ(team.call("sendto", other, "dgram", 5, 0, to, 32), 5);
    Address from = team.room(128), length = team.room(4);
    team.set(length, 0, 6); // only the beginning fits
    EXPECT_EQ(team.call("recvfrom", one, buffer, 100, 0, from, length), 5);
    EXPECT_EQ(team.get<uint32_t>(length), 32u);
    EXPECT_EQ(team.get<uint16_t>(from, 2),
              hk::load<uint16_t>(name("getsockname", other).data() + 2));
    EXPECT_EQ(team.get<uint16_t>(from, 6), 0);
    EXPECT_EQ(team.call("sendto", other, "more", 4, 0, to, 32), 4);
    EXPECT_EQ(team.call("recvfrom", one, buffer, 100, 0, nullptr, length), 4);
    EXPECT_EQ(team.get<uint32_t>(length), 0u);
}

TEST_F(Sockets, LocalOnesHaveAFileInsideTheMounts)
{
    int server = socket(UNIX, STREAM);
    EXPECT_EQ(team.call("bind", server, local("/run/server"), 128), HK_B_OK);
    struct stat info;
    ASSERT_EQ(::stat(root.at("run/server").c_str(), &info), 0);
    EXPECT_TRUE(S_ISSOCK(info.st_mode));
    EXPECT_EQ(team.call("listen", server, 5), HK_B_OK);
    EXPECT_EQ(name("getsockname", server),
              std::string("\x0e\x09/run/server\0", 14));

    team.call("setcwd", -1, "/run");
    int client = socket(UNIX, STREAM);
    EXPECT_EQ(team.call("connect", client, local("server"), 128), HK_B_OK);
    EXPECT_EQ(name("getpeername", client), name("getsockname", server));
    EXPECT_EQ(name("getsockname", client).size(), 8u); // one without a file
    Address length = team.room(4);
    int accepted =
        static_cast<int>(team.call("accept", server, nullptr, length));
    ASSERT_GE(accepted, 0);
    EXPECT_EQ(name("getsockname", accepted), name("getsockname", server));
    EXPECT_EQ(send(client, "unix!"), 5);
    EXPECT_EQ(recv(accepted), "unix!");

    int again = socket(UNIX, STREAM);
    EXPECT_EQ(team.call("bind", again, local("/run/server"), 128),
              HK_EADDRINUSE);
    EXPECT_EQ(team.call("bind", again, local("/none/x"), 128),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("bind", again, local("/dev/x"), 128),
              HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team.call("connect", again, local("/run/none"), 128),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("connect", again, local("/file"), 128),
              HK_B_BAD_VALUE); // no socket
    EXPECT_EQ(team.call("connect", again, local("/../../../run"), 128),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("bind", again, local(std::string(120, 'n')), 128),
              HK_B_NAME_TOO_LONG);
}

TEST_F(Sockets, NamesWithoutAFileAreTheGuestsOwn)
{
    int server = socket(UNIX, STREAM), client = socket(UNIX, STREAM);
    char digits[8];
    std::snprintf(digits, sizeof(digits), "%05x",
                  static_cast<unsigned>(getpid()) & 0xfffffu);
    std::string hidden = std::string(1, '\0') + digits;

    EXPECT_EQ(team.call("bind", server, local(hidden), 128), HK_B_OK);
    EXPECT_EQ(team.call("listen", server, 1), HK_B_OK);
    EXPECT_EQ(name("getsockname", server).substr(2), hidden);
    EXPECT_EQ(team.call("connect", client, local(hidden), 128), HK_B_OK);
    int other = socket(UNIX, STREAM);
    EXPECT_EQ(team.call("bind", other, local(""), 32), HK_B_OK);
    EXPECT_GT(name("getsockname", other).size(), 3u);
    // The host's name space is not reached.
    int host = ::socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr any = {AF_UNIX, ""};
    std::string plain = hidden;
    plain[1] = plain[1] == '0' ? '1' : '0';
    std::vector<char> raw(2 + plain.size());
    std::memcpy(raw.data(), &any.sa_family, 2);
    std::memcpy(raw.data() + 2, plain.data(), plain.size());
    ASSERT_EQ(::bind(host, reinterpret_cast<sockaddr *>(raw.data()),
                     static_cast<socklen_t>(raw.size())),
              0);
    ::listen(host, 1);
    EXPECT_EQ(team.call("connect", socket(UNIX, STREAM), local(plain), 128),
              HK_ECONNREFUSED);
    ::close(host);
}

// Two roots never meet.
TEST_F(Sockets, NamesWithoutAFileAreOneRootsOwn)
{
    std::string hidden = std::string(1, '\0') + "0f00d";
    int server = socket(UNIX, STREAM);
    EXPECT_EQ(team.call("bind", server, local(hidden), 128), HK_B_OK);
    EXPECT_EQ(team.call("listen", server, 1), HK_B_OK);
    EXPECT_EQ(team.call("bind", socket(UNIX, STREAM), local(hidden), 128),
              HK_EADDRINUSE);

    hk::Directory elsewhere;
    hk::Team other(hk::make_config(elsewhere.path.c_str()));
    Address address = other.room(128);
    other.set(address, 1, uint8_t{UNIX});
    std::memcpy(other.host(address) + 2, hidden.data(), hidden.size());
    auto make = [&] { return int(other.call("socket", UNIX, STREAM, 0)); };
    EXPECT_EQ(other.call("connect", make(), address, 128), HK_ECONNREFUSED);
    EXPECT_EQ(other.call("bind", make(), address, 128), HK_B_OK);
}

TEST_F(Sockets, OptionsAreTheHosts)
{
    int fd = socket(INET, STREAM);
    const struct {
        int level, name, value;
    } rows[] = {
        {SOL_SOCKET_, 0x10, 1},
        {SOL_SOCKET_, 0x40, 1},
        {SOL_SOCKET_, 0x80, 1},
        {SOL_SOCKET_, 0x80, 0},
        {SOL_SOCKET_, 0x40000002, 1024},
        {0, 3, 16},
        {0, 4, 33},
        {6, 1, 1},
        {SOL_SOCKET_, 0x40000009, 1},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(option(fd, row.level, row.name, row.value), HK_B_OK);
        EXPECT_EQ(option(fd, row.level, row.name), row.value) << row.name;
    }
    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x40000008), STREAM);
    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x40000007), 0);
    EXPECT_EQ(team.call("fcntl", fd, 8, 0) & 0x80, 0x80);
    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x4000000a, 99), HK_B_OK);
    // SO_BINDTODEVICE, TCP_NOOPT, IP_BLOCK_SOURCE
    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x4000000a), HK_ENOPROTOOPT);
    EXPECT_EQ(option(fd, 6, 8, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(option(fd, 0, 14, 1), HK_ENOPROTOOPT);
    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x40000007, 1), HK_ENOPROTOOPT);
}

// The host has no SO_USELOOPBACK, SO_REUSEPORT not of local sockets.
TEST_F(Sockets, FlagsAreKeptThatTheHostDoesNot)
{
    int fd = socket(UNIX, STREAM);

    for (int name : {0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100}) {
        EXPECT_EQ(option(fd, SOL_SOCKET_, name), 0) << name;
        EXPECT_EQ(option(fd, SOL_SOCKET_, name, -7), HK_B_OK) << name;
        EXPECT_EQ(option(fd, SOL_SOCKET_, name), 1) << name;
        EXPECT_EQ(option(fd, SOL_SOCKET_, name, 0), HK_B_OK) << name;
        EXPECT_EQ(option(fd, SOL_SOCKET_, name), 0) << name;
    }
}

TEST_F(Sockets, AnErrorIsToldInHaikusNumbers)
{
    int fd = socket(INET, STREAM);

    EXPECT_EQ(option(fd, SOL_SOCKET_, 0x40000009, 1), HK_B_OK);
    int64_t status = team.call("connect", fd, inet(1), 32);
    if (status == HK_EINPROGRESS) {
        Address fds = team.room(8);
        team.set(fds, 0, fd);
        team.set(fds, 4, 2);
        EXPECT_EQ(team.call("poll", fds, 1, INT64_C(10000000), nullptr), 1);
        status = option(fd, SOL_SOCKET_, 0x40000007);
    }
    EXPECT_EQ(status, HK_ECONNREFUSED);
}

// poll tells when the connection is there, SO_ERROR that all went well.
TEST_F(Sockets, ConnectWithoutWaiting)
{
    int server = socket(INET, STREAM), client = socket(INET, STREAM);
    EXPECT_EQ(team.call("bind", server, inet(), 32), HK_B_OK);
    EXPECT_EQ(team.call("listen", server, 1), HK_B_OK);
    std::string where = name("getsockname", server);
    ASSERT_EQ(where.size(), 32u);
    Address to = inet(ntohs(hk::load<uint16_t>(where.data() + 2)));

    EXPECT_EQ(option(client, SOL_SOCKET_, 0x40000009, 1), HK_B_OK);
    EXPECT_EQ(team.call("connect", client, to, 32), HK_EINPROGRESS);
    Address fds = team.room(8);
    team.set(fds, 0, client);
    team.set(fds, 4, 2); // POLLOUT
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(10000000), nullptr), 1);
    EXPECT_EQ(team.get<int16_t>(fds, 6), 2);
    EXPECT_EQ(option(client, SOL_SOCKET_, 0x40000007), 0); // SO_ERROR
    Address from = team.room(128), length = team.room(4);
    team.set(length, 0, 128);
    int accepted = static_cast<int>(team.call("accept", server, from, length));
    ASSERT_GE(accepted, 0);
    EXPECT_EQ(name("getpeername", client), where);
    EXPECT_EQ(recv(client), "B_WOULD_BLOCK");
    EXPECT_EQ(send(accepted, "hello"), 5);
    team.set(fds, 4, 1); // POLLIN
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(10000000), nullptr), 1);
    EXPECT_EQ(recv(client), "hello");
}

TEST_F(Sockets, TimeoutsEndAWait)
{
    auto [a, b] = pair();
    Address time = team.room(8), length = team.room(4);

    team.set(time, 4, 20000);
    EXPECT_EQ(team.call("setsockopt", a, SOL_SOCKET_, 0x40000006, time, 8),
              HK_B_OK);
    team.set(time, 4, 0);
    team.set(length, 0, 8);
    EXPECT_EQ(team.call("getsockopt", a, SOL_SOCKET_, 0x40000006, time, length),
              HK_B_OK);
    EXPECT_EQ(team.get<int>(time, 4), 20000);
    EXPECT_EQ(recv(a), "B_TIMED_OUT");
    EXPECT_EQ(team.call("read", a, INT64_C(-1), buffer, 1), HK_B_TIMED_OUT);
    (void)b;
}

TEST_F(Sockets, ASignalEndsAWait)
{
    auto [a, b] = pair();
    int server = socket(INET, STREAM);

    team.call("bind", server, inet(), 32);
    team.call("listen", server, 1);
    Address length = team.room(4);
    std::thread one([this] { harness_signal(team.harness, 15); });
    EXPECT_EQ(recv(a), "B_INTERRUPTED");
    one.join();
    EXPECT_EQ(team.call("accept", server, nullptr, length), HK_B_INTERRUPTED);
    (void)b;
}

// A message of two parts with descriptors beside.
TEST_F(Sockets, DescriptorsTravelInMessages)
{
    auto [a, b] = pair();
    int file = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    Address header = team.room(28), vectors = team.room(16);
    Address control = team.room(20);

    team.set(vectors, 0, team.put("ab").value);
    team.set(vectors, 4, 2);
    team.set(vectors, 8, team.put("cd").value);
    team.set(vectors, 12, 2);
    team.set(control, 0, 20);
    team.set(control, 4, -1);
    team.set(control, 8, 1);
    team.set(control, 12, file);
    team.set(control, 16, a);
    team.set(header, 8, vectors.value);
    team.set(header, 12, 2);
    team.set(header, 16, control.value);
    team.set(header, 20, 20);
    EXPECT_EQ(team.call("sendmsg", a, header, 0), 4);

    Address in = team.room(28), parts = team.room(8), room = team.room(64);
    team.set(parts, 0, buffer.value);
    team.set(parts, 4, 100);
    team.set(in, 8, parts.value);
    team.set(in, 12, 1);
    team.set(in, 16, room.value);
    team.set(in, 20, 64);
    EXPECT_EQ(team.call("recvmsg", b, in, 0), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "abcd");
    EXPECT_EQ(team.get<int>(in, 20), 20);
    EXPECT_EQ(team.get<int>(room), 20);
    EXPECT_EQ(team.get<int>(room, 4), -1);
    int copy = team.get<int>(room, 12);
    EXPECT_NE(copy, file);
    EXPECT_EQ(team.call("read", copy, INT64_C(0), buffer, 9), 4);
    EXPECT_EQ(send(team.get<int>(room, 16), "back"), 4);
    EXPECT_EQ(recv(b), "back");

    // Without room for all of them none comes, nor the message.
    EXPECT_EQ(team.call("sendmsg", a, header, 0), 4);
    team.set(in, 20, 16);
    EXPECT_EQ(team.call("recvmsg", b, in, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("sendmsg", a, header, 0), 4);
    team.set(in, 16, 0);
    EXPECT_EQ(team.call("recvmsg", b, in, 0), 4);
    EXPECT_EQ(team.get<int>(in, 20), 0);
}

TEST_F(Sockets, MessagesAreChecked)
{
    auto [a, b] = pair();
    Address header = team.room(28), control = team.room(16);

    EXPECT_EQ(team.call("sendmsg", a, nullptr, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("sendmsg", a, Address{8}, 0), HK_B_BAD_ADDRESS);
    team.set(header, 12, 1025);
    EXPECT_EQ(team.call("sendmsg", a, header, 0), HK_EMSGSIZE);
    EXPECT_EQ(team.call("recvmsg", a, header, 0), HK_EMSGSIZE);
    team.set(header, 12, 0);
    team.set(header, 16, control.value);
    team.set(header, 20, 16);
    const struct {
        uint32_t length;
        int level, type, fd;
        int64_t result;
    } rows[] = {
        {11, -1, 1, 0, HK_B_BAD_VALUE},  {17, -1, 1, 0, HK_B_BAD_VALUE},
        {~0u, -1, 1, 0, HK_B_BAD_VALUE}, {16, 0, 1, 0, HK_B_BAD_VALUE},
        {16, -1, 2, 0, HK_B_BAD_VALUE},  {16, -1, 1, 99, HK_B_FILE_ERROR},
        {12, -1, 1, 0, HK_B_BAD_VALUE}, // none
    };
    for (const auto &row : rows) {
        team.set(control, 0, row.length);
        team.set(control, 4, row.level);
        team.set(control, 8, row.type);
        team.set(control, 12, row.fd);
        EXPECT_EQ(team.call("sendmsg", a, header, 0), row.result)
            << row.length << " " << row.level;
    }
    team.set(header, 20, 2000);
    EXPECT_EQ(team.call("sendmsg", a, header, 0), HK_B_BAD_VALUE);
    (void)b;
}

TEST_F(Sockets, ArgumentsAreChecked)
{
    int fd = socket(INET, STREAM);
    int file = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    Address length = team.room(4);

    EXPECT_EQ(socket(2, STREAM), HK_EAFNOSUPPORT); // AF_APPLETALK
    EXPECT_EQ(socket(77, STREAM), HK_EAFNOSUPPORT);
    EXPECT_EQ(socket(INET, 4), HK_EAFNOSUPPORT);
    EXPECT_EQ(socket(INET, STREAM | 0x80000), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("bind", file, inet(), 32), HK_ENOTSOCK);
    EXPECT_EQ(team.call("bind", 99, inet(), 32), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("bind", fd, nullptr, 32), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("bind", fd, inet(), 129), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("bind", fd, inet(), 1), HK_EAFNOSUPPORT);
    EXPECT_EQ(team.call("bind", fd, Address{8}, 32), HK_B_BAD_ADDRESS);
    Address strange = team.room(32);
    team.set(strange, 1, uint8_t{3});
    EXPECT_EQ(team.call("connect", fd, strange, 32), HK_EAFNOSUPPORT);
    EXPECT_EQ(team.call("getsockname", fd, nullptr, length), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getsockname", fd, strange, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("accept", fd, strange, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("accept", fd, strange, Address{8}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("recv", fd, nullptr, 1, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("send", file, "x", 1, 0), HK_ENOTSOCK);
    EXPECT_EQ(team.call("getsockopt", fd, -1, 1, nullptr, length),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setsockopt", fd, -1, 0x40, strange, 2),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setsockopt", fd, -1, 0x40, strange, 200),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getpeername", fd, strange, length), HK_ENOTCONN);
    EXPECT_EQ(team.call("shutdown_socket", fd, 1), HK_B_OK);
    EXPECT_EQ(team.call("socketpair", INET, STREAM, 0, strange),
              HK_B_NOT_SUPPORTED);
    EXPECT_EQ(team.call("open", fd, "x", 0, 0), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("fsync", fd), HK_B_FILE_ERROR);
}

// Earlier releases look at both: the guest sockets.
TEST_F(SocketsR1beta6, NeedNeitherBufferNorAddressSize)
{
    auto [a, b] = pair(DGRAM);

    EXPECT_EQ(team.call("send", a, nullptr, 0, 0), 0);
    EXPECT_EQ(team.call("recv", b, nullptr, 0, DONTWAIT), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("sendto", a, "x", 1, 0, nullptr, 0), 1);
    EXPECT_EQ(team.call("recv", b, buffer, 9, 0), 1);
    EXPECT_EQ(team.call("send", a, nullptr, 1, 0), HK_B_BAD_ADDRESS);
}

TEST_F(SocketsR1beta6, LocalOnesMayBePeekedAt)
{
    auto [a, b] = pair();

    EXPECT_EQ(send(a, "text"), 4);
    EXPECT_EQ(recv(b, 2, PEEK | WAITALL), "te");
    EXPECT_EQ(recv(b), "text");
    EXPECT_EQ(team.call("shutdown_socket", a, 7), HK_B_BAD_VALUE);
    auto [c, d] = pair(SEQ);
    EXPECT_EQ(send(c, "one"), 3);
    EXPECT_EQ(send(c, "two"), 3);
    EXPECT_EQ(recv(d), "one");
    int datagram = socket(INET, DGRAM);
    EXPECT_EQ(team.call("shutdown_socket", datagram, 1), HK_ENOTCONN);
    EXPECT_EQ(team.call("accept", datagram, nullptr, team.room(4), 0),
              HK_B_NOT_SUPPORTED);
}

TEST_F(Sockets, Inet6AddressesGoBothWays)
{
    int fd = socket(INET6, DGRAM);
    if (fd < 0)
        GTEST_SKIP() << "no IPv6 here";
    Address address = team.room(28);
    team.set(address, 1, uint8_t{INET6});
    team.set(address, 23, uint8_t{1});
    if (team.call("bind", fd, address, 28) != HK_B_OK)
        GTEST_SKIP() << "no IPv6 loopback here";
    std::string where = name("getsockname", fd);
    ASSERT_EQ(where.size(), 28u);
    EXPECT_EQ(where[0], 28);
    EXPECT_EQ(where[1], INET6);
    EXPECT_EQ(where[23], 1);
    EXPECT_EQ(team.call("bind", fd, address, 28), HK_B_BAD_VALUE);
    EXPECT_EQ(option(fd, 41, 30, 1), HK_B_NOT_SUPPORTED);
}

// A socket has as many descriptors as it has; it is one.
TEST_F(Sockets, AreListedOnceAndAsLongAsAnyFileHasThem)
{
    auto [a, b] = pair();

    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(team.get<int>(stat), UNIX);
    EXPECT_EQ(team.get<int>(stat, 4), STREAM);
    EXPECT_EQ(team.get<int>(stat, 44), team.call("get_current_team"));
    EXPECT_EQ(team.bytes(Address{stat.value + 48}, 8), name("getsockname", b));
    EXPECT_EQ(team.bytes(Address{stat.value + 176}, 8), name("getpeername", b));
    int copy = static_cast<int>(pass(a, b, a));
    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(team.call("close", a), HK_B_OK);
    EXPECT_EQ(listed(), 2);
    EXPECT_EQ(team.call("close", copy), HK_B_OK);
    EXPECT_EQ(listed(), 1);
    EXPECT_EQ(team.call("close", b), HK_B_OK);
    EXPECT_EQ(listed(), 0);
}

// Two descriptors of one file are one to a fork as well; a socket that it does
// not get stays its parent's.
TEST_F(SocketsR1beta6, AreListedOnceForAForkAndNotLostToIt)
{
    int fd = socket(INET, DGRAM);
    int copy = static_cast<int>(team.call("dup", fd));
    int told[2], asked[2];
    char byte;

    ASSERT_GE(socket(INET, DGRAM | 0x100000), 0);
    ASSERT_EQ(::pipe(told), 0);
    ASSERT_EQ(::pipe(asked), 0);
    int64_t child = team.call("fork");
    if (child == 0) {
        int count = listed();
        team.call("close", fd);
        team.call("close", copy);
        ::close(asked[1]);
        bool is_told = ::write(told[1], "x", 1) == 1;
        bool is_over = ::read(asked[0], &byte, 1) == 0;
        ::_exit(count == 2 && is_told && is_over ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    ASSERT_EQ(::read(told[0], &byte, 1), 1);
    team.call("close", fd);
    team.call("close", copy);
    EXPECT_EQ(listed(), 1);
    for (int end : {told[0], told[1], asked[0], asked[1]})
        ::close(end);
    int status = -1;
    ASSERT_EQ(::waitpid(static_cast<pid_t>(child), &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(SocketsR1beta6, TypesCarryFlags)
{
    int fd = socket(INET, STREAM | 0x80000 | 0x40000);

    ASSERT_GE(fd, 0);
    EXPECT_EQ(team.call("fcntl", fd, 2, 0), 1);
    EXPECT_EQ(team.call("fcntl", fd, 8, 0) & 0x80, 0x80);
    team.call("bind", fd, inet(), 32);
    team.call("listen", fd, 1);
    Address length = team.room(4);
    EXPECT_EQ(team.call("accept", fd, nullptr, length, 0), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("accept", fd, nullptr, length, 1), HK_B_BAD_VALUE);
}

} // namespace
