// team_harness.h -- a team without a processor: calls made by the test.
// SPDX-License-Identifier: MIT
#ifndef TEAM_HARNESS_H
#define TEAM_HARNESS_H

#include <haikuabi/haikuabi.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct harness;

// NULL when the kernel cannot be made; *error then is its HK_ERR_*. Guest
// memory from HARNESS_MEMORY on, HARNESS_SIZE bytes, is mapped.
enum { HARNESS_MEMORY = 0x10000000, HARNESS_SIZE = 0x01000000 };
struct harness *harness_new(const struct hk_config *config, int *error);
void harness_free(struct harness *harness);

// The call of that name with its words as they lie on the stack; aborts for
// a name that is no call or has no handler. HARNESS_ENDED when it ended the
// team.
#define HARNESS_ENDED INT64_MIN
int64_t harness_call(struct harness *harness, const char *name,
                     const uint32_t *words, size_t count);
int64_t harness_call_as(struct harness *harness, struct hk_thread *thread,
                        const char *name, const uint32_t *words, size_t count);

// What comes after INT 99, an exception and a kick: an enum hk_action, or
// HARNESS_ENDED.
int64_t harness_syscall(struct harness *harness);
int64_t harness_exception(struct harness *harness, uint32_t vector,
                          uint32_t error_code, uint32_t address);
int64_t harness_poll(struct harness *harness);
int64_t harness_poll_as(struct harness *harness, struct hk_thread *thread);

// How the team was ended last.
struct harness_end {
    int count, status, signal; // signal: the host's
};
struct harness_end harness_get_end(const struct harness *harness);

// The registers of a thread's processor, which executes nothing; its x87 as
// FNSAVE tells it.
struct hk_registers *harness_registers(struct hk_thread *thread);

// What the thread's team shares with the others of its root.
const struct hk_shared *harness_shared(const struct hk_thread *thread);
uint8_t *harness_fnsave(struct hk_thread *thread);
int harness_fpu_resets(struct hk_thread *thread);

// The team's first thread; what host threads of others run.
struct hk_thread *harness_thread(struct harness *harness);
int32_t harness_id(const struct hk_thread *thread);
void harness_run(struct harness *harness,
                 void (*run)(void *context, struct hk_thread *thread),
                 void *context);

// Starts a program as exec does, of which the loader says `result` and
// `entry`; guest memory of before is gone. 0 or HK_ERR_*.
int harness_start(struct harness *harness, const char *path,
                  const char *const *argv, const char *const *envp);
void harness_load(struct harness *harness, int result, uint32_t entry);

// Guest addresses in a thread and its team.
struct harness_places {
    uint32_t commpage, user_area, user_thread, tls, stack_base, stack_end;
};
struct harness_places harness_get_places(const struct hk_thread *thread);

// All lines reported so far, each with its newline.
const char *harness_reports(const struct harness *harness);

// Has the host's signals passed on to the team, as an application does.
void harness_catch(struct harness *harness);

// Guest memory: 0, or below for memory that is not there.
int harness_read(struct harness *harness, uint32_t address, void *to,
                 size_t size);
int harness_write(struct harness *harness, uint32_t address, const void *from,
                  size_t size);
int harness_can(struct harness *harness, uint32_t address, unsigned prot);

uint8_t *harness_host(struct harness *harness, uint32_t address);

// Makes one page refuse the host's stores, as one with translated code does,
// until a store of libguestmem's comes.
void harness_watch(struct harness *harness, uint32_t address);
int harness_protect(struct harness *harness, uint32_t address, uint32_t size,
                    unsigned prot);

// Haiku's signals: raised for the team's thread (from any host thread), a
// mask of blocked ones, and those that wait.
void harness_signal(struct harness *harness, int signal);
void harness_block_signals(struct harness *harness, uint64_t mask);
uint64_t harness_pending(struct harness *harness);

// The host's user and group that the team takes for its own.
void harness_set_user(struct harness *harness, uint32_t user, uint32_t group);

struct hk_kernel *harness_kernel(struct harness *harness);
struct hk_fds *harness_fds(struct harness *harness);

#ifdef __cplusplus
}

#include <gtest/gtest.h>

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

namespace hk
{

// A guest structure, little-endian as this host is.
template <typename T> T load(const void *from)
{
    T value;
    std::memcpy(&value, from, sizeof(value));
    return value;
}

// A directory of the host that goes with the test.
class Directory
{
  public:
    Directory()
    {
        std::string name = testing::TempDir() + "/hk.XXXXXX";
        path = ::mkdtemp(name.data());
    }
    ~Directory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Directory(const Directory &) = delete;
    Directory &operator=(const Directory &) = delete;

