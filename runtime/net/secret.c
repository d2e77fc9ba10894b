/* SPDX-License-Identifier: MIT */
/* `perigee secret ...`: see secret.h. */
#include "net/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/url.h"
#include "base/value.h"
#include "net/dkim.h"
#include "net/memory.h"
#include "net/terminal.h"
#include "net/vault.h"

typedef struct Options {
	const char *workspace, *key_file, *place, *new_key_file;
	const char *bad_host; /* a --host that is none, or NULL */
	GPtrArray *hosts; /* NULL-terminated when parsed */
	bool json, master;
	const char *name; /* the one argument, or NULL */
	char *path;       /* of the vault */
} Options;

typedef struct Command {
	const char *name;
	const char *usage;
	int (*run)(const Options *options);
	bool wants_name;
} Command;

static int complain(const GError *error)
{
	fprintf(stderr, "perigee: %s\n", error->message);
	return 1;
}

/* Two commands at once would lose one's work: the vault is locked while it is changed, until the process ends. */
static int lock_vault(const Options *options, GError **error)
{
	g_autofree char *folder = g_build_filename(options->workspace, "run", NULL);
	g_autofree char *path = g_build_filename(folder, "vault.lock", NULL);
	if (g_mkdir(folder, 0700) < 0 && errno != EEXIST) {
		g_set_error(error, VAULT_ERROR, VAULT_ERROR_IO, "%s is no workspace: cannot make %s: %s", options->workspace, folder, g_strerror(errno));
		return -1;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	bool ok = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd >= 0 && !ok && errno == EWOULDBLOCK) {
		fprintf(stderr, "perigee: another `perigee secret` changes this vault; waiting for it\n");
		ok = flock(fd, LOCK_EX) == 0;
	}
	if (ok)
		return fd;
	g_set_error(error, VAULT_ERROR, VAULT_ERROR_IO, "cannot lock %s: %s", path, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static Vault *open_vault(const Options *options, bool make, GError **error)
{
	GError *inner = NULL;
	g_autoptr(Vault) vault = vault_read(options->path, &inner);
	if (!vault && make && g_error_matches(inner, VAULT_ERROR, VAULT_ERROR_MISSING)) {
		Kdf kdf;
		g_clear_error(&inner);
		uint8_t *key = key_make(&kdf, options->key_file, error);
		return key ? vault_new(&kdf, key) : NULL;
	}
	if (!vault) {
		g_propagate_error(error, inner);
		return NULL;
	}
	uint8_t *key = key_get(vault_kdf(vault), options->key_file, error);
	return key && vault_unlock(vault, key, error) ? g_steal_pointer(&vault) : NULL;
}

/* All of standard input up to most bytes, without one trailing line end; -1 if it can't be read: half a password is none. */
static ssize_t read_input(char *value, size_t most)
{
	size_t n = 0;
	while (n < most) {
		ssize_t got = read(STDIN_FILENO, value + n, most - n);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == 0)
			break;
		n += got > 0 ? (size_t)got : 0;
	}
	if (n > 0 && value[n - 1] == '\n')
		n--;
	if (n > 0 && value[n - 1] == '\r')
		n--;
	return (ssize_t)n;
}

/* Standard input, or at a terminal a line typed without echo; in memory of memory_new. */
static char *read_value(size_t *size, GError **error)
{
	bool typed = isatty(STDIN_FILENO);
	char *value = typed ? terminal_ask("Value of the secret: ") : memory_new(VAULT_VALUE_MOST + 2);
	ssize_t n = !typed ? read_input(value, VAULT_VALUE_MOST + 2) : value ? (ssize_t)strlen(value) : 0;
	*size = n > 0 ? (size_t)n : 0;
	if (*size > 0 && *size <= VAULT_VALUE_MOST && !memchr(value, 0, *size))
		return value;
	if (n < 0)
		g_set_error(error, VAULT_ERROR, VAULT_ERROR_SECRET, "the value can't be read from standard input: %s", g_strerror(errno));
	else if (n == 0)
		g_set_error_literal(error, VAULT_ERROR, VAULT_ERROR_SECRET, "the value is empty; give it on standard input, for example: "
		                    "printf %s \"$PASSWORD\" | perigee secret set NAME");
	else
		g_set_error(error, VAULT_ERROR, VAULT_ERROR_SECRET, "the value is longer than %u bytes or holds a NUL", VAULT_VALUE_MOST);
	sodium_free(value);
	return NULL;
}

static bool place_is_known(const char *place)
{
	static const char *const words[] = { "", "bearer", "basic", "path", "hmac", "login", NULL };
	static const char *const prefixes[] = { "header ", "query " };
	for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
		size_t n = strlen(prefixes[i]);
		if (strncmp(place, prefixes[i], n) == 0 && place[n] && !strpbrk(place + n, " \t\r\n:"))
			return true;
	}
	return g_strv_contains(words, place);
}

