// shared_teams.h -- teams of one root in processes of their own.
// SPDX-License-Identifier: MIT
#ifndef SHARED_TEAMS_H
#define SHARED_TEAMS_H

#include "libhaikuabi/test/team_harness.h"

#include <csignal>
#include <functional>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
#include "libhaikuabi/test/shared_probe.h"
}

namespace hk
{

enum WaitFlags : uint32_t { RELATIVE = 8, ABSOLUTE = 16 };
constexpr int64_t SECOND = 1000000;

// A root, and the directory where its teams meet.
class SharedRoot
{
  public:
    hk_config config()
    {
        hk_config made = make_config(root.path.c_str());
        made.shared_directory = meeting.path.c_str();
        return made;
    }
    std::string file() const
    {
        for (const auto &entry :
             std::filesystem::directory_iterator(meeting.path))
            return entry.path();
        return "";
    }

    Directory root, meeting;
};

// Another process, with a team of its own; what it does returns its exit
// status.
class Process
{
  public:
    Process(SharedRoot &root, const std::function<int(Team &)> &act)
        : Process(root, root.config(), act)
    {
    }
    Process(SharedRoot &, const hk_config &config,
            const std::function<int(Team &)> &act)
    {
        pid = ::fork();
        if (pid != 0)
            return;
        Team team(config);
        ::_exit(team.error == 0 ? act(team) : 99);
    }
    ~Process()
    {
        if (pid > 0)
            kill();
    }
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;

    // Its exit status, -1 when it was killed.
    int wait()
    {
        int status = 0;
        ::waitpid(pid, &status, 0);
        pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void kill()
    {
        ::kill(pid, SIGKILL);
        wait();
    }

    pid_t pid;
};

inline int sem_count(Team &team, int sem)
{
    Address to = team.room(4);
    EXPECT_EQ(team.call("get_sem_count", sem, to), 0);
    return team.get<int>(to);
}

// Until so many are wanted of a semaphore: until others have come to wait.
inline void await_sem_count(Team &team, int sem, int wanted)
{
    while (sem_count(team, sem) != wanted)
        ::usleep(1000);
}

// Acts of a Process: has one port until it is killed.
inline int have_a_port(Team &its)
{
    its.call("create_port", 1, "here");
    for (;;)
        ::pause();
    return 0;
}

// Until the root has so many ports.
inline void await_ports(Team &team, unsigned count)
{
    while (probe_count(team.harness).ports != count)
        ::usleep(1000);
}

} // namespace hk
#endif
