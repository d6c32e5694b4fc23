/* kernels.c -- what bench runs, as a guest and natively; freestanding i386. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#define N 4096

/* What the compiler knows nothing about. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

static unsigned seed;
static int ints[N];
static unsigned char bytes[4 * N], packed[8 * N];

static unsigned next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static void fill_ints(void)
{
    seed = 12345;
    for (int i = 0; i < N; i++)
        ints[i] = (int)next_random();
}

/* Text-like: few symbols, many repeats. */
static void fill_bytes(void)
{
    seed = 4711;
    for (int i = 0; i < 4 * N; i++) {
        unsigned r = next_random();
        bytes[i] = i > 64 && r % 3 ? bytes[i - 1 - (int)(r >> 8) % 60]
                                   : (unsigned char)('a' + r % 20);
    }
}

static void quicksort(int *a, int low, int high)
{
    while (low < high) {
        int pivot = a[(low + high) / 2], i = low, j = high;
        while (i <= j) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i <= j) {
                int t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        if (j - low < high - i) {
            quicksort(a, low, j);
            low = i;
        } else {
            quicksort(a, i, high);
            high = j;
        }
    }
}

static unsigned sort(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--) {
        fill_ints();
        quicksort(ints, 0, N - 1);
        sum += (unsigned)ints[rounds % N];
    }
    return sum;
}

static unsigned sieve(unsigned rounds)
{
    unsigned count = 0;
    while (rounds--) {
        count = 0;
        for (int i = 2; i < 4 * N; i++)
            bytes[i] = 1;
        for (int i = 2; i < 4 * N; i++) {
            if (!bytes[i])
                continue;
            count++;
            for (int j = 2 * i; j < 4 * N; j += i)
                bytes[j] = 0;
        }
    }
    return count;
}

static unsigned murmur(unsigned rounds)
{
    unsigned h = 0;
    fill_ints();
    while (rounds--) {
        for (int i = 0; i < N; i++) {
            unsigned k = (unsigned)ints[i] * 0xcc9e2d51u;
            k = (k << 15 | k >> 17) * 0x1b873593u;
            h ^= k;
            h = (h << 13 | h >> 19) * 5 + 0xe6546b64u;
        }
        h ^= h >> 16;
    }
    return h;
}

static unsigned table[256];

static unsigned crc32(unsigned rounds)
{
    unsigned c = 0;
    fill_bytes();
    for (unsigned n = 0; n < 256; n++) {
        unsigned v = n;
        for (int k = 0; k < 8; k++)
            v = v & 1 ? 0xedb88320u ^ v >> 1 : v >> 1;
        table[n] = v;
    }
    while (rounds--)
        for (int i = 0; i < 4 * N; i++)
            c = table[(c ^ bytes[i]) & 0xff] ^ c >> 8;
    return c;
}

/* LZ77 with a hash of three bytes; then unpacks it again. */
static unsigned compress(unsigned rounds)
{
    unsigned sum = 0;
    static int head[1024];
    fill_bytes();
    while (rounds--) {
        int out = 0, i = 0;
        for (int k = 0; k < 1024; k++)
            head[k] = -1;
        while (i < 4 * N - 8) {
            unsigned h = (bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16) *
                             2654435761u >>
                         22;
            int at = head[h], length = 0;
            head[h] = i;
            if (at >= 0 && i - at < 4096)
                while (length < 130 && i + length < 4 * N - 8 &&
                       bytes[at + length] == bytes[i + length])
                    length++;
            if (length > 3) {
                packed[out++] = (unsigned char)(0x80 | (length - 4));
                packed[out++] = (unsigned char)(i - at);
                packed[out++] = (unsigned char)((i - at) >> 8);
                i += length;
            } else {
                packed[out++] = bytes[i++] & 0x7f;
            }
        }
        for (int in = 0; in < out;) {
            int c = packed[in++];
            if (c & 0x80) {
                int distance = packed[in] | packed[in + 1] << 8;
                in += 2;
                sum += (unsigned)distance;
            } else {
                sum = sum * 31 + (unsigned)c;
            }
        }
        sum += (unsigned)out;
    }
    return sum;
}