static bool name_is_good(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("-_./@:", *c))
			return false;
	return *name && strlen(name) <= 200;
}

/* HOST:PORT: for requests of scripts to another port than 443 (url_matches). */
static bool has_port(const char *word)
{
	const char *colon = strrchr(word, ':'), *first = strchr(word, ':'), *bracket = strrchr(word, ']');
	return colon && (bracket ? colon > bracket : colon == first);
}

/* A host as it is compared later: small letters, ASCII, no brackets around an address alone. NULL: it is none. */
static char *host_of(const char *word)
{
	size_t n = strlen(word);
	g_autofree char *entry = g_ascii_strdown(word, -1);
	if (has_port(word))
		return url_check_entry(entry, NULL) ? g_steal_pointer(&entry) : NULL;
	g_autofree char *bare = n > 2 && word[0] == '[' && word[n - 1] == ']' ? g_strndup(word + 1, n - 2) : g_strdup(word);
	if (g_hostname_is_ip_address(bare))
		return g_ascii_strdown(bare, -1);
	/* GLib reads beyond what is no UTF-8, and a command line may hold any bytes. */
	g_autofree char *ascii = g_utf8_validate(bare, -1, NULL) ? g_hostname_to_ascii(bare) : NULL;
	bool good = ascii && *ascii && strlen(ascii) <= 253 && *ascii != '.' && !g_str_has_suffix(ascii, ".") && !strstr(ascii, "..");
	for (const char *c = ascii; good && *c; c++)
		good = g_ascii_isalnum(*c) || strchr("-_.", *c);
	return good ? g_ascii_strdown(ascii, -1) : NULL;
}

static int check_usage(const Options *o)
{
	if (o->name && !name_is_good(o->name))
		fprintf(stderr, "perigee: a secret's name has letters, digits and - _ . / @ : only\n");
	else if (!place_is_known(o->place))
		fprintf(stderr, "perigee: --as is bearer, basic, \"header NAME\", path, \"query NAME\", hmac or login\n");
	else if (o->bad_host)
		fprintf(stderr, "perigee: --host is the name of one host (or HOST:PORT), without scheme, path and *, not %s\n", o->bad_host);
	else
		return 0;
	return 2;
}

static char *binding(char *const *hosts, const char *place)
{
	g_autofree char *all = g_strjoinv(", ", (char **)hosts);
	return g_strdup_printf("%s%s%s", *all ? all : "no host", *place ? " as " : "", place);
}

/* Set replaces all of an old secret: what it was bound to may not be what was meant to go. */
static void tell_binding(const Options *o, const char *before)
{
	char *const *hosts = (char *const *)o->hosts->pdata;
	g_autofree char *now = binding(hosts, o->place);
	if (before && strcmp(before, now) != 0)
		fprintf(stderr, "perigee: the secret %s was bound to %s, and is to %s from now on\n", o->name, before, now);
	if (!*hosts)
		fprintf(stderr, "perigee: the secret %s is bound to no host, so it serves an account alone, to sign in or to sign mail%s\n", o->name,
		        !*o->place || strcmp(o->place, "login") == 0 ? "; a password set with --host can go nowhere else" : ": set it again with --host for requests");
}

