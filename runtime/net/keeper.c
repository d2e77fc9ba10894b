/* SPDX-License-Identifier: MIT */
/* The keeper of the vault: see keeper.h. */
#include "net/keeper.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/proto.h"
#include "base/value.h"
#include "net/confine.h"
#include "net/memory.h"
#include "net/vault.h"

enum { K_OPEN = 1, K_STATE, K_GIVE };
enum { TEXT_MOST = 256 * 1024 }; /* above the largest secret */

struct Keeper {
	Peer *peer;
};

/* What the keeper's process has. */
typedef struct Kept {
	Peer *parent;
	char *vault_path;
	const char *key_file; /* NULL if none was given */
	Vault *vault;         /* NULL: none; may be locked */
	char *locked;         /* why it is */
} Kept;

/* ---- the vault ---- */

/* Reads the vault again; the key in hand is tried before a source is asked for one. A passphrase is asked for at the start
 * alone: later nobody may be looking, and senders would wait. */
static void open_vault(Kept *k, bool at_start)
{
	g_autoptr(GError) error = NULL;
	Vault *vault = vault_read(k->vault_path, &error);
	g_clear_pointer(&k->locked, g_free);
	bool open = vault && k->vault && vault_unlock_like(vault, k->vault, NULL);
	bool may_ask = at_start || (vault && vault_kdf(vault)->kind == KEY_KIND_FILE);
	uint8_t *key = vault && !open && may_ask ? key_get(vault_kdf(vault), k->key_file, &error) : NULL;
	if (key)
		vault_unlock(vault, key, &error);
	else if (vault && !open && !may_ask)
		g_set_error_literal(&error, VAULT_ERROR, VAULT_ERROR_KEY, "its passphrase is asked for at the start alone; restart perigee serve to type it");
	if (!error || g_error_matches(error, VAULT_ERROR, VAULT_ERROR_MISSING)) {
		vault_free(k->vault);
		k->vault = vault;
	} else if (k->vault && vault_is_open(k->vault)) {
		log_warn("the vault can't be opened again, accounts go on with the secrets as they were before: %s", error->message);
		vault_free(vault);
	} else {
		log_warn("the vault stays locked: %s", error->message);
		k->locked = g_strdup(error->message);
		vault_free(k->vault);
		k->vault = vault;
	}
}

static void tell_state(Kept *k)
{
	bool open = k->vault && vault_is_open(k->vault);
	g_autoptr(json_t) value = json_object();
	json_object_set_new(value, "vault", json_string(k->locked ? "locked" : open ? "open" : "none"));
	json_object_set_new(value, "text", json_string(k->locked ? k->locked : ""));
	json_object_set_new(value, "locked_memory", json_boolean(memory_locks()));
	g_autofree char *text = value_text(value);
	peer_begin(k->parent, K_STATE, 0);
	peer_put_str(k->parent, text, -1);
	peer_end(k->parent);
}

static void take_signing_key(const Kept *k, Account *account, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *trouble = NULL;
	size_t size = 0;
	char *value = k->vault && !k->locked ? vault_unseal_signing(k->vault, name, &size, &error) : NULL;
	if (value) {
		keyring_add(account->keyring, name, "", NULL, value, size);
		return;
	}
	if (k->locked)
		trouble = g_strdup_printf("the vault is locked, so the secret %s can't be had: %s", name, k->locked);
	else if (!error)
		trouble = g_strdup_printf("there is no vault with the secret %s; set it with: perigee secret set %s", name, name);
	keyring_add_trouble(account->keyring, name, "", NULL, error ? error->message : trouble);
}

/* Unseals what the child's role needs: one secret to sign in and those that sign mail, without which the child says why it can't
 * work, or the requester's. */
static void unseal(const Kept *k, Account *account)
{
	const Server *server = &account->server;
	for (char **name = account->secrets; name && *name; name++)
		keyring_take(account->keyring, k->vault, k->locked, *name);
	for (guint i = 0; account->signing && i < account->signing->len; i++)
		take_signing_key(k, account, ((const Signing *)account->signing->pdata[i])->secret);
	if (account->trouble || !server->secret || !*server->secret)
		return;
	g_autoptr(GError) error = NULL;
	char *value = NULL;
	if (k->vault && vault_is_open(k->vault))
		value = vault_unseal_login(k->vault, server->secret, server->host, &error);
	if (value)
		account_take_secret(account, value);
	else if (error)
		account->trouble = g_strdup(error->message);
	else if (k->locked)
		account->trouble = g_strdup_printf("the vault is locked, so the secret %s can't be had: %s", server->secret, k->locked);
	else
		account->trouble = g_strdup_printf("there is no vault with the secret %s; set it with: perigee secret set %s", server->secret,
		                                   server->secret);
}

