/* SPDX-License-Identifier: MIT */
/* The zygote's self-test: see check.h. */
#include "worker/check.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/finding.h"
#include "base/landlock.h"
#include "base/proto.h"
#include "worker/state.h"

/* ---- what a script finds ---- */

/* Written down a second time on purpose: who adds a name to environment.c is asked here whether it is harmless. */
static const char *const names[] = {
	"_VERSION", "assert", "error", "getmetatable", "ipairs", "load", "next", "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset", "require",
	"select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
	"coroutine", "coroutine.create", "coroutine.isyieldable", "coroutine.resume", "coroutine.running", "coroutine.status",
	"coroutine.wrap", "coroutine.yield",
	"math", "math.abs", "math.acos", "math.asin", "math.atan", "math.ceil", "math.cos", "math.deg", "math.exp", "math.floor", "math.fmod",
	"math.huge", "math.log", "math.max", "math.maxinteger", "math.min", "math.mininteger", "math.modf", "math.pi", "math.rad", "math.random",
	"math.sin", "math.sqrt", "math.tan", "math.tointeger", "math.type", "math.ult",
	"os", "os.date", "os.time",
	"string", "string.byte", "string.char", "string.find", "string.format", "string.gmatch", "string.gsub", "string.len", "string.lower",
	"string.match", "string.pack", "string.packsize", "string.rep", "string.reverse", "string.sub", "string.unpack", "string.upper",
	"table", "table.concat", "table.insert", "table.move", "table.pack", "table.remove", "table.sort", "table.unpack",
	"utf8", "utf8.char", "utf8.charpattern", "utf8.codepoint", "utf8.codes", "utf8.len", "utf8.offset",
	NULL,
};

/* The names of the table on top, which is popped; those of tables within it too. The first that is not on the list, or NULL. */
static char *find_stranger(lua_State *L, const char *library)
{
	char *found = NULL;
	int below = lua_gettop(L) - 1;
	lua_pushnil(L);
	while (!found && lua_next(L, below + 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(no name)";
		g_autofree char *name = library ? g_strconcat(library, ".", key, NULL) : g_strdup(key);
		if (!g_strv_contains(names, name))
			found = g_steal_pointer(&name);
		else if (lua_istable(L, -1) && !library) {
			lua_pushvalue(L, -1);
			found = find_stranger(L, name);
		}
		lua_settop(L, below + 2);
	}
	lua_settop(L, below);
	return found;
}

/* What is reached through any text: ("").rep. */
static char *find_in_strings(lua_State *L)
{
	lua_settop(L, 0);
	lua_pushliteral(L, "");
	if (!lua_getmetatable(L, -1) || lua_getfield(L, -1, "__metatable") != LUA_TBOOLEAN)
		return g_strdup("the metatable of texts");
	lua_getfield(L, -2, "__index");
	return lua_istable(L, -1) ? find_stranger(L, "string") : g_strdup("the methods of texts");
}

char *check_environment(Worker *worker)
{
	g_autofree char *why = NULL;
	const Image *image = state_base(worker, PROGRAM_SCRIPT, &why);
	if (!image)
		return g_steal_pointer(&why);
	arena_restore(worker->arena, image);
	lua_State *L = worker->state;
	lua_settop(L, 0);
	lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	char *found = find_stranger(L, NULL);
	found = found ? found : find_in_strings(L);
	lua_settop(L, 0);
	return found;
}

/* ---- processes that are thrown away ---- */

enum { PATIENCE_MS = 5000, NO_JAIL = 77, HELD = 78 };

/* Runs what in a jailed process of its own; its wait status, or -1 if it had to be killed. */
static int throw_away(const Jail *jail, void (*what)(void))
{
	int fds[2], status = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		if (!jail_enter(jail, fds[1], FORK_SERVER_FD))
			_exit(NO_JAIL);
		what();
		_exit(0);
	}
	close(fds[0]);
	close(fds[1]);
	for (int waited = 0; pid > 0 && waitpid(pid, &status, waited < PATIENCE_MS ? WNOHANG : 0) == 0; waited++) {
		if (waited == PATIENCE_MS - 1)
			kill(pid, SIGKILL);
		g_usleep(1000);
	}
	return status;
}

static bool was_killed(int status)
{
	return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static void open_file(void)
{
	_exit(syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) < 0 && errno == EACCES ? HELD : 0);
}

