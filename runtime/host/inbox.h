/* SPDX-License-Identifier: MIT */
/*
 * The inbox: what an incoming mail means. A worker has read it (W_MAIL_READ, a claim); here it is matched with the ledger and
 * the contacts, recorded, and turned into events. Only mail with contacts is stored.
 *
 * Whose it is: the message of ours that it answers (In-Reply-To, then References, last first), else the sender's address
 * among the identities (of several contacts that share it, the one last written to), else, where the account says
 * inbound = "everyone", a new contact. A bounce or complaint counts only if it cites a Message-ID of the ledger, which
 * can't be guessed. In the Sent folder, a mail to a contact that the ledger did not send is `handled`.
 */
#ifndef PERIGEE_INBOX_H
#define PERIGEE_INBOX_H

#include "host/host.h"

typedef struct InboxMail {
	const char *role;     /* "inbox" or "sent"; static */
	uint32_t uidvalidity, uid;
	Time internaldate;    /* when the server got it, real time */
	const void *bytes;    /* the raw mail */
	size_t size;
} InboxMail;

/*
 * Records one mail inside the open transaction, with all that follows: suppression, away, bounced and unknown messages,
 * events. read: what the worker made of it, borrowed; NULL: it crashed its worker twice, and is kept for a person as
 * unreadable. A mail that is recorded already changes nothing. Faults of the database stay in it (db_failed).
 */
void inbox_record(Host *host, const Account *account, const InboxMail *mail, const json_t *read);

#endif
