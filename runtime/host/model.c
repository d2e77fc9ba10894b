/* SPDX-License-Identifier: MIT */
/* Models of contacts: see model.h. */
#include "host/model.h"

/* The finalizer of splitmix64: every bit of the sum decides every bit of the result. */
static uint64_t mix(uint64_t z)
{
	z += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t mix_text(uint64_t z, const char *text)
{
	for (const char *c = text; *c; c++)
		z = mix(z ^ (uint8_t)*c);
	return mix(z ^ 256); /* the end: "ab" "c" is not "a" "bc" */
}

uint64_t model_bits(uint64_t seed, const char *contact, int64_t number, const char *about)
{
	return mix_text(mix_text(mix(seed), contact) ^ (uint64_t)number, about);
}

double model_chance(uint64_t seed, const char *contact, int64_t number, const char *about)
{
	return (double)(model_bits(seed, contact, number, about) >> 11) * 0x1p-53;
}
