/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share: libFuzzer's two functions, and input taken from the front, number by number. A target checks
 * with g_assert_*: what it says ends in abort(), which libFuzzer takes for a finding.
 */
#ifndef PERIGEE_FUZZ_H
#define PERIGEE_FUZZ_H

#include <dlfcn.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What GLib calls critical is a bug of ours. */
__attribute__((constructor)) static inline void fail_on_criticals(void)
{
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
}

/*
 * GLib's functions for UTF-8 read and write out of bounds where a text is none, and GLib is not built with sanitizers: a call of
 * ours with such a text is a finding here, before GLib sees it.
 */
#define FUZZ_UTF8(type, name, parameters, arguments, text, size) \
	type name parameters \
	{ \
		type(*original) parameters; \
		*(void **)&original = dlsym(RTLD_NEXT, #name); \
		g_assert_true(g_utf8_validate(text, size, NULL)); \
		return original arguments; \
	}
FUZZ_UTF8(char *, g_utf8_strdown, (const char *text, gssize size), (text, size), text, size)
FUZZ_UTF8(char *, g_utf8_strup, (const char *text, gssize size), (text, size), text, size)
FUZZ_UTF8(char *, g_utf8_casefold, (const char *text, gssize size), (text, size), text, size)
FUZZ_UTF8(char *, g_utf8_normalize, (const char *text, gssize size, GNormalizeMode mode), (text, size, mode), text, size)
FUZZ_UTF8(char *, g_hostname_to_ascii, (const char *text), (text), text, -1)
FUZZ_UTF8(char *, g_hostname_to_unicode, (const char *text), (text), text, -1)

typedef struct Input {
	const uint8_t *at;
	size_t left;
} Input;

/* The next number of so many bytes, little endian; what is missing is 0. */
static inline uint64_t input_number(Input *in, size_t bytes)
{
	uint64_t number = 0;
	for (size_t i = 0; i < bytes && in->left > 0; i++, in->left--)
		number |= (uint64_t)*in->at++ << (8 * i);
	return number;
}

static inline uint8_t input_byte(Input *in)
{
	return (uint8_t)input_number(in, 1);
}

/* So many bytes, or those that are left; the caller frees the copy, which has a NUL behind it. */
static inline char *input_bytes(Input *in, size_t most, size_t *size)
{
	*size = MIN(most, in->left);
	char *copy = g_malloc(*size + 1);
	memcpy(copy, in->at, *size);
	copy[*size] = 0;
	in->at += *size;
	in->left -= *size;
	return copy;
}

/* Up to the next NUL, which is passed, or all that is left. */
static inline char *input_field(Input *in)
{
	const uint8_t *nul = in->left ? memchr(in->at, 0, in->left) : NULL;
	size_t size;
	char *field = input_bytes(in, nul ? (size_t)(nul - in->at) : in->left, &size);
	input_byte(in);
	return field;
}

/* All that is left as a C string. */
static inline char *input_rest(Input *in)
{
	size_t size;
	return input_bytes(in, in->left, &size);
}

#endif
