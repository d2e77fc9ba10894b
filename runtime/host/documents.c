/* SPDX-License-Identifier: MIT */
/* Documents: see documents.h. */
#include "host/documents.h"

#include "host/attach.h"
#include "host/versions.h"
#include "host/workers.h"

#include <string.h>

G_DEFINE_QUARK(perigee-documents-error, documents_error)

enum { FILENAME_MOST = 255, NAMES_MOST = 16 };

struct Documents {
	Host *host;
	GPtrArray *names;
	guint at;         /* the one that is being rendered */
	uint64_t ticket;  /* 0: none is */
	json_t *data, *options;
	GPtrArray *files;
	DocumentsDone done;
	void *user;
};

GPtrArray *documents_names(const json_t *of_template, const json_t *of_send)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	const json_t *lists[] = { of_template, of_send };
	for (guint l = 0; l < G_N_ELEMENTS(lists); l++) {
		g_autoptr(json_t) list = json_is_string(lists[l]) ? json_pack("[O]", lists[l]) : json_incref((json_t *)lists[l]);
		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *name = json_string_value(json_array_get(list, i));
			if (name && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
				g_ptr_array_add(names, g_strdup(name));
		}
	}
	return names;
}

/* A worker's word is a claim: the name is one part of a path that says what it is, the page is text. */
static bool is_filename(const char *name)
{
	if (!name || *name == '.' || strlen(name) > FILENAME_MOST || !g_str_has_suffix(name, ".html") || !g_utf8_validate(name, -1, NULL))
		return false;
	for (const char *c = name; *c; c = g_utf8_next_char(c))
		if (strchr("/\\\"", *c) || !g_unichar_isprint(g_utf8_get_char(c)))
			return false;
	return true;
}

static bool is_page(const char *bytes, size_t size)
{
	return size && g_utf8_validate_len(bytes, size, NULL) && !memchr(bytes, 0, size);
}

/* Two of one name: the second is NAME-2.html. Caller frees. */
static char *free_name(const GPtrArray *files, const char *wanted)
{
	char *name = g_strdup(wanted);
	for (guint i = 0, n = 1; i < files->len;) {
		if (strcmp(((const Attachment *)files->pdata[i])->name, name) != 0) {
			i++;
			continue;
		}
		g_free(name);
		name = g_strdup_printf("%.*s-%u.html", (int)(strlen(wanted) - strlen(".html")), wanted, ++n);
		i = 0;
	}
	return name;
}

static bool add_file(GPtrArray *files, const char *document, const json_t *result, const char *bytes, size_t size)
{
	const char *filename = value_string(result, "filename", NULL);
	if (!is_filename(filename) || !is_page(bytes, size))
		return false;
	g_autofree char *name = free_name(files, filename);
	g_autoptr(GBytes) page = g_bytes_new(bytes, size);
	attach_add_page(files, document, name, page);
	return true;
}

static bool no_document(GError **error, DocumentsError code, const char *document, const char *text)
{
	g_set_error(error, DOCUMENTS_ERROR, (int)code, "document %s: %s", document, text);
	return false;
}

/* NULL: there is none, or it can't be used. */
static Program *program_of(Host *host, const char *name, GError **error)
{
	g_autoptr(GError) why = NULL;
	Program *program = versions_template(host, name, &why);
	if (!program)
		no_document(error, g_error_matches(why, VERSIONS_ERROR, VERSIONS_ERROR_UNKNOWN) ? DOCUMENTS_ERROR_UNKNOWN : DOCUMENTS_ERROR_FAULTY, name,
		            why->message);
	return program;
}

static json_t *options_of(const char *locale)
{
	return json_pack("{s:b, s:s*}", "document", true, "locale", locale);
}

/* ---- for a message on its way ------------------------------------------------------------------------------------ */

static void next(Documents *d);

static void end(Documents *d, GError *error)
{
	GPtrArray *files = error ? NULL : g_steal_pointer(&d->files);
	d->done(d->user, files, error);
	g_clear_error(&error);
}

static void write_document(void *user, Peer *peer, uint64_t ticket, uint64_t program)
{
	Documents *d = user;
	g_autofree char *data = value_text(d->data), *options = value_text(d->options);
	peer_begin(peer, W_RENDER, ticket);
	peer_put_u64(peer, program);
	peer_put_str(peer, data, -1);
	peer_put_str(peer, options, -1);
	peer_end(peer);
}

