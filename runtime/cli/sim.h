/* SPDX-License-Identifier: MIT */
/* A simulation under way: what the parts of perigee sim share. */
#ifndef PERIGEE_SIM_H
#define PERIGEE_SIM_H

#include "cli/command.h"
#include "cli/report.h"

typedef struct Sim {
	Cli *cli;
	Host *host;
	GHashTable *names;    /* contact id → name, for the timeline */
	GHashTable *outcomes; /* outcome → count (GUINT) */
	GHashTable *zones;    /* contact id → GTimeZone */
	int contacts, sent, received, finished, failed, tasks, refused;
	int64_t last_day;
	const char *file;     /* of the contacts */
	Report *report;       /* what people look at afterwards; NULL where nobody does */
} Sim;

/* A Host's see: prints an event as the timeline or as a line of JSON. Takes the event. */
void sim_see(void *user, json_t *event);
/* What it all came to. */
void sim_summary(Sim *sim);

#endif
