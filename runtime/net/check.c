/* SPDX-License-Identifier: MIT */
/* `net check`: see check.h. */
#include "net/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/finding.h"
#include "base/frame.h"
#include "base/landlock.h"
#include "base/proto.h"
#include "base/value.h"
#include "net/confine.h"
#include "net/memory.h"
#include "net/vault.h"

/* ---- the jails ---- */

enum { HELD = 20, NOT_HELD, NO_JAIL };

static bool no_network(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 && socket(AF_INET6, SOCK_DGRAM, 0) < 0 && socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

static bool no_process(void)
{
#ifdef FILTER_SANITIZED /* the leak checker is a process of its own */
	return true;
#endif
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	return pid < 0;
}

static bool no_file(void)
{
	return open("/tmp/perigee-check", O_WRONLY | O_CREAT | O_EXCL, 0600) < 0;
}

static bool no_local_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 && socket(AF_NETLINK, SOCK_RAW, 0) < 0 && socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) < 0;
}

static bool keeper_held(void)
{
	return no_network() && no_process() && no_file();
}

static bool child_held(void)
{
	return no_local_socket() && no_process() && no_file();
}

static const struct Part {
	const char *name;
	ConfinePart part;
	bool (*held)(void);
	const char *text;
} parts[] = {
	{ "net: keeper of the key", CONFINE_KEEPER, keeper_held, "tried in a process of its own: it makes no socket, starts no process, writes no file" },
	{ "net: parent", CONFINE_PARENT, no_local_socket, "tried in a process of its own: it makes no local and no raw socket" },
	{ "net: children", CONFINE_CHILD, child_held, "tried in a process of its own: it makes no local and no raw socket, starts no process, writes no file" },
	{ "net: secret commands", CONFINE_COMMAND, no_network, "tried in a process of its own: it makes no socket" },
};

static void add_part(json_t *rows, const struct Part *part, const char *workspace, const char *key_file)
{
	int status = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(!confine(part->part, workspace, key_file, NULL) ? NO_JAIL : part->held() ? HELD : NOT_HELD);
	bool ended = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status);
	if (ended && WEXITSTATUS(status) == HELD)
		finding_add(rows, part->name, FINDING_OK, "%s", part->text);
	else if (ended && WEXITSTATUS(status) == NOT_HELD)
		finding_add(rows, part->name, FINDING_FAIL, "its filter lets something through that it should not");
	else
		finding_add(rows, part->name, FINDING_FAIL, "it can't be locked in: this kernel or container does not allow seccomp filters");
}

/* ---- memory, key, vault ---- */

static void add_memory(json_t *rows, const Vault *vault)
{
	/* Each stands in pages of its own; a child holds one or a few, the keeper the key. */
	guint pages = 8 + (vault ? vault_count(vault) : 0);
	unsigned long need = pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
	struct rlimit limit = { 0, 0 };
	getrlimit(RLIMIT_MEMLOCK, &limit);
	g_autofree char *most = limit.rlim_cur == RLIM_INFINITY ? g_strdup("no limit") : g_strdup_printf("a limit of %lu KiB", (unsigned long)limit.rlim_cur / 1024);
	if (memory_locks() && (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 1024 >= need))
		finding_add(rows, "locked memory", FINDING_OK, "keys and secrets stay out of swap: about %lu KiB are needed, there is %s", need, most);
	else
		finding_add(rows, "locked memory", FINDING_WARN,
		            "keys and secrets may reach swap: about %lu KiB are needed, there is %s; set LimitMEMLOCK=1M in the service, or memlock in /etc/security/limits.conf",
		            MAX(need, 1024ul), most);
}

static void add_cores(json_t *rows)
{
	struct rlimit limit = { 1, 1 };
	getrlimit(RLIMIT_CORE, &limit);
	bool none = limit.rlim_cur == 0 && prctl(PR_GET_DUMPABLE) == 0;
	finding_add(rows, "net: core dumps", none ? FINDING_OK : FINDING_WARN, none ? "none are left, by file or by pipe" : "a crash could leave a core with a secret in it");
}

/* Who else may read or write it; NULL: nobody. */
static const char *exposed(const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "belongs to another user";
	return st->st_mode & 077 ? "can be read by others" : NULL;
}

static void add_file(json_t *rows, const char *name, const char *path, FindingState bad)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		finding_add(rows, name, FINDING_WARN, "%s: %s", path, g_strerror(errno));
		return;
	}
	const char *why = S_ISREG(st.st_mode) ? exposed(&st) : NULL;
	if (why)
		finding_add(rows, name, bad, "%s %s: chmod 600 it, and chown it to the user who runs perigee", path, why);
	else
		finding_add(rows, name, FINDING_OK, "%s is for its owner alone", path);
}

static void add_key(json_t *rows, const Vault *vault, const char *workspace, const char *key_file)
{
	const char *row = "key file";
	g_autofree char *path = key_find(key_file);
	if (!path) {
		if (vault && vault_kdf(vault)->kind == KEY_KIND_FILE)
			finding_add(rows, row, FINDING_WARN, "none is named here: $CREDENTIALS_DIRECTORY/perigee.key, --key-file FILE of serve, or PERIGEE_KEY_FILE");
		else
			finding_add(rows, row, FINDING_OK, vault ? "the vault opens with a passphrase" : "there is no vault yet");
		return;
	}
	g_autofree char *real = realpath(path, NULL), *folder = realpath(workspace, NULL);
	if (real && folder && g_str_has_prefix(real, folder) && real[strlen(folder)] == '/')
		finding_add(rows, row, FINDING_WARN, "%s stands in the workspace, so a copy of the folder holds both key and vault: keep it elsewhere", path);
	else
		add_file(rows, row, path, FINDING_FAIL);
}

int check_run(const char *workspace, const char *key_file)
{
	g_autoptr(json_t) rows = json_array();
	g_autofree char *path = g_build_filename(workspace, "perigee.vault", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(Vault) vault = vault_read(path, &error);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		add_part(rows, &parts[i], workspace, key_file);
	add_memory(rows, vault);
	add_cores(rows);
	add_key(rows, vault, workspace, key_file);
	if (vault)
		add_file(rows, "vault", path, FINDING_WARN);
	else if (!g_error_matches(error, VAULT_ERROR, VAULT_ERROR_MISSING))
		finding_add(rows, "vault", FINDING_FAIL, "%s", error->message);
	g_autoptr(Peer) host = peer_new(FORK_SERVER_FD, FRAME_CAP);
	g_autofree char *text = value_text(rows);
	peer_begin(host, F_CHECKED, 0);
	peer_put_str(host, text, -1);
	return peer_end(host) && peer_flush_all(host, NULL) ? 0 : 1;
}
