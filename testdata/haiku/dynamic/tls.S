/* tls.S -- libtls: the accessor of TLS variables that libroot has. */
/* SPDX-License-Identifier: MIT */

/* EAX points to {module, offset}; TLS slot 5 to a vector of which word
 * 1 + module is a block's address (haiku-abi/libroot-abi.md, "ELF TLS"). */
        .text
        .globl  ___tls_get_addr
        .type   ___tls_get_addr, @function
___tls_get_addr:
        pushl   %ecx
        movl    (%eax), %ecx
        movl    4(%eax), %eax
        pushl   %edx
        movl    %fs:20, %edx
        addl    4(%edx,%ecx,4), %eax
        popl    %edx
        popl    %ecx
        ret

        .section .note.GNU-stack,"",@progbits
