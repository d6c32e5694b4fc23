/* fpu_silicon.cc -- x87, MMX and SSE instructions on the host CPU and ours. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/fpu_silicon.h"

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

extern "C" {
#include "libx86cpu/src/fxstate.h"
#include "libx86cpu/src/insns.h"
}

#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sys/mman.h>
#include <ucontext.h>

namespace fpu_silicon
{
namespace
{

/* ---- encodings ---- */

struct Row {
    unsigned op;
    const char *name, *operands[3], *map;
    unsigned first, last;
    const char *prefix, *mod, *reg;
    unsigned group;
};

const Row rows[] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 read, written, undefined, attributes, group, feature)         \
    {XCPU_OP_##id, #id,     {#a, #b, #c}, #map, first,                         \
     last,         #prefix, #mod,         #reg, XG_##group},
#include "libx86cpu/src/x86_insns.def"
};

bool is_image(const std::string &name)
{
    return name == "FLDENV_M" || name == "FNSTENV_M" || name == "FNSAVE_M" ||
           name == "FRSTOR_M" || name == "FXSAVE_M" || name == "FXRSTOR_M";
}

bool has_letter(const Row &row, char letter)
{
    for (const char *operand : row.operands)
        if (operand[0] == letter)
            return true;
    return false;
}

bool has_immediate(const Row &row)
{
    return strcmp(row.operands[2], "Ib") == 0 ||
           strcmp(row.operands[1], "Ib") == 0;
}

/* ModRM bytes: [ecx], and registers, but for ecx, esp and edi where they are
 * general ones. */
std::vector<uint8_t> modrms(const Row &row, bool memory)
{
    static const unsigned general[] = {0, 2, 3, 5, 6};
    std::vector<unsigned> regs, rms;
    std::vector<uint8_t> result;
    bool digit = row.reg[0] >= '0' && row.reg[0] <= '9';

    if (digit)
        regs = {static_cast<unsigned>(row.reg[0] - '0')};
    else if (has_letter(row, 'G'))
        regs.assign(general, general + 5);
    else
        regs = {0, 1, 2, 3, 4, 5, 6, 7};
    if (memory)
        rms = {1};
    else if (has_letter(row, 'E'))
        rms.assign(general, general + 5);
    else
        rms = {0, 1, 2, 3, 4, 5, 6, 7};
    for (unsigned reg : regs)
        for (unsigned rm : rms)
            result.push_back(
                static_cast<uint8_t>((memory ? 0 : 0xc0) | reg << 3 | rm));
    return result;
}

void add_encoding(const Row &row, bool memory, std::vector<uint8_t> bytes,
                  std::vector<Encoding> *out)
{
    static const uint8_t immediates[] = {0, 1, 2, 3, 4, 5, 6, 7, 0x1b, 0xff};

    if (!has_immediate(row)) {
        out->push_back({row.op, row.name, bytes, memory, row.group});
        return;
    }
    /* Not all with all: the immediate follows from the registers. */
    bytes.push_back(immediates[bytes.back() % 10]);
    out->push_back({row.op, row.name, bytes, memory, row.group});
    bytes.back() = static_cast<uint8_t>(bytes[bytes.size() - 2] * 37);
    out->push_back({row.op, row.name, bytes, memory, row.group});
}

void add_row(const Row &row, std::vector<Encoding> *out)
{
    std::vector<uint8_t> start;
    const std::string map = row.map, prefix = row.prefix, mod = row.mod;

    if (map.size() == 2 && map[0] == 'D') {
        for (unsigned byte = row.first; byte <= row.last; byte++)
            add_encoding(
                row, false,
                {static_cast<uint8_t>(0xd0 + strtol(&map[1], nullptr, 16)),
                 static_cast<uint8_t>(byte)},
                out);
        return;
    }
    if (prefix == "66" || prefix == "F2" || prefix == "F3")
        start.push_back(
            static_cast<uint8_t>(strtol(prefix.c_str(), nullptr, 16)));
    if (map == "0F")
        start.push_back(0x0f);
    start.push_back(static_cast<uint8_t>(row.first));
    if (row.operands[0][0] == '_' && mod != "reg") {
        add_encoding(row, false, start, out);
        return;
    }
    for (bool memory : {false, true}) {
        if (mod == (memory ? "reg" : "mem"))
            continue;
        for (uint8_t modrm : modrms(row, memory)) {
            std::vector<uint8_t> bytes = start;

            bytes.push_back(modrm);
            add_encoding(row, memory, bytes, out);
        }
    }
}

