/* exception.c -- processor exceptions as signals. */
/* SPDX-License-Identifier: MIT */
#include "area.h"
#include "debug.h"
#include "image.h"
#include "signals.h"

enum where { NOWHERE, AT_EIP, AT_FAULT };

/* haiku-abi/x86-32.md, section 10. #DB and #BP are a debugger's; when nobody
 * debugs, they are the trap signal. */
static const struct row {
    uint32_t vector;
    int signal, code;
    enum where address;
    int32_t error;
    enum hk_debug_exception type;
} rows[] = {
    {0, HK_SIGFPE, HK_FPE_INTDIV, AT_EIP, HK_B_ERROR, HK_DEBUG_DIVIDE_ERROR},
    {1, HK_SIGTRAP, 0, AT_EIP, HK_B_ERROR, 0},
    {3, HK_SIGTRAP, 0, AT_EIP, HK_B_ERROR, 0},
    {4, HK_SIGFPE, HK_FPE_INTOVF, AT_EIP, HK_B_ERROR, HK_DEBUG_OVERFLOW},
    {5, HK_SIGTRAP, 0, NOWHERE, HK_B_ERROR, HK_DEBUG_BOUNDS_CHECK},
    {6, HK_SIGILL, HK_ILL_ILLOPC, AT_EIP, HK_B_ERROR, HK_DEBUG_INVALID_OPCODE},
    {13, HK_SIGILL, HK_ILL_PRVOPC, AT_EIP, HK_B_ERROR,
     HK_DEBUG_GENERAL_PROTECTION},
    {14, HK_SIGSEGV, HK_SEGV_MAPERR, AT_FAULT, HK_B_BAD_ADDRESS,
     HK_DEBUG_SEGMENT_VIOLATION},
    {16, HK_SIGFPE, HK_FPE_FLTDIV, AT_EIP, HK_B_ERROR, HK_DEBUG_FLOATING_POINT},
    {17, HK_SIGBUS, HK_BUS_ADRALN, NOWHERE, HK_B_BAD_ADDRESS,
     HK_DEBUG_ALIGNMENT},
    {19, HK_SIGFPE, HK_FPE_FLTDIV, AT_EIP, HK_B_ERROR, HK_DEBUG_FLOATING_POINT},
};

/* Vectors that would stop Haiku itself end the team. */
static const struct row other = {
    0, HK_SIGSEGV, 0, AT_EIP, HK_B_ERROR, HK_DEBUG_GENERAL_PROTECTION};

static const struct row *find_row(uint32_t vector)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].vector == vector)
            return &rows[i];
    return &other;
}

/* Lines for the user when the exception is the team's end. */
static void report_death(struct hk_thread *thread, uint32_t vector,
                         const struct hk_registers *registers, uint32_t address)
{
    enum { PAGE_FAULT = 14 };
    char place[HK_CODE_PLACE_SIZE];

    hk_place_code(thread, registers->eip, place);
    if (vector == PAGE_FAULT)
        hk_report(hk_kernel_of(thread),
                  "%s: page fault at 0x%08x, code 0x%08x%s", thread->team->name,
                  address, registers->eip, place);
    else
        hk_report(hk_kernel_of(thread), "%s: exception %u, code 0x%08x%s",
                  thread->team->name, vector, registers->eip, place);
    hk_report_callers(thread);
}

/* The host has all of the window reserved, so that its error code does not
 * tell memory that is missing from memory that is protected. */
static int is_mapped(struct hk_thread *thread, uint32_t address)
{
    struct hk_areas *areas = thread->team->areas;
    int result;

    pthread_mutex_lock(&areas->lock);
    result = hk_area_at(areas, address) != NULL;
    pthread_mutex_unlock(&areas->lock);
    return result;
}

/* A debugger hears of it unless the program takes the signal itself. */
static int is_for_debugger(struct hk_thread *thread, uint32_t vector,
                           const struct row *row)
{
    enum { DEBUG = 1, BREAKPOINT = 3 };

    if (vector == DEBUG)
        return hk_debug_trap(thread);
    if (vector == BREAKPOINT)
        return hk_debug_breakpoint(thread);
    return hk_signals_get_action(thread->team, row->signal).handler ==
               HK_SIG_DFL &&
           hk_debug_exception(thread, row->type, row->signal);
}

enum hk_action hk_exception(struct hk_thread *thread, uint32_t vector,
                            uint32_t error_code, uint32_t address)
{
    enum { PAGE_FAULT = 14, IS_STORE = 2 };
    const struct row *row = find_row(vector);
    struct hk_registers registers;
    struct hk_siginfo info = {.signal = row->signal,
                              .code = row->code,
                              .error = row->error,
                              .pid = thread->team->id,
                              .uid = thread->team->ids.user.real};

    if (vector == PAGE_FAULT &&
        (hk_area_fill(thread->team, address, 1, (error_code & IS_STORE) != 0) ||
         hk_area_was_moving(thread)))
        return HK_CONTINUE; /* the instruction once more */
    if (is_for_debugger(thread, vector, row))
        return HK_CONTINUE;
    hk_kernel_of(thread)->config.host->cpu->get_registers(thread->cpu,
                                                          &registers);
    if (row->address == AT_EIP)
        info.address = registers.eip;
    else if (row->address == AT_FAULT)
        info.address = address;
    if (vector == PAGE_FAULT && is_mapped(thread, address))
        info.code = HK_SEGV_ACCERR;
    if (!hk_signals_is_handled(thread, row->signal))
        report_death(thread, vector, &registers, address);
    return hk_signal_raise(thread, &info);
}
