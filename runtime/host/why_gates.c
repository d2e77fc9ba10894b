/* SPDX-License-Identifier: MIT */
/* The gates of one case in order, and the sentence that sums them up: see why.h. */
#include "host/why.h"

#include "host/handover.h"
#include "host/runs.h"

#include <string.h>

static const char MESSAGE[] = "SELECT state, rule, reason, due, at, attempts, account FROM messages WHERE id = ?";
static const char OPEN_TASK[] = "SELECT id FROM tasks WHERE message = ? AND state = 'open'";
static const char RUN[] = "SELECT state, outcome, error, coalesce(ended_at, 0), held FROM runs WHERE id = ?";
static const char RUN_REQUEST[] = "SELECT method || ' ' || url FROM requests WHERE run = ? AND state IN ('queued', 'handed')";
static const char SCRIPT_PAUSED[] = "SELECT paused_reason FROM scripts WHERE name = ?";
static const char FAILING[] = "SELECT coalesce(text, code, 'no reason is known'), since FROM account_states WHERE account = ? AND state = 'failing'";
static const char LOST[] =
	"SELECT id, template, state, rule, reason, coalesce(done_at, at) FROM messages WHERE run = ? AND direction = 'out' AND"
	" state IN ('refused', 'withdrawn', 'cancelled') ORDER BY id DESC LIMIT 1";
static const char AHEAD[] =
	"SELECT count(*) FROM messages m, messages o WHERE m.id = ?1 AND o.state = 'queued' AND o.account = m.account AND o.account <> ''"
	" AND (o.due < m.due OR (o.due = m.due AND o.id < m.id))";

const char *const why_gate_names[] = { "template", "before", "undo", "retry", "queued", "sending", "connection", "script", "run", "history", NULL };

/* ---- gates ----------------------------------------------------------------------------------------------------- */

/* "2026-11-23 09:00", by the workspace's clock. */
typedef struct Stamp {
	char text[48];
} Stamp;

static Stamp stamp(const Host *host, Time at)
{
	Stamp s = { "a person does something" };
	if (at == TIME_NEVER)
		return s;
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
	g_autoptr(GDateTime) here = g_date_time_to_timezone(utc, host->workspace->zone);
	g_autofree char *text = g_date_time_format(here, "%Y-%m-%d %H:%M");
	g_strlcpy(s.text, text, sizeof s.text);
	return s;
}

static void gate_free(void *data)
{
	WhyGate *gate = data;
	verdict_clear(&gate->verdict);
	g_free(gate);
}

static void add(WhyCase *asked, const char *rule, PolicyAnswer answer, Time until, char *reason)
{
	WhyGate *gate = g_new(WhyGate, 1);
	*gate = (WhyGate){ rule, { .answer = answer, .rule = rule, .reason = reason, .until = until } };
	g_ptr_array_add(asked->gates, gate);
}

static void see_rule(void *user, const char *rule, const Verdict *verdict)
{
	add(user, rule, verdict->answer, verdict->until, g_strdup(verdict->reason));
}

static const WhyGate *gate_of(const WhyCase *asked, const char *rule)
{
	for (guint i = 0; i < asked->gates->len; i++)
		if (strcmp(((const WhyGate *)asked->gates->pdata[i])->rule, rule) == 0)
			return asked->gates->pdata[i];
	return NULL;
}

/* ---- of the message -------------------------------------------------------------------------------------------- */

static void add_before(Host *host, WhyCase *asked)
{
	g_auto(Message) m = { 0 };
	Time before = message_load(host, asked->message, &m) ? value_integer(m.options, "before_at", TIME_NEVER) : TIME_NEVER;
	if (before == TIME_NEVER)
		return;
	bool late = host_now(host) > before;
	add(asked, "before", late ? POLICY_REFUSE : POLICY_ALLOW, 0,
	    g_strdup_printf(late ? "it had to leave before %s" : "it must leave before %s", stamp(host, before).text));
}

