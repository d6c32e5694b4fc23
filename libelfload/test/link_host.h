/* link_host.h -- a host for the linker whose files are in memory. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_TEST_LINK_HOST_H
#define ELFLOAD_TEST_LINK_HOST_H

#include <elfload/elf_link.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

/* Files by path; images are placed one after the other from the hint on. */
class LinkHost
{
  public:
    struct Mapped {
        std::string name;
        uint64_t address, size;
        unsigned prot;
    };

    LinkHost()
    {
        gm_space_new(32, &space);
    }
    ~LinkHost()
    {
        gm_space_free(space);
    }
    LinkHost(const LinkHost &) = delete;
    LinkHost &operator=(const LinkHost &) = delete;

    std::map<std::string, std::vector<uint8_t>> files;
    std::map<std::string, std::string> links; /* path to path */
    std::map<std::string, int> errors;        /* path to errno of open */
    std::vector<std::string> opened;          /* every path tried */
    std::vector<Mapped> mapped;
    int open_count = 0; /* files not closed */
    int fail_at = -1;   /* call of reserve, map or protect that fails */
    uint64_t shift = 0; /* added to where images are placed */
    struct gm_space *space = nullptr;

    eld_host host()
    {
        return {this, space, open, close, reserve, map, protect, release};
    }

    std::string names() const
    {
        std::string text;
        for (const auto &one : mapped)
            text += (text.empty() ? "" : " ") + one.name;
        return text;
    }
    uint64_t load(uint64_t address, size_t size = 4)
    {
        uint64_t value = 0;
        if (gm_copy_in(space, &value, address, size) < 0)
            return UINT64_MAX;
        return value;
    }
    /* Protection of an address, or 0x100 when nothing is mapped. */
    unsigned prot_at(uint64_t address)
    {
        struct gm_mapping region;
        if (gm_query(space, address, &region) < 0 || region.address > address)
            return 0x100;
        return region.prot;
    }
    bool is_empty()
    {
        struct gm_mapping region;
        return gm_query(space, 0, &region) < 0;
    }

  private:
    static LinkHost *self(void *context)
    {
        return static_cast<LinkHost *>(context);
    }
    bool fails()
    {
        return fail_at >= 0 && fail_at-- == 0;
    }

    static int open(void *context, const char *path, struct eld_file *file)
    {
        LinkHost *host = self(context);
        std::string real = path;
        host->opened.push_back(path);
        if (host->links.count(real) != 0)
            real = host->links[real];
        if (host->errors.count(real) != 0)
            return -host->errors[real];
        auto found = host->files.find(real);
        if (found == host->files.end())
            return -ENOENT;
        if (real.size() >= sizeof(file->path))
            return -ENAMETOOLONG;
        strcpy(file->path, real.c_str());
        file->bytes = found->second.data();
        file->size = found->second.size();
        file->node = (uint64_t)std::distance(host->files.begin(), found);
        host->open_count++;
        return 0;
    }
    static void close(void *context, struct eld_file *)
    {
        self(context)->open_count--;
    }
    static int reserve(void *context, uint64_t hint, uint64_t size,
                       int is_exact, uint64_t *address)
    {
        LinkHost *host = self(context);
        uint64_t low = is_exact ? hint : hint + host->shift;
        uint64_t high = is_exact ? hint + size : 0x7fff0000;
        if (host->fails())
            return -ENOMEM;
        return gm_find_free(host->space, low, high, size, GM_PAGE_SIZE,
                            address) < 0
                   ? -ENOMEM
                   : 0;
    }
    static int map(void *context, const struct eld_mapping *mapping)
    {
        LinkHost *host = self(context);
        struct gm_mapping pages = {};
        if (host->fails())
            return -ENOMEM;
        pages.address = mapping->address;
        pages.size = mapping->size;
        pages.prot = mapping->prot;
        pages.fd = -1;
        if (gm_map(host->space, &pages) < 0)
            return -EINVAL;
        host->mapped.push_back({mapping->name, mapping->address, mapping->size,
                                mapping->final_prot});
        if (mapping->file == nullptr)
            return 0;
        size_t size = mapping->file->size - mapping->offset;
        if (size > mapping->size)
            size = mapping->size;
        return gm_copy_out(host->space, mapping->address,
                           (const uint8_t *)mapping->file->bytes +
                               mapping->offset,
                           size) < 0
                   ? -EFAULT
                   : 0;
    }
    static int protect(void *context, uint64_t address, uint64_t size,
                       unsigned prot)
    {
        LinkHost *host = self(context);
        if (host->fails())
            return -EACCES;
        return gm_protect(host->space, address, size, prot) < 0 ? -EINVAL : 0;
    }
    static void release(void *context, uint64_t address, uint64_t size)
    {
        gm_unmap(self(context)->space, address, size);
    }
};

#endif
