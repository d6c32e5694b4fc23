/* sys.S -- system calls and the start of a program. */
/* SPDX-License-Identifier: MIT */

        .text

/* long sys(int number, ...): the kernel looks for arguments behind the word
 * at ESP, so the number has to go from in front of them and come back. */
        .globl  sys, sys64
        .type   sys, @function
        .type   sys64, @function
        .hidden sys, sys64
sys:
sys64:
        popl    %ecx
        popl    %eax
        pushl   %ecx
        int     $99
        popl    %ecx
        pushl   %ecx
        pushl   %ecx
        ret

/* Haiku's loader, and uvm in its place, call entry(argc, argv, environ), and
 * end the team with what it returns; uvm calls destructors before. */
        .globl  _start
        .type   _start, @function
        .hidden main, guest_end
_start:
        pushl   12(%esp)
        pushl   12(%esp)
        pushl   12(%esp)
        call    main
        pushl   %eax
        call    guest_end
        addl    $16, %esp
        ret

        .section .note.GNU-stack,"",@progbits
