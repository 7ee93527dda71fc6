/* Columns of values, which Python sees as Arrow arrays. */
#ifndef COURSETRAIL_COLUMNS_H
#define COURSETRAIL_COLUMNS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

enum { SKIP, TEXT, ANY, JSON, INTEGER, NUMBER, FLAG };  /* what a column holds; scan.py says more */
enum { MOST_FIELDS = 64, FEW_SLOTS = 256 };

typedef struct {
    const char *name;
    ptrdiff_t size;
    uint64_t start, start_mask;                         /* the name's first eight bytes, its closing quote among them */
    int kind, also_in_rest, same;                       /* put into `rest` as well, unless its value is the same */
    const char *unless;                                 /* as this JSON, or as another field */
    ptrdiff_t unless_size;
    At from, to;                                        /* the JSON of its value in the current line */
    unsigned char *bits, *bytes;                        /* which rows hold a value; the text of all rows */
    int32_t *ends;
    int64_t *numbers;
    size_t begin, used;                                 /* where the text of the current row begins and ends */
    int coded;                                          /* each text is stored once, and a row is the number of a text */
    int32_t *codes, words, recent;                      /* recent: the number of the last text */
    uint64_t *slots;                                    /* a text's hash above its number + 1; 0 is empty */
    size_t mask;
} Column;

typedef struct {
    Column columns[MOST_FIELDS];
    int count, last;
} Fields;

#pragma GCC visibility push(hidden)

int prepare_numbers(void);
At put(Column *column, ptrdiff_t row, At at, At end, int *lax);
void undo(Fields *fields, ptrdiff_t row);
void close_row(Fields *fields, ptrdiff_t row);

static inline void hold(Column *column, ptrdiff_t row)
{
    column->bits[row >> 3] |= 1 << (row & 7);
}

static inline void append(Column *column, At at, ptrdiff_t size)
{
    memcpy(column->bytes + column->used, at, size);
    column->used += size;
}

static inline int textual(const Column *column)
{
    return column->kind == TEXT || column->kind == ANY || column->kind == JSON;
}

#pragma GCC visibility pop
#endif
