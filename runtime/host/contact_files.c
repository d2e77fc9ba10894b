/* SPDX-License-Identifier: MIT */
/* Folders of contacts: see contact_files.h. Everything goes by descriptors, so that no link leads out of attachments/. */
#include "host/contact_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MOST = 32 };

static const char FORMER[] = "SELECT id, contact FROM former_ids";

/* May a contact's id stand for a folder? (As in attach.c.) */
static bool is_folder(const char *contact)
{
	return contact && *contact && *contact != '.' && !strchr(contact, '/');
}

static int open_all(const Host *host)
{
	g_autofree char *path = g_build_filename(host->workspace->dir, "attachments", NULL);
	return open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
}

static int open_below(int folder, const char *name)
{
	return openat(folder, name, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
}

static GPtrArray *entries(int folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", folder);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));)
		g_ptr_array_add(names, g_strdup(name));
	return names;
}

/* ---- merging ---------------------------------------------------------------------------------------------------- */

static bool move(int source, const char *name, int target, const char *as)
{
	return renameat2(source, name, target, as, RENAME_NOREPLACE) == 0;
}

/* "contract.pdf" of bo is "contract (bo).pdf", then "contract (bo 2).pdf". */
static bool move_aside(int source, const char *name, int target, const char *from)
{
	enum { TRIES = 100 };
	const char *dot = strrchr(name, '.');
	g_autofree char *stem = dot && dot != name ? g_strndup(name, (size_t)(dot - name)) : g_strdup(name);
	for (int n = 1; n <= TRIES; n++) {
		g_autofree char *number = n > 1 ? g_strdup_printf(" %d", n) : g_strdup("");
		g_autofree char *as = g_strdup_printf("%s (%s%s)%s", stem, from, number, dot && dot != name ? dot : "");
		if (move(source, name, target, as))
			return true;
		if (errno != EEXIST)
			return false;
	}
	return false;
}

static void merge_folder(int source, int target, const char *from, int depth)
{
	g_autoptr(GPtrArray) names = entries(source);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		if (move(source, name, target, name))
			continue;
		int below = errno == EEXIST && depth < DEPTH_MOST ? open_below(source, name) : -1, there = below >= 0 ? open_below(target, name) : -1;
		if (below >= 0 && there >= 0) {
			merge_folder(below, there, from, depth + 1);
			unlinkat(source, name, AT_REMOVEDIR);
		} else if (!move_aside(source, name, target, from)) {
			log_error("a file of the contact %s could not be moved to whom they were merged into: %s", from, g_strerror(errno));
		}
		if (below >= 0)
			close(below);
		if (there >= 0)
			close(there);
	}
}

static void merge_files(const Host *host, const char *into, const char *from)
{
	int all = is_folder(into) && is_folder(from) ? open_all(host) : -1;
	int source = all >= 0 ? open_below(all, from) : -1;
	if (source >= 0 && !move(all, from, all, into)) {
		int target = open_below(all, into);
		if (target >= 0) {
			merge_folder(source, target, from, 0);
			close(target);
		}
		unlinkat(all, from, AT_REMOVEDIR);
	}
	if (source >= 0)
		close(source);
	if (all >= 0)
		close(all);
}

static void merge_then(Host *host, void *data)
{
	g_auto(GStrv) pair = data;
	merge_files(host, pair[0], pair[1]);
}

static void merge_gone(Host *host, void *data)
{
	(void)host;
	g_strfreev(data);
}

void contact_files_merge(Host *host, const char *into, const char *from)
{
	const char *pair[] = { into, from, NULL };
	if (!host->simulated && host->after_commit)
		host_after_commit(host, merge_then, merge_gone, g_strdupv((GStrv)pair));
}

void contact_files_settle(Host *host)
{
	Rows *rows = db_query(host->db, FORMER, "");
	while (rows_next(rows))
		merge_files(host, rows_text(rows, 1), rows_text(rows, 0));
}

/* ---- looking, and dropping -------------------------------------------------------------------------------------- */

typedef struct Walk {
	ContactFileSee see;
	void *user;
	Time before; /* 0: none is dropped */
	bool dry;
	int dropped;
} Walk;

static bool is_old(const struct stat *stat, const Walk *walk)
{
	return walk->before && (Time)stat->st_mtim.tv_sec * TIME_SECOND < walk->before;
}

static void walk_folder(Walk *walk, int folder, const char *prefix, int depth)
{
	g_autoptr(GPtrArray) names = entries(folder);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		struct stat stat;
		if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		g_autofree char *whole = g_strconcat(prefix, name, NULL);
		if (S_ISDIR(stat.st_mode) && depth < DEPTH_MOST) {
			g_autofree char *inner = g_strconcat(whole, "/", NULL);
			int below = open_below(folder, name);
			if (below >= 0) {
				walk_folder(walk, below, inner, depth + 1);
				close(below);
			}
		} else if (S_ISREG(stat.st_mode) && walk->see) {
			g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", folder, name);
			walk->see(walk->user, whole, path);
		} else if (S_ISREG(stat.st_mode) && is_old(&stat, walk) && (walk->dry || unlinkat(folder, name, 0) == 0)) {
			walk->dropped++;
		}
	}
}

static void walk_contact(Host *host, const char *contact, Walk *walk)
{
	int all = is_folder(contact) && !host->simulated ? open_all(host) : -1;
	int folder = all >= 0 ? open_below(all, contact) : -1;
	if (folder >= 0) {
		walk_folder(walk, folder, "", 0);
		close(folder);
	}
	if (all >= 0)
		close(all);
}

void contact_files_each(Host *host, const char *contact, ContactFileSee see, void *user)
{
	Walk walk = { .see = see, .user = user };
	walk_contact(host, contact, &walk);
}

int contact_files_drop(Host *host, const char *contact, Time before, bool dry)
{
	Walk walk = { .before = before, .dry = dry };
	walk_contact(host, contact, &walk);
	return walk.dropped;
}
