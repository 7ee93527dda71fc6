/* Lines of JSON → columns of their fields, and records of tables → lines of JSON, at the speed of memory. What Python sees of it is in scan.py.
 *
 * The scanner is strict: it accepts what RFC 8259 accepts, in valid UTF-8, without lone surrogates, without a
 * backslash in a field's name and without a known field that comes twice. Any other line is doubtful: it gets a
 * mark instead of values, and Python looks at it. So a doubt costs time, never an answer.
 *
 * Every read is bounded by the end of the line, and every column has room for the whole block: a value is
 * never longer than the JSON it comes from.
 */
#define Py_LIMITED_API 0x030b0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef __APPLE__
#include <xlocale.h>
#endif

typedef const unsigned char *At;

enum { SKIP, TEXT, ANY, JSON, INTEGER, NUMBER, FLAG };  /* what a column holds; scan.py says more */
enum { SOUND, DOUBTFUL };
enum { MOST_FIELDS = 64, DEEPEST = 4096, MOST_UNKNOWN = 64, LONGEST_NUMBER = 400, FEW_SLOTS = 256 };
enum { MOST_NULLS = 16, LONGEST_RECORD = 1 << 20, SHORT_RECORD = 4096, PATIENCE = 16, SMALLEST_TABLE = 64 << 20 };

typedef struct {
    const char *name;
    Py_ssize_t size;
    uint64_t start, start_mask;                         /* the name's first eight bytes, its closing quote among them */
    int kind, kept, same;                               /* kept: put into `rest` as well, unless it says the same */
    const char *unless;                                 /* as this JSON, or as another field */
    Py_ssize_t unless_size;
    At from, to;                                        /* the JSON of its value in the line at hand */
    unsigned char *bits, *bytes;                        /* which rows hold a value; the text of them all */
    int32_t *ends;
    int64_t *numbers;
    size_t begin, used;                                 /* where the text of the row at hand begins and ends */
    int coded;                                          /* each text is stored once, and rows are numbers of texts */
    int32_t *codes, words, recent;                      /* the number that a text had last */
    uint64_t *slots;                                    /* a text's hash above its number + 1; 0 is empty */
    size_t mask;
} Column;

typedef struct {
    Column columns[MOST_FIELDS];
    int count, last;
} Fields;

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static At blanks(At at, At end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static int hex(At at, At end)
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

/* Behind an escape that begins at `at` (a backslash); NULL if it is none. */
static At escape(At at, At end)
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
static At string(At at, At end, int *escaped)
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

/* Behind a number; `found`, if not NULL, gets its value where it is a plain decimal of up to 15 digits, and is exact.
 * `exact` says whether it did. */
static At decimal(At at, At end, double *found, int *exact)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    int minus = at < end && *at == '-';
    uint64_t mantissa = 0;
    At from, point = NULL;
    at += minus;
    from = at;
    while (at < end && *at >= '0' && *at <= '9')
        mantissa = mantissa * 10 + (*at++ - '0');
    if (at == from || (*from == '0' && at > from + 1))
        return NULL;
    if (at < end && *at == '.') {
        point = ++at;
        while (at < end && *at >= '0' && *at <= '9')
            mantissa = mantissa * 10 + (*at++ - '0');
        if (at == point)
            return NULL;
    }
    *exact = at - from <= 15;
    if (*exact && found) {
        *found = (double)mantissa / powers[point ? at - point : 0];
        *found = minus ? -*found : *found;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        *exact = 0;
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        from = at;
        while (at < end && *at >= '0' && *at <= '9')
            at++;
        if (at == from)
            return NULL;
    }
    return at;
}

static At number(At at, At end)
{
    int exact;
    return decimal(at, end, NULL, &exact);
}

static At word(At at, At end, const char *text, Py_ssize_t size)
{
    return end - at >= size && !memcmp(at, text, size) ? at + size : NULL;
}

/* Behind a value without members; `lax` also takes NaN and Infinity, and notes it. */
static At scalar(At at, At end, int *lax)
{
    int escaped = 0;
    At found;
    switch (*at) {
    case '"':
        found = string(at + 1, end, &escaped);
        return found ? found + 1 : NULL;
    case 't':
        return word(at, end, "true", 4);
    case 'f':
        return word(at, end, "false", 5);
    case 'n':
        return word(at, end, "null", 4);
    }
    found = number(at, end);
    if (!found && lax) {
        found = word(at, end, "NaN", 3);
        found = found ? found : word(at + (*at == '-'), end, "Infinity", 8);
        *lax |= found != NULL;
    }
    return found;
}