/* ---- the child's socket ---- */

/* Straight from locked memory to the kernel: no buffer in between holds a copy. A child that has gone needs nothing. */
static void put(int fd, const void *bytes, size_t size)
{
	for (const char *at = bytes; size > 0;) {
		ssize_t n = write(fd, at, size);
		if (n < 0 && errno != EINTR)
			return;
		at += MAX(n, 0);
		size -= (size_t)MAX(n, 0);
	}
}

static void put_text(int fd, const char *text, size_t length)
{
	uint32_t size = (uint32_t)length;
	put(fd, &size, sizeof size);
	put(fd, text, length);
}

static void put_string(int fd, const char *text)
{
	put_text(fd, text ? text : "", text ? strlen(text) : 0);
}

static void put_key(const Key *key, void *data)
{
	int fd = *(const int *)data;
	uint32_t hosts = key->hosts ? g_strv_length(key->hosts) : 0;
	put(fd, &(uint8_t){ 1 }, 1);
	put_string(fd, key->name);
	put_string(fd, key->place);
	put(fd, &hosts, sizeof hosts);
	for (uint32_t i = 0; i < hosts; i++)
		put_string(fd, key->hosts[i]);
	put_string(fd, key->trouble);
	put_text(fd, key->value ? key->value : "", key->value ? key->size : 0);
}

static void give(const Kept *k, int fd, const char *json)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Account) account = account_parse(json, &error);
	if (!account)
		panic("the keeper: %s", error->message);
	unseal(k, account);
	put_string(fd, account->trouble);
	put_string(fd, account->server.password);
	if (account->keyring)
		keyring_each(account->keyring, put_key, &fd);
	put(fd, &(uint8_t){ 0 }, 1);
}

static bool get(int fd, void *bytes, size_t size)
{
	for (char *at = bytes; size > 0;) {
		ssize_t n = read(fd, at, size);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		at += MAX(n, 0);
		size -= (size_t)MAX(n, 0);
	}
	return true;
}

/* In locked memory, ended by a NUL; NULL: the stream is broken. */
static char *get_secret(int fd, size_t *length)
{
	uint32_t size;
	if (!get(fd, &size, sizeof size) || size > TEXT_MOST)
		return NULL;
	char *text = memory_new((size_t)size + 1);
	text[size] = 0;
	*length = size;
	if (get(fd, text, size))
		return text;
	sodium_free(text);
	return NULL;
}

/* NULL: the stream is broken. Caller frees. */
static char *get_text(int fd)
{
	size_t length;
	char *secret = get_secret(fd, &length), *text = g_strdup(secret);
	sodium_free(secret);
	return text;
}

static bool get_key(int fd, Keyring *keyring)
{
	g_autofree char *name = get_text(fd), *place = name ? get_text(fd) : NULL;
	uint32_t n;
	if (!place || !get(fd, &n, sizeof n))
		return false;
	g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
	for (; n > 0; n--) {
		char *host = get_text(fd);
		if (!host)
			return false;
		g_ptr_array_add(hosts, host);
	}
	g_ptr_array_add(hosts, NULL);
	size_t size;
	g_autofree char *trouble = get_text(fd);
	char *value = trouble ? get_secret(fd, &size) : NULL;
	if (!value)
		return false;
	if (!*trouble) {
		keyring_add(keyring, name, place, (char *const *)hosts->pdata, value, size);
		return true;
	}
	sodium_free(value);
	keyring_add_trouble(keyring, name, place, (char *const *)hosts->pdata, trouble);
	return true;
}

