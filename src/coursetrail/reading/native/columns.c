/* Columns of values: JSON is turned into text or numbers, and equal texts of a column may be stored once. */
#define _GNU_SOURCE /* strtod_l */
#include "columns.h"

#include <locale.h>
#include <stdlib.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#include "hash.h"

enum { LONGEST_NUMBER = 400 };

static unsigned char *utf8(unsigned char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = code;
    } else if (code < 0x800) {
        *out++ = 0xC0 | code >> 6;
        *out++ = 0x80 | (code & 63);
    } else if (code < 0x10000) {
        *out++ = 0xE0 | code >> 12;
        *out++ = 0x80 | (code >> 6 & 63);
        *out++ = 0x80 | (code & 63);
    } else {
        *out++ = 0xF0 | code >> 18;
        *out++ = 0x80 | (code >> 12 & 63);
        *out++ = 0x80 | (code >> 6 & 63);
        *out++ = 0x80 | (code & 63);
    }
    return out;
}

/* Copies the text of a string that begins at `at` (behind its opening quote) to `*out`. Behind its closing quote,
 * with `*out` behind the text, or NULL. Text is never longer than its JSON, so sixteen bytes at a time fit. */
static At take(At at, At end, unsigned char **out)
{
    static const unsigned char simple[256] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
    };
    unsigned char *to = *out;
    for (;;) {
        unsigned found = 0;
        for (; end - at >= 16; at += 16, to += 16) {
            memcpy(to, at, 16);
            found = specials(at);
            if (found)
                break;
        }
        if (found) {
            int size = __builtin_ctz(found);
            at += size;
            to += size;
        } else {
            while (at < end && *at != '"' && *at != '\\' && *at >= 32)
                *to++ = *at++;
        }
        if (at >= end || *at < 32)
            return NULL;
        if (*at == '"') {
            *out = to;
            return at + 1;
        }
        if (end - at >= 2 && simple[at[1]]) {
            *to++ = simple[at[1]];
            at += 2;
            continue;
        }
        At behind = escape(at, end);
        if (!behind)
            return NULL;
        unsigned code = hex(at + 2, end);
        if (behind - at == 12)
            code = 0x10000 + ((code - 0xD800) << 10) + (hex(at + 8, end) - 0xDC00);
        to = utf8(to, code);
        at = behind;
    }
}

static locale_t c_locale;

/* Called once, before any number is read; 0 if the C locale cannot be had. */
int prepare_numbers(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale != (locale_t)0;
}

/* The double nearest to the JSON number in [at, end); 0 if there is none that is finite. */
static int as_double(At at, At end, int64_t *bits)
{
    char copy[LONGEST_NUMBER + 1], *stop;
    double found;
    int exact = 0;
    if (decimal(at, end, &found, &exact) != end)
        return 0;
    if (!exact) {
        if (end - at > LONGEST_NUMBER)
            return 0;
        memcpy(copy, at, end - at);
        copy[end - at] = 0;
        found = strtod_l(copy, &stop, c_locale);
        if (*stop || found - found != 0)
            return 0;
    }
    memcpy(bits, &found, 8);
    return 1;
}

static int as_integer(At at, At end, int64_t *found)
{
    At from = at + (at < end && *at == '-');
    int64_t sum = 0;
    if (end - from > 18 || end == from)
        return 0;
    for (At p = from; p < end; p++) {
        if (*p < '0' || *p > '9')
            return 0;
        sum = sum * 10 + (*p - '0');
    }
    *found = from > at ? -sum : sum;
    return 1;
}

/* Put the value that begins at `at` into its column. Behind it, or NULL: it is malformed, or of the wrong kind. */
At put(Column *column, ptrdiff_t row, At at, At end, int *lax)
{
    int text = *at == '"', null = *at == 'n';
    At behind;
    if (text && (column->kind == TEXT || column->kind == ANY)) {
        unsigned char *out = column->bytes + column->used;
        behind = take(at + 1, end, &out);
        column->used = out - column->bytes;
        if (behind)
            hold(column, row);
        return behind;
    }
    if (column->kind == NUMBER && (*at == '-' || (*at >= '0' && *at <= '9'))) {
        double found;
        int exact = 0;
        behind = decimal(at, end, &found, &exact);
        if (behind && exact) {
            memcpy(column->numbers + row, &found, 8);
            hold(column, row);
            return behind;
        }
    }
    behind = value(at, end, lax);
    if (!behind || column->kind == SKIP || (null && column->kind != JSON))
        return behind;
    switch (column->kind) {
    case INTEGER:
        if (!as_integer(at, behind, column->numbers + row))
            return NULL;
        break;
    case NUMBER:
        if (*at == 't' || *at == 'f' || *at == '{' || *at == '['
            || !as_double(at + text, behind - text, column->numbers + row))
            return behind;
        break;
    case TEXT:
        return NULL;
    default:
        append(column, at, behind - at);
    }
    hold(column, row);
    return behind;
}

void undo(Fields *fields, ptrdiff_t row)
{
    for (int i = 0; i < fields->count; i++) {
        Column *column = fields->columns + i;
        if (column->kind == SKIP)
            continue;
        column->bits[row >> 3] &= ~(1 << (row & 7));
        if (textual(column))
            column->used = column->begin;
    }
}

/* An empty slot for a text of that hash and number. */
static void seat(Column *column, uint64_t hashed, int32_t number)
{
    size_t at = hashed & column->mask;
    while (column->slots[at])
        at = (at + 1) & column->mask;
    column->slots[at] = (hashed & ~(uint64_t)UINT32_MAX) | (uint32_t)(number + 1);
}

/* More slots for as many texts again: they begin few, to stay in the processor's cache. */
static void more_slots(Column *column)
{
    column->mask = 2 * column->mask + 1;
    memset(column->slots, 0, 8 * (column->mask + 1));
    for (int32_t i = 0; i < column->words; i++)
        seat(column, hash(column->bytes + column->ends[i], column->ends[i + 1] - column->ends[i]), i);
}

static inline int is_text(const Column *column, int32_t number, At text, size_t size)
{
    return (size_t)(column->ends[number + 1] - column->ends[number]) == size
        && !memcmp(column->bytes + column->ends[number], text, size);
}

/* The number of the text at the end of a column, which stays there only if it is new. Half of the slots are empty. */
static int32_t code(Column *column)
{
    At text = column->bytes + column->begin;
    size_t size = column->used - column->begin;
    if (column->words && is_text(column, column->recent, text, size)) {  /* consecutive lines are mostly of one learner */
        column->used = column->begin;
        return column->recent;
    }
    uint64_t hashed = hash(text, size);
    for (size_t at = hashed & column->mask; column->slots[at]; at = (at + 1) & column->mask) {
        int32_t number = (int32_t)(uint32_t)column->slots[at] - 1;
        if ((column->slots[at] ^ hashed) >> 32 == 0 && is_text(column, number, text, size)) {
            column->used = column->begin;
            return column->recent = number;
        }
    }
    if (2 * (size_t)column->words >= column->mask)
        more_slots(column);
    seat(column, hashed, column->words);
    column->begin = column->used;
    column->ends[++column->words] = (int32_t)column->used;
    return column->recent = column->words - 1;
}

void close_row(Fields *fields, ptrdiff_t row)
{
    for (int i = 0; i < fields->count; i++) {
        Column *column = fields->columns + i;
        if (!textual(column))
            continue;
        if (column->coded) {
            column->codes[row] = column->bits[row >> 3] >> (row & 7) & 1 ? code(column) : 0;
        } else {
            column->ends[row + 1] = (int32_t)column->used;
            column->begin = column->used;
        }
    }
}
