/* many_teams.c -- as many teams as there may be. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { INFO_SIZE = 452, USED_TEAMS = 116, TEAMS_MAX = 2048 };

static uint32_t word_of_system(int offset)
{
    static uint8_t info[INFO_SIZE];

    CHECK_STATUS(sys(SYS_get_system_info, info), HK_B_OK);
    return *(uint32_t *)(info + offset);
}

static long made[TEAMS_MAX];
static struct flat flat;

/* All of a root count; when one has ended there is room again. A host that has
 * fewer refuses them alike. */
int main(int argc, char **argv, char **environment)
{
    int count = 0;
    long status;

    (void)argc, (void)environment;
    flatten(&flat, argv[0], "word");
    CHECK(word_of_system(USED_TEAMS - 4) == TEAMS_MAX);
    CHECK(word_of_system(USED_TEAMS) == 2); /* the kernel's, too */
    while (count < TEAMS_MAX && (status = new_sleeper()) > 0)
        made[count++] = status;
    CHECK_STATUS(status, HK_B_NO_MORE_TEAMS);
    CHECK(count > 0 && count < TEAMS_MAX);
    CHECK(word_of_system(USED_TEAMS) == (uint32_t)count + 2);
    FAILS(B_NO_MORE_TEAMS, fork);
    if (count == TEAMS_MAX - 2) {
        FAILS(B_NO_MORE_TEAMS, load_image, &flat, sizeof(flat), 2, 1, 10,
              WAIT_TILL_LOADED, -1, 0);
        end_sleeper(made[--count]);
        made[count++] = status = new_sleeper();
        CHECK(status > 0);
        FAILS(B_NO_MORE_TEAMS, fork);
    }
    while (count > 0)
        end_sleeper(made[--count]);
    CHECK(word_of_system(USED_TEAMS) == 2); /* the kernel's, too */
    print("teams checked\n");
    return 0;
}
