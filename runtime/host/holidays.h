/* SPDX-License-Identifier: MIT */
/*
 * Public holidays, computed: those that hold in a whole country (Germany: in all its states; Spain: those no region
 * replaces in practice; the United Kingdom: England's bank holidays; the United States: federal ones with their observed
 * days). A day proclaimed for one year only (a coronation) is not known here: name its date in `holidays`.
 */
#ifndef PERIGEE_HOLIDAYS_H
#define PERIGEE_HOLIDAYS_H

#include <stdbool.h>
#include <stdint.h>

#define HOLIDAYS_COUNTRIES 6

/* The calendar of an ISO 3166 code (any case), or -1. */
int holidays_calendar(const char *country);
/* "DE, ES, FR, GB, IT, US" */
const char *holidays_known(void);
/* Is this day (local.h) a holiday of the calendar? */
bool holidays_on(int calendar, int64_t day);
/* Easter Sunday of a year, as a day number. */
int64_t holidays_easter(int year);

#endif
