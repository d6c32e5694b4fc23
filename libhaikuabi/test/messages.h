// messages.h -- what the kernel posts to a port, as texts.
// SPDX-License-Identifier: MIT
#ifndef MESSAGES_H
#define MESSAGES_H

#include "libhaikuabi/test/shared_teams.h"

#include <map>

namespace hk
{

using Message = std::map<std::string, std::string>;

// The next message's fields (haiku-abi/structs.md, "KMessage"), and its token.
inline Message next_message(Team &team, int port, uint32_t what)
{
    Address code = team.room(4), room = team.room(1024);
    int64_t size = team.call("read_port_etc", port, code, room, 1024, RELATIVE,
                             60 * SECOND);
    Message message;

    EXPECT_GT(size, 28);
    if (size < 28)
        return message;
    EXPECT_EQ(team.get<uint32_t>(code), 0x706a7070u);
    EXPECT_EQ(team.get<uint32_t>(room), 0x6b4d7347u);
    EXPECT_EQ(team.get<uint32_t>(room, 4), size);
    EXPECT_EQ(team.get<uint32_t>(room, 8), what);
    message["token"] = std::to_string(team.get<int32_t>(room, 16));
    for (uint32_t at = 28; at + 20 < size;) {
        uint32_t data = at + team.get<uint16_t>(room, at + 16);
        std::string name = team.text({room.value + at + 18});
        switch (team.get<uint32_t>(room, at)) {
        case 0x4c4f4e47:
            message[name] = std::to_string(team.get<int32_t>(room, data));
            break;
        case 0x4c4c4e47:
            message[name] = std::to_string(team.get<int64_t>(room, data));
            break;
        default:
            message[name] = team.text({room.value + data + 4});
        }
        at += (team.get<uint32_t>(room, at + 12) + 3) & ~3u;
    }
    return message;
}

} // namespace hk
#endif
