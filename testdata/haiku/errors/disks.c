/* disks.c -- how calls of disks and partitions fail where there are none. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { PATH_LENGTH = 1024, NAME_LENGTH = 256, PARAMETERS_LENGTH = 32 * 1024 };

static int32_t counter, other, size;
static char path[PATH_LENGTH + 1], name[NAME_LENGTH + 1]; /* too long */
static char parameters[PARAMETERS_LENGTH + 1];

static void finding(void)
{
    FAILS(B_ENTRY_NOT_FOUND, get_next_disk_device_id, &counter, &size);
    FAILS(B_BAD_VALUE, get_next_disk_device_id, (void *)0, &size);
    FAILS(B_BAD_ADDRESS, get_next_disk_device_id, BAD_POINTER, &size);
    FAILS(B_ENTRY_NOT_FOUND, find_disk_device, "/dev/disk/raw", &size);
    FAILS(B_BAD_VALUE, find_disk_device, (void *)0, &size);
    FAILS(B_BAD_ADDRESS, find_disk_device, KERNEL_POINTER, &size);
    FAILS(B_BUFFER_OVERFLOW, find_disk_device, path, &size);
    FAILS(B_ENTRY_NOT_FOUND, find_partition, "/dev/disk/raw", &size);
    FAILS(B_BAD_VALUE, find_partition, (void *)0, &size);
    FAILS(B_BAD_ADDRESS, find_partition, KERNEL_POINTER, &size);
    FAILS(B_BUFFER_OVERFLOW, find_partition, path, &size);
    FAILS(B_ENTRY_NOT_FOUND, find_file_disk_device, "/boot/image", &size);
    FAILS(B_BAD_VALUE, find_file_disk_device, (void *)0, &size);
    FAILS(B_BAD_ADDRESS, find_file_disk_device, KERNEL_POINTER, &size);
    FAILS(B_BUFFER_OVERFLOW, find_file_disk_device, path, &size);
    FAILS(B_ENTRY_NOT_FOUND, get_disk_device_data, 1, 1, path, 64, &size);
    FAILS(B_BAD_VALUE, get_disk_device_data, 1, 1, (void *)0, 64, &size);
}

static char system_name[1024 + 1];

static void disk_systems(void)
{
    FAILS(B_ENTRY_NOT_FOUND, get_disk_system_info, 1, &other);
    FAILS(B_BAD_VALUE, get_disk_system_info, 1, (void *)0);
    FAILS(B_ENTRY_NOT_FOUND, get_next_disk_system_info, &counter, &other);
    FAILS(B_BAD_VALUE, get_next_disk_system_info, KERNEL_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, get_next_disk_system_info, (void *)0, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, get_next_disk_system_info, (void *)0, &other);
    FAILS(B_BAD_ADDRESS, get_next_disk_system_info, BAD_POINTER, &other);
    FAILS(B_ENTRY_NOT_FOUND, find_disk_system, "bfs", &other);
    FAILS(B_BAD_VALUE, find_disk_system, (void *)0, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, find_disk_system, KERNEL_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, find_disk_system, "bfs", KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, find_disk_system, BAD_POINTER, &other);
    FAILS(B_NAME_TOO_LONG, find_disk_system, system_name, &other);
    CHECK(counter == 0);
}

static void file_devices(void)
{
    FAILS(B_ENTRY_NOT_FOUND, unregister_file_device, 3, (void *)0);
    FAILS(B_ENTRY_NOT_FOUND, unregister_file_device, -1, "/boot/image");
    FAILS(B_BAD_VALUE, unregister_file_device, -1, (void *)0);
    FAILS(B_BAD_ADDRESS, unregister_file_device, -1, BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, unregister_file_device, -1, path);
    FAILS(B_ERROR, get_file_disk_device_path, 1, path, 64);
    FAILS(B_BAD_VALUE, get_file_disk_device_path, -1, path, 64);
    FAILS(B_BAD_VALUE, get_file_disk_device_path, 1, (void *)0, 64);
    FAILS(B_BAD_VALUE, get_file_disk_device_path, 1, path, 0);
    FAILS(B_BAD_ADDRESS, get_file_disk_device_path, 1, KERNEL_POINTER, 64);
}

/* A partition that is not there; no counter of changes; one at a bad address.
 */
static void whole_partitions(void)
{
    FAILS(B_ENTRY_NOT_FOUND, defragment_partition, 1, &counter);
    FAILS(B_BAD_VALUE, defragment_partition, 1, (void *)0);
    FAILS(B_BAD_ADDRESS, defragment_partition, 1, BAD_POINTER);
    FAILS(B_ENTRY_NOT_FOUND, repair_partition, 1, &counter, 0);
    FAILS(B_BAD_VALUE, repair_partition, 1, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, repair_partition, 1, BAD_POINTER, 0);
    FAILS(B_ENTRY_NOT_FOUND, resize_partition, 1, &counter, 2, &other, 0LL,
          0LL);
    FAILS(B_BAD_VALUE, resize_partition, 1, (void *)0, 2, &other, 0LL, 0LL);
    FAILS(B_BAD_VALUE, resize_partition, 1, &counter, 2, (void *)0, 0LL, 0LL);
    FAILS(B_BAD_ADDRESS, resize_partition, 1, BAD_POINTER, 2, (void *)0, 0LL,
          0LL);
    FAILS(B_BAD_VALUE, move_partition, 1, &counter, 2, &other, 0LL, (void *)0,
          (void *)0, 0);
    FAILS(B_ENTRY_NOT_FOUND, uninitialize_partition, 1, &counter, 2, &other);
    FAILS(B_ENTRY_NOT_FOUND, uninitialize_partition, 1, &counter, -1,
          (void *)0);
    FAILS(B_BAD_VALUE, uninitialize_partition, 1, (void *)0, 2, &other);
    FAILS(B_BAD_VALUE, uninitialize_partition, 1, &counter, 2, (void *)0);
    FAILS(B_BAD_ADDRESS, uninitialize_partition, 1, &counter, 2, BAD_POINTER);
    FAILS(B_ENTRY_NOT_FOUND, delete_child_partition, 1, &counter, 2, 3);
    FAILS(B_BAD_VALUE, delete_child_partition, 1, (void *)0, 2, 3);
    FAILS(B_BAD_ADDRESS, delete_child_partition, 1, BAD_POINTER, 2, 3);
}

