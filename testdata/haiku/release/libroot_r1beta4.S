/* libroot_r1beta4.S -- a libroot that a root's release is told by: a call that
 * no release since has. */
/* SPDX-License-Identifier: MIT */

        .text
        .globl  _kern_mutex_unlock
        .type   _kern_mutex_unlock, @function
_kern_mutex_unlock:
        movl    $8, %eax
        int     $99
        ret

        .section .note.GNU-stack,"",@progbits
