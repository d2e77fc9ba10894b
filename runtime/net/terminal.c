/* SPDX-License-Identifier: MIT */
/* Asking at the terminal: see terminal.h. */
#include "net/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "net/memory.h"

enum { LINE_MOST = 4096, LOOK_S = 1 };

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { CAUGHT = sizeof caught / sizeof *caught };

static volatile sig_atomic_t came; /* the signal, or 0 */

static void on_signal(int number)
{
	came = number;
}

/* The signals are blocked but for the time in ppoll, so none is missed and none cuts a line in two. */
typedef struct Guard {
	sigset_t mask, open;
	struct sigaction actions[CAUGHT];
} Guard;

static void guard_begin(Guard *guard)
{
	sigset_t block;
	struct sigaction action = { .sa_handler = on_signal };
	sigemptyset(&block);
	for (int i = 0; i < CAUGHT; i++)
		sigaddset(&block, caught[i]);
	sigprocmask(SIG_BLOCK, &block, &guard->mask);
	guard->open = guard->mask;
	for (int i = 0; i < CAUGHT; i++) {
		sigaction(caught[i], &action, &guard->actions[i]);
		sigdelset(&guard->open, caught[i]);
	}
	came = 0;
}

static void guard_end(const Guard *guard)
{
	for (int i = 0; i < CAUGHT; i++)
		sigaction(caught[i], &guard->actions[i], NULL);
	if (came)
		raise(came); /* pending until the mask is as it was, or for a signalfd */
	sigprocmask(SIG_SETMASK, &guard->mask, NULL);
}

/* A line is there: true. A signal has come, the terminal has gone, or our parent: false. */
static bool wait_line(int tty, const Guard *guard, pid_t parent)
{
	for (;;) {
		struct pollfd p = { tty, POLLIN, 0 };
		struct timespec look = { LOOK_S, 0 };
		int n = ppoll(&p, 1, &look, &guard->open);
		if (came || (n < 0 && errno != EINTR) || getppid() != parent)
			return false;
		if (n > 0)
			return true;
	}
}

/* The whole line, or NULL. A terminal gives one line to a read, never more than LINE_MOST. */
static char *read_line(int tty)
{
	char *line = memory_new(LINE_MOST + 1);
	ssize_t n = read(tty, line, LINE_MOST);
	if (n > 0 && line[n - 1] == '\n') {
		line[n - 1] = 0;
		return line;
	}
	sodium_free(line);
	return NULL;
}

static char *ask_once(int tty, const char *prompt, pid_t parent)
{
	Guard guard;
	struct termios before, silent;
	if (tcgetattr(tty, &before) < 0)
		return NULL;
	guard_begin(&guard);
	silent = before;
	silent.c_lflag &= (tcflag_t)~(ECHO | ECHONL);
	silent.c_lflag |= ICANON;
	tcsetattr(tty, TCSAFLUSH, &silent);
	dprintf(tty, "%s", prompt);
	char *line = wait_line(tty, &guard, parent) ? read_line(tty) : NULL;
	/* The shell may have taken the terminal back by now, and would stop us for this. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, kept;
	sigaction(SIGTTOU, &ignore, &kept);
	tcsetattr(tty, TCSAFLUSH, &before);
	dprintf(tty, "\n");
	sigaction(SIGTTOU, &kept, NULL);
	guard_end(&guard);
	return line;
}

char *terminal_ask(const char *prompt)
{
	pid_t parent = getppid();
	int tty = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
	if (tty < 0)
		return NULL;
	char *line = NULL;
	do
		line = ask_once(tty, prompt, parent);
	while (!line && came == SIGTSTP);
	close(tty);
	return line;
}
