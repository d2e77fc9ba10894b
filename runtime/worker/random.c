/* SPDX-License-Identifier: MIT */
/* The numbers of math.random: see random.h. The generator is the public-domain xoshiro256** of Blackman and Vigna. */
#include "worker/random.h"

#include "worker/state.h"
#include "worker/worker.h"

#include <lauxlib.h>

static uint64_t rotate(uint64_t x, int n)
{
	return (x << n) | (x >> (64 - n));
}

static uint64_t next(Random *random)
{
	uint64_t *s = random->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

/* splitmix64 spreads the seed, so that near seeds give far numbers. */
void random_seed(Random *random, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		random->s[i] = z ^ (z >> 31);
	}
}

/* A number in 0..range without bias. */
static uint64_t below(Random *random, uint64_t range)
{
	uint64_t mask = range ? UINT64_MAX >> __builtin_clzll(range) : 0, n;
	do
		n = next(random) & mask;
	while (n > range);
	return n;
}

int l_random(lua_State *L)
{
	Random *random = &state_worker(L)->random;
	lua_Integer low = 1, high;
	switch (lua_gettop(L)) {
	case 0:
		lua_pushnumber(L, (double)(next(random) >> 11) * 0x1p-53);
		return 1;
	case 1:
		high = luaL_checkinteger(L, 1);
		if (high == 0) {
			lua_pushinteger(L, (lua_Integer)next(random));
			return 1;
		}
		break;
	case 2:
		low = luaL_checkinteger(L, 1);
		high = luaL_checkinteger(L, 2);
		break;
	default: return luaL_error(L, "wrong number of arguments");
	}
	luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
	lua_pushinteger(L, (lua_Integer)(below(random, (uint64_t)high - (uint64_t)low) + (uint64_t)low));
	return 1;
}
