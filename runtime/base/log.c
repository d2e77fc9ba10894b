/* SPDX-License-Identifier: MIT */
/* Log lines: see log.h. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef enum { DEBUG, INFO, WARN, ERROR } Level;

static const char *role = "perigee";
static Level least = INFO;

void log_open(const char *name, bool verbose)
{
	role = name;
	least = verbose ? DEBUG : INFO;
}

void log_quiet(void)
{
	least = WARN;
}

static void line(Level level, const char *word, const char *format, va_list args)
{
	if (level < least)
		return;
	int saved = errno;
	g_autofree char *text = g_strdup_vprintf(format, args);
	/* One line whatever the text holds: a script's or a server's words can't forge a second one. */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	char at[32];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
	g_autofree char *whole = g_strdup_printf("%s %s[%d]: %s: %s\n", at, role, (int)getpid(), word, text);
	fputs(whole, stderr);
	errno = saved;
}

#define LEVEL(name, level, word)                     \
	void name(const char *format, ...)           \
	{                                            \
		va_list args;                        \
		va_start(args, format);              \
		line(level, word, format, args);     \
		va_end(args);                        \
	}

LEVEL(log_debug, DEBUG, "debug")
LEVEL(log_info, INFO, "info")
LEVEL(log_warn, WARN, "warning")
LEVEL(log_error, ERROR, "error")

void fatal(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	line(ERROR, "fatal", format, args);
	va_end(args);
	exit(1);
}

void panic(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	line(ERROR, "panic", format, args);
	va_end(args);
	abort();
}
