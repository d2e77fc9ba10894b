/* SPDX-License-Identifier: MIT */
/* Why: which cases there are to ask about. Their gates stand in why_gates.c. See why.h. */
#include "host/why.h"

#include <string.h>

#include "host/contacts.h"
#include "host/handover.h"
#include "host/ledger.h"
#include "host/runs.h"
#include "host/versions.h"

#define LIVE "('ready', 'waiting', 'sending')"
#define WAITS "('queued', 'held', 'handed')"

static const char LIVE_RUNS[] = "SELECT id FROM runs WHERE contact = ? AND state IN " LIVE " AND (?2 IS NULL OR sequence = ?2) ORDER BY id";
static const char LAST_RUN[] = "SELECT id FROM runs WHERE contact = ? AND sequence = ? ORDER BY id DESC LIMIT 1";
/* The newest runs of their sequences that ended without having done what they were for. */
static const char TROUBLED[] =
	"SELECT id FROM runs r WHERE contact = ?1 AND (state IN ('failed', 'parked') OR (state = 'done' AND outcome = 'refused'))"
	" AND NOT EXISTS (SELECT 1 FROM runs n WHERE n.contact = ?1 AND n.sequence = r.sequence AND n.id > r.id) ORDER BY id DESC LIMIT 3";
static const char WRITES[] =
	"SELECT channel, id, state, account FROM messages WHERE run = ? AND direction = 'out' AND channel IS NOT NULL"
	" ORDER BY state IN " WAITS " DESC, id DESC LIMIT 1";
static const char CHANNELS[] = "SELECT DISTINCT channel FROM identities WHERE contact = ? ORDER BY channel";

typedef struct Asking {
	Host *host;
	const char *contact;
	WhySee see;
	void *user;
	GHashTable *seen; /* channels */
} Asking;

/* What the message says, to the rules that look at its text; and what its template says of itself. unfit: why it can't be rendered. */
static char *read_message(Host *host, const Run *run, WhyCase *asked, char **unfit)
{
	g_auto(Message) m = { 0 };
	g_autoptr(GError) error = NULL;
	if (!asked->message || !message_load(host, asked->message, &m) || !m.contact)
		return NULL;
	g_autoptr(Program) program = versions_template(host, m.template_name, &error);
	g_autoptr(json_t) result = NULL;
	if (program && handover_front(host, &m, asked->c.account, &asked->c, &error) && !m.text) {
		g_autoptr(json_t) data = handover_data(host, m.contact, asked->c.account, asked->c.sequence, json_object_get(m.options, "vars"));
		/* Only whether there is a subject to keep matters here. */
		g_autoptr(json_t) options = handover_options(host, data, m.channel, run && run->thread ? "a subject" : NULL);
		result = workers_render(host, program, data, options, NULL, &error);
	}
	*unfit = error ? g_strdup(error->message) : NULL;
	return g_strdup(m.text ? m.text : value_string(result, "text", NULL));
}

static void ask(Asking *asking, const char *channel, const Run *run, WhyCase *asked, const char *named)
{
	Host *host = asking->host;
	g_autofree char *address = contacts_address(host, asking->contact, channel), *unfit = NULL;
	asked->c.contact = asking->contact;
	asked->c.channel = channel;
	asked->c.address = address;
	asked->c.message = asked->message;
	asked->c.account = ledger_account(host, run, asking->contact, channel, named && *named ? named : NULL);
	g_hash_table_add(asking->seen, g_strdup(channel));
	g_autofree char *text = read_message(host, run, asked, &unfit);
	asked->c.text = text;
	asked->unfit = unfit;
	why_look(host, asked);
	asking->see(asking->user, asked);
	why_clear(asked);
}

/* The first channel that a script says it writes on. */
static const char *first_channel(const json_t *declared)
{
	const json_t *channels = json_object_get(json_object_get(declared, "needs"), "send");
	const char *channel = json_string_value(json_array_get(channels, 0));
	return channel ? channel : "email";
}

