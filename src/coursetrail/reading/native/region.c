/* Memory that C fills and Python reads as a buffer.
 *
 * A region that is no longer used is kept for the next one of the same size: fresh pages would cost a third of the
 * time. Only pages that were written to count as memory.
 */
#include "region.h"

#include <string.h>
#include <sys/mman.h>

enum { SPARES = 24, ROUND = 1 << 20 };
static struct { unsigned char *memory; size_t size; } spares[SPARES];
static int oldest;
static PyTypeObject *region_type;

Region *region(size_t size)
{
    Region *made = PyObject_New(Region, region_type);
    if (!made)
        return NULL;
    made->size = (size / ROUND + 1) * ROUND;
    made->memory = NULL;
    for (int i = 0; i < SPARES && !made->memory; i++) {
        if (spares[i].memory && spares[i].size == made->size) {
            made->memory = spares[i].memory;
            spares[i].memory = NULL;
        }
    }
    if (!made->memory) {
        void *mapped = mmap(NULL, made->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) {
            Py_DECREF(made);
            PyErr_NoMemory();
            return NULL;
        }
        made->memory = mapped;
    }
    return made;
}

static void region_dealloc(PyObject *self)
{
    Region *old = (Region *)self;
    freefunc give_back = (freefunc)PyType_GetSlot(region_type, Py_tp_free);
    if (old->memory) {
        int at = oldest;
        for (int i = 0; i < SPARES; i++)
            at = spares[i].memory ? at : i;
        if (spares[at].memory) {
            munmap(spares[at].memory, spares[at].size);
            oldest = (oldest + 1) % SPARES;
        }
        spares[at].memory = old->memory;
        spares[at].size = old->size;
    }
    give_back(self);
    Py_DECREF(region_type);
}

static int region_buffer(PyObject *self, Py_buffer *view, int flags)
{
    Region *mine = (Region *)self;
    return PyBuffer_FillInfo(view, self, mine->memory, (Py_ssize_t)mine->size, 0, flags);
}

static PyType_Slot region_slots[] = {
    {Py_tp_dealloc, region_dealloc},
    {Py_bf_getbuffer, region_buffer},
    {0, NULL},
};

static PyType_Spec region_spec = {
    "coursetrail.reading._scan.Region", sizeof(Region), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    region_slots,
};

/* Called once, before any region is made; 0 with a Python error set if the type cannot be made. */
int prepare_regions(void)
{
    region_type = (PyTypeObject *)PyType_FromSpec(&region_spec);
    return region_type != NULL;
}
