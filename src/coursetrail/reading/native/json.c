/* JSON as RFC 8259 defines it; see json.h. */
#include "json.h"

enum { DEEPEST = 4096 };

/* Behind a number; `found`, if not NULL, gets its value where it is a plain decimal of up to 15 digits, and is exact.
 * `exact` says whether it did. */
At decimal(At at, At end, double *found, int *exact)
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

/* Behind a value without members; `lax`, if not NULL, also accepts NaN and Infinity, and is set to 1 for these. */
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
At value(At at, At end, int *lax)
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

int is_utf8(At at, At end)
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