/* What a run that is live would send now. */
static void ask_run(Asking *asking, int64_t id)
{
	g_auto(Run) run = { 0 };
	if (!run_load(asking->host, id, &run))
		return;
	const json_t *declared = run_declared(asking->host, &run);
	WhyCase asked = {
		.c = { .run = id, .sequence = run.sequence, .follow_up = run.first_message_at != 0, .wait_ended_at = run.wait_ended_at,
		       .seen_event = run.seen_event, .topic = value_string(declared, "topic", NULL) },
		.shown_run = id, .run_state = run.state, .run_due = run.due,
	};
	g_autofree char *channel = NULL, *state = NULL, *account = NULL;
	Rows *rows = db_query(asking->host->db, WRITES, "i", id);
	if (rows_next(rows)) {
		static const char *const waits[] = { "queued", "held", "handed", NULL };
		channel = g_strdup(rows_text(rows, 0));
		state = g_strdup(rows_text(rows, 2));
		account = g_strdup(rows_text(rows, 3));
		if (g_strv_contains(waits, state)) {
			asked.message = rows_int(rows, 1);
			asked.message_state = state;
		}
		rows_done(rows);
	}
	ask(asking, channel ? channel : first_channel(declared), &run, &asked, account);
}

/* What a new run would send first; ended: the one before it, 0 if there was none. */
static void ask_new(Asking *asking, const char *sequence, int64_t ended)
{
	g_auto(Run) run = { 0 };
	if (ended && !run_load(asking->host, ended, &run))
		return;
	g_autofree char *version = versions_newest(asking->host, sequence);
	const json_t *declared = version ? versions_declared(asking->host, version) : NULL;
	const char *channel = first_channel(declared);
	WhyCase asked = {
		.c = { .sequence = sequence, .seen_event = INT64_MAX, .topic = value_string(declared, "topic", NULL) },
		.shown_run = ended, .run_state = run.state, .run_due = TIME_NEVER,
	};
	ask(asking, channel, NULL, &asked, value_string(json_object_get(declared, "account"), channel, NULL));
}

static void ask_troubled(Asking *asking)
{
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Rows *rows = db_query(asking->host->db, TROUBLED, "s", asking->contact);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(runs, id);
	}
	for (guint i = 0; i < runs->len; i++) {
		g_auto(Run) run = { 0 };
		if (run_load(asking->host, g_array_index(runs, int64_t, i), &run))
			ask_new(asking, run.sequence, run.id);
	}
}

static void ask_channels(Asking *asking)
{
	g_autoptr(GPtrArray) channels = g_ptr_array_new_with_free_func(g_free);
	Rows *rows = db_query(asking->host->db, CHANNELS, "s", asking->contact);
	while (rows_next(rows))
		/* A telephone number is an address of sms, whatsapp and call, not a channel to write on. */
		if (strcmp(rows_text(rows, 0), "phone") != 0 && !g_hash_table_contains(asking->seen, rows_text(rows, 0)))
			g_ptr_array_add(channels, g_strdup(rows_text(rows, 0)));
	for (guint i = 0; i < channels->len; i++) {
		WhyCase asked = { .c = { .seen_event = INT64_MAX }, .run_due = TIME_NEVER };
		ask(asking, channels->pdata[i], NULL, &asked, NULL);
	}
}

bool why_cases(Host *host, const char *contact, const char *sequence, WhySee see, void *user)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(int64_t));
	Asking asking = { .host = host, .contact = contact, .see = see, .user = user, .seen = seen };
	Rows *rows = db_query(host->db, LIVE_RUNS, "ss", contact, sequence);
	while (rows_next(rows)) {
		int64_t id = rows_int(rows, 0);
		g_array_append_val(runs, id);
	}
	for (guint i = 0; i < runs->len; i++)
		ask_run(&asking, g_array_index(runs, int64_t, i));
	if (sequence && runs->len == 0)
		ask_new(&asking, sequence, db_int(host->db, 0, LAST_RUN, "ss", contact, sequence));
	if (!sequence) {
		ask_channels(&asking);
		ask_troubled(&asking);
	}
	return g_hash_table_size(seen) > 0;
}
