/* SPDX-License-Identifier: MIT */
/* The world of a simulation: see sim_world.h. */
#include "cli/sim_world.h"

#include "host/carrier.h"
#include "host/chance.h"
#include "host/contacts.h"
#include "host/modelled.h"
#include "host/pretend.h"
#include "host/runs.h"
#include "host/simulate.h"
#include "host/versions.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_CAP = 256 << 20 };

typedef struct Edit {
	Time at;
	char *file, *path, *script; /* file as it was typed */
} Edit;

static void edit_clear(void *data)
{
	Edit *edit = data;
	g_free(edit->file);
	g_free(edit->path);
	g_free(edit->script);
}

/* ---- words of the command line --------------------------------------------------------------------------------- */

/* "2026-11-24 10:00 REST", "+2 days REST": the longest beginning that is a time (+: after the start), and the rest, which is not empty. */
static bool split_time(const Sim *sim, const SimWorld *world, const char *text, Time *at, char **rest)
{
	const Workspace *w = sim->host->workspace;
	g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
	for (guint n = g_strv_length(words); n-- > 1;) {
		g_autofree char *tail = g_strjoinv(" ", words + n);
		char *cut = g_steal_pointer(&words[n]);
		g_autofree char *head = g_strjoinv(" ", words);
		words[n] = cut;
		const char *when = *head == '+' ? head + 1 : head;
		if (!*g_strstrip(tail) || !when_parse(when, world->start, w->zone, w->hours, at, NULL))
			continue;
		*rest = g_steal_pointer(&tail);
		return true;
	}
	return false;
}

static bool usage(Sim *sim, const char *format, ...) G_GNUC_PRINTF(2, 3);
static bool usage(Sim *sim, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	g_autofree char *text = g_strdup_vprintf(format, list);
	va_end(list);
	cli_usage(sim->cli, "sim", "%s", text);
	return false;
}

static bool add_outage(Sim *sim, const SimWorld *world, const char *text)
{
	const Workspace *w = sim->host->workspace;
	const char *space = strpbrk(text, " \t");
	g_autofree char *channel = g_strndup(text, space ? (gsize)(space - text) : strlen(text)), *rest = NULL;
	g_autofree char *times = g_strstrip(g_strdup(space ? space : ""));
	Time from, until;
	if (!contacts_is_channel(channel))
		return usage(sim, "--outage \"%s\": there is no channel \"%s\"; what is needed is \"CHANNEL FROM FOR\", such as \"email +2d 6h\"", text, channel);
	bool good = split_time(sim, world, times, &from, &rest);
	g_autoptr(json_t) duration = json_string(good ? rest : "");
	g_autoptr(GError) why = NULL;
	if (!good || !when_resolve(duration, from, w->zone, w->hours, &until, &why) || until <= from)
		return usage(sim, "--outage \"%s\": what is needed is \"CHANNEL FROM FOR\", such as \"email 2026-11-24T10:00 6h\" or \"email +2d 6h\"%s%s", text,
		             why ? "; " : "", why ? why->message : "");
	if (until <= world->start || from > world->end)
		return usage(sim, "--outage \"%s\": that is not within the time of the simulation", text);
	pretend_outage(sim->host, channel, MAX(from, world->start), until);
	return true;
}

static bool add_edit(Sim *sim, SimWorld *world, const char *text, GError **error)
{
	Edit edit = { 0 };
	if (!split_time(sim, world, text, &edit.at, &edit.file))
		return usage(sim, "--edit \"%s\": what is needed is \"WHEN FILE\", such as \"+3d edited.lua\" or \"2026-11-24T10:00 edited.lua\"", text);
	edit.path = cli_path(sim->cli, edit.file);
	if (edit.at < world->start || edit.at > world->end) {
		edit_clear(&edit);
		return usage(sim, "--edit \"%s\": that is not within the time of the simulation", text);
	}
	edit.script = versions_name_of(sim->host, edit.path, error);
	g_autofree char *newest = edit.script ? versions_newest(sim->host, edit.script) : NULL;
	if (newest) {
		g_array_append_val(world->planned, edit);
		return true;
	}
	if (edit.script)
		g_set_error(error, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN, "%s: it is the script \"%s\", which this simulation does not play: the name says which script "
		            "is edited", edit.file, edit.script);
	edit_clear(&edit);
	return false;
}

