/* SPDX-License-Identifier: MIT */
/*
 * The report of a simulation: what its events add up to, as text and as one page of HTML. It sees each event once, in order of
 * virtual time, and keeps counts, a few words per run, and for the page the timelines of the first contacts. All that a script
 * can make many of (steps, outcomes, reasons) is told apart up to a limit; what comes after it is counted together.
 */
#ifndef PERIGEE_REPORT_H
#define PERIGEE_REPORT_H

#include "cli/command.h"
#include "host/local.h"

enum {
	REPORT_FUNNELS = 12,   /* sequences */
	REPORT_STEPS = 40,     /* of a funnel: templates by channel, in order of first use */
	REPORT_NAMES = 200,    /* outcomes, kinds of tasks and of what comes in */
	REPORT_REASONS = 24,   /* of a rule, and of failures */
	REPORT_DAYS = 3700,    /* of a calendar, ten years */
	REPORT_PEOPLE = 200,   /* contacts whose timeline the page shows */
	REPORT_KEPT = 2000,    /* contacts whose timeline is kept, since failed ones are shown first */
	REPORT_LINES = 80,     /* of a contact's timeline */
	REPORT_LEVELS = 4,     /* of a heat map, beside none */
};

/* How a run left its funnel. */
#define REPORT_ENDS(X) \
	X(REPLIED, "replied") X(UNSUBSCRIBED, "unsubscribed") X(BOUNCED, "bounced") X(REFUSED, "refused") \
	X(OTHERWISE, "taken over or stopped") X(SILENT, "silent") X(FAILED, "failed") X(WAITING, "still waiting")
typedef enum ReportEnd {
#define X(name, words) REPORT_##name,
	REPORT_ENDS(X)
#undef X
	REPORT_N_ENDS,
} ReportEnd;
extern const char *const report_end_names[REPORT_N_ENDS];

/* A name and how often it came, in order of first appearance; NULL-named rows do not exist. */
typedef struct ReportCount {
	char *name;
	int n, done; /* done: of tasks */
} ReportCount;

/* A message of a sequence: a template on a channel. */
typedef struct ReportStep {
	char *template_name, *channel;
	int runs, messages;        /* runs that got it, and how many messages that were */
	int from[REPORT_STEPS + 1]; /* where those runs came from: their enrolment, or step i at [i + 1] */
	int left[REPORT_N_ENDS];   /* runs for which it was the last message */
} ReportStep;

typedef struct ReportFunnel {
	char *sequence;
	int enrolled, written, replied; /* runs; that got a message; that got an answer */
	int left[REPORT_N_ENDS];        /* before the first message */
	GPtrArray *steps;               /* ReportStep */
} ReportFunnel;

typedef struct ReportRule {
	char *name;
	int held, refused, runs; /* events, and the runs they were about */
	Time longest;            /* the longest delay */
	GPtrArray *reasons;      /* ReportCount: the first of those that differ in numbers alone */
} ReportRule;

typedef struct ReportAccount {
	char *name;
	const Account *account; /* NULL: a person sent it, or it is not known */
	GArray *days;           /* int, since the first day of the report */
	int n;
} ReportAccount;

typedef struct ReportLine {
	Time at;
	const char *kind; /* static: "sent", "received", "held", "refused", "task", "end", "failed", "other" */
	char *words, *subject, *detail; /* the latter two may be NULL */
} ReportLine;

typedef struct ReportPerson {
	char *contact;
	GArray *lines;       /* ReportLine */
	int more, messages;  /* more: lines beyond the limit */
	bool failed;
	char *outcome;       /* of the last run that ended; NULL: none has */
} ReportPerson;

