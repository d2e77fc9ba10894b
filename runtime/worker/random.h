/* SPDX-License-Identifier: MIT */
/* The numbers of math.random: xoshiro256**, as Lua's own, but seeded by the run and kept per visit. */
#ifndef PERIGEE_RANDOM_H
#define PERIGEE_RANDOM_H

#include <lua.h>
#include <stdint.h>

typedef struct Random {
	uint64_t s[4];
} Random;

void random_seed(Random *random, uint64_t seed);
/* math.random, as the manual of Lua 5.4 has it. */
int l_random(lua_State *L);

#endif
