/* hello_linux.S -- CALLS times getpid(2), then what hello_static does. */
/* SPDX-License-Identifier: MIT */
        .globl _start
_start:
#if CALLS > 0
        movl $CALLS, %esi
1:      movl $20, %eax
        int $0x80
        decl %esi
        jnz 1b
#endif
        movl $4, %eax
        movl $1, %ebx
        movl $text, %ecx
        movl $14, %edx
        int $0x80
        movl $1, %eax
        xorl %ebx, %ebx
        int $0x80

        .section .rodata
text:   .ascii "Hello, Linux!\n"
        .section .note.GNU-stack, "", @progbits