static void add_queued(Host *host, WhyCase *asked, const char *rule, const char *reason, Time due, int64_t attempts)
{
	bool waits = due != TIME_NEVER && due > host_now(host), undo = !rule || strcmp(rule, "undo") == 0;
	const WhyGate *same = undo ? NULL : gate_of(asked, rule);
	bool open = !undo && (!same || same->verdict.answer == POLICY_ALLOW);
	asked->due = waits ? due : 0;
	if (g_strcmp0(rule, "retry") == 0 || (open && attempts && strcmp(rule, "breaker") == 0))
		add(asked, "retry", waits ? POLICY_DEFER : POLICY_ALLOW, due,
		    g_strdup_printf("it could not be handed over (try %" G_GINT64_FORMAT "): %s", attempts, reason ? reason : "nothing says why"));
	else if (undo && waits)
		add(asked, "undo", POLICY_DEFER, due, g_strdup_printf("it can be taken back until then: `perigee messages cancel %" G_GINT64_FORMAT "`", asked->message));
	else if (open && waits)
		add(asked, "queued", POLICY_DEFER, due, g_strdup_printf("rule %s put it off until then, and is open since: it is looked at again at that time", rule));
}

static void add_handed(Host *host, WhyCase *asked)
{
	int64_t task = db_int(host->db, 0, OPEN_TASK, "i", asked->message);
	if (task)
		add(asked, "sending", POLICY_HAND, 0, g_strdup_printf("it is task %" G_GINT64_FORMAT ": send it yourself, then `perigee tasks done %" G_GINT64_FORMAT
		                                                      "`", task, task));
	else if (host->serving)
		add(asked, "sending", POLICY_DEFER, TIME_NEVER, g_strdup("it is with the mail server at this moment"));
	else
		add(asked, "sending", POLICY_DEFER, TIME_NEVER,
		    g_strdup("it was with the mail server when `perigee serve` ended: start it, and it finds out what became of the message"));
}

static void add_message(Host *host, WhyCase *asked)
{
	Rows *rows = asked->message ? db_query(host->db, MESSAGE, "i", asked->message) : NULL;
	if (!rows_next(rows))
		return;
	g_autofree char *state = g_strdup(rows_text(rows, 0)), *rule = g_strdup(rows_text(rows, 1)), *reason = g_strdup(rows_text(rows, 2));
	Time due = rows_int_or(rows, 3, TIME_NEVER);
	int64_t attempts = rows_int(rows, 5);
	bool homeless = rows_null(rows, 6) || !*rows_text(rows, 6);
	rows_done(rows);
	if (strcmp(state, "held") == 0)
		add(asked, "template", POLICY_DEFER, TIME_NEVER,
		    g_strdup_printf("it is held: %s; %s", reason ? reason : "its template can't be used",
		                    homeless ? "add one, then start `perigee serve` again" : "mend the template, then `perigee reload`"));
	else if (asked->unfit && strcmp(state, "queued") == 0)
		add(asked, "template", POLICY_REFUSE, TIME_NEVER, g_strdup_printf("it can't be made for them: %s", asked->unfit));
	add_before(host, asked);
	if (strcmp(state, "queued") == 0)
		add_queued(host, asked, rule, reason, due, attempts);
	else if (strcmp(state, "handed") == 0)
		add_handed(host, asked);
}

/* ---- of the account and the run -------------------------------------------------------------------------------- */

static void add_connection(Host *host, WhyCase *asked)
{
	Rows *rows = asked->c.account ? db_query(host->db, FAILING, "s", asked->c.account->name) : NULL;
	if (!rows_next(rows))
		return;
	add(asked, "connection", POLICY_DEFER, TIME_NEVER,
	    g_strdup_printf("%s fails since %s: %s; `perigee doctor mail` says what to do", asked->c.account->name, stamp(host, rows_int(rows, 1)).text,
	                    rows_text(rows, 0)));
	rows_done(rows);
}

static void add_script(Host *host, WhyCase *asked)
{
	g_autofree char *paused = asked->c.sequence ? db_text(host->db, SCRIPT_PAUSED, "s", asked->c.sequence) : NULL;
	if (paused)
		add(asked, "script", POLICY_DEFER, TIME_NEVER, g_strdup_printf("%s is paused: %s", asked->c.sequence, paused));
}