/* Sets name's value from standard input. old: a secret whose hosts and place stay, or NULL. */
static int store(const Options *o, bool rotate)
{
	g_autoptr(GError) error = NULL;
	int lock = lock_vault(o, &error);
	g_autoptr(Vault) vault = lock >= 0 ? open_vault(o, !rotate, &error) : NULL;
	if (!vault)
		return complain(error);
	const Secret *old = vault_find(vault, o->name);
	if (rotate && !old) {
		fprintf(stderr, "perigee: the secret %s is not in the vault; set it with: perigee secret set %s\n", o->name, o->name);
		return 1;
	}
	size_t size;
	char *value = read_value(&size, &error);
	if (!value)
		return complain(error);
	g_auto(GStrv) hosts = g_strdupv(rotate ? old->hosts : (char **)o->hosts->pdata);
	g_autofree char *place = g_strdup(rotate ? old->place : o->place);
	g_autofree char *before = old ? binding(old->hosts, old->place) : NULL;
	bool ok = vault_set(vault, o->name, hosts, place, (int64_t)time(NULL), value, size, &error) && vault_write(vault, o->path, &error);
	sodium_free(value);
	if (!ok)
		return complain(error);
	if (!rotate)
		tell_binding(o, before);
	return 0;
}

static int run_set(const Options *o)
{
	return store(o, false);
}

static int rotate_master(const Options *o)
{
	g_autoptr(GError) error = NULL;
	int lock = lock_vault(o, &error);
	g_autoptr(Vault) vault = lock >= 0 ? open_vault(o, false, &error) : NULL;
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	Kdf kdf;
	uint8_t *key = vault ? key_make_new(&kdf, o->new_key_file, &error) : NULL;
	if (!key || !vault_rekey(vault, &kdf, key, &error) || !vault_write(vault, o->path, &error))
		return complain(error);
	fprintf(stderr, "perigee: the vault opens with the new %s from now on; a running perigee serve goes on with what it knows until it is "
	        "restarted with it\n", o->new_key_file ? "key file" : "passphrase");
	if (o->new_key_file && credentials && *credentials)
		fprintf(stderr, "perigee: %s/perigee.key is looked at first: put the new key there\n", credentials);
	return 0;
}

static int run_rotate(const Options *o)
{
	if (o->master != !o->name) {
		fprintf(stderr, "perigee: rotate a secret (perigee secret rotate NAME) or the master key (perigee secret rotate --master)\n");
		return 2;
	}
	return o->master ? rotate_master(o) : store(o, true);
}

static int run_rm(const Options *o)
{
	g_autoptr(GError) error = NULL;
	int lock = lock_vault(o, &error);
	g_autoptr(Vault) vault = lock >= 0 ? open_vault(o, false, &error) : NULL;
	if (!vault)
		return complain(error);
	if (!vault_remove(vault, o->name)) {
		fprintf(stderr, "perigee: the secret %s is not in the vault\n", o->name);
		return 1;
	}
	return vault_write(vault, o->path, &error) ? 0 : complain(error);
}

static void print_secret(const Secret *secret, bool as_json)
{
	g_autofree char *at = time_iso(secret->set_at * TIME_SECOND, NULL);
	if (!as_json) {
		g_autofree char *hosts = g_strjoinv(",", secret->hosts);
		printf("%-24s %-12s %-32s set %s\n", secret->name, *secret->place ? secret->place : "-", *hosts ? hosts : "-", at);
		return;
	}
	g_autoptr(json_t) value = json_object();
	json_t *hosts = json_array();
	for (char **h = secret->hosts; *h; h++)
		json_array_append_new(hosts, json_string(*h));
	json_object_set_new(value, "name", json_string(secret->name));
	json_object_set_new(value, "hosts", hosts);
	json_object_set_new(value, "place", *secret->place ? json_string(secret->place) : json_null());
	json_object_set_new(value, "set_at", json_string(at));
	g_autofree char *text = value_text(value);
	puts(text);
}

/* Names and hosts are no secrets: the key is not needed. */
static int run_list(const Options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) vault = vault_read(o->path, &error);
	if (!vault && g_error_matches(error, VAULT_ERROR, VAULT_ERROR_MISSING))
		return 0;
	if (!vault)
		return complain(error);
	for (guint i = 0; i < vault_count(vault); i++)
		print_secret(vault_at(vault, i), o->json);
	return 0;
}

