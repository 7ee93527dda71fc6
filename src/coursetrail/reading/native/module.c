/* The extension module coursetrail.reading._scan: arguments from Python, memory for the results, results to Python. */
#include "region.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "scan.h"
#include "tables.h"

_Static_assert(sizeof(ptrdiff_t) == sizeof(Py_ssize_t), "sizes are passed to Python as they are");

enum { SMALLEST_TABLE = 64 << 20 };

static void room(Column *column, Region *region, size_t *used, size_t rows, size_t size)
{
    if (column->kind == SKIP)
        return;
    column->bits = zeroed(piece(region, used, rows / 8 + 1), rows / 8 + 1);
    if (textual(column)) {
        column->ends = zeroed(piece(region, used, 4 * (rows + 1)), 4);
        column->bytes = piece(region, used, size);
        if (column->coded) {
            size_t slots = FEW_SLOTS;
            while (slots < 4 * rows)
                slots *= 2;
            column->mask = FEW_SLOTS - 1;
            column->codes = piece(region, used, 4 * rows);
            column->slots = zeroed(piece(region, used, 8 * slots), 8 * FEW_SLOTS);
        }
    } else if (column->kind != FLAG) {
        column->numbers = piece(region, used, 8 * rows);
    }
}

static void all_room(Job *job, Region *region, size_t *used, size_t rows, size_t size)
{
    for (int i = 0; i < job->fields.count; i++)
        room(job->fields.columns + i, region, used, rows, size);
    for (int i = 0; i < job->nested.count; i++)
        room(job->nested.columns + i, region, used, rows, size);
    room(&job->rest, region, used, rows, size);
    room(&job->held, region, used, rows, size);
    room(&job->strict, region, used, rows, size);
    job->begins = piece(region, used, 4 * (rows + 1));
    job->states = piece(region, used, rows);
    job->hashes = piece(region, used, 8 * rows);
}

/* Where in the region a column's (valid, values, data) begin and how long its data is; where the numbers of its
 * texts begin (0: it has none), and how many texts. None if it is skipped. */
static PyObject *given(Column *column, Region *region)
{
    unsigned char *values = textual(column) ? (unsigned char *)column->ends : (unsigned char *)column->numbers;
    if (column->kind == SKIP)
        Py_RETURN_NONE;
    return Py_BuildValue("nnnnni", (Py_ssize_t)(column->bits - region->memory),
                         (Py_ssize_t)(values ? values - region->memory : 0),
                         (Py_ssize_t)(column->bytes ? column->bytes - region->memory : 0), (Py_ssize_t)column->used,
                         (Py_ssize_t)(column->codes ? (unsigned char *)column->codes - region->memory : 0), column->words);
}

static PyObject *all_given(Fields *fields, Region *region)
{
    PyObject *made = PyList_New(fields->count);
    for (int i = 0; made && i < fields->count; i++) {
        PyObject *one = given(fields->columns + i, region);
        if (!one || PyList_SetItem(made, i, one))
            Py_CLEAR(made);
    }
    return made;
}

/* From ((name, kind, coded, also in rest, unless, same), …); the names stay owned by the tuple. */
static int described(Fields *fields, PyObject *tuple)
{
    Py_ssize_t count = PyTuple_Size(tuple);
    if (count < 0)
        return 0;
    if (count > MOST_FIELDS) {
        PyErr_Format(PyExc_ValueError, "at most %d fields can be read", MOST_FIELDS);
        return 0;
    }
    fields->count = (int)count;
    for (int i = 0; i < fields->count; i++) {
        Column *column = fields->columns + i;
        if (!PyArg_ParseTuple(PyTuple_GetItem(tuple, i), "s#iiis#i", &column->name, &column->size, &column->kind,
                              &column->coded, &column->also_in_rest, &column->unless, &column->unless_size, &column->same))
            return 0;
        if (column->same >= fields->count || column->kind < SKIP || column->kind > NUMBER) {
            PyErr_SetString(PyExc_ValueError, "no such field or kind");
            return 0;
        }
        unsigned char start[8] = {0}, mask[8] = {0};
        for (int at = 0; at < 8 && at <= column->size; at++) {
            start[at] = at < column->size ? (unsigned char)column->name[at] : '"';
            mask[at] = 0xFF;
        }
        memcpy(&column->start, start, 8);
        memcpy(&column->start_mask, mask, 8);
    }
    return 1;
}