/* "an answer", "the end of its sleep" */
static char *waited_for(const char *kind, const char *args)
{
	if (strcmp(kind, "wait_reply") == 0)
		return g_strdup("an answer");
	if (strcmp(kind, "sleep") == 0)
		return g_strdup("its time");
	g_autoptr(json_t) value = value_parse(args, -1, NULL);
	const json_t *events = json_is_object(value) ? json_object_get(value, "events") : NULL;
	const char *first = json_string_value(json_is_array(events) ? json_array_get(events, 0) : events);
	return g_strdup(!first ? "an event" : strcmp(first, "reply") == 0 ? "an answer" : first);
}

/* NULL: it does not wait. */
static char *waiting_reason(Host *host, const WhyCase *asked, const char *held)
{
	int64_t position;
	g_autofree char *kind = NULL, *args = NULL;
	Time asked_at, deadline;
	if (held && strcmp(held, ":script") != 0)
		return g_strdup_printf("its wait is over, but the inbox of %s must be read first: an answer may be in it (`perigee serve` reads it)", held);
	if (!run_pending(host, asked->shown_run, &position, &kind, &args, &asked_at, &deadline))
		return NULL;
	if (strcmp(kind, "http") == 0) {
		g_autofree char *request = db_text(host->db, RUN_REQUEST, "i", asked->shown_run);
		return g_strdup_printf("the run waits for the answer to %s", request ? request : "its request");
	}
	g_autofree char *what = waited_for(kind, args);
	bool timed = asked->run_due != TIME_NEVER;
	return g_strdup_printf("the run waits for %s%s%s", what, timed ? ", at the longest until " : "", timed ? stamp(host, asked->run_due).text : "");
}

/* What has become of a run that is over, and what a person can do. */
static char *ended_reason(const Host *host, const WhyCase *asked, const char *outcome, const char *error, Time at)
{
	int64_t run = asked->shown_run;
	Stamp when = stamp(host, at);
	const char *state = asked->run_state;
	if (strcmp(state, "failed") == 0)
		return g_strdup_printf("run %" G_GINT64_FORMAT " failed on %s: %s; mend it, then `perigee retry %" G_GINT64_FORMAT "`", run, when.text,
		                       error ? error : "nothing says why", run);
	if (strcmp(state, "parked") == 0)
		return g_strdup_printf("run %" G_GINT64_FORMAT " is parked since %s, as its script no longer does what it did: `perigee show %" G_GINT64_FORMAT
		                       "` shows where, `perigee retry %" G_GINT64_FORMAT "` goes on, `perigee stop %" G_GINT64_FORMAT "` ends it",
		                       run, when.text, run, run, run);
	if (strcmp(state, "stopped") == 0)
		return g_strdup_printf("run %" G_GINT64_FORMAT " was stopped on %s%s%s: `perigee retry %" G_GINT64_FORMAT "` lets it go on", run, when.text,
		                       g_strcmp0(outcome, "stopped") != 0 ? ", " : "", g_strcmp0(outcome, "stopped") != 0 ? outcome : "", run);
	return g_strdup_printf("run %" G_GINT64_FORMAT " is over since %s, %s%s%s%s", run, when.text, outcome ? outcome : "done", error ? " (" : "",
	                       error ? error : "", error ? ")" : "");
}

static void add_run(Host *host, WhyCase *asked)
{
	Rows *rows = asked->shown_run ? db_query(host->db, RUN, "i", asked->shown_run) : NULL;
	if (!rows_next(rows))
		return;
	g_autofree char *state = g_strdup(rows_text(rows, 0)), *outcome = g_strdup(rows_text(rows, 1)), *error = g_strdup(rows_text(rows, 2));
	g_autofree char *held = g_strdup(rows_text(rows, 4));
	Time ended_at = rows_int(rows, 3);
	rows_done(rows);
	bool live = runs_live(host, asked->shown_run);
	if (!live) {
		add(asked, "run", POLICY_REFUSE, TIME_NEVER, ended_reason(host, asked, outcome, error, ended_at));
	} else if (!asked->message && (strcmp(state, "ready") != 0 || held)) {
		char *reason = waiting_reason(host, asked, held);
		Time until = held ? TIME_NEVER : asked->run_due;
		if (reason)
			add(asked, "run", until <= host_now(host) ? POLICY_ALLOW : POLICY_DEFER, until, reason);
	}
}