/* The public half of a key that signs mail, as it stands in the DNS. */
static int run_dkim(const Options *o)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) vault = open_vault(o, false, &error);
	size_t size = 0;
	char *value = vault ? vault_unseal_signing(vault, o->name, &size, &error) : NULL;
	g_autoptr(DkimKey) key = value ? dkim_key_parse(value, size, &error) : NULL;
	sodium_free(value);
	if (!key) {
		fprintf(stderr, "perigee: %s%s%s\n", value ? o->name : "", value ? ": " : "", error->message);
		return 1;
	}
	g_autofree char *record = dkim_record(key);
	if (o->json) {
		g_autoptr(json_t) row = json_pack("{ss ss si ss}", "name", o->name, "algorithm", dkim_key_algorithm(key), "bits", dkim_key_bits(key),
		                                  "record", record);
		g_autofree char *text = value_text(row);
		puts(text);
	} else {
		puts(record);
	}
	if (strcmp(dkim_key_algorithm(key), "rsa-sha256") == 0 && dkim_key_bits(key) < 2048)
		fprintf(stderr, "perigee: this RSA key has %d bits; 2048 are advised\n", dkim_key_bits(key));
	return 0;
}

static const Command commands[] = {
	{ "set", "set NAME [--host H]... [--as PLACE] [--key-file F]     (the value on standard input)", run_set, true },
	{ "list", "list [--json]", run_list, false },
	{ "rm", "rm NAME [--key-file F]", run_rm, true },
	{ "dkim", "dkim NAME [--json] [--key-file F]                   (the DNS record of a key that signs mail)", run_dkim, true },
	{ "rotate", "rotate (NAME or --master [--new-key-file F]) [--key-file F]", run_rotate, false },
};

static int usage(FILE *out, int status)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "%s perigee secret %s\n", i ? "      " : "usage:", commands[i].usage);
	fputs("PLACE: bearer, basic, \"header NAME\", path, \"query NAME\", hmac, login\n", out);
	return status;
}

static const struct option longs[] = {
	{ "workspace", required_argument, NULL, 'C' }, { "key-file", required_argument, NULL, 'k' },
	{ "host", required_argument, NULL, 'h' },      { "as", required_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'j' },            { "master", no_argument, NULL, 'm' },
	{ "new-key-file", required_argument, NULL, 'n' }, { "help", no_argument, NULL, '?' + 256 },
	{ NULL, 0, NULL, 0 },
};

static void take_host(Options *o, const char *word)
{
	char *host = host_of(word);
	if (host)
		g_ptr_array_add(o->hosts, host);
	else
		o->bad_host = word;
}

static bool take_option(Options *o, int letter)
{
	switch (letter) {
	case 'C': o->workspace = optarg; break;
	case 'k': o->key_file = optarg; break;
	case 'h': take_host(o, optarg); break;
	case 'a': o->place = optarg; break;
	case 'j': o->json = true; break;
	case 'm': o->master = true; break;
	case 'n': o->new_key_file = optarg; break;
	default: return false;
	}
	return true;
}

int secret_command(int argc, char **argv)
{
	const Command *command = NULL;
	if (argc > 0 && strcmp(argv[0], "--help") == 0)
		return usage(stdout, 0);
	for (size_t i = 0; argc > 0 && i < G_N_ELEMENTS(commands); i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			command = &commands[i];
	if (!command)
		return usage(stderr, 2);
	g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
	Options o = { .workspace = ".", .place = "", .hosts = hosts };
	for (int letter; (letter = getopt_long(argc, argv, "C:", longs, NULL)) != -1;) {
		if (letter == '?' + 256)
			return usage(stdout, 0);
		if (!take_option(&o, letter))
			return usage(stderr, 2);
	}
	g_ptr_array_add(hosts, NULL);
	o.name = optind < argc ? argv[optind] : NULL;
	if (argc - optind > 1) /* a value as a word would stand in the shell's history and in ps */
		fprintf(stderr, "perigee: one NAME at a time; a value is read from standard input, never from the command line\n");
	if (argc - optind > 1 || (command->wants_name && !o.name))
		return usage(stderr, 2);
	g_autofree char *path = g_build_filename(o.workspace, "perigee.vault", NULL);
	o.path = path;
	log_quiet();
	int wrong = check_usage(&o);
	return wrong ? wrong : command->run(&o);
}
