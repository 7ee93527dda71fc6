/* A hash of the bytes of a line or a text. */
#ifndef COURSETRAIL_HASH_H
#define COURSETRAIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

static inline uint64_t mixed(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A hash to find equal lines and texts by; equal hashes are compared byte by byte. */
static inline uint64_t hash(At at, size_t size)
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

#endif
