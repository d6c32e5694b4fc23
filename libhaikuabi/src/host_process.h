/* host_process.h -- what the host tells of its processes and threads. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_HOST_PROCESS_H
#define HK_HOST_PROCESS_H

#include <pthread.h>
#include <stdint.h>

struct hk_host_task {
    char state; /* R: runs, ... (proc(5)) */
    int32_t parent;
    int32_t terminal_group; /* in the foreground of its terminal, or -1 */
    int64_t user_time, kernel_time;                   /* us */
    int64_t children_user_time, children_kernel_time; /* waited for */
};

/* Of a thread of a process, or (thread 0) of the process: 0, or -1 when there
 * is none. The host counts times in ticks, of 10 ms most often. */
int hk_host_task_get(int32_t process, int32_t thread,
                     struct hk_host_task *task);

/* The id of a thread that has not ended, whether it has run yet or not. */
int32_t hk_host_thread_id(pthread_t thread);

#endif
