/* turn_case.h -- turns, for a test in C++, which has no _Atomic. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_TEST_TURN_CASE_H
#define TR_TEST_TURN_CASE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Four threads add that often each to what only a turn guards: how often that
 * has come to. */
unsigned turn_case_count(unsigned rounds);

/* Whether threads are served in the order in which they asked. */
int turn_case_is_in_order(void);

#ifdef __cplusplus
}
#endif

#endif