/* ---- random values ---- */

uint64_t pick(Random &random, std::initializer_list<uint64_t> values)
{
    return values.begin()[random() % values.size()];
}

uint64_t random_mantissa(Random &random)
{
    uint64_t value = random();

    switch (random() % 6) {
    case 0:
        return pick(random, {0, 1, 1ull << 63, 3ull << 62, ~0ull, ~0ull >> 1,
                             (1ull << 63) | 1, 3ull << 62 | 1, 1ull << 62});
    case 1:
        return value << random() % 64 | 1ull << 63;
    case 2:
        return value >> random() % 64;
    default:
        return value | 1ull << 63;
    }
}

void random_f80(Random &random, uint8_t *bytes)
{
    uint64_t mantissa = random_mantissa(random);
    unsigned exponent;

    switch (random() % 8) {
    case 0:
        exponent = static_cast<unsigned>(
            pick(random, {0, 0, 0, 1, 2, 0x3ffe, 0x3fff, 0x4000, 0x7ffe, 0x7fff,
                          0x7fff, 0x3fff + 62, 0x3fff + 63, 0x3fff + 64}));
        break;
    case 1:
        exponent = random() % 0x8000;
        break;
    case 2: /* limits of double and single */
        exponent = static_cast<unsigned>(
            pick(random, {0x3fff - 1022, 0x3fff + 1023, 0x3fff - 126,
                          0x3fff + 127, 0x3fff - 1074, 0x3fff - 149}) +
            random() % 5 - 2);
        break;
    default:
        exponent = static_cast<unsigned>(0x3fff + random() % 72 - 8);
        break;
    }
    exponent |= random() % 2 << 15;
    if ((exponent & 0x7fff) == 0 && random() % 4)
        mantissa &= ~0ull >> 1;
    memcpy(bytes, &mantissa, 8);
    memcpy(bytes + 8, &exponent, 2);
}

uint64_t random_double(Random &random)
{
    uint64_t sign = random() % 2 << 63;
    uint64_t fraction = random_mantissa(random) << 1 >> 12;

    switch (random() % 8) {
    case 0:
        return sign | pick(random, {0, 1, 0x3ff0000000000000,
                                    0x7ff0000000000000, 0x7fefffffffffffff,
                                    0x000fffffffffffff, 0x0010000000000000,
                                    0x41dfffffffc00000, 0x41e0000000000000,
                                    0x41dfffffffe00000, 0x3fe0000000000000});
    case 1:
        return sign | fraction;
    case 2:
        return sign | 0x7ffull << 52 | fraction;
    case 3:
        return random();
    case 4: /* around what single can hold */
        return sign |
               (1023 + pick(random, {0, 127, 1023 - 1023, 32}) + random() % 3 -
                (random() % 2 ? 150 : 1))
                   << 52 |
               fraction;
    default:
        return sign | (1023 + random() % 40 - 4) << 52 | fraction;
    }
}

uint32_t random_single(Random &random)
{
    uint32_t sign = static_cast<uint32_t>(random() % 2) << 31;
    uint32_t fraction =
        static_cast<uint32_t>(random_mantissa(random) << 1 >> 41);

    switch (random() % 8) {
    case 0:
        return sign | static_cast<uint32_t>(
                          pick(random, {0, 1, 0x3f800000, 0x7f800000,
                                        0x7f7fffff, 0x007fffff, 0x00800000,
                                        0x4effffff, 0x4f000000, 0x3f000000}));
    case 1:
        return sign | fraction;
    case 2:
        return sign | 0xffu << 23 | fraction;
    case 3:
        return static_cast<uint32_t>(random());
    default:
        return sign | static_cast<uint32_t>(127 + random() % 40 - 4) << 23 |
               fraction;
    }
}

void random_bytes(Random &random, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t value = random();

        memcpy(bytes + i, &value, 8);
    }
}

