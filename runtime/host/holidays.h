/* SPDX-License-Identifier: MIT */
/*
 * Public holidays, computed: those that hold in a whole country (Spain: those that no region replaces in practice; the United
 * Kingdom: England's bank holidays; the United States: federal ones with their observed days), and those of regions where they
 * follow rules: the German states, the parts of the United Kingdom, the French departments of Alsace and Moselle. Spain's
 * regions decide anew each year. Days proclaimed for one year are known up to November 2026; name later ones in `holidays`.
 */
#ifndef PERIGEE_HOLIDAYS_H
#define PERIGEE_HOLIDAYS_H

#include <stdbool.h>
#include <stdint.h>

#define HOLIDAYS_CALENDARS 29

/* The calendar of an ISO 3166 code of a country or a region ("GB-SCT"), in any case; or -1. */
int holidays_calendar(const char *code);
/* The codes of the countries ("DE, ES, FR, GB, IT, US"); given one, those of its regions ("" if none are known). Caller frees. */
char *holidays_known(const char *code);
/* Is this day (local.h) a holiday of the calendar? */
bool holidays_on(int calendar, int64_t day);
/* Easter Sunday of a year, as a day number. */
int64_t holidays_easter(int year);

#endif
