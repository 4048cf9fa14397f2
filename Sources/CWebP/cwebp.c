#include "include/CWebP.h"
typedef int redraw_cwebp_placeholder;