static void add_history(Host *host, WhyCase *asked)
{
	Rows *rows = asked->shown_run ? db_query(host->db, LOST, "i", asked->shown_run) : NULL;
	if (!rows_next(rows))
		return;
	const char *rule = rows_text(rows, 3), *reason = rows_text(rows, 4);
	add(asked, "history", POLICY_ALLOW, 0,
	    g_strdup_printf("message %" G_GINT64_FORMAT " (%s) was %s on %s%s%s%s%s", rows_int(rows, 0), rows_text(rows, 1) ? rows_text(rows, 1) : "a text",
	                    rows_text(rows, 2), stamp(host, rows_int(rows, 5)).text, rule ? " by rule " : "", rule ? rule : "", reason ? ": " : "",
	                    reason ? reason : ""));
	rows_done(rows);
}

/* ---- the sum --------------------------------------------------------------------------------------------------- */

static const WhyGate *first_with(const WhyCase *asked, PolicyAnswer answer, bool for_ever)
{
	for (guint i = 0; i < asked->gates->len; i++) {
		const WhyGate *gate = asked->gates->pdata[i];
		if (gate->verdict.answer == answer && (!for_ever || gate->verdict.until == TIME_NEVER))
			return gate;
	}
	return NULL;
}

static bool opens_by_itself(const WhyGate *gate)
{
	static const char *const own[] = { "run", "undo", "retry", "queued", NULL };
	return g_strv_contains(own, gate->rule) && gate->verdict.answer == POLICY_DEFER && gate->verdict.until != TIME_NEVER;
}

static void name_rule(GString *rules, const char *rule)
{
	g_auto(GStrv) named = g_strsplit(rules->str, ", ", -1);
	if (!g_strv_contains((const char *const *)named, rule))
		g_string_append_printf(rules, "%s%s", rules->len ? ", " : "", rule);
}

/* The first moment at which every gate is open: behind the gates of message and run that open by themselves policy is asked again at each
 * time that it names. rules: those that delayed it ("account_cap, hours"); then: what policy says at the end, which the caller clears. */
static Time first_opening(Host *host, const WhyCase *asked, GString *rules, Verdict *then)
{
	enum { LOOKS = 500 };
	Clock clock = host->clock;
	Time at = MAX(host_now(host), asked->due);
	for (guint i = 0; i < asked->gates->len; i++) {
		const WhyGate *gate = asked->gates->pdata[i];
		if (opens_by_itself(gate)) {
			name_rule(rules, gate->rule);
			at = MAX(at, gate->verdict.until);
		}
	}
	for (int i = 0; i < LOOKS; i++) {
		host->clock = clock_virtual(at);
		*then = policy_check(host, &asked->c);
		host->clock = clock;
		if (then->answer != POLICY_DEFER || then->until == TIME_NEVER || then->until <= at)
			break;
		name_rule(rules, then->rule);
		at = then->until;
		verdict_clear(then);
	}
	return then->answer == POLICY_ALLOW || then->answer == POLICY_HAND ? at : TIME_NEVER;
}

/* "message 12", "what run 7 sends next", "a message" */
static char *subject_of(const WhyCase *asked)
{
	if (asked->message)
		return g_strdup_printf("message %" G_GINT64_FORMAT, asked->message);
	return asked->c.run ? g_strdup_printf("what run %" G_GINT64_FORMAT " sends next", asked->c.run) : g_strdup("a message");
}

