/* as_user.c -- a child that is an ordinary user. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

static void (*users_own)(void);

static void become_user(void)
{
    enum { USER = 1000 };

    CHECK_STATUS(sys(SYS_setregid, USER, USER, 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_setreuid, USER, USER, 1), HK_B_OK);
    users_own();
}

void as_user(void (*something)(void))
{
    users_own = something;
    in_child(become_user);
}