static void make_socket(void)
{
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static void start_process(void)
{
	syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static void see_process(void)
{
	char c;
	struct iovec v = { &c, 1 };
	syscall(SYS_process_vm_readv, getpid(), &v, 1, &v, 1, 0);
}

static const struct {
	const char *promise;
	void (*what)(void);
} promises[] = {
	{ "makes no socket", make_socket },
	{ "starts no process", start_process },
	{ "reads no process's memory", see_process },
};

static void check_filter(json_t *rows, const Jail *jail)
{
	int status = throw_away(jail, open_file);
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != HELD) {
		finding_add(rows, "worker: filter", FINDING_FAIL, "a worker can't be locked in, so no script is run: this kernel or container does not allow seccomp filters");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(promises); i++)
		if (!was_killed(throw_away(jail, promises[i].what))) {
			finding_add(rows, "worker: filter", FINDING_FAIL, "that a worker %s does not hold; run no scripts of strangers here", promises[i].promise);
			return;
		}
	finding_add(rows, "worker: filter", FINDING_OK, "tried in a process of its own: it opens no file, makes no socket, starts and reads no process");
}

/* ---- the linked Lua ---- */

/* Blocks that Lua's stack may need stand in a mapping each, so that a pointer to one that was given back ends the process. */
static void *watched(void *data, void *block, size_t old_size, size_t size)
{
	enum { LARGE = 4096 };
	(void)data;
	old_size = block ? old_size : 0;
	bool was_large = old_size >= LARGE, is_large = size >= LARGE;
	if (!was_large && !is_large) {
		if (size)
			return realloc(block, size);
		free(block);
		return NULL;
	}
	void *to = !size ? NULL : is_large ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : malloc(size);
	if (to == MAP_FAILED)
		return NULL;
	if (to && block)
		memcpy(to, block, MIN(old_size, size));
	if (was_large)
		munmap(block, old_size);
	else
		free(block);
	return to;
}

/* Upstream's 603b2c64 is missing: a __concat that makes the stack grow leaves a pointer to the old one. */
static void concat_on_growing_stack(void)
{
	static const char probe[] =
		"local function deep(n) if n > 0 then return 1 + deep(n - 1) end return 0 end\n"
		"local mt = {}\n"
		"mt.__concat = function(a, b) deep(20000) return setmetatable({}, mt) end\n"
		"local function run() local x = setmetatable({}, mt) return 'a' .. 'b' .. x .. 'c' .. 'd' .. x end\n"
		"for i = 1, 3 do pcall(coroutine.wrap(run)) end\n";
	lua_State *L = lua_newstate(watched, NULL);
	luaL_requiref(L, "_G", luaopen_base, 1);
	luaL_requiref(L, "coroutine", luaopen_coroutine, 1);
	_exit(luaL_dostring(L, probe) == LUA_OK ? HELD : 0);
}

static void check_lua(json_t *rows, const Jail *jail)
{
	static const char kept[] = "scripts get no __concat, __gc, __mode and no coroutine.close in any case, and the jail is the boundary";
#ifdef WORKER_SANITIZED
	(void)jail;
	(void)concat_on_growing_stack;
	finding_add(rows, "worker: Lua", FINDING_OK, "%s, not probed in a sanitized build; %s", LUA_RELEASE, kept);
#else
	int status = throw_away(jail, concat_on_growing_stack);
	if (status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == HELD)
		finding_add(rows, "worker: Lua", FINDING_OK, "%s without the fault in __concat; %s", LUA_RELEASE, kept);
	else if (status != -1 && WIFSIGNALED(status))
		finding_add(rows, "worker: Lua", FINDING_WARN, "%s of this system crashes in __concat (an upstream fix is missing); %s", LUA_RELEASE, kept);
	else
		finding_add(rows, "worker: Lua", FINDING_WARN, "%s could not be probed; %s", LUA_RELEASE, kept);
#endif
}

json_t *check_rows(Worker *worker, const Jail *jail, const char *root)
{
	json_t *rows = json_array();
	check_filter(rows, jail);
	/* That the kernel has none is the host's to say, once. */
	bool there = jail_landlock(jail), possible = landlock_abi() > 0;
	finding_add(rows, "worker: landlock", there || !possible ? FINDING_OK : FINDING_WARN, there ? "stands behind the filter" : possible ?
	            "it could not be set up; the filter stands alone" : "the kernel has none; the filter stands alone");
	finding_add(rows, "worker: user", root ? FINDING_WARN : FINDING_OK, "%s", root ? root : getuid() ? "not root" : "root");
	g_autofree char *stranger = check_environment(worker);
	if (stranger)
		finding_add(rows, "worker: names", FINDING_FAIL, "scripts find what they should not: %s", stranger);
	else
		finding_add(rows, "worker: names", FINDING_OK, "scripts find the %u names that they may have, and no others", g_strv_length((char **)names));
	check_lua(rows, jail);
	return rows;
}
