#ifndef CPROCESSORS_H
#define CPROCESSORS_H

#include <stdint.h>

/// The processors this process may run on: those of its affinity, else those that are there. At least 1.
int32_t rd_processor_count(void);

#endif
