/* SPDX-License-Identifier: MIT */
/* Which addresses may be spoken to: see address.h. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

typedef struct Net4 {
	uint32_t base;
	int bits;
} Net4;

/* IANA IPv4 Special-Purpose Address Registry (RFC 6890), and multicast and class E. */
static const Net4 private4[] = {
	{ 0x00000000, 8 },  { 0x0a000000, 8 },  { 0x64400000, 10 }, { 0x7f000000, 8 },  { 0xa9fe0000, 16 },
	{ 0xac100000, 12 }, { 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 },
	{ 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 }, { 0xe0000000, 4 },  { 0xf0000000, 4 },
};

static bool is_private4(uint32_t address)
{
	for (size_t i = 0; i < G_N_ELEMENTS(private4); i++)
		if ((address ^ private4[i].base) >> (32 - private4[i].bits) == 0)
			return true;
	return false;
}

static uint32_t embedded4(const struct in6_addr *address, size_t at)
{
	uint32_t v4;
	memcpy(&v4, address->s6_addr + at, 4);
	return ntohl(v4);
}

static bool is_private6(const struct in6_addr *a)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	if (IN6_IS_ADDR_V4MAPPED(a))
		return is_private4(embedded4(a, 12));
	if (memcmp(a, nat64, sizeof nat64) == 0)
		return is_private4(embedded4(a, 12));
	if (a->s6_addr[0] == 0x20 && a->s6_addr[1] == 0x02) /* 6to4 */
		return is_private4(embedded4(a, 2));
	uint32_t top = embedded4(a, 0);
	if (top >> 9 == 0x20010000 >> 9 || top == 0x20010db8 || top >> 12 == 0x3fff0000 >> 12)
		return true; /* IETF protocols (Teredo, ORCHID, benchmarking: 2001::/23), documentation (RFC 3849, RFC 9637) */
	/* Of the rest only global unicast, 2000::/3, is public: not loopback, v4-compatible, 64:ff9b:1::/48, fc00::/7, fe80::/9, ff00::/8. */
	return (a->s6_addr[0] & 0xe0) != 0x20;
}

bool address_is_private(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_private4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_private6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
	return true;
}

static unsigned port_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
	return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

char *address_text(const struct sockaddr *address)
{
	char host[INET6_ADDRSTRLEN] = "?";
	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, host, sizeof host);
		return g_strdup_printf("%s:%u", host, port_of(address));
	}
	if (address->sa_family != AF_INET6)
		return g_strdup(host);
	inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, host, sizeof host);
	return g_strdup_printf("[%s]:%u", host, port_of(address));
}

bool address_is_listed(char *const *list, const struct sockaddr *address, const char *host)
{
	g_autofree char *number = address_text(address);
	g_autofree char *name = g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port_of(address));
	for (; list && *list; list++)
		if (g_ascii_strcasecmp(*list, number) == 0 || g_ascii_strcasecmp(*list, name) == 0)
			return true;
	return false;
}
