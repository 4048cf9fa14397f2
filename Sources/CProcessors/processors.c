#define _GNU_SOURCE
#include "include/CProcessors.h"

#if defined(__linux__)
#include <sched.h>
#endif
#include <unistd.h>

int32_t rd_processor_count(void) {
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        int count = CPU_COUNT(&allowed);
        if (count > 0) return count;
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int32_t)online : 1;
}
