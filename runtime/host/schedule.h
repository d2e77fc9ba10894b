/* SPDX-License-Identifier: MIT */
/*
 * Schedules of jobs: five-field cron ("0 9 * * 1-5"; ranges, lists, steps, names), "every weekday at 09:00",
 * "every day at 09:00", "every monday and thursday at 09:00 and 17:00", "every month on the 1st and 15th at 09:00", "every month on
 * the last day at 09:00", "every 15 minutes", "every hour", or one ISO date-time, once.
 * Times are local to the job's zone. DST is as in cron(8) of Vixie and Debian: a time that is skipped fires at the gap's end, one
 * that comes twice fires once; schedules of every hour or oftener ("every 15 minutes", cron with a plain star for the hour) follow
 * the clock: they go on while it is turned back, and make up for nothing that was skipped. One difference: Vixie lets hours with a
 * star and a step, and star minutes of a fixed hour, follow the clock, too, and so loses or doubles their runs; here they are times
 * as others are. "every N" is counted from each local midnight. Errors are WHEN_ERROR_SYNTAX.
 */
#ifndef PERIGEE_SCHEDULE_H
#define PERIGEE_SCHEDULE_H

#include "base/clock.h"

#include <glib.h>
#include <stdbool.h>

typedef struct Schedule Schedule;
Schedule *schedule_parse(const char *text, GTimeZone *zone, GError **error);
void schedule_free(Schedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Schedule, schedule_free)
/* The first due time after `after`; TIME_NEVER if there is none. */
Time schedule_next(const Schedule *schedule, Time after);

#endif
