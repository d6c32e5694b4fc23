/* access_x86_64.S -- copies that gm_on_fault can leave. */
/* SPDX-License-Identifier: MIT */

#if defined(__linux__) && defined(__x86_64__) && !defined(GM_ACCESS_BY_CALL)

/*
 * Everywhere between gm_access_begin and gm_access_end, once an instruction
 * can fault, r8 holds the struct gm_access and rcx the bytes left to do; the
 * stack is as at the call. That is all gm_on_fault needs to go on at
 * gm_access_failed instead. Small sizes take two accesses that overlap, all
 * loads before the stores, so that a guest storing there at the same time
 * cannot make one word of two halves.
 */

/* Above this the microcode of rep is faster than a loop of 64 bytes. */
#define REP_FROM 2048

    .macro function name
    .globl \name
    .hidden \name
    .type \name, @function
    .p2align 5
\name:
    .cfi_startproc
    .endm

    .macro end name
    .cfi_endproc
    .size \name, . - \name
    .endm

    .text
    .globl gm_access_begin, gm_access_end
    .hidden gm_access_begin, gm_access_end
gm_access_begin:

/* size_t gm_access_copy(rdi to, rsi from, rdx size, rcx access) */
    function gm_access_copy
    mov %rcx, %r8
    mov %rdx, %rcx
    cmp $16, %rdx
    ja 16f
    cmp $8, %edx
    jae 8f
    cmp $4, %edx
    jae 4f
    cmp $2, %edx
    jae 2f
    test %edx, %edx
    jz 9f
    movzbl (%rsi), %eax
    mov %al, (%rdi)
    jmp 9f
2:  movzwl (%rsi), %eax
    movzwl -2(%rsi,%rdx), %r9d
    mov %ax, (%rdi)
    mov %r9w, -2(%rdi,%rdx)
    jmp 9f
4:  mov (%rsi), %eax
    mov -4(%rsi,%rdx), %r9d
    mov %eax, (%rdi)
    mov %r9d, -4(%rdi,%rdx)
    jmp 9f
8:  mov (%rsi), %rax
    mov -8(%rsi,%rdx), %r9
    mov %rax, (%rdi)
    mov %r9, -8(%rdi,%rdx)
9:  xor %eax, %eax
    ret
16: cmp $32, %rdx
    ja 32f
    movups (%rsi), %xmm0
    movups -16(%rsi,%rdx), %xmm1
    movups %xmm0, (%rdi)
    movups %xmm1, -16(%rdi,%rdx)
    xor %eax, %eax
    ret
32: cmp $REP_FROM, %rdx
    ja 1f
    cmp $64, %rdx
    jbe 65f
64: movups (%rsi), %xmm0
    movups 16(%rsi), %xmm1
    movups 32(%rsi), %xmm2
    movups 48(%rsi), %xmm3
    movups %xmm0, (%rdi)
    movups %xmm1, 16(%rdi)
    movups %xmm2, 32(%rdi)
    movups %xmm3, 48(%rdi)
    add $64, %rsi
    add $64, %rdi
    sub $64, %rcx
    cmp $64, %rcx
    ja 64b
    /* The last 1 to 64 bytes; below 33 that copies some a second time. */
    cmp $32, %rcx
    ja 65f
    movups -32(%rsi,%rcx), %xmm0
    movups -16(%rsi,%rcx), %xmm1
    movups %xmm0, -32(%rdi,%rcx)
    movups %xmm1, -16(%rdi,%rcx)
    xor %eax, %eax
    ret
65: movups (%rsi), %xmm0
    movups 16(%rsi), %xmm1
    movups -32(%rsi,%rcx), %xmm2
    movups -16(%rsi,%rcx), %xmm3
    movups %xmm0, (%rdi)
    movups %xmm1, 16(%rdi)
    movups %xmm2, -32(%rdi,%rcx)
    movups %xmm3, -16(%rdi,%rcx)
    xor %eax, %eax
    ret
1:  rep movsb
    xor %eax, %eax
    ret
    end gm_access_copy

/* size_t gm_access_fill(rdi to, esi byte, rdx size, rcx access) */
    function gm_access_fill
    mov %rcx, %r8
    mov %rdx, %rcx
    movzbl %sil, %eax
    movabs $0x0101010101010101, %r9
    imul %r9, %rax
    cmp $16, %rdx
    ja 16f
    cmp $8, %edx
    jae 8f
    cmp $4, %edx
    jae 4f
    cmp $2, %edx
    jae 2f
    test %edx, %edx
    jz 9f
    mov %al, (%rdi)
    jmp 9f
2:  mov %ax, (%rdi)
    mov %ax, -2(%rdi,%rdx)
    jmp 9f
4:  mov %eax, (%rdi)
    mov %eax, -4(%rdi,%rdx)
    jmp 9f
8:  mov %rax, (%rdi)
    mov %rax, -8(%rdi,%rdx)
9:  xor %eax, %eax
    ret
16: cmp $REP_FROM, %rdx
    ja 1f
    movq %rax, %xmm0
    punpcklqdq %xmm0, %xmm0
    cmp $32, %rdx
    jbe 32f
64: movups %xmm0, (%rdi)
    movups %xmm0, 16(%rdi)
    add $32, %rdi
    sub $32, %rcx
    cmp $32, %rcx
    ja 64b
    /* The last 1 to 32 bytes; below 16 that fills some a second time. */
32: movups %xmm0, -16(%rdi,%rcx)
    cmp $16, %rcx
    jbe 9b
    movups %xmm0, (%rdi)
    jmp 9b
1:  rep stosb
    xor %eax, %eax
    ret
    end gm_access_fill

/* size_t gm_access_exchange(rdi to, rsi expected, edx desired, rcx access) */
    function gm_access_exchange
    mov %rcx, %r8
    mov $4, %ecx
    mov (%rsi), %eax
    lock cmpxchg %edx, (%rdi)
    mov %eax, (%rsi)
    xor %eax, %eax
    ret
    end gm_access_exchange

/*
 * size_t gm_access_string(rdi to, rsi from, rdx size, rcx access)
 *
 * Sixteen bytes at a time that lie in one page, so that it faults only where
 * the string does; rcx is what a fault is told by.
 */
    function gm_access_string
    mov %rcx, %r8
    mov $-1, %rcx
    xor %eax, %eax
    pxor %xmm1, %xmm1
1:  lea 16(%rax), %r9
    cmp %rdx, %r9
    ja 2f
    lea (%rsi,%rax), %r10d
    and $4095, %r10d
    cmp $4096-16, %r10d
    ja 2f
    movups (%rsi,%rax), %xmm0
    movups %xmm0, (%rdi,%rax)
    pcmpeqb %xmm1, %xmm0
    pmovmskb %xmm0, %r10d
    test %r10d, %r10d
    jnz 3f
    mov %r9, %rax
    jmp 1b
2:  cmp %rdx, %rax
    je 9f
    movzbl (%rsi,%rax), %r9d
    mov %r9b, (%rdi,%rax)
    test %r9d, %r9d
    jz 9f
    inc %rax
    jmp 1b
3:  bsf %r10d, %r10d
    add %r10, %rax
9:  ret
    end gm_access_string

gm_access_end:

/* Returns to the caller of any of the above. */
    function gm_access_failed
    mov %rcx, %rax
    ret
    end gm_access_failed

#endif

    .section .note.GNU-stack, "", %progbits
