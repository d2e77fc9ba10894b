/* SPDX-License-Identifier: MIT */
/* Asking at the terminal without echo. */
#ifndef PERIGEE_TERMINAL_H
#define PERIGEE_TERMINAL_H

/* One line typed after a prompt, without its end, in memory of memory_new. NULL if standard input is no terminal, at the end
 * of input, when a signal comes (it is raised again once the terminal is as it was), or when the process that started us
 * ends. ^Z stops us with echo on; the question is asked again afterwards. */
char *terminal_ask(const char *prompt);

#endif
