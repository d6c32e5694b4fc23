// account_port_test.cc -- the kernel answers for launch_daemon and registrar.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

extern "C" {
#include "libhaikuabi/src/bytes.h"
#include "libhaikuabi/src/kmessage.h"
}

namespace
{

using hk::Address;
using hk::Team;

enum What : int32_t {
    LAUNCH_DATA = 0x6c6e6461,
    USER = 0x72677573,
    GROUP = 0x72676772,
    USER_GROUPS = 0x72677567,
    ALL_USERS = 0x72706462,
    ALL_GROUPS = 0x72676462,
    ALL_SHADOWS = 0x72736462,
    DELETE_USER = 0x72647573
};

using Add = std::function<void(hk_kmessage_maker *)>;

class AccountPort : public testing::Test
{
  protected:
    AccountPort() : team(config(shared))
    {
        launch =
            static_cast<int>(team.call("find_port", "system:launch_daemon"));
        reply_port = static_cast<int>(team.call("create_port", 1, "reply"));
    }

    static hk_config config(hk::SharedRoot &shared)
    {
        shared.root.write("etc/passwd",
                          "user:x:0:0:Yourself:/boot/home:/bin/bash\n"
                          "guest:y:1000:100:A Guest:/home/guest:/bin/dash\n");
        shared.root.write("etc/group", "root:x:0:user\nusers:z:100:user,guest\n"
                                       "lonely:x:200:\n");
        return shared.config();
    }

    // The answer's bytes.
    std::string ask(int port, int32_t what, const Add &add = {})
    {
        hk_kmessage_maker maker;
        Address code = team.room(4), room = team.room(4096);

        hk_kmessage_begin(&maker, -2);
        hk_kmessage_set_what(&maker, what);
        if (add)
            add(&maker);
        hk_put32(maker.bytes + 20, static_cast<uint32_t>(reply_port));
        hk_put32(maker.bytes + 24, 55);
        std::string bytes(reinterpret_cast<char *>(maker.bytes), maker.size);
        hk_kmessage_maker_free(&maker);
        EXPECT_EQ(team.call("write_port_etc", port, HK_KMESSAGE_CODE, bytes,
                            static_cast<int>(bytes.size()), 0, int64_t{0}),
                  HK_B_OK);
        int64_t size = team.call("read_port_etc", reply_port, code, room, 4096,
                                 hk::RELATIVE, int64_t{0});
        EXPECT_EQ(team.get<int32_t>(code), HK_KMESSAGE_CODE);
        return size < 0 ? "" : team.bytes(room, static_cast<size_t>(size));
    }

    void expect(const std::string &bytes, int32_t what)
    {
        ASSERT_EQ(hk_kmessage_parse(&answer, bytes.data(),
                                    static_cast<uint32_t>(bytes.size())),
                  0);
        EXPECT_EQ(static_cast<int32_t>(answer.what), what);
        EXPECT_EQ(hk_get32(bytes.data() + 16), 55u); // the reply token
    }
    std::string text(const char *name)
    {
        const char *found = nullptr;
        EXPECT_EQ(hk_kmessage_find_string(&answer, name, &found), 0) << name;
        return found != nullptr ? found : "";
    }
    int32_t number(const char *name)
    {
        int32_t found = -1;
        EXPECT_EQ(hk_kmessage_find_int32(&answer, name, &found), 0) << name;
        return found;
    }
    int accounts()
    {
        data = ask(launch, LAUNCH_DATA, [](hk_kmessage_maker *maker) {
            hk_kmessage_add_string(maker, "name",
                                   "application/x-vnd.haiku-registrar");
        });
        expect(data, HK_B_OK);
        return number("auth_port");
    }

    static Add name(const char *text)
    {
        return [text](hk_kmessage_maker *maker) {
            hk_kmessage_add_string(maker, "name", text);
        };
    }
    static Add id(const char *field, int32_t value)
    {
        return [=](hk_kmessage_maker *maker) {
            hk_kmessage_add_int32(maker, field, value);
        };
    }

