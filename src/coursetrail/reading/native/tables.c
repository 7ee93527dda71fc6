/* Records of a delimited table → lines of JSON. What Python sees of it is in tables.py. */
#include "tables.h"

#include <stdio.h>

#include "hash.h"

enum { LONGEST_RECORD = 1 << 20, SHORT_RECORD = 4096, PATIENCE = 16 };

static int ends_line(At at, At end)
{
    return at < end && (*at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n'));
}

/* Behind the record that begins at `at`, and how many fields it has; NULL if `end` comes before its end. A quote opens
 * a field only as its first byte, and closes it only before a delimiter or the end of a line. */
static At record(const Table *table, int backslash, At at, At end, int *count)
{
    *count = 0;
    for (;;) {
        ++*count;
        if (at < end && *at == '"') {
            for (at++;; at++) {
                while (at < end && *at != '"' && !(backslash && *at == '\\'))
                    at++;
                if (end - at < 2)
                    return NULL;
                if (*at == '\\' || at[1] == '"')
                    at++;
                else if (at[1] == table->delimiter || ends_line(at + 1, end))
                    break;
            }
            at++;
        }
        while (at < end && *at != table->delimiter && *at != '\n')
            at += backslash && *at == '\\' && end - at > 1 && at[1] != '\n' ? 2 : 1;
        if (at >= end)
            return NULL;
        if (*at++ == '\n')
            return at;
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
    At end = behind - 1;                                /* its newline */
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

/* All whole records of a block. What is not a record of the table is a line of its own, up to the next newline: a quote
 * that is never closed costs one line. Its JSON is `!` and the number of its fields, 0 for such a quote. Where so much
 * was read without result that the file may be hostile, only short records are looked for. */
void convert(const Table *table, At begin, At end, int at_end, Converted *made)
{
    unsigned char *out = made->json;
    At at = begin;
    ptrdiff_t patience = PATIENCE * (end - begin);
    while (at < end) {
        int count = 0, backslash = table->backslash;
        At behind, from = at, line = memchr(at, '\n', end - at);
        ptrdiff_t longest = patience > 0 ? LONGEST_RECORD : SHORT_RECORD;
        At limit = end - at > longest ? at + longest : end;
        if (!line)
            break;
        line++;
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
        if (line - at == 1 || (line - at == 2 && *at == '\r')
            || (table->header && equal(at, line, table->header, table->header_size))) {
            behind = line;
            *out++ = '\n';
        } else if (!behind || count != table->count) {
            out += sprintf((char *)out, "!%d\n", behind ? count : 0);
            patience -= (behind ? behind : limit) - at;
            behind = line;
        } else {
            out = as_json(table, backslash, from, behind, out);
        }
        made->hashes[made->rows++] = hash(at, behind - at);
        at = behind;
    }
    made->begins[made->rows] = (int32_t)(at - begin);
    made->consumed = at - begin;
    made->size = out - made->json;
}