/* 16 bytes for XMM registers and memory. */
void random_vector(Random &random, uint8_t *bytes)
{
    uint64_t doubles[2] = {random_double(random), random_double(random)};
    uint32_t singles[4] = {random_single(random), random_single(random),
                           random_single(random), random_single(random)};

    switch (random() % 8) {
    case 0:
        random_bytes(random, bytes, 16);
        break;
    case 1:
        random_f80(random, bytes);
        break;
    case 2: /* small counts for shifts, few integers */
        doubles[0] = random() % 80;
        memcpy(bytes, doubles, 16);
        break;
    case 3:
    case 4:
        memcpy(bytes, doubles, 16);
        break;
    default:
        memcpy(bytes, singles, 16);
        break;
    }
}

/* Packed BCD with good digits. */
void random_bcd(Random &random, uint8_t *bytes)
{
    for (int i = 0; i < 9; i++)
        bytes[i] = static_cast<uint8_t>(random() % 10 * 16 + random() % 10);
    bytes[9] = random() % 2 ? 0x80 : 0;
}

/* ---- our cpu ---- */

constexpr uint32_t code_address = 0x10000;
constexpr uint32_t code_size = 0x40000;
constexpr uint32_t data_address = 0x60000;
constexpr uint64_t window_size = 1ull << 32;

size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
             int *present)
{
    const uint8_t *base = static_cast<const uint8_t *>(owner);

    if (present)
        *present = 0;
    if (address < code_address || address - code_address >= code_size)
        return 0;
    size = std::min<size_t>(size, code_address + code_size - address);
    memcpy(bytes, base + address, size);
    return size;
}

int watch_writes(void *, uint32_t, uint32_t, int)
{
    return 0;
}

/* ---- the host's cpu ---- */

struct Native {
    uint8_t in[512], out[512];
    uint64_t gpr[8];
    uint64_t eflags;
    const void *code;
} __attribute__((aligned(16)));

} // namespace

extern "C" void fpu_silicon_call(Native *native);

#if defined(__x86_64__)
/* Loads the state at rdi, calls the code, and stores the state. */
__asm__(".text\n"
        ".type fpu_silicon_call, @function\n"
        "fpu_silicon_call:\n"
        "    push %rbx\n"
        "    push %rbp\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    sub $24, %rsp\n"
        "    stmxcsr 8(%rsp)\n"
        "    mov %rdi, %r15\n"
        "    fxrstor 0(%r15)\n"
        "    mov 1096(%r15), %r14\n"
        "    mov 1024(%r15), %rax\n"
        "    mov 1032(%r15), %rcx\n"
        "    mov 1040(%r15), %rdx\n"
        "    mov 1048(%r15), %rbx\n"
        "    mov 1064(%r15), %rbp\n"
        "    mov 1072(%r15), %rsi\n"
        "    mov 1080(%r15), %rdi\n"
        "    pushq 1088(%r15)\n"
        "    popfq\n"
        "    call *%r14\n"
        "    pushfq\n"
        "    popq 1088(%r15)\n"
        "    cld\n"
        "    mov %rax, 1024(%r15)\n"
        "    mov %rcx, 1032(%r15)\n"
        "    mov %rdx, 1040(%r15)\n"
        "    mov %rbx, 1048(%r15)\n"
        "    mov %rbp, 1064(%r15)\n"
        "    mov %rsi, 1072(%r15)\n"
        "    mov %rdi, 1080(%r15)\n"
        "    fxsave 512(%r15)\n"
        "    fninit\n"
        "    ldmxcsr 8(%rsp)\n"
        "    add $24, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbp\n"
        "    pop %rbx\n"
        "    ret\n"
        ".size fpu_silicon_call, . - fpu_silicon_call\n");
#else
void fpu_silicon_call(Native *) {}
#endif

namespace
{

sigjmp_buf fault_jump;
Native *volatile fault_native;
struct xcpu *volatile fault_cpu;
volatile int fault_vector;

#if defined(__x86_64__)
void read_context(const ucontext_t *context)
{
    const greg_t *regs = context->uc_mcontext.gregs;
    static const int order[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                 REG_RSP, REG_RBP, REG_RSI, REG_RDI};
    Native *native = fault_native;

    memcpy(native->out, context->uc_mcontext.fpregs, 512);
    for (int i = 0; i < 8; i++)
        native->gpr[i] = static_cast<uint64_t>(regs[order[i]]);
    native->eflags = static_cast<uint64_t>(regs[REG_EFL]);
    fault_vector = static_cast<int>(regs[REG_TRAPNO]);
}
#else
void read_context(const ucontext_t *) {}
#endif

void on_signal(int signo, siginfo_t *info, void *context)
{
    if (fault_native) {
        read_context(static_cast<const ucontext_t *>(context));
        fault_native = nullptr;
        siglongjmp(fault_jump, 1);
    }
    if (fault_cpu && xcpu_on_fault(fault_cpu, signo, info, context))
        return;
    signal(signo, SIG_DFL);
}

} // namespace

