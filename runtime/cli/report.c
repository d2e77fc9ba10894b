/* SPDX-License-Identifier: MIT */
/* What the events of a simulation add up to: see report.h. The timelines of contacts are report_people.c. */
#include "cli/report.h"

#include "host/contacts.h"

#include <string.h>

#define X(name, words) words,
const char *const report_end_names[REPORT_N_ENDS] = { REPORT_ENDS(X) };
#undef X

/* What is remembered of a run about a contact. */
typedef struct RunNotes {
	ReportFunnel *funnel;
	ReportStep *step;         /* its last message; NULL: none yet */
	uint64_t got;             /* steps, as bits of the funnel's order */
	GHashTable *rules;        /* the rules that met it; NULL: none */
	bool replied, unsubscribed, bounced, over;
} RunNotes;

static void run_free(void *run)
{
	RunNotes *notes = run;
	if (notes->rules)
		g_hash_table_unref(notes->rules);
	g_free(notes);
}

static void zone_free(void *zone)
{
	g_time_zone_unref(zone);
}

static void count_free(void *count)
{
	g_free(((ReportCount *)count)->name);
	g_free(count);
}

static void step_free(void *step)
{
	g_free(((ReportStep *)step)->template_name);
	g_free(((ReportStep *)step)->channel);
	g_free(step);
}

static void funnel_free(void *funnel)
{
	g_free(((ReportFunnel *)funnel)->sequence);
	g_ptr_array_unref(((ReportFunnel *)funnel)->steps);
	g_free(funnel);
}

static void rule_free(void *rule)
{
	g_free(((ReportRule *)rule)->name);
	g_ptr_array_unref(((ReportRule *)rule)->reasons);
	g_free(rule);
}

static void account_free(void *account)
{
	g_free(((ReportAccount *)account)->name);
	g_array_unref(((ReportAccount *)account)->days);
	g_free(account);
}

static int64_t day_of(const Report *report, Time at)
{
	return local_floor(local_from_utc(report->host->workspace->zone, local_floor(at, TIME_SECOND)), LOCAL_DAY);
}

Report *report_new(Host *host, bool timelines)
{
	Report *report = g_new0(Report, 1);
	report->host = host;
	report->timelines = timelines;
	report->start = report->end = host_now(host);
	report->first_day = day_of(report, report->start);
	report->funnels = g_ptr_array_new_with_free_func(funnel_free);
	report->outcomes = g_ptr_array_new_with_free_func(count_free);
	report->failures = g_ptr_array_new_with_free_func(count_free);
	report->incoming = g_ptr_array_new_with_free_func(count_free);
	report->task_kinds = g_ptr_array_new_with_free_func(count_free);
	report->broadcasts = g_ptr_array_new_with_free_func(count_free);
	report->rules = g_ptr_array_new_with_free_func(rule_free);
	report->accounts = g_ptr_array_new_with_free_func(account_free);
	report->people = g_ptr_array_new_with_free_func(report_person_free);
	report->days = g_array_new(FALSE, TRUE, sizeof(int));
	report->runs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, run_free);
	report->latest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	report->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, zone_free);
	report->person_of = g_hash_table_new(g_str_hash, g_str_equal);
	return report;
}

