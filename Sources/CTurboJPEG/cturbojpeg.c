#include "include/CTurboJPEG.h"
typedef int redraw_cturbojpeg_placeholder;
