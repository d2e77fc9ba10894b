/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/*
 * Runs every hostile script of the folder $PERIGEE_ATTACKS as a sequence; without it there is nothing to do. A script
 * passes if it reports no breach, ends by itself, by an error or by a limit, and leaves a pool that serves. "-- THEN:
 * FILE" in a script names one that runs after it in the same worker and must find nothing changed.
 */
#include "worker_host.h"

enum { EFFECTS = 2000 };
#define ANN "{\"contact\":{\"id\":\"c1\",\"name\":\"Ann\"},\"run\":\"r\"}"

static Host *host;
static char *attack_host;

/* The names that a script does not have are made nil, so that looking for them is no error that ends the attack. */
#define HEAD \
	"local make, perigee = require 'attack_host', require 'perigee'\n" \
	"local io, debug, package, collectgarbage, dofile, loadfile, print, warn, _G\n" \
	"return perigee.sequence { name = 'attack', needs = { send = { 'email' }, store = true }, run = function(contact) local host = make(contact)\n"

/* What a host says that knows no recipient, no secret and no stored value. */
static const char *answer_to(const char *kind)
{
	return strcmp(kind, "send") == 0 ? "{\"r\":[null,\"refused\",\"refused\"]}" : "{\"r\":[]}";
}

/* Answers whatever is asked until the script has ended, waking it again after each wait; the last line. */
static char *serve(uint64_t program)
{
	g_autoptr(GArray) journal = g_array_new(TRUE, TRUE, sizeof(Entry));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	uint64_t ticket = host_visit(host, program, VISIT_STRICT, ANN, NULL);
	while (journal->len < EFFECTS) {
		g_autoptr(GError) error = NULL;
		peer_flush_all(host->worker, NULL);
		if (!peer_receive(host->worker, &host->frame, TIMEOUT_MS, &error)) {
			g_assert_nonnull(error); /* no silence: it ends or speaks */
			return g_strdup("died");
		}
		if (host->frame.kind != W_EFFECT)
			return host_line(host);
		uint32_t position = frame_get_u32(&host->frame);
		bool waits = frame_get_u8(&host->frame);
		char *kind = g_strdup(frame_get_str(&host->frame, NULL)), *args = g_strdup(frame_get_str(&host->frame, NULL));
		g_ptr_array_add(texts, kind);
		g_ptr_array_add(texts, args);
		if (strstr(args, "BREACH"))
			g_error("%s", args);
		Entry entry = { kind, args, answer_to(kind) };
		g_array_append_val(journal, entry);
		if (waits)
			ticket = host_visit(host, program, VISIT_STRICT, ANN, (const Entry *)(void *)journal->data);
		else
			host_answer(host, ticket, position, entry.answer);
	}
	peer_begin(host->worker, W_ABANDON, ticket);
	peer_end(host->worker);
	return g_strdup("abandoned");
}

static char *run(const char *folder, const char *name, char **then)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	char *attack;
	g_assert_true(g_file_get_contents(path, &attack, NULL, NULL));
	const char *next = strstr(attack, "-- THEN: ");
	*then = next ? g_strndup(next + 9, strcspn(next + 9, " \r\n|")) : NULL;
	g_autofree char *source = g_strconcat(HEAD, attack, "\nend }\n", NULL);
	g_free(attack);
	uint64_t program = host_load(host, PROGRAM_SCRIPT, name, source, "attack_host", attack_host, NULL);
	if (host->frame.kind != W_LOADED)
		return host_line(host);
	return serve(program);
}

static void test_attack(const void *data)
{
	const char *name = data, *folder = g_getenv("PERIGEE_ATTACKS");
	g_autofree char *then = NULL, *ignored = NULL;
	g_autofree char *line = run(folder, name, &then);
	g_test_message("%s", line);
	bool ended = strcmp(line, "died") == 0 || g_str_has_prefix(line, "failed limit") || g_str_has_prefix(line, "failed memory") ||
	             g_str_has_prefix(line, "refused limit") || g_str_has_prefix(line, "refused memory");
	if (!ended && then) {
		g_autofree char *after = run(folder, then, &ignored);
		g_test_message("then %s", after);
	}
	if (ended) {
		host_wait_end(host);
		host_fork(host);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	const char *folder = g_getenv("PERIGEE_ATTACKS");
	g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
	if (!dir) {
		puts("1..0 # SKIP no folder of hostile scripts in PERIGEE_ATTACKS");
		return 0;
	}
	g_assert_true(g_file_get_contents("tests/lua/attack_host.lua", &attack_host, NULL, NULL));
	host = host_start();
	host_fork(host);
	for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
		if (!g_str_has_suffix(name, ".lua"))
			continue;
		g_autofree char *path = g_strdup_printf("/attacks/%s does no harm", name);
		g_test_add_data_func_full(path, g_strdup(name), test_attack, g_free);
	}
	int failed = g_test_run();
	host_stop(host);
	return failed;
}
