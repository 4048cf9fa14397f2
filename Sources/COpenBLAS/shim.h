#ifndef REDRAW_COPENBLAS_SHIM_H
#define REDRAW_COPENBLAS_SHIM_H
#include <cblas.h>
#endif
