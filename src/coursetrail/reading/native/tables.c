/* Records of a delimited table → lines of JSON. What Python sees of it is in tables.py. */
#include "tables.h"

#include <stdio.h>
#include <stdlib.h>

#include "hash.h"

enum { LONGEST_RECORD = 1 << 20, SHORT_RECORD = 4096, PATIENCE = 16 };

/* A line ends in LF, in CR LF, or in CR alone. */
static int ends_line(At at, At end)
{
    return at < end && (*at == '\n' || *at == '\r');
}

/* Behind the line end at `at`; NULL if more bytes must tell whether an LF follows its CR. */
static At behind_end(const Table *table, At at, At end)
{
    if (*at == '\n' || at + 1 == table->last)
        return at + 1;
    if (at + 1 >= end)
        return NULL;
    return at[1] == '\n' ? at + 2 : at + 1;
}

/* The next LF and the next CR, or `end`; each is searched again only once it has been passed. */
typedef struct {
    At newline, cr;
} Ends;

static At behind_line(const Table *table, Ends *next, At at, At end)
{
    if (next->newline < at)
        next->newline = memchr(at, '\n', end - at);
    if (next->cr < at)
        next->cr = memchr(at, '\r', end - at);
    next->newline = next->newline ? next->newline : end;
    next->cr = next->cr ? next->cr : end;
    at = next->newline < next->cr ? next->newline : next->cr;
    return at < end ? behind_end(table, at, end) : NULL;
}

/* Behind the record that begins at `at`, and how many fields it has; NULL if `end` comes before its end. A quote
 * opens a field only as its first byte, and closes it only before a delimiter or the end of a line. Where it runs over
 * the end of a line and then comes to any other quote, it is a stray one: then the number of fields is 0. */
static At record(const Table *table, int backslash, At at, At end, int *count)
{
    *count = 0;
    for (;;) {
        int crossed = 0;
        ++*count;
        if (at < end && *at == '"') {
            for (at++;; at++) {
                while (at < end && *at != '"' && !(backslash && *at == '\\'))
                    crossed |= ends_line(at++, end);
                if (end - at < 2)
                    return NULL;
                if (*at == '\\' || at[1] == '"')
                    at++;
                else if (at[1] == table->delimiter || ends_line(at + 1, end))
                    break;
                else if (crossed) {
                    *count = 0;
                    return at;
                }
            }
            at++;
        }
        while (at < end && *at != table->delimiter && !ends_line(at, end))
            at += backslash && *at == '\\' && end - at > 1 && !ends_line(at + 1, end) ? 2 : 1;
        if (at >= end)
            return NULL;
        if (ends_line(at, end))
            return behind_end(table, at, end);
        at++;
    }
}

static unsigned char *put_byte(unsigned char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    if (byte == '"' || byte == '\\') {
        *out++ = '\\';
    } else if (byte && byte < 32) {                     /* a NUL stays as it is, and makes the line suspect */
        memcpy(out, "\\u00", 4);
        out[4] = digits[byte >> 4];
        out[5] = digits[byte & 15];
        return out + 6;
    }
    *out++ = byte;
    return out;
}

static int is_null(const Table *table, At from, At to)
{
    for (int i = 0; i < table->null_count; i++)
        if (equal(from, to, table->nulls[i], table->null_sizes[i]))
            return 1;
    return 0;
}

/* The record [at, behind), of as many fields as the table has, as a line of JSON. */
static unsigned char *as_json(const Table *table, int backslash, At at, At behind, unsigned char *out)
{
    At end = behind[-1] == '\n' ? behind - 1 : behind;
    if (end > at && end[-1] == '\r')
        end--;
    for (int i = 0; i < table->count; i++, at++) {
        At from, to;
        memcpy(out, table->before[i], table->sizes[i]);
        out += table->sizes[i];
        unsigned char *begin = out;
        *out++ = '"';
        if (at < end && *at == '"') {
            for (from = ++at;;) {
                At run = plain(at, end);
                memcpy(out, at, run - at);
                out += run - at;
                at = run;
                if (at >= end)
                    break;
                if (*at == '"') {
                    if (at + 1 >= end || at[1] == table->delimiter)
                        break;
                    at += at[1] == '"';
                } else if (backslash && *at == '\\' && at + 1 < end) {
                    at++;
                }
                out = put_byte(out, *at++);
            }
            to = at;
            at += at < end;
        } else {
            for (from = at; at < end && *at != table->delimiter; at++) {
                if (backslash && *at == '\\' && at + 1 < end)
                    at++;
                out = put_byte(out, *at);
            }
            to = at;
        }
        if (is_null(table, from, to)) {
            memcpy(begin, "null", 4);
            out = begin + 4;
        } else {
            *out++ = '"';
        }
    }
    *out++ = '}';
    *out++ = '\n';
    return out;
}

/* As if the record ended in LF where it ends in CR alone: a last line without a line end is hashed with an LF too. */
static uint64_t hash_record(At at, At behind)
{
    size_t size = behind - at;
    unsigned char *copy = behind[-1] == '\r' ? malloc(size) : NULL;
    if (!copy)
        return hash(at, size);
    memcpy(copy, at, size);
    copy[size - 1] = '\n';
    uint64_t found = hash(copy, size);
    free(copy);
    return found;
}

static int is_header(const Table *table, At at, At end)
{
    return table->header && word(at, end, table->header, table->header_size)
        && ends_line(at + table->header_size, end);
}

/* All whole records of a block. What is not a record of the table is a line of its own, up to the next line end: a quote
 * that is never closed costs one line. Its JSON is `!` and the number of its fields, 0 for such a quote; that of the
 * header is `#`. Where so much was read without result that the file may be hostile, only short records are looked for. */
void convert(const Table *table, At begin, At end, int at_end, Converted *made)
{
    unsigned char *out = made->json;
    At at = begin;
    Ends next = {NULL, NULL};
    ptrdiff_t patience = PATIENCE * (end - begin);
    while (at < end) {
        int count = 0, backslash = table->backslash;
        At behind, from = at, line = behind_line(table, &next, at, end);
        ptrdiff_t longest = patience > 0 ? LONGEST_RECORD : SHORT_RECORD;
        At limit = end - at > longest ? at + longest : end;
        if (!line)
            break;
        if (line > limit)
            limit = line;
        if (word(at, end, "\xEF\xBB\xBF", 3))
            from += 3;
        behind = record(table, backslash, from, limit, &count);
        if (!behind && !at_end && limit == end)
            break;
        if (!behind || count != table->count) {         /* programs that save such a file again write it so */
            int other = 0;
            At found = record(table, !backslash, from, limit, &other);
            if (!found && !at_end && limit == end)
                break;
            if (found && other == table->count) {
                behind = found;
                count = other;
                backslash = !backslash;
            }
        }
        made->begins[made->rows] = (int32_t)(at - begin);
        if (ends_line(at, end)) {
            behind = line;
            *out++ = '\n';
        } else if (is_header(table, from, end)) {
            behind = line;
            *out++ = '#';
            *out++ = '\n';
        } else if (!behind || count != table->count) {
            out += sprintf((char *)out, "!%d\n", behind ? count : 0);
            patience -= (behind ? behind : limit) - at;
            behind = line;
        } else {
            out = as_json(table, backslash, from, behind, out);
            for (At inside = line; inside < behind; made->physical++)
                inside = behind_line(table, &next, inside, end);
        }
        made->physical++;
        made->hashes[made->rows++] = hash_record(at, behind);
        at = behind;
    }
    made->begins[made->rows] = (int32_t)(at - begin);
    made->consumed = at - begin;
    made->size = out - made->json;
}
