/* guest.h -- a space to test in, and the host's view of it. */
/* SPDX-License-Identifier: MIT */
#ifndef GM_TEST_GUEST_H
#define GM_TEST_GUEST_H

#include <fcntl.h>
#include <gtest/gtest.h>
#include <guestmem/guestmem.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

constexpr uint64_t kPage = GM_PAGE_SIZE;
constexpr unsigned kRW = GM_PROT_READ | GM_PROT_WRITE;
constexpr unsigned kRX = GM_PROT_READ | GM_PROT_EXEC;

/* Counted by whichever thread meets one. */
inline std::atomic<int> faults;

inline void OnFault(int signo, siginfo_t *info, void *context)
{
    faults.fetch_add(1, std::memory_order_relaxed);
    /* Not ours: let it happen again and end the test. */
    if (!gm_on_fault(info, context))
        signal(signo, SIG_DFL);
}

inline int InstallHandlers()
{
    struct sigaction action = {};
    action.sa_sigaction = OnFault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
    sigaction(SIGBUS, &action, nullptr);
    return 0;
}
inline const int kHandlersInstalled = InstallHandlers();

class Space
{
  public:
    explicit Space(unsigned bits = 32)
    {
        EXPECT_EQ(gm_space_new(bits, &space_), 0);
    }
    explicit Space(gm_space *space) : space_(space) {}
    Space(const Space &) = delete;
    Space &operator=(const Space &) = delete;
    ~Space()
    {
        gm_space_free(space_);
    }

    operator gm_space *() const
    {
        return space_;
    }
    uint8_t *at(gm_addr address) const
    {
        return gm_space_base(space_) + address;
    }

  private:
    gm_space *space_ = nullptr;
};

inline gm_mapping Anonymous(gm_addr address, uint64_t size, unsigned prot,
                            unsigned flags = 0, uint64_t tag = 0)
{
    return {address, size, prot, flags, -1, 0, tag};
}

inline int Map(gm_space *space, gm_addr address, uint64_t size, unsigned prot,
               unsigned flags = 0, uint64_t tag = 0)
{
    gm_mapping mapping = Anonymous(address, size, prot, flags, tag);
    return gm_map(space, &mapping);
}

/* A file without a name, of pages whose bytes are '0', '1', ... */
class File
{
  public:
    explicit File(uint64_t pages) : fd_(memfd_create("test", MFD_CLOEXEC))
    {
        for (uint64_t i = 0; i < pages; i++) {
            std::string page(kPage, static_cast<char>('0' + i));
            EXPECT_EQ(write(fd_, page.data(), kPage), ssize_t(kPage));
        }
    }
    File(const File &) = delete;
    File &operator=(const File &) = delete;
    ~File()
    {
        close(fd_);
    }

    int fd() const
    {
        return fd_;
    }
    int Reopen(int flags) const
    {
        return open(("/proc/self/fd/" + std::to_string(fd_)).c_str(),
                    flags | O_CLOEXEC);
    }
    char ByteAt(off_t offset) const
    {
        char byte = 0;
        EXPECT_EQ(pread(fd_, &byte, 1, offset), 1);
        return byte;
    }

  private:
    int fd_;
};

/* /proc/self/maps as the judge of what the host has. */
class HostMaps
{
  public:
    HostMaps()
    {
        FILE *file = fopen("/proc/self/maps", "re");
        char line[512], prot[5];
        unsigned long start, end;
        while (fgets(line, sizeof(line), file) != nullptr)
            if (sscanf(line, "%lx-%lx %4s", &start, &end, prot) == 3)
                ranges_[start] = {end, prot};
        fclose(file);
    }

    /* "rw-p" and the like; "" where nothing is. */
    std::string At(const void *host) const
    {
        auto address = reinterpret_cast<uintptr_t>(host);
        auto next = ranges_.upper_bound(address);
        if (next == ranges_.begin())
            return "";
        auto range = std::prev(next);
        return address < range->second.first ? range->second.second : "";
    }

    uint64_t TotalSize() const
    {
        uint64_t total = 0;
        for (auto &range : ranges_)
            total += range.second.first - range.first;
        return total;
    }

  private:
    std::map<uintptr_t, std::pair<uintptr_t, std::string>> ranges_;
};

inline std::string HostProt(const void *host)
{
    return HostMaps().At(host);
}

inline std::vector<gm_mapping> Regions(gm_space *space)
{
    std::vector<gm_mapping> regions;
    gm_mapping region = {};
    for (gm_addr at = 0; gm_query(space, at, &region) == 0;
         at = region.address + region.size)
        regions.push_back(region);
    return regions;
}

/* Checks each page of [0, size): the host has what gm_query says. */
inline void ExpectHostAgrees(gm_space *space, uint64_t size)
{
    HostMaps maps;
    for (gm_addr at = 0; at < size; at += kPage) {
        gm_mapping region = {};
        std::string expected = "---p";
        if (gm_query(space, at, &region) == 0 && region.address <= at) {
            expected[0] = region.prot != 0 ? 'r' : '-';
            expected[1] = region.prot & GM_PROT_WRITE ? 'w' : '-';
            expected[3] = region.flags & GM_MAP_SHARED ? 's' : 'p';
        }
        ASSERT_EQ(maps.At(gm_space_base(space) + at), expected)
            << "at " << std::hex << at;
    }
}

/* Keeps what the watcher is told. */
struct Event {
    gm_event event;
    gm_addr address;
    uint64_t size;

    bool operator==(const Event &other) const
    {
        return event == other.event && address == other.address &&
               size == other.size;
    }
};

inline void RecordEvent(void *context, gm_event event, gm_addr address,
                        uint64_t size)
{
    static_cast<std::vector<Event> *>(context)->push_back(
        {event, address, size});
}

#endif