/* A stack machine, by switch: sums i * i % 7 for i in 1..200. */
enum { PUSH, LOAD, STORE, ADD, SUB, MUL, MOD, LESS, JUMP_IF, END };

static const int program[] = {
    PUSH,  0,   STORE, 1, PUSH, 1,   STORE, 0,       LOAD, 1,    LOAD, 0,  LOAD,
    0,     MUL, PUSH,  7, MOD,  ADD, STORE, 1,       LOAD, 0,    PUSH, 1,  ADD,
    STORE, 0,   LOAD,  0, PUSH, 200, LESS,  JUMP_IF, 8,    LOAD, 1,    END};

static int run_switch(void)
{
    int stack[16], variables[4] = {0}, sp = 0;
    const int *pc = program;
    for (;;) {
        switch (*pc++) {
        case PUSH:
            stack[sp++] = *pc++;
            break;
        case LOAD:
            stack[sp++] = variables[*pc++];
            break;
        case STORE:
            variables[*pc++] = stack[--sp];
            break;
        case ADD:
            sp--;
            stack[sp - 1] += stack[sp];
            break;
        case SUB:
            sp--;
            stack[sp - 1] -= stack[sp];
            break;
        case MUL:
            sp--;
            stack[sp - 1] *= stack[sp];
            break;
        case MOD:
            sp--;
            stack[sp - 1] %= stack[sp];
            break;
        case LESS:
            sp--;
            stack[sp - 1] = stack[sp - 1] < stack[sp];
            break;
        case JUMP_IF:
            pc = stack[--sp] ? program + *pc : pc + 1;
            break;
        case END:
            return stack[sp - 1];
        }
    }
}

static unsigned switch_code(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--)
        sum += (unsigned)run_switch();
    return sum;
}

/* The same by a table of functions. */
struct vm {
    const int *pc;
    int *sp;
    int variables[4], stack[16], done;
};

static void do_push(struct vm *vm)
{
    *vm->sp++ = *vm->pc++;
}

static void do_load(struct vm *vm)
{
    *vm->sp++ = vm->variables[*vm->pc++];
}

static void do_store(struct vm *vm)
{
    vm->variables[*vm->pc++] = *--vm->sp;
}

static void do_add(struct vm *vm)
{
    vm->sp--;
    vm->sp[-1] += vm->sp[0];
}

static void do_sub(struct vm *vm)
{
    vm->sp--;
    vm->sp[-1] -= vm->sp[0];
}

static void do_mul(struct vm *vm)
{
    vm->sp--;
    vm->sp[-1] *= vm->sp[0];
}

static void do_mod(struct vm *vm)
{
    vm->sp--;
    vm->sp[-1] %= vm->sp[0];
}

static void do_less(struct vm *vm)
{
    vm->sp--;
    vm->sp[-1] = vm->sp[-1] < vm->sp[0];
}

static void do_jump_if(struct vm *vm)
{
    vm->pc = *--vm->sp ? program + *vm->pc : vm->pc + 1;
}

static void do_end(struct vm *vm)
{
    vm->done = 1;
}

static void (*const functions[])(struct vm *) = {
    do_push, do_load, do_store, do_add,     do_sub,
    do_mul,  do_mod,  do_less,  do_jump_if, do_end};

static unsigned function_code(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--) {
        struct vm vm = {.pc = program};
        vm.sp = vm.stack;
        while (!vm.done)
            functions[*vm.pc++](&vm);
        sum += (unsigned)vm.sp[-1];
    }
    return sum;
}