/* Behind the value that begins at `at`; NULL if it is malformed or nested deeper than DEEPEST. */
static At value(At at, At end, int *lax)
{
    unsigned char closing[DEEPEST];
    int depth = 0, escaped = 0;
    for (;;) {
        at = blanks(at, end);
        if (at >= end)
            return NULL;
        if (*at == '{' || *at == '[') {
            int object = *at == '{';
            if (depth == DEEPEST)
                return NULL;
            at = blanks(at + 1, end);
            if (at < end && *at == (object ? '}' : ']')) {
                at++;
            } else {
                closing[depth++] = object ? '}' : ']';
                if (!object)
                    continue;
                goto name;
            }
        } else if (!(at = scalar(at, end, lax))) {
            return NULL;
        }
        for (;;) {                                      /* behind a value: what follows it? */
            if (!depth)
                return at;
            at = blanks(at, end);
            if (at >= end)
                return NULL;
            if (*at == closing[depth - 1]) {
                depth--;
                at++;
                continue;
            }
            if (*at != ',')
                return NULL;
            at++;
            break;
        }
        if (closing[depth - 1] == ']')
            continue;
    name:
        at = blanks(at, end);
        if (at >= end || *at != '"' || !(at = string(at + 1, end, &escaped)))
            return NULL;
        at = blanks(at + 1, end);
        if (at >= end || *at != ':')
            return NULL;
        at++;
    }
}

static int is_utf8(At at, At end)
{
    while (at < end) {
        uint64_t words[2];
        if (end - at >= 16 && (memcpy(words, at, 16), !((words[0] | words[1]) & 0x8080808080808080u))) {
            at += 16;
            continue;
        }
        unsigned char first = *at;
        int more = first < 0x80 ? 0 : first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : -1;
        if (more < 0 || end - at <= more)
            return 0;
        for (int i = 1; i <= more; i++)
            if ((at[i] & 0xC0) != 0x80)
                return 0;
        if ((first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F) || (first == 0xF0 && at[1] < 0x90)
            || (first == 0xF4 && at[1] > 0x8F))
            return 0;
        at += more + 1;
    }
    return 1;
}

/* Behind the newline that ends the line at `at`, which there is; `ascii` says whether all before it is ASCII. */
static At line_end(At at, At end, int *ascii)
{
    unsigned high = 0;
#ifdef __SSE2__
    const __m128i newline = _mm_set1_epi8('\n');
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        unsigned found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, newline));
        if (found) {
            int before = __builtin_ctz(found);
            high |= _mm_movemask_epi8(bytes) & ((1u << before) - 1);
            *ascii = !high;
            return at + before + 1;
        }
        high |= _mm_movemask_epi8(bytes);
    }
#endif
    for (; at < end && *at != '\n'; at++)
        high |= *at & 0x80;
    *ascii = !high;
    return at + 1;
}

/* ---- Values --------------------------------------------------------------------------------------------- */

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

static void hold(Column *column, Py_ssize_t row)
{
    column->bits[row >> 3] |= 1 << (row & 7);
}

static void append(Column *column, At at, Py_ssize_t size)
{
    memcpy(column->bytes + column->used, at, size);
    column->used += size;
}

/* Put the value that begins at `at` into its column. Behind it, or NULL: it is malformed, or of the wrong kind. */
static At put(Column *column, Py_ssize_t row, At at, At end, int *lax)
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

/* ---- Lines ---------------------------------------------------------------------------------------------- */

/* Whether a field's name, and its closing quote, stand at `name`. */
static inline int is_named(const Column *column, At name, At end)
{
    uint64_t word;
    if (end - name <= column->size)
        return 0;
    if (end - name < 8)
        return name[column->size] == '"' && !memcmp(name, column->name, column->size);
    memcpy(&word, name, 8);
    if ((word ^ column->start) & column->start_mask)
        return 0;
    return column->size < 8 || (name[column->size] == '"' && !memcmp(name + 8, column->name + 8, column->size - 8));
}

