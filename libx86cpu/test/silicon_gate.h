/* silicon_gate.h -- into 32-bit mode of the host, and back by an exception. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_SILICON_GATE_H
#define X86CPU_TEST_SILICON_GATE_H

#include <csignal>

#include "libx86cpu/test/silicon.h"

namespace silicon
{

/* Why there is no way into 32-bit mode, or NULL. Makes the segments. */
const char *open_gate();

/* Executes from before on until an exception; false: none came in time. */
bool pass_gate(const State &before, State *after);

/* For a handler of every signal that an exception becomes: true when it came
 * out of the gate, and then does not return. */
void install_handlers(void (*other)(int, siginfo_t *, void *));
void remove_handlers();

} // namespace silicon

#endif
