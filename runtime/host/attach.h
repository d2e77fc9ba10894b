/* SPDX-License-Identifier: MIT */
/*
 * Attachments: files of the workspace's folder attachments/ that go with e-mails. A name is looked for in
 * attachments/CONTACT-ID/ first, then in attachments/. Their bytes enter no worker and no database: at the hand-over a copy
 * is kept in run/attachments/HASH until there is an outcome, and net gets it as an open descriptor.
 */
#ifndef PERIGEE_ATTACH_H
#define PERIGEE_ATTACH_H

#include "host/host.h"

#define ATTACH_ERROR (attach_error_quark())
GQuark attach_error_quark(void);
typedef enum { ATTACH_ERROR_INVALID, ATTACH_ERROR_MISSING } AttachError;

enum {
	ATTACH_MOST = 16,               /* files of one message; two messages of an account are under way at most (frame.h: 32) */
	ATTACH_BYTES_MOST = 10 << 20,   /* bytes of them together; base64 adds a third */
};

typedef struct Attachment {
	char *name;      /* as it was asked for, within attachments/; of a document: its file's */
	char *document;  /* the template that it was rendered from (documents.h); NULL: a file of attachments/ */
	GBytes *page;    /* of a document */
	const char *type;
	char *id;        /* the Content-ID of an inline image, without < >; NULL: attached */
	char *hash;      /* of the copy that is kept; NULL: none yet */
	uint64_t size;
	uint64_t place;  /* where in the message its base64 begins (multipart.h) */
	int fd;          /* open for reading, or -1 */
} Attachment;

/* A plain relative name: no empty, hidden or .. part, no backslash or control character, at most 255 bytes. */
bool attach_name(const char *name, GError **error);
/* The media type by the name's ending; static. */
const char *attach_type(const char *name);
/* All files of one message, open and within the limits: attached, one name or a list, and more of them, each once; inlined, a
 * list whose entries get the Content-IDs N.BOUNDARY@inline, N from 1. NULL lists are empty; so may the result be. contact may be
 * NULL. The caller unrefs. NULL and a sentence that names the file: ATTACH_ERROR_MISSING if it is nowhere. */
GPtrArray *attach_find(Host *host, const char *contact, const json_t *attached, const json_t *more, const json_t *inlined, const char *boundary,
                       GError **error);
/* An empty list; and a rendered document at its end. page: referenced. */
GPtrArray *attach_none(void);
void attach_add_page(GPtrArray *files, const char *document, const char *name, GBytes *page);
/* Moves those of `more` behind the files. False: they are too many, or too large together. */
bool attach_join(GPtrArray *files, GPtrArray *more, GError **error);
/* Is there a file of this name for anybody: in attachments/ or in any folder of it? */
bool attach_exists(const Host *host, const char *name);
/* Their names, as an array; NULL if there are none. */
json_t *attach_names(const GPtrArray *files);
/* Copies them to run/attachments/, on disk when it returns, and sets hash and size to the copy's. */
bool attach_keep(Host *host, GPtrArray *files, GError **error);
/* Writes the rows of a message / reads them back, in the order of their places (fd -1). */
void attach_record(Host *host, int64_t message, const GPtrArray *files);
GPtrArray *attach_load(Host *host, int64_t message);
/* Opens the copy; -1 if it is gone. The caller closes it. */
int attach_open(Host *host, const Attachment *file);
/* The message has its outcome: after the commit, copies that no other message waits for are removed. */
void attach_release(Host *host, int64_t message);
/* The same for all copies: before the first hand-over of a host. */
void attach_sweep(Host *host);
/* After the commit: the folder attachments/CONTACT-ID goes with the person, and copies that were theirs alone. */
void attach_erase(Host *host, const char *contact);

#endif
