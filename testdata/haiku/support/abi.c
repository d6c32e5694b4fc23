/* abi.c -- what every image says of its interfaces to Haiku's loader. */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>

/* haiku-abi/libroot-abi.md, "ABI markers": R1/beta5; gcc 4 and later. */
extern const uint32_t _gSharedObjectHaikuVersion, _gSharedObjectHaikuABI;
const uint32_t _gSharedObjectHaikuVersion = 0x900;
const uint32_t _gSharedObjectHaikuABI = 0x00040000;
