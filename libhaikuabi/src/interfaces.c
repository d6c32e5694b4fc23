/* interfaces.c -- network interfaces: the host's, by Haiku's names. */
/* SPDX-License-Identifier: MIT */
#include "interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bytes.h"
#include "sockaddr.h"

/* haiku-abi/structs.md, "ifreq" and "ifconf". */
enum {
    NAME_SIZE = 32,
    AT_VALUE = 32,
    REQUEST_SIZE = 84,
    AT_BUFFER = 4,
    LIST_SIZE = 8,
    NO_ADDRESS_SIZE = 2
};

/* haiku-abi/structs.md, "network ioctls". */
enum interface_command {
    GET_ADDRESS = 8903,
    GET_DESTINATION = 8905,
    GET_FLAGS = 8907,
    GET_BROADCAST = 8908,
    GET_COUNT = 8910,
    GET_LIST = 8911,
    GET_INDEX = 8912,
    GET_NAME = 8913,
    GET_NETMASK = 8914,
    GET_METRIC = 8916,
    GET_MTU = 8922,
    GET_TYPE = 8931
};

enum interface_type { TYPE_ETHERNET = 6, TYPE_LOOP = 24 };

/* ---- names ---- */

static const char host_loop[] = "lo", guest_loop[] = "loop";
static const char devices[] = "/dev/net/";

static void name_to_guest(const char *host, char guest[NAME_SIZE])
{
    memset(guest, 0, NAME_SIZE);
    if (strcmp(host, host_loop) == 0)
        strcpy(guest, guest_loop);
    else
        snprintf(guest, NAME_SIZE, "%s%s", devices, host);
}

/* The host's name, within the guest's or not; "" when it cannot be one. */
static const char *name_to_host(const char guest[NAME_SIZE])
{
    size_t prefix = sizeof(devices) - 1;

    if (strnlen(guest, NAME_SIZE) == NAME_SIZE)
        return "";
    if (strcmp(guest, guest_loop) == 0)
        return host_loop;
    if (strncmp(guest, devices, prefix) != 0 ||
        strcmp(guest + prefix, host_loop) == 0)
        return "";
    return guest + prefix;
}

/* ---- addresses ---- */

static int family_of(const struct hk_file *file)
{
    int family = AF_UNSPEC;
    socklen_t length = sizeof(family);

    getsockopt(file->node.fd, SOL_SOCKET, SO_DOMAIN, &family, &length);
    return family;
}

static const struct ifaddrs *find_address(const struct ifaddrs *all,
                                          const char *host_name, int family)
{
    for (; all != NULL; all = all->ifa_next)
        if (all->ifa_addr != NULL && all->ifa_addr->sa_family == family &&
            strcmp(all->ifa_name, host_name) == 0)
            return all;
    return NULL;
}

/* The length of the guest's form. */
static uint32_t put_address(const struct sockaddr *host,
                            uint8_t bytes[HK_SOCKADDR_MAX])
{
    struct hk_sockaddr address;
    uint32_t length = 0;

    if (host != NULL) {
        memset(&address, 0, sizeof(address));
        address.length = host->sa_family == AF_INET6
                             ? sizeof(struct sockaddr_in6)
                             : sizeof(struct sockaddr_in);
        memcpy(&address.host, host, address.length);
        length = hk_sockaddr_put(bytes, NULL, &address, NULL);
    }
    if (length > 0)
        return length;
    bytes[0] = NO_ADDRESS_SIZE;
    bytes[1] = HK_AF_UNSPEC;
    return NO_ADDRESS_SIZE;
}

/* The host keeps a destination and where broadcasts go as one address. */
static const struct sockaddr *address_for(const struct ifaddrs *found,
                                          uint32_t cmd)
{
    if (cmd == GET_ADDRESS)
        return found->ifa_addr;
    if (cmd == GET_NETMASK)
        return found->ifa_netmask;
    return found->ifa_flags & (IFF_BROADCAST | IFF_POINTOPOINT)
               ? found->ifa_dstaddr
               : NULL;
}

static int32_t get_address(const struct hk_thread *self,
                           const struct hk_file *file, uint32_t cmd,
                           const char *host_name, gm_addr data)
{
    uint8_t bytes[HK_SOCKADDR_MAX];
    const struct ifaddrs *found;
    int32_t status = HK_B_BAD_VALUE;
    struct ifaddrs *all;

    if (getifaddrs(&all) < 0)
        return hk_status_from_errno(errno);
    found = find_address(all, host_name, family_of(file));
    if (found != NULL)
        status = hk_write_user(self, data + AT_VALUE, bytes,
                               put_address(address_for(found, cmd), bytes));
    freeifaddrs(all);
    return status;
}

/* ---- all ---- */

static int32_t put_number(const struct hk_thread *self, gm_addr at,
                          uint32_t number)
{
    uint8_t bytes[4];

    hk_put32(bytes, number);
    return hk_write_user(self, at, bytes, sizeof(bytes));
}

/* Each takes as many bytes as its address wants, of a request at least.
 * *used: of the room at buffer. */