static PyObject *scan(PyObject *module, PyObject *arguments)
{
    Py_buffer block = {0};
    PyObject *fields, *nested, *answer = NULL;
    Region *found = NULL;
    size_t rows = 0, needed = 0, used = 0;
    Job *job = calloc(1, sizeof(Job));
    (void)module;
    if (!job)
        return PyErr_NoMemory();
    if (!PyArg_ParseTuple(arguments, "y*O!O!iis#ip", &block, &PyTuple_Type, &fields, &PyTuple_Type, &nested,
                          &job->inside, &job->where, &job->when, &job->when_size, &job->rest.kind, &job->known))
        goto done;
    At begin = block.buf, end = begin + block.len;
    if (block.len > INT32_MAX || (block.len && end[-1] != '\n')) {
        PyErr_SetString(PyExc_ValueError, "a block is less than 2 GiB of whole lines");
        goto done;
    }
    if (!described(&job->fields, fields) || !described(&job->nested, nested))
        goto done;
    if (job->inside >= job->fields.count || job->where >= job->fields.count
        || (job->inside >= 0 && job->fields.columns[job->inside].kind != ANY)
        || (job->where >= 0 && job->fields.columns[job->where].kind != TEXT)) {
        PyErr_SetString(PyExc_ValueError, "the nested object is a field of ANY, and the field that says so is one of TEXT");
        goto done;
    }
    Py_BEGIN_ALLOW_THREADS
    for (At at = begin; at < end; rows++)
        at = (At)memchr(at, '\n', end - at) + 1;
    Py_END_ALLOW_THREADS
    job->rest.kind = job->rest.kind ? JSON : SKIP;
    job->held.kind = job->strict.kind = FLAG;
    all_room(job, NULL, &needed, rows, block.len);
    found = region(needed);
    if (!found)
        goto done;
    Py_BEGIN_ALLOW_THREADS
    all_room(job, found, &used, rows, block.len);
    scan_lines(job, rows, begin, end);
    Py_END_ALLOW_THREADS
    answer = Py_BuildValue("OnnnnNNNNN", found, (Py_ssize_t)rows, (Py_ssize_t)((unsigned char *)job->begins - found->memory),
                           (Py_ssize_t)(job->states - found->memory),
                           (Py_ssize_t)((unsigned char *)job->hashes - found->memory),
                           all_given(&job->fields, found), all_given(&job->nested, found), given(&job->held, found),
                           given(&job->strict, found), given(&job->rest, found));
done:
    Py_XDECREF((PyObject *)found);
    if (block.obj)
        PyBuffer_Release(&block);
    free(job);
    return answer;
}

/* From (bytes, …): where each is and how long; how many there are, or -1. The bytes stay owned by the tuple. */
static int texts(PyObject *tuple, const char **at, Py_ssize_t *sizes, int most)
{
    Py_ssize_t count = PyTuple_Size(tuple);
    if (count > most) {
        PyErr_Format(PyExc_ValueError, "at most %d of them can be read", most);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        char *found;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(tuple, i), &found, sizes + i))
            return -1;
        at[i] = found;
    }
    return (int)count;
}

