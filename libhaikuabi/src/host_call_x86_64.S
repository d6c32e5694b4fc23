/* host_call_x86_64.S -- the host's calls that hk_host_call_leave can leave. */
/* SPDX-License-Identifier: MIT */

#if defined(__linux__) && defined(__x86_64__)

/* struct hk_host_call */
#define NUMBER    0
#define ARGUMENTS 8
#define WORD      56
#define SEEN      64

#define EINTR 4

/*
 * From hk_host_call_begin to hk_host_call_end, where the host's call has been
 * made, the stack is as at the call: that is all that it takes to go on at
 * hk_host_call_refused instead.
 */

/* long hk_host_call_make(rdi call, rsi attention) */
    .text
    .globl hk_host_call_make, hk_host_call_begin
    .globl hk_host_call_end, hk_host_call_refused
    .hidden hk_host_call_make, hk_host_call_begin
    .hidden hk_host_call_end, hk_host_call_refused
    .type hk_host_call_make, @function
    .p2align 4
hk_host_call_make:
    .cfi_startproc
    mov %rdi, %r11
    mov %rsi, %rcx
    mov NUMBER(%r11), %rax
    mov ARGUMENTS(%r11), %rdi
    mov ARGUMENTS + 8(%r11), %rsi
    mov ARGUMENTS + 16(%r11), %rdx
    mov ARGUMENTS + 24(%r11), %r10
    mov ARGUMENTS + 32(%r11), %r8
    mov ARGUMENTS + 40(%r11), %r9
hk_host_call_begin:
    cmpl $0, (%rcx)
    jne hk_host_call_refused
    mov WORD(%r11), %rcx
    mov SEEN(%r11), %r11d
    cmp %r11d, (%rcx)
    jne hk_host_call_refused
    syscall
hk_host_call_end:
    ret
hk_host_call_refused:
    mov $-EINTR, %rax
    ret
    .cfi_endproc
    .size hk_host_call_make, . - hk_host_call_make

#endif

    .section .note.GNU-stack, "", %progbits
