#include "include/CPNG.h"
typedef int redraw_cpng_placeholder;
