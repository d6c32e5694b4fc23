/* neighbours.c -- two programs that share memory: neighbours first|second. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { PAGE = 4096, CLONEABLE_AREA = 0x100, ROUNDS = 6 };

/* The one in turn stores a word and then tells. */
struct page {
    volatile int32_t word;
    volatile int32_t room[PAGE / 4 - 1];
};
struct memory {
    struct page words, turns;
};

static void snooze(void)
{
    sys(SYS_snooze_etc, 1000LL, 0, 8, (void *)0);
}

/* Looks all the time, but not for ever where one runs at a time. */
static void await(const volatile int32_t *word, int32_t value)
{
    enum { LOOKS = 10000 };

    for (int i = 1; *word != value; i++)
        if (i % LOOKS == 0)
            snooze();
}

/* Both keep adding one to the word, in turns. */
static void play(struct memory *memory, int is_second)
{
    for (int i = 0; i < ROUNDS; i++) {
        int turn = 2 * i + is_second;

        await(&memory->turns.word, turn);
        CHECK(memory->words.word == turn);
        memory->words.word = turn + 1;
        memory->turns.word = turn + 1;
    }
    await(&memory->turns.word, 2 * ROUNDS);
}

/* The second one waits until there is the first one's. */
static struct memory *map_file(int is_second)
{
    struct memory *memory = 0;
    char byte;
    long fd = sys(SYS_open, AT_FDCWD, "between", O_RDWR | O_CREAT, 0644);

    if (!is_second)
        sys(SYS_write, fd, sizeof(*memory) - 1LL, "", 1);
    while (sys(SYS_read, fd, sizeof(*memory) - 1LL, &byte, 1) != 1)
        snooze();
    CHECK(sys(SYS_map_file, "between", &memory, ANY_ADDRESS, sizeof(*memory),
              READ_AREA | WRITE_AREA, 0, 0, fd, 0LL) > 0);
    return memory;
}

/* Of a name that no others have. */
static struct memory *share_area(int is_second, const char *name)
{
    struct memory *memory = 0;
    long area;

    if (!is_second) {
        CHECK(sys(SYS_create_area, name, &memory, ANY_ADDRESS, sizeof(*memory),
                  0, READ_AREA | WRITE_AREA | CLONEABLE_AREA) > 0);
        return memory;
    }
    while ((area = sys(SYS_find_area, name)) < 0)
        snooze();
    CHECK(sys(SYS_clone_area, "clone", &memory, ANY_ADDRESS,
              READ_AREA | WRITE_AREA, area) > 0);
    return memory;
}

/* The second one goes on writing until the first one has seen all of it. */
static void write_between(struct memory *memory, int is_second)
{
    long fd = sys(SYS_open, AT_FDCWD, "between", O_RDWR, 0);

    for (int32_t i = 1; i <= ROUNDS; i++) {
        int32_t turn = 2 * ROUNDS + i;

        if (is_second) {
            CHECK_STATUS(sys(SYS_write, fd, 0LL, &i, sizeof(i)), sizeof(i));
            CHECK_STATUS(sys(SYS_write, fd, 100LL, &i, sizeof(i)), sizeof(i));
            await(&memory->turns.word, turn);
        } else {
            await(&memory->words.room[24], i);
            CHECK(memory->words.word == i);
            memory->turns.word = turn;
        }
    }
    sys(SYS_close, fd);
}

int main(int argc, char **argv, char **environment)
{
    int is_second = argc == 3 && strcmp(argv[1], "second") == 0;
    struct memory *file, *area;

    (void)environment;
    if (argc != 3)
        return guest_end(2);
    area = share_area(is_second, argv[2]);
    file = map_file(is_second);
    play(area, is_second);
    play(file, is_second);
    write_between(file, is_second);
    printf("neighbours checked\n");
    return guest_end(0);
}
