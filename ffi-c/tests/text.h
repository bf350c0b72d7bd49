/* Growing strings, and the notation of bytes in cases: helpers of the runner that do not need the library. */
#ifndef SWO_TEST_TEXT_H
#define SWO_TEST_TEXT_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "switchover_profiles.h"

typedef struct text {
    char *at;
    size_t len, cap;
} text;

static void text_add(text *to, const void *from, size_t len) {
    if (to->len + len + 1 > to->cap) {
        to->cap = (to->len + len + 1) * 2;
        to->at = (char *)realloc(to->at, to->cap);
        if (!to->at) abort();
    }
    if (len) memcpy(to->at + to->len, from, len);
    to->len += len;
    to->at[to->len] = 0;
}

static void text_put(text *to, const char *format, ...) {
    char piece[512];
    va_list given;
    va_start(given, format);
    int len = vsnprintf(piece, sizeof piece, format, given);
    va_end(given);
    text_add(to, piece, (size_t)len < sizeof piece ? (size_t)len : sizeof piece - 1);
}

static void text_drop(text *from, size_t len) {
    memmove(from->at, from->at + len, from->len - len + 1);
    from->len -= len;
}

static void text_free(text *of) {
    free(of->at);
    *of = (text){NULL, 0, 0};
}

static void text_slice(text *to, swo_slice slice) { text_add(to, slice.data, slice.len); }

static void put_escaped(text *to, const void *data, size_t len) {
    const unsigned char *byte = (const unsigned char *)data;
    for (; len--; byte++) {
        switch (*byte) {
        case '\r': text_add(to, "\\r", 2); break;
        case '\n': text_add(to, "\\n", 2); break;
        case '\t': text_add(to, "\\t", 2); break;
        case '\\': text_add(to, "\\\\", 2); break;
        case 0: text_add(to, "\\0", 2); break;
        default:
            if (*byte >= 0x20 && *byte <= 0x7e) text_add(to, byte, 1);
            else text_put(to, "\\x%02x", *byte);
        }
    }
}

/* Appends escaped bytes; a run of 24 or more equal bytes becomes `\{COUNT*BYTE}`. */
static void put_compact(text *to, swo_slice slice) {
    for (size_t at = 0, run; at < slice.len; at += run) {
        for (run = 1; at + run < slice.len && slice.data[at + run] == slice.data[at];) run++;
        if (run < 24) {
            put_escaped(to, slice.data + at, run);
            continue;
        }
        text_put(to, "\\{%zu*", run);
        put_escaped(to, slice.data + at, 1);
        text_add(to, "}", 1);
    }
}

static void put_hex(text *to, const void *data, size_t len) {
    const unsigned char *byte = (const unsigned char *)data;
    if (!len) text_add(to, "-", 1);
    while (len--) text_put(to, "%02x", *byte++);
}

/* Appends the bytes that the hex digits up to `end` encode; `-` means none. */
static void add_unhexed(text *to, const char *from, const char *end) {
    for (; end - from >= 2; from += 2) {
        char digits[3] = {from[0], from[1], 0}, byte = (char)strtoul(digits, NULL, 16);
        text_add(to, &byte, 1);
    }
    text_add(to, "", 0);
}

/* Returns the FNV-1a hash. */
static unsigned long long checksum(const void *data, size_t len) {
    const unsigned char *byte = (const unsigned char *)data;
    unsigned long long hash = 0xcbf29ce484222325ULL;
    while (len--) hash = (hash ^ *byte++) * 0x100000001b3ULL;
    return hash;
}

/* Appends content of up to 160 bytes in quotes, longer content as its length and a checksum. */
static void put_summary(text *to, const void *data, size_t len) {
    if (len > 160) {
        text_put(to, "%zu bytes %016llx", len, checksum(data, len));
        return;
    }
    text_add(to, "\"", 1);
    put_escaped(to, data, len);
    text_add(to, "\"", 1);
}

#endif