static int by_time(const void *a, const void *b)
{
	Time x = ((const Edit *)a)->at, y = ((const Edit *)b)->at;
	return (x > y) - (x < y);
}

static bool add_replies(Sim *sim, const SimWorld *world, GError **error)
{
	const char *word = world->replies;
	if (!word)
		return true;
	if (g_str_equal(word, "random") || g_str_has_prefix(word, "random:")) {
		g_autoptr(GError) wrong = NULL;
		Model *chance = chance_new(sim->host, word, world->seed, &wrong);
		if (!chance)
			return usage(sim, "%s", wrong->message);
		pretend_model(sim->host, chance);
		return true;
	}
	g_autofree char *path = cli_path(sim->cli, word);
	bool slip = !strchr(word, '.') || g_str_has_prefix(word, "random");
	if (slip && !g_file_test(path, G_FILE_TEST_EXISTS))
		return usage(sim, "--replies %s: there is no such file; it takes FILE.csv, FILE.lua, random or random:reply=0.2,...", word);
	if (g_str_has_suffix(word, ".lua")) {
		Model *model = modelled_new(sim->host, path, world->seed, error);
		if (model)
			pretend_model(sim->host, model);
		return model != NULL;
	}
	size_t size;
	g_autofree char *text = cli_read_file(sim->cli, word, FILE_CAP, &size, error);
	return text && pretend_load(sim->host, word, text, size, error);
}

bool sim_world_policy(Sim *sim, const SimWorld *world)
{
	if (!world->policy)
		return true;
	g_autoptr(GString) changes = g_string_new(NULL);
	for (guint i = 0; i < world->policy->len; i++) {
		const char *change = world->policy->pdata[i];
		if (!*change || strpbrk(change, "\r\n"))
			return usage(sim, "--policy: KEY=VALUE is needed, such as asks_per_week=1");
		g_string_append_printf(changes, "%s\n", change);
	}
	g_autoptr(GError) why = NULL;
	Workspace *changed = host_read_workspace(sim->host, sim->host->workspace->dir, changes->str, &why);
	if (!changed) { /* without the line of perigee.lua, which is not what is wrong */
		const char *own = strstr(why->message, "--policy");
		return usage(sim, "%s", own ? own : why->message);
	}
	workspace_free(sim->host->workspace);
	sim->host->workspace = changed;
	return true;
}

bool sim_world_begin(Sim *sim, SimWorld *world, GError **error)
{
	world->planned = g_array_new(FALSE, FALSE, sizeof(Edit));
	g_array_set_clear_func(world->planned, edit_clear);
	for (guint i = 0; world->outages && i < world->outages->len; i++)
		if (!add_outage(sim, world, world->outages->pdata[i]))
			return false;
	for (guint i = 0; world->edits && i < world->edits->len; i++)
		if (!add_edit(sim, world, world->edits->pdata[i], error))
			return false;
	g_array_sort(world->planned, by_time);
	pretend_colleague(sim->host);
	return add_replies(sim, world, error);
}

bool sim_world_starts(Sim *sim, const SimWorld *world, const char *sequence, const GPtrArray *contacts)
{
	g_autofree char *version = versions_newest(sim->host, sequence);
	return world->replies && pretend_begin(sim->host, versions_declared(sim->host, version), contacts);
}

void sim_world_clear(SimWorld *world)
{
	GPtrArray *lists[] = { world->outages, world->edits, world->policy };
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (lists[i])
			g_ptr_array_unref(lists[i]);
	if (world->planned)
		g_array_unref(world->planned);
}

