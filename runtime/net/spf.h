/* SPDX-License-Identifier: MIT */
/*
 * SPF records (RFC 7208): parsed, walked through their includes, and evaluated for an address. No input or output here: who
 * asks brings the lookups.
 *
 * Macros are checked for their form but not expanded: what hangs on them depends on each mail, and the answer is then
 * SPF_UNTOLD unless another term matches first.
 */
#ifndef PERIGEE_SPF_H
#define PERIGEE_SPF_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SPF_ERROR (spf_error_quark())
GQuark spf_error_quark(void);
typedef enum { SPF_ERROR_SYNTAX } SpfError;

#define SPF_LOOKUPS_MOST 10 /* RFC 7208, 4.6.4 */
#define SPF_TERMS_MOST 256  /* of one record, that are borne */

typedef enum { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS } SpfMechanism;

typedef struct SpfAddress {
	bool v6;
	uint8_t bytes[16];
} SpfAddress;
/* False if the text is no address. */
bool spf_address(const char *text, SpfAddress *address);

typedef struct SpfTerm {
	char qualifier; /* + - ~ ? */
	SpfMechanism mechanism;
	char *domain;       /* domain-spec as written, or NULL: the record's own domain */
	SpfAddress network; /* of ip4 and ip6 */
	unsigned prefix4, prefix6;
} SpfTerm;

typedef struct SpfRecord {
	GPtrArray *terms; /* SpfTerm */
	char *redirect;   /* or NULL */
} SpfRecord;

/* Is this TXT one of SPF (RFC 7208, 4.5)? */
bool spf_is_record(const char *text);
SpfRecord *spf_parse(const char *text, GError **error);
void spf_record_free(SpfRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpfRecord, spf_record_free)

typedef enum { SPF_FOUND, SPF_NOTHING, SPF_NO_ANSWER } SpfLookup;
/* Lookups of whoever asks. texts, hosts: of char *; addresses: of SpfAddress *. The lists are the caller's to unref. */
typedef struct SpfAsk {
	SpfLookup (*texts)(void *data, const char *name, GPtrArray **texts);
	SpfLookup (*addresses)(void *data, const char *name, GPtrArray **addresses);
	SpfLookup (*exchangers)(void *data, const char *name, GPtrArray **hosts);
	void *data;
} SpfAsk;

/* What a record is, with all that it includes. */
typedef struct SpfWalk {
	unsigned records;     /* SPF records at the domain itself: 1 is right */
	char *record;         /* the domain's own; NULL: none or several */
	unsigned lookups;     /* that a receiver may make */
	unsigned networks;    /* ip4 and ip6 */
	bool macros;          /* a part depends on each mail */
	bool no_answer;       /* a lookup got none: the rest is not the whole */
	char all;             /* the qualifier of `all` at its end, of a redirect too; 0: none */
	bool uses_ptr;
	GHashTable *included; /* domains of include and redirect, lower case */
	char *fault;          /* the first thing that makes it invalid (permerror), in words; NULL: none */
} SpfWalk;
SpfWalk *spf_walk(const SpfAsk *ask, const char *domain);
void spf_walk_free(SpfWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpfWalk, spf_walk_free)

#define SPF_RESULTS(X) \
	X(NONE, "none") X(PASS, "pass") X(FAIL, "fail") X(SOFTFAIL, "softfail") X(NEUTRAL, "neutral") X(PERMERROR, "permerror") \
	X(TEMPERROR, "temperror") X(UNTOLD, "untold")
typedef enum {
#define X(name, text) SPF_##name,
	SPF_RESULTS(X)
#undef X
} SpfResult;
const char *spf_result_name(SpfResult result);
/* check_host (RFC 7208, 4) for an address that sends for the domain. */
SpfResult spf_evaluate(const SpfAsk *ask, const char *domain, const SpfAddress *address);

#endif
