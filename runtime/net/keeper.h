/* SPDX-License-Identifier: MIT */
/*
 * The keeper of the vault: the one process that has the master key. It has no network, starts nothing and writes no file
 * (confine.h), and gives each child of net what its role may have, and nothing else, over a socket that only the two hold: the
 * parent between them names the child's role and passes the sockets on, and never sees a secret.
 *
 *   parent > OPEN   u8 at start                     read the vault (again); at the start a passphrase may be asked for
 *   parent < STATE  str json                        as in N_READY (proto.h)
 *   parent > GIVE   fd=the child's socket, str json (of F_FORK)
 *
 * On the child's socket, in host order, each text as u32 size and bytes: the account's trouble, its password, and for each secret of
 * the requester, and each key that signs a sender's mail, u8 1, name, place, u32 number of hosts, hosts, trouble, value; u8 0 ends it. An empty text is none.
 */
#ifndef PERIGEE_KEEPER_H
#define PERIGEE_KEEPER_H

#include <glib.h>
#include <stdbool.h>

#include "net/account.h"

typedef struct Keeper Keeper;

/* Forks it. key_file may be NULL. */
Keeper *keeper_start(const char *workspace, const char *key_file, GError **error);
/* Readable when it has something to say, or has ended. */
int keeper_fd(const Keeper *keeper);
/* Has the vault read; keeper_read tells how it is. At the start it may ask for a passphrase, which takes as long as people do. */
bool keeper_open(Keeper *keeper, bool at_start);
/* How the vault is, as JSON (caller frees), or NULL as long as nothing was said. False: the keeper has ended. */
bool keeper_read(Keeper *keeper, char **state);
/* Has it give a child what the JSON of its F_FORK names; the child's end of the socket, for keeper_hear. -1: the keeper has ended. */
int keeper_ask(Keeper *keeper, const char *json);
/* Ends it. NULL is allowed. */
void keeper_free(Keeper *keeper);

/* In the child: fills in the account's password and keyring, or its trouble; closes fd. */
void keeper_hear(int fd, Account *account);

#endif
