/* SPDX-License-Identifier: MIT */
/* `perigee secret ...`: the commands on the vault, run as `net secret ...` so that no value passes another role. */
#ifndef PERIGEE_SECRET_H
#define PERIGEE_SECRET_H

/*
 *   net secret set NAME [--host H]... [--as PLACE]     the value from standard input
 *   net secret list [--json]
 *   net secret rm NAME
 *   net secret rotate NAME                             a new value from standard input; hosts and place stay
 *   net secret rotate --master [--new-key-file F]      another master key: this file's, else a new passphrase
 * each with [--workspace DIR] [--key-file F]. args are those after "secret". Gives the exit status: 0 done, 1 it failed,
 * 2 wrong usage. Set makes the vault if there is none.
 */
int secret_command(int argc, char **argv);

#endif
