/* syscall_rows.h -- expands syscalls.def once. */
/* SPDX-License-Identifier: MIT */

/*
 * Included after defining
 *   HK_ROW(status, result, name, arguments, uses)   a row, in which
 *   HK_ARG(kind, name)   makes each of its arguments and
 *   HK_USE(name)         each of its uses;
 * undefines them. Without include guard: one inclusion is one expansion.
 */
/* clang-format off */
#define SYSCALL0(s, r, n) HK_ROW(s, r, n, , )
#define SYSCALL1(s, r, n, k1, a1) HK_ROW(s, r, n, HK_ARG(k1, a1), HK_USE(a1))
#define SYSCALL2(s, r, n, k1, a1, k2, a2) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2), HK_USE(a1) HK_USE(a2))
#define SYSCALL3(s, r, n, k1, a1, k2, a2, k3, a3) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3), HK_USE(a1) HK_USE(a2) HK_USE(a3))
#define SYSCALL4(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4))
#define SYSCALL5(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4) HK_ARG(k5, a5), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4) HK_USE(a5))
#define SYSCALL6(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4) HK_ARG(k5, a5) HK_ARG(k6, a6), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4) HK_USE(a5) HK_USE(a6))
#define SYSCALL7(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6, k7, a7) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4) HK_ARG(k5, a5) HK_ARG(k6, a6) HK_ARG(k7, a7), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4) HK_USE(a5) HK_USE(a6) HK_USE(a7))
#define SYSCALL8(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6, k7, a7, k8, a8) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4) HK_ARG(k5, a5) HK_ARG(k6, a6) HK_ARG(k7, a7) HK_ARG(k8, a8), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4) HK_USE(a5) HK_USE(a6) HK_USE(a7) HK_USE(a8))
#define SYSCALL9(s, r, n, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6, k7, a7, k8, a8, k9, a9) HK_ROW(s, r, n, HK_ARG(k1, a1) HK_ARG(k2, a2) HK_ARG(k3, a3) HK_ARG(k4, a4) HK_ARG(k5, a5) HK_ARG(k6, a6) HK_ARG(k7, a7) HK_ARG(k8, a8) HK_ARG(k9, a9), HK_USE(a1) HK_USE(a2) HK_USE(a3) HK_USE(a4) HK_USE(a5) HK_USE(a6) HK_USE(a7) HK_USE(a8) HK_USE(a9))
#include "syscalls.def"
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
#undef SYSCALL7
#undef SYSCALL8
#undef SYSCALL9
#undef HK_ROW
#undef HK_ARG
#undef HK_USE
/* clang-format on */
