/* SPDX-License-Identifier: MIT */
/*
 * Dates: what perigee.date and perigee.calendar say of a moment. args: {time: seconds since 1970 | absent: now, zone: a name, "workspace" |
 * absent: where the contact lives; without one (a job, a hook, a test) where the workspace is}, shift. False, or NULL, with a sentence.
 */
#ifndef PERIGEE_DATES_H
#define PERIGEE_DATES_H

#include "host/host.h"

#define DATES_ERROR (dates_error_quark())
GQuark dates_error_quark(void);
typedef enum { DATES_ERROR_TIME } DatesError;

/* The end of the shift, as an integer of seconds. Caller owns. */
json_t *dates_shift(Host *host, const char *contact, const json_t *args, GError **error);
/* {year,month,day,hour,minute,weekday ("monday"),date ("2026-11-23"),time ("09:30")} of the local clock. Caller owns. */
json_t *dates_calendar(Host *host, const char *contact, const json_t *args, GError **error);

/* Until when an auto-reply says that they are away: 9 o'clock of the day on which they are back ("2026-12-01"), as the workspace's zone has
 * it; without a day, or with one that was misread (it is past, or too far), some days from now. */
Time dates_away(Host *host, const char *back);

#endif