    std::string at(const std::string &name) const
    {
        return (path / name).string();
    }
    void make(const std::string &name) const
    {
        std::filesystem::create_directories(path / name);
    }
    void write(const std::string &name, const std::string &text) const
    {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream(path / name, std::ios::binary) << text;
    }
    std::string read(const std::string &name) const
    {
        std::ifstream file(path / name, std::ios::binary);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    void link(const std::string &name, const std::string &target) const
    {
        std::filesystem::create_symlink(target, path / name);
    }
    bool has(const std::string &name) const
    {
        return std::filesystem::exists(
            std::filesystem::symlink_status(path / name));
    }

    std::filesystem::path path;
};

// Enters a namespace of one's own, in which one is the same user and may mount.
inline bool enter_namespace()
{
    const std::string user = std::to_string(::geteuid());
    const std::string group = std::to_string(::getegid());

    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << user << " " << user << " 1";
    std::ofstream("/proc/self/gid_map") << group << " " << group << " 1";
    return true;
}

// Addresses of guest memory, and 64-bit arguments, as arguments of a call.
struct Address {
    uint32_t value;
};

class Team
{
  public:
    explicit Team(const hk_config &config)
    {
        harness = harness_new(&config, &error);
    }
    ~Team()
    {
        harness_free(harness);
    }
    Team(const Team &) = delete;
    Team &operator=(const Team &) = delete;

    // Arguments: ints, int64_t (two words), strings (put into guest memory),
    // Address, nullptr.
    template <typename... Args> int64_t call(const char *name, Args... args)
    {
        std::vector<uint32_t> words;
        uint32_t mark = next;
        (push(words, args), ...);
        int64_t result =
            harness_call(harness, name, words.data(), words.size());
        next = mark;
        return result;
    }

    // From another thread of the team, without strings.
    template <typename... Args>
    int64_t call_as(hk_thread *thread, const char *name, Args... args)
    {
        std::vector<uint32_t> words;
        (push(words, args), ...);
        return harness_call_as(harness, thread, name, words.data(),
                               words.size());
    }

    // What the threads do that the test spawns.
    void on_thread(std::function<void(hk_thread *)> run)
    {
        body = std::move(run);
        harness_run(
            harness,
            [](void *team, hk_thread *thread) {
                static_cast<Team *>(team)->body(thread);
            },
            this);
    }

    // Starts a program; room() comes from its stack from then on.
    int start(const char *path, std::vector<const char *> argv,
              std::vector<const char *> envp = {})
    {
        argv.push_back(nullptr);
        envp.push_back(nullptr);
        int result = harness_start(harness, path, argv.data(), envp.data());
        if (result == 0)
            next = places().stack_base;
        return result;
    }

    hk_thread *thread()
    {
        return harness_thread(harness);
    }
    harness_places places()
    {
        return harness_get_places(thread());
    }
    hk_registers &registers()
    {
        return *harness_registers(thread());
    }
    std::string reports()
    {
        return harness_reports(harness);
    }

    // Room in guest memory that stays, zeroed.
    Address room(uint32_t size)
    {
        Address address{next.fetch_add((size + 15) & ~15u)};
        std::memset(host(address), 0, size);
        return address;
    }
    Address put(const std::string &bytes)
    {
        Address address = room(static_cast<uint32_t>(bytes.size()) + 1);
        std::memcpy(host(address), bytes.c_str(), bytes.size() + 1);
        return address;
    }
    uint8_t *host(Address address)
    {
        return harness_host(harness, address.value);
    }
    template <typename T> T get(Address address, uint32_t offset = 0)
    {
        return load<T>(host(address) + offset);
    }
    template <typename T> void set(Address address, uint32_t offset, T value)
    {
        std::memcpy(host(address) + offset, &value, sizeof(value));
    }
    std::string text(Address address)
    {
        return reinterpret_cast<const char *>(host(address));
    }
    std::string bytes(Address address, size_t size)
    {
        return {reinterpret_cast<const char *>(host(address)), size};
    }

    struct harness *harness = nullptr;
    int error = 0;

  private:
    void push(std::vector<uint32_t> &words, int value)
    {
        words.push_back(static_cast<uint32_t>(value));
    }
    void push(std::vector<uint32_t> &words, uint32_t value)
    {
        words.push_back(value);
    }
    void push(std::vector<uint32_t> &words, int64_t value)
    {
        words.push_back(static_cast<uint32_t>(value));
        words.push_back(static_cast<uint32_t>(value >> 32));
    }
    void push(std::vector<uint32_t> &words, Address value)
    {
        words.push_back(value.value);
    }
    void push(std::vector<uint32_t> &words, std::nullptr_t)
    {
        words.push_back(0);
    }
    void push(std::vector<uint32_t> &words, const std::string &value)
    {
        words.push_back(put(value).value);
    }
    void push(std::vector<uint32_t> &words, const char *value)
    {
        push(words, std::string(value));
    }

    std::atomic<uint32_t> next{HARNESS_MEMORY}; // of all threads
    std::function<void(hk_thread *)> body;
};

// The kernel's configuration of most tests: a root, and the rest by default.
inline hk_config make_config(const char *root)
{
    hk_config config{};
    config.release = HK_R1BETA5;
    config.root = root;
    return config;
}

} // namespace hk
#endif
#endif