GPtrArray *sim_world_settings(const SimWorld *world)
{
	const struct { const char *word; const GPtrArray *list; } all[] = { { "", world->policy }, { "outage ", world->outages }, { "edit ", world->edits } };
	GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		for (guint k = 0; all[i].list && k < all[i].list->len; k++)
			g_ptr_array_add(settings, g_strdup_printf("%s%s", all[i].word, (const char *)all[i].list->pdata[k]));
	return settings;
}

/* ---- time passes ----------------------------------------------------------------------------------------------- */

/* What a look at the clock needs. */
typedef struct Progress {
	Sim *sim;
	const SimWorld *world;
	int64_t begun, told; /* monotonic µs */
} Progress;

static void tell_progress(Host *host, void *user)
{
	enum { PATIENCE_US = 1000000, EACH_US = 200000 };
	Progress *progress = user;
	int64_t now = g_get_monotonic_time();
	if (now - progress->begun < PATIENCE_US || now - progress->told < EACH_US)
		return;
	const SimWorld *world = progress->world;
	g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(host_now(host) / 1000);
	g_autofree char *day = g_date_time_format(utc, "%Y-%m-%d");
	fprintf(stderr, "\r%s: %d %%, %d sent ", day, (int)((host_now(host) - world->start) * 100 / MAX(world->end - world->start, 1)), progress->sim->sent);
	fflush(stderr);
	progress->told = now;
}

/* The timeline on a terminal is progress enough. */
static bool watched(const Sim *sim)
{
	return isatty(STDERR_FILENO) == 1 && (!isatty(STDOUT_FILENO) || sim->cli->json) && sim->cli->write == command_write;
}

static bool play_until(Sim *sim, Time end, Progress *progress, GError **error)
{
	bool done = simulate_watched(sim->host, end, watched(sim) ? tell_progress : NULL, progress);
	if (progress->told)
		fputs("\r\033[K", stderr);
	progress->told = 0;
	if (sim->host->carrier->failure)
		g_propagate_error(error, g_steal_pointer(&sim->host->carrier->failure));
	return done;
}

/* Who goes on with the edited script and who stays is decided at once, as by `perigee upgrade`. */
static bool edit_now(Sim *sim, const Edit *edit, GError **error)
{
	Host *host = sim->host;
	bool is_new;
	if (!versions_replace(host, edit->script, edit->path, &is_new, error))
		return false;
	g_autoptr(GPtrArray) results = runs_upgrade(host, edit->script, false);
	int moved = 0;
	for (guint i = 0; i < results->len; i++)
		moved += ((const UpgradeResult *)results->pdata[i])->moves;
	host_see(host, json_pack("{s:s, s:s, s:s, s:b, s:i, s:i}", "event", "edited", "sequence", edit->script, "file", edit->file, "changed", is_new,
	                         "moved", moved, "stayed", (int)results->len - moved), NULL, 0);
	for (guint i = 0; i < results->len; i++) {
		const UpgradeResult *r = results->pdata[i];
		g_autofree char *reason = r->moves ? NULL
		                          : g_strdup_printf("%s%sstep %" G_GINT64_FORMAT ": it has `%s`, the edited script asks `%s`", r->place ? r->place : "",
		                                            r->place && *r->place ? ": " : "", r->position, r->recorded ? r->recorded : "nothing", r->asked);
		host_see(host, json_pack("{s:s, s:s, s:s*}", "event", r->moves ? "moved" : "stayed", "sequence", edit->script, "reason", reason), r->contact, r->run);
	}
	return true;
}

bool sim_world_play(Sim *sim, SimWorld *world, GError **error)
{
	Progress progress = { .sim = sim, .world = world, .begun = g_get_monotonic_time() };
	for (guint i = 0; i < world->planned->len; i++) {
		const Edit *edit = &g_array_index(world->planned, Edit, i);
		if (!play_until(sim, edit->at, &progress, error) || !edit_now(sim, edit, error))
			return false;
	}
	return play_until(sim, world->end, &progress, error);
}