    hk::SharedRoot shared;
    Team team;
    int launch, reply_port;
    std::string data;
    hk_kmessage answer = {};
};

TEST_F(AccountPort, IsThereForAllWhereNoLaunchDaemonRuns)
{
    Address info = team.room(52);

    ASSERT_GT(launch, 0);
    ASSERT_EQ(team.call("get_port_info", launch, info), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(info), launch);
    EXPECT_EQ(team.get<int32_t>(info, 4), 1); // the kernel's team
    EXPECT_EQ(team.text({info.value + 8}), "system:launch_daemon");
    EXPECT_EQ(team.call("delete_port", launch), HK_B_BAD_PORT_ID);

    int real =
        static_cast<int>(team.call("create_port", 1, "system:launch_daemon"));
    EXPECT_EQ(team.call("find_port", "system:launch_daemon"), real);
    EXPECT_NE(real, launch);
}

TEST_F(AccountPort, TellsUsers)
{
    int port = accounts();
    struct {
        Add key;
        std::string user;
    } rows[] = {
        {name("user"), "user x 0 0 Yourself /boot/home /bin/bash"},
        {id("uid", 0), "user x 0 0 Yourself /boot/home /bin/bash"},
        {name("guest"), "guest y 1000 100 A Guest /home/guest /bin/dash"},
        {id("uid", 1000), "guest y 1000 100 A Guest /home/guest /bin/dash"},
    };

    for (const auto &row : rows) {
        data = ask(port, USER, row.key);
        expect(data, HK_B_OK);
        EXPECT_EQ(text("name") + " " + text("password") + " " +
                      std::to_string(number("uid")) + " " +
                      std::to_string(number("gid")) + " " + text("real name") +
                      " " + text("home") + " " + text("shell"),
                  row.user);
    }
}

TEST_F(AccountPort, TellsGroups)
{
    int port = accounts();

    data = ask(port, GROUP, id("gid", 100));
    expect(data, HK_B_OK);
    EXPECT_EQ(text("name") + text("password"), "usersz");
    EXPECT_EQ(number("gid"), 100);
    EXPECT_EQ(text("members"), "user");
    EXPECT_NE(data.find("guest"), std::string::npos);
    data = ask(port, GROUP, name("lonely"));
    expect(data, HK_B_OK);
    EXPECT_EQ(number("gid"), 200);
    EXPECT_EQ(data.find("members"), std::string::npos);
}

TEST_F(AccountPort, TellsTheGroupsOfAUser)
{
    int port = accounts();

    for (int most : {1, 5}) {
        data = ask(port, USER_GROUPS, [most](hk_kmessage_maker *maker) {
            hk_kmessage_add_string(maker, "name", "user");
            hk_kmessage_add_int32(maker, "max count", most);
        });
        expect(data, HK_B_OK);
        EXPECT_EQ(number("count"), 2);
        // Behind the head of "groups", 28 bytes: size, and numbers.
        const char *groups = data.data() + data.find("groups") - 18 + 28;
        EXPECT_EQ(hk_get32(groups), most == 1 ? 4u : 8u);
        EXPECT_EQ(hk_get32(groups + 4), 0u);
        if (most > 1) {
            EXPECT_EQ(hk_get32(groups + 8), 100u);
        }
    }
}

// The records have offsets into the blob where they have pointers.
TEST_F(AccountPort, TellsWholeTables)
{
    int port = accounts();

    data = ask(port, ALL_USERS);
    expect(data, HK_B_OK);
    EXPECT_EQ(number("count"), 2);
    const char *blob = data.data() + data.find("entries") - 18 + 28 + 4;
    const char *user = blob + hk_get32(blob + 4);
    EXPECT_STREQ(blob + hk_get32(user), "guest");
    EXPECT_STREQ(blob + hk_get32(user + 4), "y");
    EXPECT_EQ(hk_get32(user + 8), 1000u);
    EXPECT_EQ(hk_get32(user + 12), 100u);
    EXPECT_STREQ(blob + hk_get32(user + 16), "/home/guest");
    EXPECT_STREQ(blob + hk_get32(user + 20), "/bin/dash");
    EXPECT_STREQ(blob + hk_get32(user + 24), "A Guest");

    data = ask(port, ALL_GROUPS);
    expect(data, HK_B_OK);
    EXPECT_EQ(number("count"), 3);
    blob = data.data() + data.find("entries") - 18 + 28 + 4;
    const char *group = blob + hk_get32(blob + 4);
    const char *members = blob + hk_get32(group + 12);
    EXPECT_STREQ(blob + hk_get32(group), "users");
    EXPECT_EQ(hk_get32(group + 8), 100u);
    EXPECT_STREQ(blob + hk_get32(members), "user");
    EXPECT_STREQ(blob + hk_get32(members + 4), "guest");
    EXPECT_EQ(hk_get32(members + 8), UINT32_MAX);
}

TEST_F(AccountPort, RefusesByName)
{
    int port = accounts();
    struct {
        int port;
        int32_t what;
        Add add;
        int32_t status;
    } rows[] = {
        {launch, LAUNCH_DATA, {}, HK_B_BAD_VALUE},
        {launch, LAUNCH_DATA, name("application/x-vnd.haiku-app_server"),
         HK_B_NAME_NOT_FOUND},
        {launch, USER, {}, HK_B_NOT_SUPPORTED},
        {port, LAUNCH_DATA, {}, HK_B_NOT_SUPPORTED},
        {port, USER, {}, HK_B_BAD_VALUE},
        {port, USER, name("nobody"), HK_B_ENTRY_NOT_FOUND},
        {port, USER, id("uid", 5), HK_B_ENTRY_NOT_FOUND},
        {port, GROUP, {}, HK_B_BAD_VALUE},
        {port, GROUP, id("gid", 5), HK_B_ENTRY_NOT_FOUND},
        {port, USER_GROUPS, name("user"), HK_B_BAD_VALUE},
        {port, ALL_SHADOWS, {}, HK_B_NOT_ALLOWED},
        {port, DELETE_USER, name("user"), HK_B_NOT_ALLOWED},
    };

    for (const auto &row : rows) {
        data = ask(row.port, row.what, row.add);
        expect(data, row.status);
    }
}

TEST_F(AccountPort, DropsWhatIsNoMessage)
{
    EXPECT_EQ(team.call("write_port_etc", launch, HK_KMESSAGE_CODE, "short", 5,
                        0, int64_t{0}),
              HK_B_OK);
    EXPECT_EQ(team.call("write_port_etc", launch, 1, nullptr, 0, 0, int64_t{0}),
              HK_B_OK);
    EXPECT_EQ(team.call("write_port_etc", launch, HK_KMESSAGE_CODE,
                        Address{0x70000000}, 8, 0, int64_t{0}),
              HK_B_OK);
    EXPECT_EQ(team.call("port_count", reply_port), 0);
}

// libbe waits for an answer to what it sends.
TEST_F(AccountPort, RefusesBMessages)
{
    Address code = team.room(4), room = team.room(128);
    std::string message(68, '\0');

    hk_put32(&message[0], 0x31464d48);
    hk_put32(&message[24], static_cast<uint32_t>(reply_port));
    hk_put32(&message[28], 12);
    EXPECT_EQ(team.call("write_port_etc", launch, 0x706a7070, message, 68, 0,
                        int64_t{0}),
              HK_B_OK);
    ASSERT_EQ(team.call("read_port_etc", reply_port, code, room, 128,
                        hk::RELATIVE, int64_t{0}),
              68);
    EXPECT_EQ(team.get<int32_t>(code), 0x706a7070);
    EXPECT_EQ(team.get<int32_t>(room, 4), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.get<int32_t>(room, 12), 12);
}

} // namespace
