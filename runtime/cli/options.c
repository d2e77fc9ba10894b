/* SPDX-License-Identifier: MIT */
/* Options of commands, paths and files as the person typed them. See command.h. */
#include "cli/command.h"

#include "base/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *cli_nearest(const char *word, const char *const *words)
{
	return nearest_word(word, words);
}

bool cli_number(const char *word, int64_t *number)
{
	gint64 value = 0;
	if (!g_ascii_string_to_signed(word, 10, G_MININT64, G_MAXINT64, &value, NULL))
		return false;
	*number = value;
	return true;
}

/* ---- options ---- */

typedef struct Parse {
	Cli *cli;
	const char *command;
	const Option *options;
	int argc, at;
	char **argv;
} Parse;

static bool unknown(Parse *p, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (const Option *o = p->options; o && o->name; o++)
		g_ptr_array_add(names, (void *)o->name);
	g_ptr_array_add(names, (void *)"--json");
	g_ptr_array_add(names, (void *)"--help");
	g_ptr_array_add(names, NULL);
	const char *near = cli_nearest(name, (const char *const *)names->pdata);
	if (near)
		cli_usage(p->cli, p->command, "there is no option %s; did you mean %s?", name, near);
	else
		cli_usage(p->cli, p->command, "there is no option %s", name);
	return false;
}

static bool take_value(Parse *p, const Option *o, const char *value)
{
	switch (o->type) {
	case OPTION_TEXT:
		*(const char **)o->value = value;
		return true;
	case OPTION_NUMBER:
		if (cli_number(value, o->value))
			return true;
		cli_usage(p->cli, p->command, "%s takes a number, not '%s'", o->name, value);
		return false;
	case OPTION_TEXTS: {
		GPtrArray **list = o->value;
		if (!*list)
			*list = g_ptr_array_new();
		g_ptr_array_add(*list, (void *)value);
		return true;
	}
	case OPTION_FLAG: break;
	}
	return false;
}

/* The option at p->at, with its value in the same word ("--name=value") or in the next. */
static bool take_option(Parse *p)
{
	const char *word = p->argv[p->at], *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
	const Option json = { "--json", OPTION_FLAG, &p->cli->json };
	const Option *o = p->options;
	while (o && o->name && strcmp(o->name, name) != 0)
		o++;
	if (!o || !o->name)
		o = strcmp(name, json.name) == 0 ? &json : NULL;
	if (!o)
		return unknown(p, name);
	if (o->type == OPTION_FLAG) {
		if (equals) {
			cli_usage(p->cli, p->command, "%s takes no value", name);
			return false;
		}
		*(bool *)o->value = true;
		return true;
	}
	if (equals)
		return take_value(p, o, equals + 1);
	if (p->at + 1 >= p->argc) {
		cli_usage(p->cli, p->command, "%s needs a value", name);
		return false;
	}
	return take_value(p, o, p->argv[++p->at]);
}

/* "-" stands for a file, "-3" and "-1 day" are values: only dashes before something else make an option. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !g_ascii_isdigit(word[1]);
}

bool cli_options(Cli *cli, const char *command, int argc, char **argv, const Option *options, GPtrArray *words, int least, int most)
{
	Parse p = { cli, command, options, argc, 1, argv };
	bool ended = false;
	guint before = words ? words->len : 0;
	int n = 0;
	for (; p.at < argc; p.at++) {
		if (!ended && strcmp(argv[p.at], "--") == 0) {
			ended = true;
		} else if (!ended && is_option(argv[p.at])) {
			if (!take_option(&p))
				return false;
		} else {
			n++;
			if (words)
				g_ptr_array_add(words, argv[p.at]);
		}
	}
	if (n < least) {
		cli_usage(cli, command, n || least > 1 ? "too few words" : "something is missing");
		return false;
	}
	if (most >= 0 && n > most) {
		const char *extra = words && before + (guint)most < words->len ? words->pdata[before + (guint)most] : NULL;
		cli_usage(cli, command, extra ? "unexpected '%s'" : "too many words%s", extra ? extra : "");
		return false;
	}
	return true;
}

/* ---- paths and files ---- */

char *cli_path(const Cli *cli, const char *path)
{
	return g_canonicalize_filename(path, cli->cwd);
}

/* A pipe (/dev/stdin, a shell's <(...)) whose writer takes its time. */
static bool wait_for(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	errno = ETIMEDOUT;
	return poll(&p, 1, 10000) > 0;
}

char *cli_read_file(const Cli *cli, const char *path, size_t cap, size_t *size, GError **error)
{
	g_autofree char *full = cli_path(cli, path);
	int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without a writer must not hold the owner */
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		int code = fd < 0 ? errno : EISDIR;
		g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", path, g_strerror(code));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	char step[16384];
	ssize_t n = 0;
	while (bytes->len <= cap && ((n = read(fd, step, sizeof step)) > 0 || (n < 0 && errno == EAGAIN && wait_for(fd))))
		if (n > 0)
			g_byte_array_append(bytes, (const guint8 *)step, (guint)n);
	int code = n < 0 ? errno : 0;
	close(fd);
	if (code || bytes->len > cap) {
		if (code)
			g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(code), "%s: %s", path, g_strerror(code));
		else
			g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: larger than %" G_GSIZE_FORMAT " bytes", path, cap);
		return NULL;
	}
	if (size)
		*size = bytes->len;
	g_byte_array_append(bytes, (const guint8 *)"", 1);
	return (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
}
