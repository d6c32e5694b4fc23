/* settings.c -- what may be set for the whole system, or may not. */
/* SPDX-License-Identifier: MIT */
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bytes.h"
#include "shared.h"
#include "syscalls.h"
#include "syslog.h"
#include "thread.h"

static int is_root(const struct hk_thread *self)
{
    return self->team->ids.user.effective == 0;
}

/* ---- options of the boot ---- */

/* The system was booted with neither options of safe mode nor settings of the
 * kernel. */
int64_t hk_sys_get_safemode_option(struct hk_thread *self, gm_addr parameter,
                                   gm_addr buffer, gm_addr buffer_size)
{
    char name[HK_FILE_NAME_LENGTH];
    uint8_t size[4];

    if (buffer >= HK_USER_LIMIT ||
        hk_read_user(self, size, buffer_size, sizeof(size)) != HK_B_OK ||
        hk_read_user_string(self, name, parameter, sizeof(name)) ==
            HK_B_BAD_ADDRESS)
        return HK_B_BAD_ADDRESS;
    return HK_B_ENTRY_NOT_FOUND;
}

/* What the kernel's profiler recorded during the boot: nothing, as in Haiku's
 * own releases, which are built without that. */
int64_t hk_sys_system_profiler_recorded(struct hk_thread *self,
                                        gm_addr parameters)
{
    if (!is_root(self))
        return HK_B_PERMISSION_DENIED;
    return parameters == 0 || parameters >= HK_USER_LIMIT ? HK_B_BAD_ADDRESS
                                                          : HK_B_ERROR;
}

/* ---- the scheduler: the host's, which has one mode ---- */

enum scheduler_mode { LOW_LATENCY, POWER_SAVING };

int64_t hk_sys_get_scheduler_mode(struct hk_thread *self)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t mode;

    hk_shared_lock(shared);
    mode = (int32_t)hk_shared_settings(shared)->scheduler_mode;
    hk_shared_unlock(shared);
    return mode;
}

int64_t hk_sys_set_scheduler_mode(struct hk_thread *self, int32_t mode)
{
    struct hk_shared *shared = hk_shared_of(self);

    if (mode != LOW_LATENCY && mode != POWER_SAVING)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    hk_put(shared, &hk_shared_settings(shared)->scheduler_mode, (uint32_t)mode);
    hk_shared_unlock(shared);
    return HK_B_OK;
}

/* The priority of a thread, 0 when there is none. */
static int32_t priority_of(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread;
    int32_t priority;

    hk_shared_lock(shared);
    thread = hk_thread_find_shown(shared, id < 0 ? self->id : id);
    priority = thread != NULL ? thread->priority : 0;
    hk_shared_unlock(shared);
    return priority;
}

/* Haiku's estimate, in us: a quantum for each thread of the processor that is
 * as important, within the mode's limits; 0 for no thread. */
int64_t hk_sys_estimate_max_scheduling_latency(struct hk_thread *self,
                                               int32_t thread)
{
    enum { MOST = 120 /* priority */ };
    static const struct {
        int64_t quantum, least, most;
    } modes[] = {{1000, 100, 5000}, {2000, 500, 20000}};
    const uint32_t mode = (uint32_t)hk_sys_get_scheduler_mode(self) & 1;
    int32_t priority = priority_of(self, thread);
    struct sysinfo host = {.loads = {0}};
    int64_t count, latency;

    if (priority <= 0)
        return 0;
    sysinfo(&host);
    count = (int64_t)(host.loads[0] >> SI_LOAD_SHIFT) /
            sysconf(_SC_NPROCESSORS_ONLN);
    count -= count * MOST / priority;
    latency = count * modes[mode].quantum;
    if (latency < modes[mode].least)
        return modes[mode].least;
    return latency < modes[mode].most ? latency : modes[mode].most;
}

/* Scheduling is not traced, as in Haiku's own releases. */
int64_t hk_sys_analyze_scheduling(struct hk_thread *self, int64_t from,
                                  int64_t until, gm_addr buffer, uint32_t size,
                                  gm_addr analysis)
{
    (void)self;
    (void)from;
    (void)until;
    (void)buffer;
    (void)size;
    (void)analysis;
    return HK_B_BAD_VALUE;
}

/* Nor is the kernel. */
int64_t hk_sys_ktrace_output(struct hk_thread *self, gm_addr message)
{
    (void)self;
    (void)message;
    return HK_B_OK;
}

/* ---- the machine ---- */

/* The machine is the host's: a guest does not turn it off. */
int64_t hk_sys_shutdown(struct hk_thread *self, int reboot)
{
    (void)self;
    (void)reboot;
    return HK_B_NOT_ALLOWED;
}

/* The kernel's debugger is entered, and left at once: the user sees why. */
int64_t hk_sys_kernel_debugger(struct hk_thread *self, gm_addr message)
{
    static const char panic[] = "PANIC: USER: ";
    char text[512 - sizeof("USER: ")];

    if (!is_root(self))
        return HK_B_NOT_ALLOWED;
    if (message == 0 || hk_read_user_string(self, text, message,
                                            sizeof(text)) == HK_B_BAD_ADDRESS)
        return HK_B_BAD_ADDRESS;
    text[sizeof(text) - 1] = '\0';
    hk_syslog_write(hk_shared_of(self), panic, sizeof(panic) - 1);
    hk_syslog_write(hk_shared_of(self), text, strlen(text));
    hk_report(hk_kernel_of(self), "%s: kernel debugger: USER: %s",
              self->team->name, text);
    return HK_B_OK;
}

/* Where the kernel's debugger would write: it writes nothing. */
int64_t hk_sys_frame_buffer_update(struct hk_thread *self,
                                   uint32_t base_address, int32_t width,
                                   int32_t height, int32_t depth,
                                   int32_t bytes_per_row)
{
    (void)width;
    (void)height;
    (void)depth;
    (void)bytes_per_row;
    if (!is_root(self))
        return HK_B_NOT_ALLOWED;
    if (base_address != 0 && base_address < HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}