/* What a person can do about a closed gate whose reason does not say so. Caller frees; NULL: it says so, or nothing can be done. */
static char *advice_for(const Host *host, const WhyCase *asked, const WhyGate *gate)
{
	const PolicyCase *c = &asked->c;
	const char *rule = gate->rule, *reason = gate->verdict.reason;
	bool dead = strcmp(rule, "suppressed") == 0 && g_str_has_prefix(reason, "the address is dead");
	if (dead || strcmp(rule, "address") == 0)
		return g_strdup_printf("`perigee contacts set %s %s=ADDRESS` gives them %s", c->contact, c->channel, dead ? "another" : "one");
	if (strcmp(rule, "suppressed") == 0)
		return g_strdup("leave them in peace");
	if (strcmp(rule, "account") == 0 && !c->account)
		return g_strdup("add one there, then start `perigee serve` again");
	if (strcmp(rule, "unseen_reply") == 0)
		return g_strdup("`perigee messages --contact` shows what they wrote");
	if (strcmp(rule, "inbox_fresh") == 0)
		return g_strdup(host->serving ? "`perigee doctor mail` says if the mailbox can't be read" : "`perigee serve` reads it");
	return NULL;
}

/* A gate that no time opens. */
static char *closed_text(Host *host, const WhyCase *asked, const WhyGate *gate, const char *subject)
{
	const WhyGate *run = gate_of(asked, "run");
	bool over = run && run->verdict.answer == POLICY_REFUSE, own = strcmp(gate->rule, "run") == 0 || strcmp(gate->rule, "sending") == 0;
	if (gate == run && over && strcmp(asked->run_state, "done") == 0)
		return g_strdup_printf("%s; another: `perigee enrol %s %s --again`", run->verdict.reason, asked->c.sequence, asked->c.contact);
	if (own)
		return g_strdup(gate->verdict.reason);
	g_autofree char *advice = advice_for(host, asked, gate);
	bool real = asked->c.run != 0; /* or only asked about */
	const char *refused = real ? "will be refused" : "would be refused";
	/* Mail without an account to send it burns nobody's run: it is held until there is one (ledger.c). */
	bool held = real && strcmp(gate->rule, "account") == 0 && !asked->c.account && strcmp(asked->c.channel, "email") == 0;
	const char *does = held ? "is held" : gate->verdict.answer == POLICY_REFUSE ? refused : gate->verdict.answer == POLICY_WITHDRAW ? "will be withdrawn" : real ? "waits" : "would wait";
	const char *dash = advice ? "; " : "", *then = advice ? advice : "";
	if (over && gate->verdict.answer == POLICY_REFUSE)
		return g_strdup_printf("%s; what it sent would be refused now: %s (rule %s)%s%s", run->verdict.reason, gate->verdict.reason, gate->rule, dash, then);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%s %s: %s (rule %s)%s%s", subject, does, gate->verdict.reason, gate->rule, dash, then);
	/* Where it waits for one thing that no time ends, it may wait for others too. */
	for (guint i = 0; gate->verdict.answer == POLICY_DEFER && i < asked->gates->len; i++) {
		const WhyGate *other = asked->gates->pdata[i];
		if (other != gate && other->verdict.answer == POLICY_DEFER && other->verdict.until == TIME_NEVER)
			g_string_append_printf(text, "; besides, %s (rule %s)", other->verdict.reason, other->rule);
	}
	return g_string_free(text, FALSE);
}

static void append_queue(Host *host, const WhyCase *asked, const char *rules, GString *text)
{
	const Account *account = asked->c.account;
	bool counts = account && (account->gap || strstr(rules, "account_cap") || strstr(rules, "warmup"));
	int64_t ahead = counts && asked->message ? db_int(host->db, 0, AHEAD, "i", asked->message) : 0;
	if (ahead)
		g_string_append_printf(text, ", behind %" G_GINT64_FORMAT " other%s of %s (`perigee plan` says what leaves when)", ahead, ahead == 1 ? "" : "s",
		                       account->name);
}