/* The string is looked at before the counters. */
static void described_partitions(void)
{
    FAILS(B_ENTRY_NOT_FOUND, set_partition_name, 1, &counter, 2, &other, "n");
    FAILS(B_BAD_VALUE, set_partition_name, 1, &counter, 2, &other, (void *)0);
    FAILS(B_BAD_VALUE, set_partition_name, 1, &counter, 2, (void *)0, "n");
    FAILS(B_BAD_ADDRESS, set_partition_name, 1, (void *)0, 2, &other,
          BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, set_partition_name, 1, (void *)0, 2, &other, name);
    FAILS(B_ENTRY_NOT_FOUND, set_partition_content_name, 1, &counter, "n");
    FAILS(B_ENTRY_NOT_FOUND, set_partition_content_name, 1, &counter,
          (void *)0);
    FAILS(B_BAD_VALUE, set_partition_content_name, 1, (void *)0, "n");
    FAILS(B_BAD_ADDRESS, set_partition_content_name, 1, (void *)0, BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, set_partition_content_name, 1, (void *)0, name);
    FAILS(B_ENTRY_NOT_FOUND, set_partition_type, 1, &counter, 2, &other, "t");
    FAILS(B_BAD_VALUE, set_partition_type, 1, &counter, 2, &other, (void *)0);
    FAILS(B_BAD_ADDRESS, set_partition_type, 1, (void *)0, 2, &other,
          BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, set_partition_type, 1, (void *)0, 2, &other, name);
    FAILS(B_ENTRY_NOT_FOUND, set_partition_parameters, 1, &counter, 2, &other,
          (void *)0);
    FAILS(B_BAD_VALUE, set_partition_parameters, 1, (void *)0, 2, &other, "p");
    FAILS(B_BAD_ADDRESS, set_partition_parameters, 1, (void *)0, 2, &other,
          BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, set_partition_parameters, 1, (void *)0, 2, &other,
          parameters);
    FAILS(B_ENTRY_NOT_FOUND, set_partition_content_parameters, 1, &counter,
          "p");
    FAILS(B_BAD_VALUE, set_partition_content_parameters, 1, (void *)0, "p");
    FAILS(B_BAD_ADDRESS, set_partition_content_parameters, 1, (void *)0,
          BAD_POINTER);
    FAILS(B_BUFFER_OVERFLOW, set_partition_content_parameters, 1, (void *)0,
          parameters);
}

static void new_partitions(void)
{
    FAILS(B_ENTRY_NOT_FOUND, initialize_partition, 1, &counter, "bfs", "n",
          "p");
    FAILS(B_BAD_VALUE, initialize_partition, 1, &counter, (void *)0, "n", "p");
    FAILS(B_BAD_VALUE, initialize_partition, 1, (void *)0, "bfs", "n", "p");
    FAILS(B_BAD_ADDRESS, initialize_partition, 1, (void *)0, "bfs", BAD_POINTER,
          "p");
    FAILS(B_BUFFER_OVERFLOW, initialize_partition, 1, (void *)0, "bfs", name,
          "p");
    FAILS(B_BUFFER_OVERFLOW, initialize_partition, 1, (void *)0, path, "n",
          "p");
    FAILS(B_ENTRY_NOT_FOUND, create_child_partition, 1, &counter, 0LL, 0LL, "t",
          "n", "p", &other, &other);
    FAILS(B_BAD_VALUE, create_child_partition, 1, &counter, 0LL, 0LL, (void *)0,
          "n", "p", &other, &other);
    FAILS(B_BAD_VALUE, create_child_partition, 1, (void *)0, 0LL, 0LL, "t", "n",
          "p", &other, &other);
    FAILS(B_BAD_ADDRESS, create_child_partition, 1, (void *)0, 0LL, 0LL, "t",
          "n", BAD_POINTER, &other, &other);
    FAILS(B_BUFFER_OVERFLOW, create_child_partition, 1, (void *)0, 0LL, 0LL,
          name, "n", "p", &other, &other);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    memset(path, 'p', sizeof(path) - 1);
    memset(name, 'n', sizeof(name) - 1);
    memset(parameters, 'p', sizeof(parameters) - 1);
    memset(system_name, 's', sizeof(system_name) - 1);
    finding();
    disk_systems();
    file_devices();
    whole_partitions();
    described_partitions();
    new_partitions();
    FAILS(B_ENTRY_NOT_FOUND, stop_watching_disks, 5, 77);
    print("errors checked\n");
    return 0;
}