static int32_t put_interfaces(const struct hk_thread *self, int family,
                              const struct if_nameindex *names,
                              const struct ifaddrs *all, gm_addr buffer,
                              uint32_t room, uint32_t *used)
{
    *used = 0;
    for (; names->if_index != 0; names++) {
        uint8_t bytes[NAME_SIZE + HK_SOCKADDR_MAX] = {0};
        const struct ifaddrs *found = find_address(all, names->if_name, family);
        uint32_t size;

        name_to_guest(names->if_name, (char *)bytes);
        size = NAME_SIZE + put_address(found == NULL ? NULL : found->ifa_addr,
                                       bytes + NAME_SIZE);
        if (size < REQUEST_SIZE)
            size = REQUEST_SIZE;
        if (size > room - *used)
            return HK_ENOBUFS;
        if (hk_write_user(self, buffer + *used, bytes, size) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        *used += size;
    }
    return HK_B_OK;
}

static int32_t get_list(const struct hk_thread *self, int family,
                        const struct if_nameindex *names, gm_addr data)
{
    uint8_t list[LIST_SIZE];
    struct ifaddrs *all;
    int32_t status;
    uint32_t used;

    if (hk_read_user(self, list, data, sizeof(list)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (getifaddrs(&all) < 0)
        return hk_status_from_errno(errno);
    status = put_interfaces(self, family, names, all,
                            hk_get32(list + AT_BUFFER), hk_get32(list), &used);
    freeifaddrs(all);
    return status == HK_B_OK ? put_number(self, data, used) : status;
}

static int32_t get_all(const struct hk_thread *self, int family, uint32_t cmd,
                       gm_addr data)
{
    struct if_nameindex *names = if_nameindex();
    uint32_t count = 0;
    int32_t status;

    if (names == NULL)
        return hk_status_from_errno(errno);
    while (names[count].if_index != 0)
        count++;
    status = cmd == GET_COUNT ? put_number(self, data + AT_BUFFER, count)
                              : get_list(self, family, names, data);
    if_freenameindex(names);
    return status;
}

/* ---- one ---- */

/* Guest flags: haiku-abi/structs.md, "IFF_UP". */
static uint32_t flags_to_guest(unsigned host)
{
    static const struct {
        unsigned host;
        uint32_t guest;
    } flags[] = {
        {IFF_UP, 0x1},           {IFF_BROADCAST, 0x2},  {IFF_LOOPBACK, 0x8},
        {IFF_POINTOPOINT, 0x10}, {IFF_NOARP, 0x40},     {IFF_PROMISC, 0x100},
        {IFF_ALLMULTI, 0x200},   {IFF_RUNNING, 0x1000}, /* has link */
        {IFF_MULTICAST, 0x8000},
    };
    uint32_t guest = 0;

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
        if (host & flags[i].host)
            guest |= flags[i].guest;
    return guest;
}

static int32_t get_value(const struct hk_thread *self,
                         const struct hk_file *file, uint32_t cmd,
                         const char *host_name, gm_addr data)
{
    unsigned long host_cmd = cmd == GET_MTU      ? SIOCGIFMTU
                             : cmd == GET_METRIC ? SIOCGIFMETRIC
                                                 : SIOCGIFFLAGS;
    struct ifreq host = {0};
    uint32_t value;

    memcpy(host.ifr_name, host_name,
           strnlen(host_name, sizeof(host.ifr_name) - 1));
    if (ioctl(file->node.fd, host_cmd, &host) < 0)
        return hk_status_from_errno(errno);
    if (cmd == GET_MTU)
        value = (uint32_t)host.ifr_mtu;
    else if (cmd == GET_METRIC)
        value = (uint32_t)host.ifr_metric;
    else if (cmd == GET_TYPE)
        value = host.ifr_flags & IFF_LOOPBACK ? TYPE_LOOP : TYPE_ETHERNET;
    else
        value = flags_to_guest((unsigned short)host.ifr_flags);
    return put_number(self, data + AT_VALUE, value);
}

/* Name and index, with nothing else in the request. */
static int32_t put_identity(const struct hk_thread *self, const char *host_name,
                            unsigned index, gm_addr data)
{
    uint8_t request[REQUEST_SIZE] = {0};

    name_to_guest(host_name, (char *)request);
    hk_put32(request + AT_VALUE, index);
    return hk_write_user(self, data, request, sizeof(request));
}

static int32_t get_name(const struct hk_thread *self,
                        const uint8_t request[REQUEST_SIZE], gm_addr data)
{
    unsigned index = hk_get32(request + AT_VALUE);
    char host_name[IF_NAMESIZE];

    return if_indextoname(index, host_name) == NULL
               ? HK_B_BAD_VALUE
               : put_identity(self, host_name, index, data);
}

static int32_t ask_one(const struct hk_thread *self, const struct hk_file *file,
                       uint32_t cmd, gm_addr data)
{
    uint8_t request[REQUEST_SIZE];
    const char *host_name;
    unsigned index;

    if (hk_read_user(self, request, data, sizeof(request)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (cmd == GET_NAME)
        return get_name(self, request, data);
    host_name = name_to_host((const char *)request);
    index = if_nametoindex(host_name);
    if (index == 0)
        return HK_B_BAD_VALUE;
    switch (cmd) {
    case GET_INDEX:
        return put_identity(self, host_name, index, data);
    case GET_ADDRESS:
    case GET_DESTINATION:
    case GET_BROADCAST:
    case GET_NETMASK:
        return get_address(self, file, cmd, host_name, data);
    default:
        return get_value(self, file, cmd, host_name, data);
    }
}

int32_t hk_interfaces_ioctl(const struct hk_thread *self,
                            const struct hk_file *file, uint32_t cmd,
                            gm_addr data)
{
    int family = family_of(file);

    if (family != AF_INET && family != AF_INET6)
        return HK_B_BAD_VALUE;
    switch (cmd) {
    case GET_COUNT:
    case GET_LIST:
        return get_all(self, family, cmd, data);
    case GET_ADDRESS:
    case GET_DESTINATION:
    case GET_FLAGS:
    case GET_BROADCAST:
    case GET_INDEX:
    case GET_NAME:
    case GET_NETMASK:
    case GET_METRIC:
    case GET_MTU:
    case GET_TYPE:
        return ask_one(self, file, cmd, data);
    default:
        return HK_B_BAD_VALUE;
    }
}