std::vector<Encoding> encodings(unsigned group)
{
    std::vector<Encoding> result;

    for (const Row &row : rows)
        if (row.group == group && !is_image(row.name))
            add_row(row, &result);
    return result;
}

void fill_state(Random &random, const Encoding &encoding, State *state)
{
    uint8_t *fx = state->fx;
    uint16_t control = 0x37f, status = 0;
    uint32_t mxcsr = 0x1f80;

    *state = State();
    if (random() % 2)
        control = static_cast<uint16_t>((random() % 16) << 8 | 0x7f);
    if (random() % 6 == 0)
        control &= static_cast<uint16_t>(~(random() & 0x3f));
    status = static_cast<uint16_t>(random() & 0x7f00);
    if (random() % 3 == 0)
        status |= random() & 0x7f;
    if (random() % 8)
        status &= static_cast<uint16_t>(control | ~0x3f);
    memcpy(fx, &control, 2);
    memcpy(fx + 2, &status, 2);
    fx[4] =
        static_cast<uint8_t>(random() % 4 ? 0x7f << random() % 2 : random());
    if (encoding.group == XG_X87 && random() % 2)
        fx[4] = static_cast<uint8_t>(0xff & ~(1 << ((status >> 11) + 7) % 8));
    for (int i = 0; i < 8; i++)
        random_f80(random, fx + 32 + 16 * i);
    if (random() % 2)
        mxcsr = static_cast<uint32_t>(0x1f80 | (random() & 0xe07f));
    if (random() % 6 == 0)
        mxcsr = static_cast<uint32_t>(random() & 0xffff);
    memcpy(fx + 24, &mxcsr, 4);
    for (int i = 0; i < 8; i++)
        random_vector(random, fx + 160 + 16 * i);
    random_bytes(random, reinterpret_cast<uint8_t *>(state->gpr), 32);
    for (uint32_t &gpr : state->gpr)
        if (random() % 4 == 0)
            gpr = static_cast<uint32_t>(random() % 5 - 2);
    state->eflags = static_cast<uint32_t>(0x202 | (random() & 0x8d5));
    for (int i = 0; i < 4; i++)
        random_vector(random, state->memory + 16 * i);
    if (encoding.op == XCPU_OP_FBLD_Mt)
        random_bcd(random, state->memory + 16);
    if (encoding.op == XCPU_OP_LDMXCSR_Md && random() % 8)
        memset(state->memory + 18, 0, 2);
    /* [ecx] is memory + 16, or sometimes not aligned. */
    state->gpr[1] = random() % 16 ? 16 : 16 + random() % 32;
    if (encoding.op == XCPU_OP_MASKMOVQ_Pq_Nq ||
        encoding.op == XCPU_OP_MASKMOVDQU_Vdq_Udq)
        state->gpr[7] = state->gpr[1];
    state->vector = -1;
}

struct Executors::Implementation {
    uint8_t *window = nullptr;
    uint8_t *native_code = nullptr;
    struct xcpu_machine *machine = nullptr;
    struct xcpu *cpu = nullptr;
    std::map<std::vector<uint8_t>, uint32_t> code;
    uint32_t used = 0;

    uint32_t place(const Encoding &encoding);
};

/* Where the instruction's code is, in both. */
uint32_t Executors::Implementation::place(const Encoding &encoding)
{
    auto found = code.find(encoding.bytes);

    if (found != code.end())
        return found->second;
    uint32_t offset = used;

    if (offset + 16 > code_size)
        abort();
    used += 16;
    memcpy(window + code_address + offset, encoding.bytes.data(),
           encoding.bytes.size());
    memcpy(native_code + offset, encoding.bytes.data(), encoding.bytes.size());
    native_code[offset + encoding.bytes.size()] = 0xc3;
    code[encoding.bytes] = offset;
    return offset;
}