void report_free(Report *report)
{
	if (!report)
		return;
	GPtrArray *const lists[] = { report->funnels, report->outcomes, report->failures, report->incoming, report->task_kinds, report->broadcasts, report->rules,
		                     report->accounts, report->people };
	GHashTable *const tables[] = { report->latest, report->runs, report->zones, report->person_of };
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
		g_hash_table_unref(tables[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
		g_ptr_array_unref(lists[i]);
	g_array_unref(report->days);
	g_free(report);
}

GTimeZone *report_zone(Report *report, const char *contact)
{
	if (!contact)
		return report->host->workspace->zone;
	GTimeZone *zone = g_hash_table_lookup(report->zones, contact);
	if (!zone)
		g_hash_table_insert(report->zones, g_strdup(contact), zone = contacts_zone(report->host, contact));
	return zone;
}

/* ---- counts by name -------------------------------------------------------------------------------------------- */

/* The row of a name; past the limit that of all others. */
static ReportCount *count_of(GPtrArray *counts, const char *name, guint limit)
{
	for (guint i = 0; i < counts->len; i++)
		if (strcmp(((ReportCount *)counts->pdata[i])->name, name) == 0)
			return counts->pdata[i];
	if (counts->len >= limit && strcmp(name, "others") != 0)
		return count_of(counts, "others", limit);
	ReportCount *count = g_new0(ReportCount, 1);
	count->name = g_strdup(name);
	g_ptr_array_add(counts, count);
	return count;
}

static void day_add(GArray *days, int64_t day)
{
	if (day >= days->len)
		g_array_set_size(days, (guint)day + 1);
	g_array_index(days, int, day)++;
}

/* ---- funnels --------------------------------------------------------------------------------------------------- */

#define OTHER_SEQUENCES "other sequences"
#define FURTHER "further messages"

static ReportFunnel *funnel_of(Report *report, const char *sequence)
{
	for (guint i = 0; i < report->funnels->len; i++)
		if (strcmp(((ReportFunnel *)report->funnels->pdata[i])->sequence, sequence) == 0)
			return report->funnels->pdata[i];
	if (report->funnels->len == REPORT_FUNNELS - 1 && strcmp(sequence, OTHER_SEQUENCES) != 0)
		return funnel_of(report, OTHER_SEQUENCES);
	ReportFunnel *funnel = g_new0(ReportFunnel, 1);
	funnel->sequence = g_strdup(sequence);
	funnel->steps = g_ptr_array_new_with_free_func(step_free);
	g_ptr_array_add(report->funnels, funnel);
	return funnel;
}

/* The step's place among the funnel's; past the limit the last one, of all further messages. */
static guint step_of(ReportFunnel *funnel, const char *template_name, const char *channel)
{
	for (guint i = 0; i < funnel->steps->len; i++) {
		const ReportStep *step = funnel->steps->pdata[i];
		if (strcmp(step->template_name, template_name) == 0 && strcmp(step->channel, channel) == 0)
			return i;
	}
	if (funnel->steps->len >= REPORT_STEPS - 1 && strcmp(template_name, FURTHER) != 0)
		return step_of(funnel, FURTHER, "");
	ReportStep *step = g_new0(ReportStep, 1);
	step->template_name = g_strdup(template_name);
	step->channel = g_strdup(channel);
	g_ptr_array_add(funnel->steps, step);
	return funnel->steps->len - 1;
}

static RunNotes *run_of(Report *report, const json_t *event)
{
	gint64 id = value_integer(event, "run", 0);
	RunNotes *run = id ? g_hash_table_lookup(report->runs, &id) : NULL;
	const char *contact = value_string(event, "contact", NULL);
	/* What comes in for nobody's run is about the contact's latest. */
	return run || id || !contact ? run : g_hash_table_lookup(report->latest, contact);
}

static void see_enrolled(Report *report, const json_t *event)
{
	const char *contact = value_string(event, "contact", NULL);
	gint64 id = value_integer(event, "run", 0);
	if (!contact) {
		report->jobs++;
		return;
	}
	RunNotes *run = g_new0(RunNotes, 1);
	run->funnel = funnel_of(report, value_string(event, "sequence", ""));
	run->funnel->enrolled++;
	g_hash_table_insert(report->runs, g_memdup2(&id, sizeof id), run);
	g_hash_table_insert(report->latest, g_strdup(contact), run);
}

static void step_run(RunNotes *run, const json_t *event)
{
	guint at = step_of(run->funnel, value_string(event, "template", ""), value_string(event, "channel", ""));
	ReportStep *step = run->funnel->steps->pdata[at];
	step->messages++;
	if (!(run->got & UINT64_C(1) << at)) {
		guint before = 0;
		if (run->step)
			g_ptr_array_find(run->funnel->steps, run->step, &before);
		step->from[run->step ? before + 1 : 0]++;
		step->runs++;
	}
	run->funnel->written += !run->got;
	run->got |= UINT64_C(1) << at;
	run->step = step;
}

static void leave(RunNotes *run, ReportEnd end)
{
	run->over = true;
	(run->step ? run->step->left : run->funnel->left)[end]++;
}

/* What a script returns is its own word; whether they answered is what tells its endings apart. */
static ReportEnd end_of(const RunNotes *run, const char *outcome)
{
	static const struct { const char *outcome; ReportEnd end; } table[] = {
		{ "replied", REPORT_REPLIED }, { "unsubscribed", REPORT_UNSUBSCRIBED }, { "bounced", REPORT_BOUNCED },
		{ "answered elsewhere", REPORT_OTHERWISE }, { "taken over", REPORT_OTHERWISE }, { "stopped", REPORT_OTHERWISE },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (strcmp(outcome, table[i].outcome) == 0)
			return table[i].end;
	if (run->unsubscribed)
		return REPORT_UNSUBSCRIBED;
	if (run->replied)
		return REPORT_REPLIED;
	if (run->bounced)
		return REPORT_BOUNCED;
	return strcmp(outcome, "refused") == 0 ? REPORT_REFUSED : REPORT_SILENT;
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void see_sent(Report *report, const json_t *event)
{
	Time now = host_now(report->host);
	const char *name = value_string(event, "account", "");
	RunNotes *run = run_of(report, event);
	report->sent++;
	if (run)
		step_run(run, event);
	int64_t local = local_from_utc(report_zone(report, value_string(event, "contact", NULL)), local_floor(now, TIME_SECOND));
	report->hours[local_weekday(local_floor(local, LOCAL_DAY)) - 1][local_rest(local, LOCAL_DAY) / 3600]++;
	guint i = 0;
	while (i < report->accounts->len && strcmp(((ReportAccount *)report->accounts->pdata[i])->name, name) != 0)
		i++;
	if (i == report->accounts->len) {
		ReportAccount *account = g_new0(ReportAccount, 1);
		account->name = g_strdup(name);
		account->account = workspace_account(report->host->workspace, name);
		account->days = g_array_new(FALSE, TRUE, sizeof(int));
		g_ptr_array_add(report->accounts, account);
	}
	ReportAccount *account = report->accounts->pdata[i];
	account->n++;
	int64_t day = day_of(report, now) - report->first_day;
	if (day < 0 || day >= REPORT_DAYS) {
		report->beyond++;
		return;
	}
	day_add(report->days, day);
	day_add(account->days, day);
}

static void see_received(Report *report, const json_t *event)
{
	const char *kind = value_string(event, "kind", "");
	RunNotes *run = run_of(report, event);
	report->received++;
	count_of(report->incoming, kind, REPORT_NAMES)->n++;
	if (!run)
		return;
	if (strcmp(kind, "reply") == 0) {
		run->funnel->replied += !run->replied;
		run->replied = true;
	}
	run->unsubscribed |= strcmp(kind, "unsubscribe") == 0 || strcmp(kind, "complaint") == 0;
	run->bounced |= strcmp(kind, "bounce") == 0;
}

/* Reasons name times and numbers: those that differ in digits alone are told once. */
static void add_reason(GPtrArray *reasons, const char *reason)
{
	for (guint i = 0; i < reasons->len; i++) {
		ReportCount *known = reasons->pdata[i];
		const char *a = known->name, *b = reason;
		while (*a && *b && (*a == *b || (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)))) {
			bool digits = g_ascii_isdigit(*a);
			a += digits ? strspn(a, "0123456789") : 1;
			b += digits ? strspn(b, "0123456789") : 1;
		}
		if (!*a && !*b) {
			known->n++;
			return;
		}
	}
	count_of(reasons, reason, REPORT_REASONS)->n++;
}

static void see_rule(Report *report, const json_t *event, bool refused)
{
	/* A refusal of the server has a code and no rule. */
	const char *name = value_string(event, "rule", value_string(event, "code", "other")), *reason = value_string(event, "reason", NULL);
	guint i = 0;
	while (i < report->rules->len && strcmp(((ReportRule *)report->rules->pdata[i])->name, name) != 0)
		i++;
	if (i == report->rules->len) {
		ReportRule *rule = g_new0(ReportRule, 1);
		rule->name = g_strdup(name);
		rule->reasons = g_ptr_array_new_with_free_func(count_free);
		g_ptr_array_add(report->rules, rule);
	}
	ReportRule *rule = report->rules->pdata[i];
	RunNotes *run = run_of(report, event);
	Time until = value_integer(event, "until", TIME_NEVER);
	*(refused ? &rule->refused : &rule->held) += 1;
	report->refused += refused;
	if (!refused && until != TIME_NEVER)
		rule->longest = MAX(rule->longest, until - host_now(report->host));
	if (run && !run->rules)
		run->rules = g_hash_table_new(g_direct_hash, g_direct_equal);
	rule->runs += run && g_hash_table_add(run->rules, rule);
	if (reason)
		add_reason(rule->reasons, reason);
}

static void see_end(Report *report, const json_t *event, bool failed)
{
	RunNotes *run = run_of(report, event);
	const char *outcome = value_string(event, "outcome", "done");
	*(failed ? &report->failed : &report->finished) += 1;
	if (failed)
		add_reason(report->failures, value_string(event, "error", value_string(event, "code", "nothing says why")));
	else
		count_of(report->outcomes, outcome, REPORT_NAMES)->n++;
	if (run && !run->over)
		leave(run, failed ? REPORT_FAILED : end_of(run, outcome));
}

void report_see(Report *report, const json_t *event)
{
	const char *kind = value_string(event, "event", "");
	if (strcmp(kind, "enrolled") == 0)
		see_enrolled(report, event);
	else if (strcmp(kind, "sent") == 0)
		see_sent(report, event);
	else if (strcmp(kind, "received") == 0)
		see_received(report, event);
	else if (strcmp(kind, "deferred") == 0 || strcmp(kind, "refused") == 0)
		see_rule(report, event, *kind == 'r');
	else if (strcmp(kind, "finished") == 0 || strcmp(kind, "failed") == 0)
		see_end(report, event, strcmp(kind, "failed") == 0);
	else if (strcmp(kind, "task") == 0) {
		report->tasks++;
		count_of(report->task_kinds, value_string(event, "kind", ""), REPORT_NAMES)->n++;
	} else if (strcmp(kind, "task_done") == 0)
		count_of(report->task_kinds, value_string(event, "kind", ""), REPORT_NAMES)->done++;
	else if (strcmp(kind, "broadcast") == 0)
		count_of(report->broadcasts, value_string(event, "state", ""), REPORT_NAMES)->n++;
	if (report->timelines)
		report_person_see(report, event);
}

void report_end(Report *report, int contacts)
{
	static const char LIVE[] = "SELECT count(*) FROM runs WHERE state IN ('ready', 'waiting', 'sending')";
	report->contacts = contacts;
	report->met = MAX((int)g_hash_table_size(report->latest), (int)report->people->len);
	report->end = host_now(report->host);
	report->waiting = (int)db_int(report->host->db, 0, LIVE, "");
	GHashTableIter iter;
	void *run;
	g_hash_table_iter_init(&iter, report->runs);
	while (g_hash_table_iter_next(&iter, NULL, &run))
		if (!((RunNotes *)run)->over)
			leave(run, REPORT_WAITING);
	int64_t days = CLAMP(day_of(report, report->end - 1) - report->first_day + 1, 1, REPORT_DAYS);
	if (days > report->days->len)
		g_array_set_size(report->days, (guint)days);
	for (guint i = 0; i < report->accounts->len; i++)
		g_array_set_size(((ReportAccount *)report->accounts->pdata[i])->days, report->days->len);
}
