/* silicon_tested.h -- which test a row has. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TEST_SILICON_TESTED_H
#define X86CPU_TEST_SILICON_TESTED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The test whose rows a row has where the host cannot be asked; NULL for those
 * of silicon_test. */
const char *silicon_tested_by(unsigned op);

/* How many cases of silicon_test have the row in them: the same anywhere, for
 * cases follow from their numbers. */
uint64_t silicon_count(unsigned op);

#ifdef __cplusplus
}
#endif
#endif
