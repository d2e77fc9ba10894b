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

/* The host's jail lets no file change its folder, as with a file of another disk: it is copied, and then removed where it was. */
static bool copy_bytes(int from, int to)
{
	struct stat stat;
	ssize_t n;
	char bytes[64 * 1024];
	while ((n = read(from, bytes, sizeof bytes)) > 0)
		for (ssize_t done = 0, step; done < n; done += step)
			if ((step = write(to, bytes + done, (size_t)(n - done))) < 0)
				return false;
	if (n < 0 || fstat(from, &stat) < 0 || fsync(to) < 0)
		return false;
	const struct timespec times[] = { stat.st_atim, stat.st_mtim }; /* keep.attachments counts from it */
	return futimens(to, times) == 0;
}

static bool copy_file(int source, const char *name, int target, const char *as)
{
	int from = openat(source, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int to = from >= 0 ? openat(target, as, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	bool ok = to >= 0 && copy_bytes(from, to);
	int why = errno;
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	if (to >= 0)
		unlinkat(ok ? source : target, ok ? name : as, 0);
	errno = why;
	return ok;
}

/* EEXIST: there is one of that name. */
static bool move(int source, const char *name, int target, const char *as)
{
	return renameat2(source, name, target, as, RENAME_NOREPLACE) == 0 || (errno == EXDEV && copy_file(source, name, target, as));
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

static void merge_folder(int source, int target, const char *from, int depth);

/* A folder within theirs; false: it is no folder, or goes too deep. */
static bool merge_inner(int source, const char *name, int target, const char *from, int depth)
{
	int below = depth < DEPTH_MOST ? open_below(source, name) : -1;
	if (below < 0)
		return false;
	int there = mkdirat(target, name, 0700) == 0 || errno == EEXIST ? open_below(target, name) : -1;
	if (there >= 0) {
		merge_folder(below, there, from, depth + 1);
		unlinkat(source, name, AT_REMOVEDIR);
		close(there);
	}
	close(below);
	return there >= 0;
}

static void merge_folder(int source, int target, const char *from, int depth)
{
	g_autoptr(GPtrArray) names = entries(source);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		if (merge_inner(source, name, target, from, depth) || move(source, name, target, name) ||
		    (errno == EEXIST && move_aside(source, name, target, from)))
			continue;
		log_error("a file of the contact %s could not be moved to whom they were merged into: %s", from, g_strerror(errno));
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