__attribute__((noinline)) static unsigned fibonacci(unsigned n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static unsigned calls(unsigned rounds)
{
    unsigned sum = 0, n = 18;
    while (rounds--) {
        OPAQUE(n);
        sum += fibonacci(n);
    }
    return sum;
}

struct node {
    struct node *left, *right;
    int key;
};
static struct node nodes[N];

static unsigned tree(unsigned rounds)
{
    unsigned found = 0;
    while (rounds--) {
        struct node *root = &nodes[0];
        fill_ints();
        nodes[0] = (struct node){0, 0, ints[0]};
        for (int i = 1; i < N; i++) {
            struct node **at = &root;
            nodes[i] = (struct node){0, 0, ints[i]};
            while (*at)
                at = ints[i] < (*at)->key ? &(*at)->left : &(*at)->right;
            *at = &nodes[i];
        }
        for (int i = 0; i < N; i++) {
            const struct node *n = root;
            int key = ints[i] ^ (i & 1);
            while (n && n->key != key)
                n = key < n->key ? n->left : n->right;
            found += n != 0;
        }
    }
    return found;
}

static unsigned matrix(unsigned rounds)
{
    static int a[32][32], b[32][32], c[32][32];
    unsigned sum = 0;
    fill_ints();
    for (int i = 0; i < 32; i++)
        for (int j = 0; j < 32; j++) {
            a[i][j] = ints[i * 32 + j];
            b[i][j] = ints[2048 + i * 32 + j];
        }
    while (rounds--) {
        for (int i = 0; i < 32; i++)
            for (int j = 0; j < 32; j++) {
                int s = 0;
                for (int k = 0; k < 32; k++)
                    s += a[i][k] * b[k][j];
                c[i][j] = s;
            }
        sum += (unsigned)c[rounds % 32][3];
    }
    return sum;
}

/* 64-bit arithmetic: a linear congruence and a modular power. */
static unsigned wide(unsigned rounds)
{
    unsigned long long x = 88172645463325252ull, sum = 0;
    while (rounds--)
        for (int i = 0; i < 1000; i++) {
            x = x * 6364136223846793005ull + 1442695040888963407ull;
            sum += (x >> 33) ^ (x << 7);
            if (sum > 0x8000000000000000ull)
                sum -= x;
        }
    return (unsigned)(sum ^ sum >> 32);
}

static unsigned distance(unsigned rounds)
{
    static int row[257];
    unsigned sum = 0;
    fill_bytes();
    while (rounds--) {
        const unsigned char *a = bytes, *b = bytes + 1000 + rounds % 100;
        for (int j = 0; j <= 256; j++)
            row[j] = j;
        for (int i = 1; i <= 256; i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= 256; j++) {
                int cost = diagonal + (a[i] != b[j]);
                diagonal = row[j];
                if (row[j] + 1 < cost)
                    cost = row[j] + 1;
                if (row[j - 1] + 1 < cost)
                    cost = row[j - 1] + 1;
                row[j] = cost;
            }
        }
        sum += (unsigned)row[256];
    }
    return sum;
}

static int place(unsigned columns, unsigned left, unsigned right, unsigned all)
{
    int count = 0;
    unsigned free = all & ~(columns | left | right);
    if (columns == all)
        return 1;
    while (free) {
        unsigned bit = free & -free;
        free ^= bit;
        count +=
            place(columns | bit, (left | bit) << 1, (right | bit) >> 1, all);
    }
    return count;
}

static unsigned queens(unsigned rounds)
{
    unsigned sum = 0, all = 0xff;
    while (rounds--) {
        OPAQUE(all);
        sum += (unsigned)place(0, 0, 0, all);
    }
    return sum;
}

#define ROR(x, n) ((x) >> (n) | (x) << (32 - (n)))