static int find(Fields *fields, At name, Py_ssize_t size)
{
    for (int step = 0; step < fields->count; step++) {  /* fields mostly come in one order: begin where we are */
        int i = fields->last + step;
        i = i < fields->count ? i : i - fields->count;
        if (fields->columns[i].size == size && !memcmp(fields->columns[i].name, name, size)) {
            fields->last = i + 1 < fields->count ? i + 1 : 0;
            return i;
        }
    }
    return -1;
}

static int textual(const Column *column)
{
    return column->kind == TEXT || column->kind == ANY || column->kind == JSON;
}

static void undo(Fields *fields, Py_ssize_t row)
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

static uint64_t mixed(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A hash to find equal lines and texts by; equal hashes are compared byte by byte. */
static uint64_t hash(At at, size_t size)
{
    const uint64_t one = 0x9E3779B97F4A7C15u, two = 0xD1B54A32D192ED03u;
    uint64_t left = size * one, right = two, words[4];
    for (; size >= 32; at += 32, size -= 32) {
        memcpy(words, at, 32);
        left = mixed(left ^ words[0] ^ one, words[1] ^ two) + one;
        right = mixed(right ^ words[2] ^ two, words[3] ^ one) + two;
    }
    memset(words, 0, 32);
    memcpy(words, at, size);
    left = mixed(left ^ words[0] ^ one, words[1] ^ two);
    right = mixed(right ^ words[2] ^ two, words[3] ^ one);
    return mixed(left ^ one, right ^ two);
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
    if (column->words && is_text(column, column->recent, text, size)) {  /* who sent a line mostly sent the one before */
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

static void close_row(Fields *fields, Py_ssize_t row)
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

static void keep(Column *rest, const char *name, Py_ssize_t size, At from, At to)
{
    if (!rest->bytes)
        return;
    append(rest, (At)(rest->used == rest->begin ? "{\"" : ",\""), 2);
    append(rest, (At)name, size);
    append(rest, (At)"\":", 2);
    append(rest, from, to - from);
}

/* The members of one object. `rest` gets those that are no field of ours (NULL: they are passed over, and of a
 * field that comes twice the first counts). With `known` names may hold backslashes, which then belong to no
 * field. `strict` is cleared where NaN or Infinity was met; NULL does not take them. Behind the object, or NULL. */
static At members(Fields *fields, Py_ssize_t row, At at, At end, Column *rest, int known, int *strict)
{
    uint64_t seen = 0;
    struct { At name; Py_ssize_t size; } unknown[MOST_UNKNOWN];
    int unknowns = 0, lax = 0;
    fields->last = 0;
    for (int i = 0; i < fields->count; i++)
        fields->columns[i].from = NULL;
    at = blanks(at, end);
    if (at >= end || *at != '{')
        return NULL;
    at = blanks(at + 1, end);
    if (at < end && *at == '}')
        return at + 1;
    for (;;) {
        int escaped = 0, index = -1;
        At name, close, from;
        at = blanks(at, end);
        if (at >= end || *at != '"')
            return NULL;
        name = at + 1;
        Column *next = fields->columns + fields->last;
        if (fields->count && is_named(next, name, end)) {
            close = name + next->size;
            index = fields->last;
            fields->last = index + 1 < fields->count ? index + 1 : 0;
        } else {
            close = string(name, end, &escaped);
            if (!close || (escaped && rest && !known))
                return NULL;
            index = escaped ? -1 : find(fields, name, close - name);
        }
        at = blanks(close + 1, end);
        if (at >= end || *at != ':')
            return NULL;
        from = blanks(at + 1, end);
        if (from >= end)
            return NULL;
        if (index >= 0 && seen & 1ull << index) {
            if (rest)
                return NULL;
            index = -1;
        }
        at = index >= 0 ? put(fields->columns + index, row, from, end, strict ? &lax : NULL)
                        : value(from, end, strict ? &lax : NULL);
        if (!at)
            return NULL;
        if (index >= 0) {
            seen |= 1ull << index;
            fields->columns[index].from = from;
            fields->columns[index].to = at;
        } else if (rest) {
            for (int i = 0; i < unknowns; i++)
                if (unknown[i].size == close - name && !memcmp(unknown[i].name, name, close - name))
                    return NULL;
            if (unknowns == MOST_UNKNOWN && !known)
                return NULL;
            if (unknowns < MOST_UNKNOWN) {
                unknown[unknowns].name = name;
                unknown[unknowns++].size = close - name;
            }
            keep(rest, (const char *)name, close - name, from, at);
        }
        at = blanks(at, end);
        if (at < end && *at == '}')
            break;
        if (at >= end || *at != ',')
            return NULL;
        at++;
    }
    if (strict)
        *strict = !lax;
    return at + 1;
}

static int equal(At at, At end, const void *other, Py_ssize_t size)
{
    return end - at == size && !memcmp(at, other, size);
}

/* Put into `rest` what is kept of our fields: as it stands in the line, the inner object as the object it is. */
static void keep_fields(Fields *fields, Py_ssize_t row, Column *rest, int object)
{
    for (int i = 0; i < fields->count; i++) {
        Column *column = fields->columns + i, *other = column->same >= 0 ? fields->columns + column->same : NULL;
        if (!column->kept || !column->from || *column->from == 'n')
            continue;
        if (equal(column->from, column->to, column->unless, column->unless_size))
            continue;
        if (other && other->from && equal(column->from, column->to, other->from, other->to - other->from))
            continue;
        if (i == object)
            keep(rest, column->name, column->size, column->bytes + column->begin, column->bytes + column->used);
        else
            keep(rest, column->name, column->size, column->from, column->to);
    }
    if (rest->bytes && rest->used != rest->begin) {
        append(rest, (At)"}", 1);
        hold(rest, row);
    }
}

typedef struct {
    Fields fields, nested;
    Column rest, held, strict;                          /* the last two: which rows hold an inner object, and a strict one */
    int inside, where;                                  /* the field that is JSON in text, and the one that says when */
    const char *when;
    Py_ssize_t when_size;
    int known;
    int32_t *begins;
    unsigned char *states;
    uint64_t *hashes;
} Job;

static int is_nested(Job *job)
{
    Column *where = job->fields.columns + job->where;
    if (job->where < 0)
        return 1;
    return where->used - where->begin == (size_t)job->when_size
        && !memcmp(where->bytes + where->begin, job->when, job->when_size);
}

static void scan_line(Job *job, Py_ssize_t row, At at, At end, int ascii)
{
    At behind = ascii || is_utf8(at, end) ? members(&job->fields, row, at, end, &job->rest, job->known, NULL) : NULL;
    if (!behind || blanks(behind, end) != end) {
        undo(&job->fields, row);
        job->rest.used = job->rest.begin;
        job->states[row] = DOUBTFUL;
    } else {
        int strict = 0;
        job->states[row] = SOUND;
        if (job->inside >= 0 && is_nested(job)) {
            Column *inside = job->fields.columns + job->inside;
            At from = inside->bytes + inside->begin, to = inside->bytes + inside->used;
            behind = members(&job->nested, row, from, to, NULL, 1, &strict);
            if (!behind || blanks(behind, to) != to) {
                undo(&job->nested, row);
                strict = 0;
            } else {
                hold(&job->held, row);
                if (strict)
                    hold(&job->strict, row);
            }
        }
        keep_fields(&job->fields, row, &job->rest, strict ? job->inside : -1);
    }
    close_row(&job->fields, row);
    close_row(&job->nested, row);
    if (job->rest.bytes) {
        job->rest.ends[row + 1] = (int32_t)job->rest.used;
        job->rest.begin = job->rest.used;
    }
}

/* ---- Tables ---------------------------------------------------------------------------------------------- */

/* How the records of a delimited table lie: what stands between fields, whether a backslash makes the next byte plain
 * text, what stands before each field in its JSON, which texts say that nothing is there, which record is the header. */
typedef struct {
    unsigned char delimiter;
    int backslash, count;
    const char *before[MOST_FIELDS], *nulls[MOST_NULLS], *header;
    Py_ssize_t sizes[MOST_FIELDS], null_sizes[MOST_NULLS], header_size, overhead;
    int null_count;
} Table;

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
    } else if (byte && byte < 32) {                     /* a NUL stays as it is, and makes the line doubtful */
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

typedef struct {
    unsigned char *json;
    int32_t *begins;
    uint64_t *hashes;
    size_t rows, size, consumed;
} Converted;

/* All whole records of a block. What is no record of the table is a line of its own, up to the next newline: so a
 * quote that is never closed costs one line. Its JSON is `!` and the number of its fields, 0 for such a quote. Where so much was read in
 * vain that somebody means ill, only short records are looked for. */
static void convert(const Table *table, At begin, At end, int at_end, Converted *made)
{
    unsigned char *out = made->json;
    At at = begin;
    Py_ssize_t patience = PATIENCE * (end - begin);
    while (at < end) {
        int count = 0, backslash = table->backslash;
        At behind, from = at, line = memchr(at, '\n', end - at);
        Py_ssize_t longest = patience > 0 ? LONGEST_RECORD : SHORT_RECORD;
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
        if (!behind || count != table->count) {         /* as programs write that save such a file again */
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

/* ---- Memory --------------------------------------------------------------------------------------------- */

/* A region is memory that Python sees as a buffer. One that nobody uses any more is kept for the next who needs
 * as much: fresh pages would cost a third of the time. Only pages that were written to count as memory. */
typedef struct {
    PyObject_HEAD
    unsigned char *memory;
    size_t size;
} Region;

enum { SPARES = 24, ROUND = 1 << 20 };
static struct { unsigned char *memory; size_t size; } spares[SPARES];
static int oldest;
static PyTypeObject *region_type;

static Region *region(size_t size)
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

/* ---- Python --------------------------------------------------------------------------------------------- */

/* The next `size` bytes of a region; a NULL region only counts them. */
static void *piece(Region *region, size_t *used, size_t size)
{
    size_t at = *used;
    *used += (size + 63) / 64 * 64;
    return region ? region->memory + at : NULL;
}

static void *zeroed(void *memory, size_t size)
{
    return memory ? memset(memory, 0, size) : NULL;
}

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
 * texts begin (0: it has none), and how many texts. None if it is passed over. */
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

/* From ((name, kind, coded, kept, unless, same), …); the names stay owned by the tuple. */
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
                              &column->coded, &column->kept, &column->unless, &column->unless_size, &column->same))
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
    size_t rows = 0, row = 0, needed = 0, used = 0;
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
        PyErr_SetString(PyExc_ValueError, "what is nested is a field of ANY, and what says so one of TEXT");
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
    for (At at = begin; row < rows; row++) {
        int ascii;
        At behind = line_end(at, end, &ascii);
        job->begins[row] = (int32_t)(at - begin);
        job->hashes[row] = hash(at, behind - at);
        scan_line(job, row, at, behind, ascii);
        at = behind;
    }
    job->begins[rows] = (int32_t)block.len;
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
    Py_BEGIN_ALLOW_THREADS
    for (At at = begin; at < end && (at = memchr(at, '\n', end - at)); at++)
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
    answer = Py_BuildValue("Onnnnn", found, (Py_ssize_t)made.size, (Py_ssize_t)made.rows, (Py_ssize_t)made.consumed,
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
    {"space", space, METH_O, "space(size) -> a writable buffer of at least so many bytes, as they happen to be."},
    {"tally", tally, METH_O, "tally(block) -> (newlines, bytes up to the last of them)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_scan", "Lines of JSON into columns; see scan.py.", 0, functions, NULL, NULL, NULL, NULL,
};

static PyType_Slot region_slots[] = {
    {Py_tp_dealloc, region_dealloc},
    {Py_bf_getbuffer, region_buffer},
    {0, NULL},
};

static PyType_Spec region_spec = {
    "coursetrail.formats._scan.Region", sizeof(Region), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    region_slots,
};

PyMODINIT_FUNC PyInit__scan(void)
{
    PyObject *module;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        return PyErr_NoMemory();
    region_type = (PyTypeObject *)PyType_FromSpec(&region_spec);
    module = region_type ? PyModule_Create(&definition) : NULL;
    if (module && (PyModule_AddIntMacro(module, SKIP) || PyModule_AddIntMacro(module, TEXT)
                   || PyModule_AddIntMacro(module, ANY) || PyModule_AddIntMacro(module, JSON)
                   || PyModule_AddIntMacro(module, INTEGER) || PyModule_AddIntMacro(module, NUMBER)))
        Py_CLEAR(module);
    return module;
}
