/* Lines of JSON → columns of their fields. */
#ifndef COURSETRAIL_SCAN_H
#define COURSETRAIL_SCAN_H

#include "columns.h"

typedef struct {
    Fields fields, nested;
    Column rest, held, strict;                          /* held: which rows hold an inner object; strict: a strict one */
    int inside, where;                                  /* the field that holds JSON as text, and the one that says in which rows */
    const char *when;
    ptrdiff_t when_size;
    int known;
    int32_t *begins;
    unsigned char *states;
    uint64_t *hashes;
} Job;

#pragma GCC visibility push(hidden)

void scan_lines(Job *job, size_t rows, At begin, At end);

#pragma GCC visibility pop
#endif
