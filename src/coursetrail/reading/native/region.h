/* Memory that C fills and Python reads as a buffer. */
#ifndef COURSETRAIL_REGION_H
#define COURSETRAIL_REGION_H

#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

typedef struct {
    PyObject_HEAD
    unsigned char *memory;
    size_t size;
} Region;

#pragma GCC visibility push(hidden)

int prepare_regions(void);
Region *region(size_t size);

/* The next `size` bytes of a region; a NULL region only counts them. */
static inline void *piece(Region *region, size_t *used, size_t size)
{
    size_t at = *used;
    *used += (size + 63) / 64 * 64;
    return region ? region->memory + at : NULL;
}

static inline void *zeroed(void *memory, size_t size)
{
    return memory ? memset(memory, 0, size) : NULL;
}

#pragma GCC visibility pop
#endif