typedef struct Report {
	Host *host;
	Time start, end;
	bool timelines;              /* are wanted (for the page) */
	int contacts, sent, received, finished, failed, tasks, refused, waiting;
	int jobs;                    /* runs of a job: about nobody */
	int met;                     /* contacts to whom anything happened */
	GPtrArray *funnels;          /* ReportFunnel */
	GPtrArray *outcomes, *incoming, *task_kinds, *broadcasts; /* ReportCount; broadcasts: their states */
	GPtrArray *failures;         /* ReportCount: errors, as reasons */
	GPtrArray *rules;            /* ReportRule */
	GPtrArray *accounts;         /* ReportAccount */
	GPtrArray *people;           /* ReportPerson, in order of first appearance */
	int64_t first_day;           /* in the workspace's zone, as local_day counts */
	GArray *days;                /* int: messages */
	int beyond;                  /* messages after the last day that a calendar has */
	int hours[7][24];            /* messages by the contact's own time, from Monday */
	GHashTable *runs, *latest, *zones, *person_of; /* own */
} Report;

/* What was simulated, for the head of the page. */
typedef struct ReportAbout {
	const char *script, *contacts_file, *replies_file; /* replies_file may be NULL */
	int64_t seed;
	const GPtrArray *settings; /* of char *: what differs from the workspace (policy, outages, edits), in words; NULL: nothing */
} ReportAbout;

/* A simulation on host that begins now; timelines: the page is wanted. */
Report *report_new(Host *host, bool timelines);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)
/* An event that happens now, as host_see made it. */
void report_see(Report *report, const json_t *event);
/* The simulation is over: runs that still live are counted as waiting. contacts: how many there were. */
void report_end(Report *report, int contacts);

/* Prints it for people, at most 80 columns wide. */
void report_text(const Report *report, Cli *cli);
/* One HTML page that needs nothing else. Equal simulations give equal bytes. Caller frees. */
char *report_html(const Report *report, const ReportAbout *about);
/* May the page be written to `path` (as the person meant it)? Asked before the simulation, which may take long. A folder, or what
 * is no plain file, is refused. */
bool report_can_write(const Cli *cli, const char *path, GError **error);
/* Writes the page whole or not at all, and says where unless JSON is asked for. */
bool report_write(const Report *report, const ReportAbout *about, Cli *cli, const char *path, GError **error);

/* ---- for the parts of the report ---- */

/* The funnel's share of a step: of which runs it is told, -1 for the enrolled (the commonest way to it), and how many of them. */
int report_before(const ReportStep *step, int *n);
/* 0 for none, else 1 to REPORT_LEVELS, by the share of the most; and the numbers of a level, false if it has none. */
int report_level(int n, int most);
bool report_level_range(int level, int most, int *from, int *to);
int report_most(const int *numbers, guint n);
/* A percentage in words: "42 %", "<1 %"; "–" of nothing. Caller frees. */
char *report_share(int n, int of);
/* "2 d 15 h". Caller frees. */
char *report_span(Time span);
/* A day as local_day counts them: "Mon 7 Dec 2026"; and a moment in a zone: "Mon 7 Dec, 09:00". Caller frees. */
char *report_date(int64_t day);
char *report_moment(Time at, GTimeZone *zone);
extern const char *const report_weekdays[7], *const report_months[12];
/* "intro, email". Caller frees. */
char *report_step_name(const ReportStep *step);
/* Why a rule holds or refuses, in a few words; "" for one that is not known. */
const char *report_rule_words(const char *rule);
/* Rows of ReportCount, most frequent first. Caller unrefs; borrows the rows. */
GPtrArray *report_sorted(const GPtrArray *counts);
/* "3 replied, 1 bounced"; "" for none. Caller frees. */
char *report_left_words(const int left[REPORT_N_ENDS]);
/* Sorts into `shown` (failed first, else as they came) at most REPORT_PEOPLE; caller unrefs. */
GPtrArray *report_people(const Report *report);
GTimeZone *report_zone(Report *report, const char *contact);
/* Adds an event to its contact's timeline. */
void report_person_see(Report *report, const json_t *event);
void report_person_free(void *person);

#endif
