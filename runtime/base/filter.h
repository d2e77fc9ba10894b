/* SPDX-License-Identifier: MIT */
/*
 * Filters of system calls, for the jails of all roles: a table of names with what the kernel does about them, made into
 * a program once and entered by a process for good. A filter is inherited by whatever the process starts, and can only
 * be tightened. Names that this machine's architecture does not have are passed over.
 */
#ifndef PERIGEE_FILTER_H
#define PERIGEE_FILTER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define FILTER_SANITIZED 1 /* the checkers trace, map and write what they like */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FILTER_SANITIZED 1
#endif
#endif

#define FILTER_ERROR (filter_error_quark())
GQuark filter_error_quark(void);

typedef enum {
	FILTER_ALLOW,
	FILTER_REFUSE,  /* EACCES: what libraries try by the way, and can do without */
	FILTER_MISSING, /* ENOSYS: as on an older kernel, so that libraries take the way they took there */
	FILTER_KILL,    /* the whole process: nothing honest does this */
} FilterAnswer;

/* An argument of the call, counted from 0. */
typedef struct FilterWhen {
	unsigned argument;
	enum { FILTER_IS, FILTER_AT_MOST, FILTER_MASKED } test;
	uint64_t value;
	uint64_t mask; /* FILTER_MASKED: (argument & mask) == value */
} FilterWhen;

typedef struct Filter Filter;

/* otherwise: the answer to all that no rule names. Calls by another architecture's numbers (x32, i386) kill. */
Filter *filter_new(FilterAnswer otherwise);
void filter_free(Filter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Filter, filter_free)
/* One answer to many calls; names end with NULL. */
void filter_calls(Filter *filter, FilterAnswer answer, const char *const *names);
/* The answer if all n tests hold; several rules for one name are alternatives. */
void filter_when(Filter *filter, FilterAnswer answer, const char *name, unsigned n, const FilterWhen *when);
/* Makes the program; the first fault of any call above is told here. After it no rule can be added. */
bool filter_seal(Filter *filter, GError **error);
/* Locks this process, with all its threads, in. It must have no_new_privs. Async-signal-safe. False: errno says why. */
bool filter_enter(const Filter *filter);
/* Does this kernel filter at all? */
bool filter_possible(void);

/* What any program of ours does to itself: memory without code, reading, writing and closing what is open, waiting, clocks,
 * signals, threads, who it is. Nothing in it reaches a file by name, an address, or another process. */
void filter_ordinary(Filter *filter);
/* Code of files as memory that can't be written: what loading a library late takes (the resolver's, a character set's). */
void filter_libraries(Filter *filter);
/* What nothing of ours ever does: looking into other processes, other namespaces, the kernel's own programs, keys, mounts.
 * Killed, so that it is noticed. */
void filter_attacks(Filter *filter);

#endif
