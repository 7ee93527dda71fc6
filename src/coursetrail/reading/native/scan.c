/* Lines of JSON → columns of their fields. What Python sees of it is in scan.py.
 *
 * The scanner is strict: it accepts what RFC 8259 accepts, in valid UTF-8, without lone surrogates, without a
 * backslash in a field's name and without a known field that occurs twice. Any other line is suspect: it gets a
 * mark instead of values, and Python looks at it. A suspect line costs time, but gives the same answer.
 *
 * Every read is bounded by the end of the line, and every column has room for the whole block: a value is
 * never longer than the JSON that it comes from.
 */
#include "scan.h"

#include "hash.h"

enum { VALID, SUSPECT };
enum { MOST_UNKNOWN = 64 };

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

static int find(Fields *fields, At name, ptrdiff_t size)
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

static void add_to_rest(Column *rest, const char *name, ptrdiff_t size, At from, At to)
{
    if (!rest->bytes)
        return;
    append(rest, (At)(rest->used == rest->begin ? "{\"" : ",\""), 2);
    append(rest, (At)name, size);
    append(rest, (At)"\":", 2);
    append(rest, from, to - from);
}

/* The members of one object. `rest` gets those that are not in `fields` (NULL: they are skipped, and of a field that
 * occurs twice the first counts). With `known` a name may hold backslashes, and is then no field. `strict` is cleared
 * where NaN or Infinity occurs; with NULL these are malformed. Returns what is behind the object, or NULL. */
static At members(Fields *fields, ptrdiff_t row, At at, At end, Column *rest, int known, int *strict)
{
    uint64_t seen = 0;
    struct { At name; ptrdiff_t size; } unknown[MOST_UNKNOWN];
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
            add_to_rest(rest, (const char *)name, close - name, from, at);
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

/* Add to `rest` the fields that belong there too: as they stand in the line, the inner object as an object. */
static void add_fields_to_rest(Fields *fields, ptrdiff_t row, Column *rest, int object)
{
    for (int i = 0; i < fields->count; i++) {
        Column *column = fields->columns + i, *other = column->same >= 0 ? fields->columns + column->same : NULL;
        if (!column->also_in_rest || !column->from || *column->from == 'n')
            continue;
        if (equal(column->from, column->to, column->unless, column->unless_size))
            continue;
        if (other && other->from && equal(column->from, column->to, other->from, other->to - other->from))
            continue;
        if (i == object)
            add_to_rest(rest, column->name, column->size, column->bytes + column->begin, column->bytes + column->used);
        else
            add_to_rest(rest, column->name, column->size, column->from, column->to);
    }
    if (rest->bytes && rest->used != rest->begin) {
        append(rest, (At)"}", 1);
        hold(rest, row);
    }
}

static int is_nested(Job *job)
{
    Column *where = job->fields.columns + job->where;
    if (job->where < 0)
        return 1;
    return where->used - where->begin == (size_t)job->when_size
        && !memcmp(where->bytes + where->begin, job->when, job->when_size);
}

static void scan_line(Job *job, ptrdiff_t row, At at, At end, int ascii)
{
    At behind = ascii || is_utf8(at, end) ? members(&job->fields, row, at, end, &job->rest, job->known, NULL) : NULL;
    if (!behind || blanks(behind, end) != end) {
        undo(&job->fields, row);
        job->rest.used = job->rest.begin;
        job->states[row] = SUSPECT;
    } else {
        int strict = 0;
        job->states[row] = VALID;
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
        add_fields_to_rest(&job->fields, row, &job->rest, strict ? job->inside : -1);
    }
    close_row(&job->fields, row);
    close_row(&job->nested, row);
    if (job->rest.bytes) {
        job->rest.ends[row + 1] = (int32_t)job->rest.used;
        job->rest.begin = job->rest.used;
    }
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

/* All lines of a block, which has `rows` newlines and ends in one. */
void scan_lines(Job *job, size_t rows, At begin, At end)
{
    At at = begin;
    for (size_t row = 0; row < rows; row++) {
        int ascii;
        At behind = line_end(at, end, &ascii);
        job->begins[row] = (int32_t)(at - begin);
        job->hashes[row] = hash(at, behind - at);
        scan_line(job, row, at, behind, ascii);
        at = behind;
    }
    job->begins[rows] = (int32_t)(end - begin);
}
