// team_threads.h -- threads of a team, each with something of its own to do.
// SPDX-License-Identifier: MIT
#ifndef TEAM_THREADS_H
#define TEAM_THREADS_H

#include "libhaikuabi/test/team_harness.h"

#include <functional>
#include <map>
#include <mutex>

#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace hk
{

// A team with a program, whose threads the test spawns.
class ThreadedTeam : public Team
{
  public:
    using Act = std::function<void(hk_thread *)>;

    explicit ThreadedTeam(const hk_config &config) : Team(config)
    {
        on_thread([this](hk_thread *thread) { run(thread); });
        started = start("/boot/program", {"program"});
    }

    // The threads that are left look at what they have to do.
    ~ThreadedTeam()
    {
        harness_free(harness);
        harness = nullptr;
    }

    // thread_creation_attributes (haiku-abi/x86-32.md, section 6).
    Address attributes(const char *name = "thread", int priority = 10,
                       uint32_t entry = 0x200000)
    {
        Address made = room(40);
        set<uint32_t>(made, 0, entry);
        set<uint32_t>(made, 4, name != nullptr ? put(name).value : 0);
        set<int>(made, 8, priority);
        return made;
    }

    // Makes a thread, which does its deed when it is resumed.
    int make(const Act &act, const char *name = "thread")
    {
        int id = static_cast<int>(call("spawn_thread", attributes(name)));
        std::lock_guard<std::mutex> guard(lock);
        acts[id] = act;
        return id;
    }
    int spawn(const Act &act, const char *name = "thread")
    {
        int id = make(act, name);
        EXPECT_EQ(call("resume_thread", id), 0);
        return id;
    }

    // Waits for its end; its exit status.
    int join(int id)
    {
        Address status = room(4);
        EXPECT_EQ(call("wait_for_thread_etc", id, 0, int64_t{0}, status), 0);
        return get<int>(status);
    }

    int started = -1;

  private:
    void run(hk_thread *thread)
    {
        Act act;
        {
            std::lock_guard<std::mutex> guard(lock);
            act = acts[harness_id(thread)];
        }
        if (act)
            act(thread);
    }

    std::mutex lock; // guards acts
    std::map<int, Act> acts;
};

} // namespace hk
#endif