static unsigned sha256(unsigned rounds)
{
    static unsigned w[64];
    unsigned state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    fill_ints();
    while (rounds--) {
        unsigned a = state[0], b = state[1], c = state[2], d = state[3];
        unsigned e = state[4], f = state[5], g = state[6], h = state[7];
        for (int i = 0; i < 16; i++)
            w[i] = (unsigned)ints[(rounds * 16 + (unsigned)i) % N];
        for (int i = 16; i < 64; i++) {
            unsigned s0 =
                ROR(w[i - 15], 7) ^ ROR(w[i - 15], 18) ^ w[i - 15] >> 3;
            unsigned s1 =
                ROR(w[i - 2], 17) ^ ROR(w[i - 2], 19) ^ w[i - 2] >> 10;
            w[i] = w[i - 16] + s0 + w[i - 7] + s1;
        }
        for (int i = 0; i < 64; i++) {
            unsigned t1 = h + (ROR(e, 6) ^ ROR(e, 11) ^ ROR(e, 25)) +
                          ((e & f) ^ (~e & g)) + (unsigned)ints[i] + w[i];
            unsigned t2 = (ROR(a, 2) ^ ROR(a, 13) ^ ROR(a, 22)) +
                          ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + t1;
            d = c, c = b, b = a, a = t1 + t2;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
    return state[0] ^ state[7];
}

/* Words, as a program that reads text sees them. */
static unsigned words(unsigned rounds)
{
    unsigned sum = 0;
    fill_bytes();
    while (rounds--) {
        unsigned count = 0, length = 0, hash = 5381;
        for (int i = 0; i < 4 * N; i++) {
            int c = bytes[i];
            if (c >= 'a' && c <= 'r' && c != 'e') {
                length++;
                hash = hash * 33 + (unsigned)c;
            } else if (length > 0) {
                count++;
                sum += hash % 1021;
                length = 0;
                hash = 5381;
            }
        }
        sum += count;
    }
    return sum;
}

static unsigned string_copies(unsigned rounds)
{
    unsigned sum = 0;
    fill_bytes();
    while (rounds--) {
        const void *from = bytes + rounds % 7;
        void *to = packed;
        unsigned count = 2 * N;
        __asm__ volatile("rep movsb"
                         : "+S"(from), "+D"(to), "+c"(count)
                         :
                         : "memory");
        const unsigned char *end = packed;
        count = 2 * N;
        __asm__ volatile("repne scasb"
                         : "+D"(end), "+c"(count)
                         : "a"(0)
                         : "memory", "cc");
        sum += count + packed[rounds % 100];
        for (int i = 0; i < 200; i++) {
            const unsigned char *p = packed + i;
            while (*p != 'a' && *p)
                p++;
            sum += (unsigned)(p - packed);
        }
    }
    return sum;
}

__attribute__((section(".kernels"))) const struct kernel kernels[] = {
    {"sort", sort, 60, KERNEL_INTEGER},
    {"sieve", sieve, 400, KERNEL_INTEGER},
    {"murmur", murmur, 4000, KERNEL_INTEGER},
    {"crc32", crc32, 400, KERNEL_INTEGER},
    {"compress", compress, 400, KERNEL_INTEGER},
    {"switch", switch_code, 4000, KERNEL_INTEGER},
    {"functions", function_code, 1200, KERNEL_INTEGER},
    {"calls", calls, 3500, KERNEL_INTEGER},
    {"tree", tree, 30, KERNEL_INTEGER},
    {"matrix", matrix, 700, KERNEL_INTEGER},
    {"wide", wide, 8000, KERNEL_INTEGER},
    {"distance", distance, 150, KERNEL_INTEGER},
    {"queens", queens, 3000, KERNEL_INTEGER},
    {"sha256", sha256, 60000, KERNEL_INTEGER},
    {"words", words, 1000, KERNEL_INTEGER},
    {"strings", string_copies, 1500, KERNEL_INTEGER},
    {"x87-nbody", x87_nbody, 60000, KERNEL_FLOAT},
    {"x87-mandelbrot", x87_mandelbrot, 50, KERNEL_FLOAT},
    {"x87-matrix", x87_matrix, 600, KERNEL_FLOAT},
    {"x87-fft", x87_fft, 2000, KERNEL_FLOAT},
    {"sse-nbody", sse_nbody, 150000, KERNEL_FLOAT},
    {"sse-mandelbrot", sse_mandelbrot, 120, KERNEL_FLOAT},
    {"sse-matrix", sse_matrix, 1500, KERNEL_FLOAT},
    {"sse-fft", sse_fft, 4000, KERNEL_FLOAT},
    {"rewritten", code_rewritten, 20000, KERNEL_CODE},
    {"generated", code_generated, 300, KERNEL_CODE},
    {"cold", code_cold, 1, KERNEL_CODE},
    {0, 0, 0, 0}};