/* What time opens, or is open. */
static char *opening_text(Host *host, const WhyCase *asked, const char *subject, const char *rules, bool by_hand)
{
	GString *text = g_string_new(NULL);
	const WhyGate *run = gate_of(asked, "run");
	bool now = asked->opens <= host_now(host), waits = run && opens_by_itself(run);
	const char *serve = asked->c.run && !host->serving ? "`perigee serve` runs" : NULL;
	if (asked->c.sequence && !asked->shown_run && !now)
		g_string_append_printf(text, "they are not enrolled (`perigee enrol %s %s`); ", asked->c.sequence, asked->c.contact);
	if (!now) {
		g_string_append_printf(text, "%s%s%s %s on %s at the earliest (%s)", waits ? run->verdict.reason : "", waits ? "; " : "", waits ? "what it sends then" : subject,
		                       by_hand ? "becomes a task for a person" : "can leave", stamp(host, asked->opens).text, rules);
		append_queue(host, asked, rules, text);
	} else if (by_hand) {
		g_string_append_printf(text, "%s becomes a task for a person%s%s: `perigee tasks` shows it then", subject, serve ? " once " : "", serve ? serve : "");
	} else if (asked->c.run) {
		g_string_append_printf(text, "nothing is in the way: %s leaves%s%s", subject, serve ? " once " : "", serve ? serve : "");
		append_queue(host, asked, rules, text);
	} else if (asked->c.sequence) {
		g_string_append_printf(text, "nothing is in the way: `perigee enrol %s %s` starts it", asked->c.sequence, asked->c.contact);
	} else {
		g_string_append(text, "nothing is in the way");
	}
	if (!now && serve)
		g_string_append_printf(text, ", if %s then", serve);
	return g_string_free(text, FALSE);
}

static void decide(WhyCase *asked, const WhyGate *gate, Time opens)
{
	asked->answer = gate ? gate->verdict.answer : POLICY_ALLOW;
	asked->rule = gate ? gate->rule : NULL;
	asked->opens = opens;
}

/* Neither now nor by itself: what is refused is refused, though another gate would delay that first; then what only a change opens. */
static const WhyGate *closed_gate(const WhyCase *asked)
{
	const WhyGate *gate = gate_of(asked, "sending");
	if (!gate)
		gate = first_with(asked, POLICY_REFUSE, false);
	if (!gate)
		gate = first_with(asked, POLICY_WITHDRAW, false);
	return gate ? gate : first_with(asked, POLICY_DEFER, true);
}

static Time before_of(Host *host, const WhyCase *asked)
{
	g_auto(Message) m = { 0 };
	return asked->message && message_load(host, asked->message, &m) ? value_integer(m.options, "before_at", TIME_NEVER) : TIME_NEVER;
}

static void sum_up(Host *host, WhyCase *asked)
{
	g_autofree char *subject = subject_of(asked);
	const WhyGate *closed = closed_gate(asked), *hand = first_with(asked, POLICY_HAND, false), *delay = first_with(asked, POLICY_DEFER, false);
	if (closed) {
		decide(asked, closed, TIME_NEVER);
		asked->sum = closed_text(host, asked, closed, subject);
		return;
	}
	g_autoptr(GString) rules = g_string_new(NULL);
	Verdict then = { 0 };
	Time opens = first_opening(host, asked, rules, &then), before = before_of(host, asked);
	if (opens == TIME_NEVER) {
		decide(asked, delay, TIME_NEVER);
		asked->sum = g_strdup_printf("%s waits (%s), and then %s: %s (rule %s)", subject, rules->str, then.answer == POLICY_REFUSE ? "will be refused" : "waits on",
		                             then.reason ? then.reason : "", then.rule ? then.rule : "");
	} else if (opens > before) {
		decide(asked, delay ? delay : gate_of(asked, "before"), TIME_NEVER);
		asked->sum = g_strdup_printf("%s will be refused as too late: it must leave before %s and can't before %s (%s)", subject, stamp(host, before).text,
		                             stamp(host, opens).text, rules->str);
	} else {
		decide(asked, delay ? delay : hand, opens);
		asked->sum = opening_text(host, asked, subject, rules->str, hand != NULL);
	}
	verdict_clear(&then);
}

void why_look(Host *host, WhyCase *asked)
{
	asked->gates = g_ptr_array_new_with_free_func(gate_free);
	policy_each(host, &asked->c, see_rule, asked);
	add_message(host, asked);
	add_connection(host, asked);
	add_script(host, asked);
	add_run(host, asked);
	add_history(host, asked);
	sum_up(host, asked);
}

void why_clear(WhyCase *asked)
{
	g_clear_pointer(&asked->gates, g_ptr_array_unref);
	g_clear_pointer(&asked->sum, g_free);
}
