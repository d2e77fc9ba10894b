/* SPDX-License-Identifier: MIT */
/*
 * The channel table: what each channel lets us do, as stdlib/channels.lua has it (dated, with sources). It comes with the
 * normalized workspace, and is checked here like the rest of it.
 */
#ifndef PERIGEE_CHANNELS_H
#define PERIGEE_CHANNELS_H

#include "base/clock.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Who may write first: the names stand in the table's key `opens`. */
#define CHANNEL_OPENS(X) \
	X(ANYONE, "anyone") \
	X(BY_HAND, "by hand")               /* a person, until they have written there */ \
	X(ALWAYS_BY_HAND, "always by hand") /* a person, always */ \
	X(THEY, "they")                     /* they alone */ \
	X(NOBODY, "nobody")                 /* it has no messages */
typedef enum {
#define X(name, word) CHANNEL_OPENS_##name,
	CHANNEL_OPENS(X)
#undef X
} ChannelOpens;

/* What a text is counted in: the key `unit`. */
#define CHANNEL_UNITS(X) X(CHARACTERS, "characters") X(BYTES, "bytes") X(UTF16, "UTF-16 units")
typedef enum {
#define X(name, word) CHANNEL_UNIT_##name,
	CHANNEL_UNITS(X)
#undef X
} ChannelUnit;
const char *channel_unit_name(ChannelUnit unit);

typedef struct Channel {
	ChannelOpens opens;
	Time window;        /* free text only for so long after their last message; 0: always */
	int replies;        /* at most so many of ours since their last message; 0: any number */
	bool approved;      /* a template that the vendor has approved may go outside the window */
	bool opt_in;        /* only to who has opted in */
	ChannelUnit unit;
	int most;           /* the longest text; 0: no limit */
	bool links;         /* are they let through? */
	int attachments;    /* the most files of one message; -1: any number */
	int quiet_from, quiet_to; /* minutes of the day between which it may be used by law, in the contact's zone; both 0: always */
	int per_day;        /* the cap of an account that names none; 0: none */
	char *source, *checked; /* an address; a date */
} Channel;

/* declared: {"email":{"opens":..,"window":HOURS,..,"source","checked"},...}, each member of Channel by its name, quiet as "08:00-21:00".
 * Name → Channel; caller unrefs. NULL (WORKSPACE_ERROR_INVALID): it is missing, or a row is wrong. */
GHashTable *channels_new(const json_t *declared, GError **error);
/* The row of a channel; on one that the table does not know only a person writes. */
const Channel *channels_find(GHashTable *channels, const char *name);
/* How long a text is in the channel's own units. */
int64_t channel_length(const Channel *channel, const char *text);
/* The first moment not before `at` at which the law lets it be used. */
Time channel_quiet_over(const Channel *channel, GTimeZone *zone, Time at);

/* Rows for doctor (finding.h): one for the table, a warning if a row was checked more than half a year ago. */
void channels_check(GHashTable *channels, Time now, json_t *rows);

#endif
