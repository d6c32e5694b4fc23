/* debugger_calls.c -- the calls of debuggers, and of who calls for one. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "accounts.h"
#include "clock.h"
#include "debug.h"
#include "image.h"
#include "port.h"
#include "request.h"
#include "syscalls.h"
#include "thread.h"

/* ---- calling for one ---- */

/* Without a debugger the team ends, status 1 (haiku-abi/x86-32.md, 10). */
int64_t hk_sys_debugger(struct hk_thread *self, gm_addr message)
{
    char text[HK_PATH_LENGTH];

    if (hk_debug_call(self, (uint32_t)message))
        return HK_B_OK;
    if (hk_read_user_string(self, text, message, sizeof(text)) ==
        HK_B_BAD_ADDRESS)
        text[0] = '\0';
    text[sizeof(text) - 1] = '\0';
    hk_report(hk_kernel_of(self), "%s: debugger: %s", self->team->name, text);
    hk_report_callers(self);
    hk_end_team(self, 1, 0);
    self->exiting = 1;
    return HK_B_OK;
}

/* Whether a debugger may be asked for; it tells what was so before. */
int64_t hk_sys_disable_debugger(struct hk_thread *self, int32_t state)
{
    return !atomic_exchange(&self->team->is_undebuggable, state != 0);
}

int64_t hk_sys_wait_for_debugger(struct hk_thread *self)
{
    hk_debug_await_debugger(self);
    return HK_B_OK;
}

/* ---- being one ---- */

/* B_OK, or the port is none of a team's. */
static int32_t check_port(struct hk_shared *shared, int32_t port)
{
    const struct hk_port *found;
    int32_t status = HK_B_BAD_PORT_ID;

    if (hk_account_port_name(port) != NULL)
        return HK_B_NOT_ALLOWED;
    hk_shared_lock(shared);
    found = hk_port_find(shared, port);
    if (found != NULL)
        status = hk_port_is_kernels(found) ? HK_B_NOT_ALLOWED : HK_B_OK;
    hk_shared_unlock(shared);
    return status;
}

/* That of all teams which come to need one, until the port is no more. */
int64_t hk_sys_install_default_debugger(struct hk_thread *self,
                                        int32_t debugger_port)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status = HK_B_OK;

    if (self->team->ids.user.effective != 0)
        return HK_B_PERMISSION_DENIED;
    if (debugger_port >= 0)
        status = check_port(shared, debugger_port);
    if (status != HK_B_OK)
        return status;
    hk_shared_lock(shared);
    hk_put(shared, &hk_shared_settings(shared)->default_debugger,
           debugger_port > 0 ? (uint32_t)debugger_port : 0);
    hk_shared_unlock(shared);
    return HK_B_OK;
}

/* The user of another team, or of none. */
static uint32_t user_of(struct hk_shared *shared, int32_t id)
{
    uint32_t team, user = (uint32_t)-1;

    hk_shared_lock(shared);
    team = hk_shared_find_team(shared, id);
    if (team != 0)
        user = hk_shared_slot(shared, team)->facts.uid;
    hk_shared_unlock(shared);
    return user;
}

static int is_own(const struct hk_thread *self, int32_t team)
{
    return team == 0 || team == self->team->id;
}

/* The nub answers B_NOT_SUPPORTED where a debugger asks for a profile or for a
 * core file: nothing samples or writes one. The own team may be given a
 * debugger as well. */
int64_t hk_sys_install_team_debugger(struct hk_thread *self, int32_t team,
                                     int32_t debugger_port)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t user = self->team->ids.user.effective;
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_INSTALL_DEBUGGER,
                                         .words = {(uint32_t)debugger_port}}};
    int32_t status;

    if (user != 0 && !is_own(self, team) && user_of(shared, team) != user)
        return HK_B_PERMISSION_DENIED;
    status = check_port(shared, debugger_port);
    if (status == HK_B_OK && team == HK_KERNEL_TEAM)
        status = HK_B_NOT_ALLOWED;
    if (status != HK_B_OK)
        return status;
    return is_own(self, team) ? hk_debug_install(self->team, debugger_port, 0)
                              : hk_ask_team(self, team, &asking);
}

int64_t hk_sys_remove_team_debugger(struct hk_thread *self, int32_t team)
{
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_REMOVE_DEBUGGER}};

    if (team == HK_KERNEL_TEAM)
        return HK_B_NOT_ALLOWED;
    return is_own(self, team) ? hk_debug_remove(self->team)
                              : hk_ask_team(self, team, &asking);
}

int64_t hk_sys_debug_thread(struct hk_thread *self, int32_t thread)
{
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_DEBUG_THREAD}};
    int32_t status = hk_debug_thread(self->team, thread);

    if (status == HK_B_BAD_THREAD_ID)
        status = hk_ask_thread(self, thread, HK_ASK_ANY, &asking,
                               HK_INFINITE_TIMEOUT);
    return status;
}

/* ---- breakpoints of a team in itself ---- */

/* They are in the processor's debug registers, four of them. */
static int32_t check_breakpoint(struct hk_thread *self, gm_addr address)
{
    if (address == 0 || !hk_is_user_range(address, 1))
        return HK_B_BAD_ADDRESS;
    if (hk_debug_is_there(self->team))
        return HK_B_BAD_VALUE; /* they are the debugger's to set */
    return HK_B_OK;
}

int64_t hk_sys_set_debugger_breakpoint(struct hk_thread *self, gm_addr address,
                                       uint32_t type, int32_t length,
                                       int watchpoint)
{
    int32_t status = check_breakpoint(self, address);

    if (status != HK_B_BAD_ADDRESS && watchpoint && length < 0)
        status = HK_B_BAD_VALUE;
    if (status != HK_B_OK)
        return status;
    return watchpoint
               ? hk_watchpoint_set(self->team, (uint32_t)address, type, length)
               : hk_debug_register_set(self->team, (uint32_t)address,
                                       HK_DEBUG_EXECUTE, 1);
}

int64_t hk_sys_clear_debugger_breakpoint(struct hk_thread *self,
                                         gm_addr address, int watchpoint)
{
    int32_t status = check_breakpoint(self, address);

    if (status != HK_B_OK)
        return status;
    return hk_debug_register_clear(self->team, (uint32_t)address,
                                   watchpoint ? HK_DEBUG_ACCESS
                                              : HK_DEBUG_EXECUTE);
}
