/* libroot_r1beta6.S -- a libroot that a root's release is told by: a call that
 * no release before has. */
/* SPDX-License-Identifier: MIT */

        .text
        .globl  _kern_get_loadavg
        .type   _kern_get_loadavg, @function
_kern_get_loadavg:
        movl    $84, %eax
        int     $99
        ret

        .section .note.GNU-stack,"",@progbits