static PyObject *records(PyObject *module, PyObject *arguments)
{
    Py_buffer block = {0};
    PyObject *before, *nulls, *answer = NULL;
    Region *found = NULL;
    Converted made = {0};
    Table table = {0};
    size_t newlines = 0, used = 0, room;
    int at_end;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*pcpO!O!z#", &block, &at_end, &table.delimiter, &table.backslash, &PyTuple_Type,
                          &before, &PyTuple_Type, &nulls, &table.header, &table.header_size))
        return NULL;
    table.count = texts(before, table.before, table.sizes, MOST_FIELDS);
    table.null_count = texts(nulls, table.nulls, table.null_sizes, MOST_NULLS);
    if (table.count < 0 || table.null_count < 0)
        goto done;
    if (block.len > INT32_MAX / 8 || !table.count) {
        PyErr_SetString(PyExc_ValueError, "a block is less than 256 MiB, and a table has fields");
        goto done;
    }
    At begin = block.buf, end = begin + block.len;
    table.last = at_end ? end : NULL;
    Py_BEGIN_ALLOW_THREADS
    for (int i = 0; i < 2; i++)
        for (At at = begin; at < end && (at = memchr(at, "\r\n"[i], end - at)); at++)
            newlines++;
    Py_END_ALLOW_THREADS
    for (int i = 0; i < table.count; i++)
        table.overhead += table.sizes[i] + 4;
    /* A byte becomes six at most; a record has a byte for each of its fields at least; `!` and a number are short. */
    room = 6 * (size_t)block.len + ((size_t)block.len / table.count + 1) * (table.overhead + 2) + 16 * newlines + 64;
    room = (room / SMALLEST_TABLE + 1) * SMALLEST_TABLE;
    found = region(room + 12 * newlines + 256);
    if (!found)
        goto done;
    made.json = piece(found, &used, room);
    made.begins = piece(found, &used, 4 * (newlines + 1));
    made.hashes = piece(found, &used, 8 * newlines);
    Py_BEGIN_ALLOW_THREADS
    convert(&table, begin, end, at_end, &made);
    Py_END_ALLOW_THREADS
    answer = Py_BuildValue("Onnnnnn", found, (Py_ssize_t)made.size, (Py_ssize_t)made.rows, (Py_ssize_t)made.physical,
                           (Py_ssize_t)made.consumed,
                           (Py_ssize_t)((unsigned char *)made.begins - found->memory),
                           (Py_ssize_t)((unsigned char *)made.hashes - found->memory));
done:
    Py_XDECREF((PyObject *)found);
    PyBuffer_Release(&block);
    return answer;
}

static PyObject *hashes(PyObject *module, PyObject *argument)
{
    Py_buffer block;
    size_t rows = 0;
    PyObject *made = NULL;
    (void)module;
    if (PyObject_GetBuffer(argument, &block, PyBUF_SIMPLE))
        return NULL;
    At begin = block.buf, end = begin + block.len, at = begin;
    for (At found; at < end && (found = memchr(at, '\n', end - at)); at = found + 1)
        rows++;
    made = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(8 * rows));
    if (made) {
        char *out = PyBytes_AsString(made);
        Py_BEGIN_ALLOW_THREADS
        at = begin;
        for (size_t row = 0; row < rows; row++) {
            At behind = (At)memchr(at, '\n', end - at) + 1;
            uint64_t found = hash(at, behind - at);
            memcpy(out + 8 * row, &found, 8);
            at = behind;
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&block);
    return made;
}

static PyObject *space(PyObject *module, PyObject *argument)
{
    size_t size = PyLong_AsSize_t(argument);
    (void)module;
    return PyErr_Occurred() ? NULL : (PyObject *)region(size);
}

static PyObject *tally(PyObject *module, PyObject *argument)
{
    Py_buffer block;
    Py_ssize_t count = 0;
    (void)module;
    if (PyObject_GetBuffer(argument, &block, PyBUF_SIMPLE))
        return NULL;
    At begin = block.buf, end = begin + block.len, at = begin;
    Py_BEGIN_ALLOW_THREADS
    for (At found; at < end && (found = memchr(at, '\n', end - at)); at = found + 1)
        count++;
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&block);
    return Py_BuildValue("nn", count, (Py_ssize_t)(at - begin));
}

static PyMethodDef functions[] = {
    {"scan", scan, METH_VARARGS, "scan(block, fields, nested, inside, where, when, known): see scan.py."},
    {"hashes", hashes, METH_O, "hashes(block) -> of each line that has a newline, eight bytes, as scan gives them."},
    {"records", records, METH_VARARGS, "records(block, at_end, delimiter, backslash, before, nulls, header): see tables.py."},
    {"space", space, METH_O, "space(size) -> a writable buffer of at least that many bytes, not cleared."},
    {"tally", tally, METH_O, "tally(block) -> (newlines, bytes up to the last of them)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_scan", "Lines of JSON into columns; see scan.py.", 0, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__scan(void)
{
    PyObject *module;
    if (!prepare_numbers())
        return PyErr_NoMemory();
    module = prepare_regions() ? PyModule_Create(&definition) : NULL;
    if (module && (PyModule_AddIntMacro(module, SKIP) || PyModule_AddIntMacro(module, TEXT)
                   || PyModule_AddIntMacro(module, ANY) || PyModule_AddIntMacro(module, JSON)
                   || PyModule_AddIntMacro(module, INTEGER) || PyModule_AddIntMacro(module, NUMBER)))
        Py_CLEAR(module);
    return module;
}
