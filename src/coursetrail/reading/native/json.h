/* JSON as RFC 8259 defines it: what stands behind a value, a string or a number. Every read is bounded by `end`.
 *
 * A function returns where the reader is afterwards, or NULL where the JSON is malformed. What is called for each value
 * is inline.
 */
#ifndef COURSETRAIL_JSON_H
#define COURSETRAIL_JSON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef const unsigned char *At;

/* Only the module's own functions are visible outside: calls between these files need no table of addresses. */
#pragma GCC visibility push(hidden)

At decimal(At at, At end, double *found, int *exact);
At value(At at, At end, int *lax);
int is_utf8(At at, At end);

static inline At blanks(At at, At end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

/* Which of sixteen bytes end the plain part of a string: quotes, backslashes, control characters. */
static inline unsigned specials(At at)
{
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(31)), bytes));
    return _mm_movemask_epi8(found);
#else
    unsigned found = 0;
    for (int i = 0; i < 16; i++)
        found |= (unsigned)(at[i] == '"' || at[i] == '\\' || at[i] < 32) << i;
    return found;
#endif
}

/* The first quote, backslash or control character. */
static inline At plain(At at, At end)
{
    for (; end - at >= 16; at += 16) {
        unsigned found = specials(at);
        if (found)
            return at + __builtin_ctz(found);
    }
    while (at < end && *at != '"' && *at != '\\' && *at >= 32)
        at++;
    return at;
}

static inline int hex(At at, At end)
{
    int value = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int c = at[i] | 32, digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || (at[i] < '0'))
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Behind an escape that begins at `at` (a backslash); NULL if it is none. */
static inline At escape(At at, At end)
{
    int code;
    if (end - at < 2)
        return NULL;
    switch (at[1]) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return at + 2;
    case 'u':
        code = hex(at + 2, end);
        if (code < 0 || (code >= 0xDC00 && code <= 0xDFFF))
            return NULL;
        if (code < 0xD800 || code > 0xDBFF)
            return at + 6;
        if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
            return NULL;
        code = hex(at + 8, end);
        return code >= 0xDC00 && code <= 0xDFFF ? at + 12 : NULL;
    }
    return NULL;
}

/* The closing quote of a string that begins at `at` (behind its opening quote); NULL if there is none. */
static inline At string(At at, At end, int *escaped)
{
    for (;;) {
        at = plain(at, end);
        if (at >= end || *at < 32)
            return NULL;
        if (*at == '"')
            return at;
        *escaped = 1;
        at = escape(at, end);
        if (!at)
            return NULL;
    }
}

static inline At word(At at, At end, const char *text, ptrdiff_t size)
{
    return end - at >= size && !memcmp(at, text, size) ? at + size : NULL;
}

static inline int equal(At at, At end, const void *other, ptrdiff_t size)
{
    return end - at == size && !memcmp(at, other, size);
}

#pragma GCC visibility pop
#endif
