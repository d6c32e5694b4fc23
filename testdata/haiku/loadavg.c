/* loadavg.c -- how busy the machine is, on r1beta6 (apps/uvm/test). */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum {
#define NUMBER(number, name) R1BETA6_##name = number,
#include "libhaikuabi/src/numbers/r1beta6.def"
#undef NUMBER
};

/* haiku-abi/structs.md, "loadavg" */
struct loadavg {
    uint32_t average[3]; /* of 1, 5 and 15 minutes, times scale */
    int32_t scale;
};

int main(int argc, char **argv, char **environment)
{
    enum { SCALE = 65536, MOST = 10000 };
    struct loadavg load = {{~0u, ~0u, ~0u}, 0};

    (void)argc, (void)argv, (void)environment;
    CHECK_STATUS(sys(R1BETA6_get_loadavg, &load, sizeof(load)), HK_B_OK);
    CHECK(load.scale == SCALE);
    for (int i = 0; i < 3; i++)
        CHECK(load.average[i] / SCALE < MOST);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, &load, sizeof(load) - 1),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, &load, sizeof(load) + 1),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, BAD_POINTER, sizeof(load)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, KERNEL_POINTER, sizeof(load)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, KERNEL_POINTER, 1), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(R1BETA6_get_loadavg, (void *)0, 1), HK_B_BAD_ADDRESS);
    print("load checked\n");
    return 0;
}