static bool document_frame(void *user, uint64_t ticket, Frame *frame, bool *bad)
{
	(void)ticket;
	Documents *d = user;
	const char *name = d->names->pdata[d->at];
	GError *error = NULL;
	if (frame->kind == W_FAILED) {
		g_autofree char *code = NULL, *text = NULL, *where = NULL;
		*bad = !workers_failure(frame, &code, &text, &where);
		if (*bad)
			return false;
		g_autofree char *said = *where ? g_strdup_printf("templates/%s: %s", where, text) : g_strdup(text);
		no_document(&error, DOCUMENTS_ERROR_MISSING, name, said);
	} else {
		size_t json_size, size;
		const char *text = frame_get_str(frame, &json_size);
		g_autoptr(json_t) result = frame->kind == W_RENDERED ? value_parse(text, (gssize)json_size, NULL) : NULL;
		const char *bytes = frame_get_str(frame, &size);
		*bad = !json_is_object(result) || !frame_end(frame) || !add_file(d->files, name, result, bytes, size);
		if (*bad)
			return false;
	}
	d->ticket = 0;
	if (error) {
		end(d, error);
		return true;
	}
	d->at++;
	next(d);
	return true;
}

static void document_failed(void *user, uint64_t ticket, const char *code, const char *text, const char *where)
{
	(void)ticket;
	(void)code;
	Documents *d = user;
	GError *error = NULL;
	g_autofree char *said = *where ? g_strdup_printf("templates/%s: %s", where, text) : g_strdup(text);
	d->ticket = 0;
	no_document(&error, DOCUMENTS_ERROR_FAULTY, d->names->pdata[d->at], said);
	end(d, error);
}

static void next(Documents *d)
{
	GError *error = NULL;
	if (d->at == d->names->len) {
		end(d, NULL);
		return;
	}
	g_autoptr(Program) program = program_of(d->host, d->names->pdata[d->at], &error);
	if (!program) {
		end(d, error);
		return;
	}
	WorkerCall call = { .domain = "workspace", .program = program, .write = write_document, .frame = document_frame, .failed = document_failed, .user = d,
	                    .ticket = &d->ticket };
	workers_call(d->host->workers, &call);
}

static bool too_many(const GPtrArray *names, GError **error)
{
	if (names->len <= NAMES_MOST)
		return false;
	g_set_error(error, DOCUMENTS_ERROR, DOCUMENTS_ERROR_MISSING, "a message has at most %d documents", NAMES_MOST);
	return true;
}

Documents *documents_begin(Host *host, GPtrArray *names, const json_t *data, const char *locale, DocumentsDone done, void *user)
{
	Documents *d = g_new0(Documents, 1);
	*d = (Documents){ .host = host, .names = g_ptr_array_ref(names), .data = json_incref((json_t *)data), .options = options_of(locale),
		          .files = attach_none(), .done = done, .user = user };
	return d;
}

void documents_go(Documents *d)
{
	GError *error = NULL;
	if (too_many(d->names, &error))
		end(d, error);
	else
		next(d);
}

const char *documents_failed(const Documents *d)
{
	return d->at < d->names->len ? d->names->pdata[d->at] : "";
}

void documents_free(Documents *d)
{
	if (!d)
		return;
	if (d->ticket)
		workers_cancel(d->host->workers, d->ticket);
	g_ptr_array_unref(d->names);
	json_decref(d->data);
	json_decref(d->options);
	g_clear_pointer(&d->files, g_ptr_array_unref);
	g_free(d);
}

/* ---- for commands ------------------------------------------------------------------------------------------------ */

static bool render_one(Host *host, GPtrArray *files, const char *name, const json_t *data, const char *locale, GError **error)
{
	g_autoptr(Program) program = program_of(host, name, error);
	if (!program)
		return false;
	g_autoptr(json_t) options = options_of(locale);
	g_autoptr(GByteArray) bytes = NULL;
	g_autoptr(GError) why = NULL;
	g_autoptr(json_t) result = workers_render(host, program, data, options, &bytes, &why);
	if (result && add_file(files, name, result, (const char *)bytes->data, bytes->len))
		return true;
	return no_document(error, DOCUMENTS_ERROR_MISSING, name, why ? why->message : "it can't be rendered");
}

GPtrArray *documents_render(Host *host, const GPtrArray *names, const json_t *data, const char *locale, GError **error)
{
	g_autoptr(GPtrArray) files = attach_none();
	if (too_many(names, error))
		return NULL;
	for (guint i = 0; i < names->len; i++)
		if (!render_one(host, files, names->pdata[i], data, locale, error))
			return NULL;
	return g_steal_pointer(&files);
}

GBytes *documents_page(Host *host, const char *name, const json_t *data, const char *locale, char **filename, GError **error)
{
	g_autoptr(GPtrArray) files = attach_none();
	if (!render_one(host, files, name, data, locale, error))
		return NULL;
	const Attachment *file = files->pdata[0];
	if (filename)
		*filename = g_strdup(file->name);
	return g_bytes_ref(file->page);
}
