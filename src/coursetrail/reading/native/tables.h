/* Records of a delimited table → lines of JSON. */
#ifndef COURSETRAIL_TABLES_H
#define COURSETRAIL_TABLES_H

#include "columns.h"

enum { MOST_NULLS = 16 };

/* How the records of a delimited table are written. */
typedef struct {
    unsigned char delimiter;
    int backslash, count;                               /* a backslash makes the next byte plain text; number of fields */
    const char *before[MOST_FIELDS];                    /* what stands before each field in its JSON */
    const char *nulls[MOST_NULLS], *header;             /* texts that mean null; the header without its line end */
    ptrdiff_t sizes[MOST_FIELDS], null_sizes[MOST_NULLS], header_size, overhead;
    int null_count;
    At last;                                            /* the end of the file, if the block has it: a CR ends a line there */
} Table;

typedef struct {
    unsigned char *json;
    int32_t *begins;
    uint64_t *hashes;
    size_t rows, physical, size, consumed;              /* physical: lines; a record may hold several */
} Converted;

#pragma GCC visibility push(hidden)

void convert(const Table *table, At begin, At end, int at_end, Converted *made);

#pragma GCC visibility pop
#endif
