#include "include/CKernels.h"
typedef int redraw_ckernels_placeholder;