static bool hear(int fd, Account *account)
{
	size_t size;
	g_autofree char *trouble = get_text(fd);
	char *password = trouble ? get_secret(fd, &size) : NULL;
	if (!password)
		return false;
	if (*trouble && !account->trouble)
		account->trouble = g_steal_pointer(&trouble);
	if (size)
		account_take_secret(account, password);
	else
		sodium_free(password);
	uint8_t more = 0;
	while (get(fd, &more, 1) && more && account->keyring)
		if (!get_key(fd, account->keyring))
			return false;
	return !more;
}

void keeper_hear(int fd, Account *account)
{
	if (!hear(fd, account) && !account->trouble)
		account->trouble = g_strdup("the keeper of the vault has ended");
	close(fd);
}

/* ---- the keeper's process ---- */

static void on_frame(Kept *k, Frame *frame)
{
	if (frame->kind == K_OPEN) {
		open_vault(k, frame_get_u8(frame) != 0);
		tell_state(k);
	} else if (frame->kind == K_GIVE && frame->fd >= 0) {
		give(k, frame->fd, frame_get_str(frame, NULL));
	} else {
		panic("the keeper: a frame of kind %u", frame->kind);
	}
	if (frame->fd >= 0)
		close(frame->fd);
}

static G_GNUC_NORETURN void serve(int fd, pid_t parent, const char *workspace, const char *key_file)
{
	/* It ends us; but while we ask at the terminal, that is put in order first. */
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	if (getppid() != parent)
		_exit(0);
	/* It ends with its parent, who is told when. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (dup2(fd, FORK_SERVER_FD) < 0)
		_exit(1);
	close_range(FORK_SERVER_FD + 1, ~0u, 0);
	confine_or_warn(CONFINE_KEEPER, workspace, key_file);
	Kept k = { .key_file = key_file, .vault_path = g_build_filename(workspace, "perigee.vault", NULL) };
	k.parent = peer_new(FORK_SERVER_FD, FRAME_CAP);
	peer_accept_fds(k.parent);
	Frame frame;
	while (peer_receive(k.parent, &frame, -1, NULL)) {
		on_frame(&k, &frame);
		if (!peer_flush_all(k.parent, NULL))
			break;
	}
	vault_free(k.vault); /* wipes the key */
	g_free(k.vault_path);
	g_free(k.locked);
	peer_free(k.parent);
	_exit(0);
}

Keeper *keeper_start(const char *workspace, const char *key_file, GError **error)
{
	int fds[2];
	pid_t parent = getpid();
	if (!peer_pair(fds, error))
		return NULL;
	pid_t pid = fork();
	if (pid == 0)
		serve(fds[1], parent, workspace, key_file);
	close(fds[1]);
	if (pid < 0) {
		g_set_error(error, FRAME_ERROR, FRAME_ERROR_IO, "fork: %s", g_strerror(errno));
		close(fds[0]);
		return NULL;
	}
	Keeper *keeper = g_new0(Keeper, 1);
	keeper->peer = peer_new(fds[0], FRAME_CAP);
	return keeper;
}

/* ---- the parent ---- */

int keeper_fd(const Keeper *keeper)
{
	return peer_fd(keeper->peer);
}

bool keeper_open(Keeper *keeper, bool at_start)
{
	peer_begin(keeper->peer, K_OPEN, 0);
	peer_put_u8(keeper->peer, at_start);
	peer_end(keeper->peer);
	return peer_flush_all(keeper->peer, NULL);
}

bool keeper_read(Keeper *keeper, char **state)
{
	Frame frame;
	bool ok = peer_read(keeper->peer, NULL);
	*state = NULL;
	while (ok && peer_next(keeper->peer, &frame, NULL)) {
		ok = frame.kind == K_STATE;
		g_free(*state);
		*state = g_strdup(frame_get_str(&frame, NULL));
	}
	return ok;
}

int keeper_ask(Keeper *keeper, const char *json)
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	peer_begin(keeper->peer, K_GIVE, 0);
	peer_put_str(keeper->peer, json, -1);
	bool sent = peer_end_fd(keeper->peer, fds[1], NULL) && peer_flush_all(keeper->peer, NULL);
	close(fds[1]);
	if (sent)
		return fds[0];
	close(fds[0]);
	return -1;
}

void keeper_free(Keeper *keeper)
{
	if (!keeper)
		return;
	peer_free(keeper->peer);
	g_free(keeper);
}
