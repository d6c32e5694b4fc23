/* host_call_x86_64.S -- the host's calls without libc in between. */
/* SPDX-License-Identifier: MIT */

#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)

/* struct hk_host_call */
#define NUMBER    0
#define ARGUMENTS 8
#define WORD      56
#define SEEN      64

#define EINTR     4
#define ERRNO_MAX 4095

/* A function, hidden. */
    .macro begin name
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 4
\name:
    .cfi_startproc
    .endm

    .macro end name
    .cfi_endproc
    .size \name, . - \name
    .endm

/*
 * Behind a call of the host's a processor may have lost what it remembers of
 * calls, by which it foretells returns. By measure on AMD's Zen 4, with a kernel
 * that makes its own returns safe, a return without such a memory costs the
 * kernel up to half as much again, from then on. There calls of the next
 * instruction take the place of as many callers as a system call commonly has.
 */
#define RETURNS 12

    .macro fill_returns
    .rept RETURNS
    call 1f
    int3
1:  lea 8(%rsp), %rsp
    .endr
    .endm

    .macro fill_no_returns
    .endm

/*
 * long NAME(rdi call, rsi attention)
 *
 * From NAME_begin to NAME_end, where the host's call has been made, the stack is
 * as at the call: that is all that it takes to go on at hk_host_call_refused
 * instead.
 */
    .macro make_call name, behind
    begin \name
    mov %rdi, %r11
    mov %rsi, %rcx
    mov NUMBER(%r11), %rax
    mov ARGUMENTS(%r11), %rdi
    mov ARGUMENTS + 8(%r11), %rsi
    mov ARGUMENTS + 16(%r11), %rdx
    mov ARGUMENTS + 24(%r11), %r10
    mov ARGUMENTS + 32(%r11), %r8
    mov ARGUMENTS + 40(%r11), %r9
    .globl \name\()_begin, \name\()_end
    .hidden \name\()_begin, \name\()_end
\name\()_begin:
    cmpl $0, (%rcx)
    jne hk_host_call_refused
    mov WORD(%r11), %rcx
    mov SEEN(%r11), %r11d
    cmp %r11d, (%rcx)
    jne hk_host_call_refused
    syscall
\name\()_end:
    \behind
    ret
    end \name
    .endm

/* long NAME(rdi number, rsi, rdx, rcx, r8, r9, stack arguments) */
    .macro direct_call name, behind
    begin \name
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    \behind
    cmp $-ERRNO_MAX, %rax
    jae 2f
    ret
2:  mov %rax, %rdi
    jmp hk_host_direct_failed
    end \name
    .endm

    .text
    make_call hk_host_call_plain, fill_no_returns
    make_call hk_host_call_filled, fill_returns
    direct_call hk_host_direct_plain, fill_no_returns
    direct_call hk_host_direct_filled, fill_returns

    begin hk_host_call_refused
    mov $-EINTR, %rax
    ret
    end hk_host_call_refused

#endif

    .section .note.GNU-stack, "", %progbits