Executors::Executors() : implementation_(new Implementation)
{
    Implementation &me = *implementation_;
    struct sigaction action = {};
    struct xcpu_config config = {};
    void *window = mmap(nullptr, window_size + 0x10000, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    void *code = mmap(nullptr, code_size, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (window == MAP_FAILED || code == MAP_FAILED)
        abort();
    me.window = static_cast<uint8_t *>(window);
    me.native_code = static_cast<uint8_t *>(code);
    mprotect(me.window + code_address, data_address + 0x1000 - code_address,
             PROT_READ | PROT_WRITE);
    config.memory.base = me.window;
    config.memory.size = window_size;
    config.memory.owner = me.window;
    config.memory.fetch = fetch;
    config.memory.watch_writes = watch_writes;
    config.model = XCPU_MODEL_SSE2;
    if (xcpu_machine_new(&config, &me.machine) < 0 ||
        xcpu_new(me.machine, &me.cpu) < 0)
        abort();
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
        sigaction(signo, &action, nullptr);
}

Executors::~Executors()
{
    for (int signo : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
        signal(signo, SIG_DFL);
    xcpu_free(implementation_->cpu);
    xcpu_machine_free(implementation_->machine);
    munmap(implementation_->window, window_size + 0x10000);
    munmap(implementation_->native_code, code_size);
    delete implementation_;
}

bool Executors::usable() const
{
#if defined(__x86_64__)
    return true;
#else
    return false;
#endif
}

void Executors::on_host(const Encoding &encoding, const State &before,
                        State *after)
{
    static Native native;
    alignas(64) static uint8_t memory[64];

    memcpy(native.in, before.fx, 512);
    memcpy(memory, before.memory, sizeof(memory));
    for (int i = 0; i < 8; i++)
        native.gpr[i] = before.gpr[i];
    native.gpr[1] = reinterpret_cast<uintptr_t>(memory) + before.gpr[1];
    if (encoding.op == XCPU_OP_MASKMOVQ_Pq_Nq ||
        encoding.op == XCPU_OP_MASKMOVDQU_Vdq_Udq)
        native.gpr[7] = native.gpr[1];
    native.eflags = before.eflags;
    native.code =
        implementation_->native_code + implementation_->place(encoding);
    *after = before;
    fault_vector = -1;
    if (sigsetjmp(fault_jump, 0) == 0) {
        fault_native = &native;
        fpu_silicon_call(&native);
        fault_native = nullptr;
    }
    after->vector = fault_vector;
    memcpy(after->fx, native.out, 512);
    memcpy(after->memory, memory, sizeof(memory));
    for (int i = 0; i < 8; i++)
        if (i != XCPU_ECX && i != XCPU_ESP && i != XCPU_EDI)
            after->gpr[i] = static_cast<uint32_t>(native.gpr[i]);
    after->eflags = static_cast<uint32_t>(native.eflags);
}

void Executors::on_ours(const Encoding &encoding, const State &before,
                        State *after, bool portable)
{
    Implementation &me = *implementation_;
    struct xcpu_fxstate fx;
    struct xcpu_regs regs;
    struct xcpu_exit exit;

    memcpy(fx.bytes, before.fx, 512);
    xcpu_set_fxstate(me.cpu, &fx);
    xcpu_fpu_of(me.cpu)->portable = portable;
    memcpy(me.window + data_address, before.memory, sizeof(before.memory));
    xcpu_get_regs(me.cpu, &regs);
    memcpy(regs.gpr, before.gpr, sizeof(regs.gpr));
    regs.gpr[XCPU_ECX] = data_address + before.gpr[1];
    if (encoding.op == XCPU_OP_MASKMOVQ_Pq_Nq ||
        encoding.op == XCPU_OP_MASKMOVDQU_Vdq_Udq)
        regs.gpr[XCPU_EDI] = regs.gpr[XCPU_ECX];
    regs.eflags = before.eflags;
    regs.eip = code_address + me.place(encoding);
    xcpu_set_regs(me.cpu, &regs);
    fault_cpu = me.cpu;
    xcpu_run(me.cpu, 1, &exit);
    fault_cpu = nullptr;
    *after = before;
    after->vector =
        exit.reason == XCPU_EXIT_EXCEPTION ? static_cast<int>(exit.vector) : -1;
    xcpu_get_fxstate(me.cpu, &fx);
    xcpu_get_regs(me.cpu, &regs);
    memcpy(after->fx, fx.bytes, 512);
    memcpy(after->memory, me.window + data_address, sizeof(after->memory));
    for (int i = 0; i < 8; i++)
        if (i != XCPU_ECX && i != XCPU_ESP && i != XCPU_EDI)
            after->gpr[i] = regs.gpr[i];
    after->eflags = regs.eflags;
}

/* ---- reports ---- */

namespace
{

void append_hex(std::string *text, const uint8_t *bytes, size_t size)
{
    char buffer[4];

    while (size-- > 0) {
        snprintf(buffer, sizeof(buffer), "%02x", bytes[size]);
        *text += buffer;
    }
}

void compare_bytes(std::string *text, const std::string &what,
                   const uint8_t *host, const uint8_t *ours, size_t size)
{
    if (memcmp(host, ours, size) == 0)
        return;
    *text += " " + what + " host ";
    append_hex(text, host, size);
    *text += " ours ";
    append_hex(text, ours, size);
}

} // namespace

/* FOP, FIP and FDP depend on the processor and where the code is. */
std::string difference(const State &host, const State &ours)
{
    std::string text;
    uint32_t host_flags = host.eflags & 0x8d5;
    uint32_t our_flags = ours.eflags & 0x8d5;

    if (host.vector != ours.vector)
        text += " vector host " + std::to_string(host.vector) + " ours " +
                std::to_string(ours.vector);
    compare_bytes(&text, "fcw", host.fx, ours.fx, 2);
    compare_bytes(&text, "fsw", host.fx + 2, ours.fx + 2, 2);
    compare_bytes(&text, "ftw", host.fx + 4, ours.fx + 4, 1);
    compare_bytes(&text, "mxcsr", host.fx + 24, ours.fx + 24, 4);
    for (int i = 0; i < 8; i++) {
        compare_bytes(&text, "st" + std::to_string(i), host.fx + 32 + 16 * i,
                      ours.fx + 32 + 16 * i, 10);
        compare_bytes(&text, "xmm" + std::to_string(i), host.fx + 160 + 16 * i,
                      ours.fx + 160 + 16 * i, 16);
        compare_bytes(&text, "gpr" + std::to_string(i),
                      reinterpret_cast<const uint8_t *>(&host.gpr[i]),
                      reinterpret_cast<const uint8_t *>(&ours.gpr[i]), 4);
    }
    compare_bytes(&text, "eflags", reinterpret_cast<uint8_t *>(&host_flags),
                  reinterpret_cast<uint8_t *>(&our_flags), 4);
    compare_bytes(&text, "memory", host.memory, ours.memory,
                  sizeof(host.memory));
    return text;
}

std::string describe(const Encoding &encoding, const State &state)
{
    std::string text = encoding.name + " bytes (last first) ";

    append_hex(&text, encoding.bytes.data(), encoding.bytes.size());
    text += "\n  fcw ";
    append_hex(&text, state.fx, 2);
    text += " fsw ";
    append_hex(&text, state.fx + 2, 2);
    text += " ftw ";
    append_hex(&text, state.fx + 4, 1);
    text += " mxcsr ";
    append_hex(&text, state.fx + 24, 4);
    for (int i = 0; i < 8; i++) {
        text += "\n  st" + std::to_string(i) + " ";
        append_hex(&text, state.fx + 32 + 16 * i, 10);
        text += " xmm" + std::to_string(i) + " ";
        append_hex(&text, state.fx + 160 + 16 * i, 16);
    }
    text += "\n  ecx " + std::to_string(state.gpr[1]) + " memory ";
    append_hex(&text, state.memory, sizeof(state.memory));
    return text;
}

uint64_t wanted_cases(uint64_t otherwise)
{
    const char *text = getenv("FPU_SILICON_CASES");

    return text ? strtoull(text, nullptr, 0) : otherwise;
}

uint64_t wanted_seed()
{
    const char *text = getenv("FPU_SILICON_SEED");

    return text ? strtoull(text, nullptr, 0) : 1;
}

} // namespace fpu_silicon
