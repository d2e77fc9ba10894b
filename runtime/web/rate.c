/* SPDX-License-Identifier: MIT */
/* How much one address may ask: see rate.h. */
#include "web/rate.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum { ADDRESSES_MOST = 4096, MINUTE_US = 60 * 1000 * 1000 };

/* Counts of all addresses begin anew each minute: so they are bounded, and nothing has to be swept. */
struct Rate {
	GHashTable *counts; /* who → Count */
	gint64 since;
};

typedef struct Count {
	int requests, misses;
} Count;

Rate *rate_new(void)
{
	Rate *rate = g_new0(Rate, 1);
	rate->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return rate;
}

void rate_free(Rate *rate)
{
	if (rate)
		g_hash_table_unref(rate->counts);
	g_free(rate);
}

static char *of_v6(const struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr net = *address;
	if (IN6_IS_ADDR_V4MAPPED(address))
		return g_strdup(inet_ntop(AF_INET, &address->s6_addr[12], text, sizeof text));
	memset(&net.s6_addr[8], 0, 8);
	return g_strdup(inet_ntop(AF_INET6, &net, text, sizeof text));
}

bool rate_is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
	if (address->sa_family != AF_INET6)
		return false;
	const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(six) || (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

char *rate_who(const struct sockaddr *address, const char *forwarded)
{
	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return g_strdup("?");
	if (forwarded && rate_is_loopback(address)) {
		const char *comma = strrchr(forwarded, ',');
		g_autofree char *last = g_strstrip(g_strdup(comma ? comma + 1 : forwarded));
		struct in_addr four;
		struct in6_addr six;
		if (inet_pton(AF_INET, last, &four) == 1)
			return g_steal_pointer(&last);
		if (inet_pton(AF_INET6, last, &six) == 1)
			return of_v6(&six);
	}
	char text[INET_ADDRSTRLEN];
	if (address->sa_family == AF_INET6)
		return of_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return g_strdup(inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text));
}

/* NULL: so many addresses came in this minute that new ones are not counted: nobody is to be kept from unsubscribing by others. */
static Count *count_of(Rate *rate, const char *who, gint64 now)
{
	if (now - rate->since >= MINUTE_US) {
		g_hash_table_remove_all(rate->counts);
		rate->since = now;
	}
	Count *count = g_hash_table_lookup(rate->counts, who);
	if (count || g_hash_table_size(rate->counts) >= ADDRESSES_MOST)
		return count;
	count = g_new0(Count, 1);
	g_hash_table_insert(rate->counts, g_strdup(who), count);
	return count;
}

bool rate_pass(Rate *rate, const char *who, gint64 now)
{
	Count *count = count_of(rate, who, now);
	return !count || (++count->requests <= RATE_REQUESTS && count->misses < RATE_MISSES);
}

void rate_miss(Rate *rate, const char *who, gint64 now)
{
	Count *count = count_of(rate, who, now);
	if (count)
		count->misses++;
}
