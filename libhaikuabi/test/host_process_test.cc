// host_process_test.cc -- what the host tells of its processes and threads.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/host_process.h"
}

namespace
{

int32_t own_id()
{
    return static_cast<int32_t>(::syscall(SYS_gettid));
}

TEST(HostThreads, HaveTheIdsThatTheySay)
{
    EXPECT_EQ(hk_host_thread_id(::pthread_self()), own_id());
    for (int i = 0; i < 20; i++) {
        std::promise<void> end;
        std::promise<int32_t> said;
        std::thread thread([&] {
            said.set_value(own_id());
            end.get_future().wait();
        });
        EXPECT_EQ(hk_host_thread_id(thread.native_handle()),
                  said.get_future().get());
        end.set_value();
        thread.join();
    }
}

TEST(HostTasks, AreThoseOfTheProcess)
{
    hk_host_task task;
    ASSERT_EQ(hk_host_task_get(::getpid(), 0, &task), 0);
    EXPECT_EQ(task.state, 'R');
    EXPECT_EQ(task.parent, ::getppid());
    ASSERT_EQ(hk_host_task_get(::getpid(), own_id(), &task), 0);
    EXPECT_EQ(task.state, 'R');
    EXPECT_EQ(hk_host_task_get(0, 0, &task), -1);
}

} // namespace
