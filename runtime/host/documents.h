/* SPDX-License-Identifier: MIT */
/*
 * Documents: templates that are rendered together with a message, with the same data, and go with it as HTML files to be read and
 * printed (a contract, a brief). Which ones says the message's template (`document: contract`) and send (opts.documents).
 */
#ifndef PERIGEE_DOCUMENTS_H
#define PERIGEE_DOCUMENTS_H

#include "host/host.h"

#define DOCUMENTS_ERROR (documents_error_quark())
GQuark documents_error_quark(void);
/* MISSING: for this contact it can't be made (the sentence names document, file and field). FAULTY: its template can't be used at all.
 * UNKNOWN: there is no such template. */
typedef enum { DOCUMENTS_ERROR_MISSING, DOCUMENTS_ERROR_FAULTY, DOCUMENTS_ERROR_UNKNOWN } DocumentsError;

/* Names of both lists, each once; NULL lists and what is no text are passed over. */
GPtrArray *documents_names(const json_t *of_template, const json_t *of_send);

/* Renders them one after the other. data: as the message's own; locale may be NULL. Then `done` is called once, with the files
 * (Attachment, attach.h; the callee owns them) or an error (borrowed). It may free the documents, and may be called before
 * documents_go returns. */
typedef struct Documents Documents;
typedef void (*DocumentsDone)(void *user, GPtrArray *files, const GError *error);
Documents *documents_begin(Host *host, GPtrArray *names, const json_t *data, const char *locale, DocumentsDone done, void *user);
void documents_go(Documents *documents);
/* Within `done` of an error: the one that it is about. */
const char *documents_failed(const Documents *documents);
/* Nothing more is heard of it. */
void documents_free(Documents *documents);

/* The same at once, for commands: the files, NULL with an error. */
GPtrArray *documents_render(Host *host, const GPtrArray *names, const json_t *data, const char *locale, GError **error);
/* One page, as it would be attached; filename (if not NULL) is the caller's to free. */
GBytes *documents_page(Host *host, const char *name, const json_t *data, const char *locale, char **filename, GError **error);

#endif
