/* SPDX-License-Identifier: MIT */
/* Attachments: see attach.h. */
#include "host/attach.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_DEFINE_QUARK(perigee-attach-error, attach_error)

enum { NAME_MOST = 255, DEPTH_MOST = 8 };

static const char FORGET[] = "DELETE FROM attachments WHERE message = ?";
static const char ADD[] = "INSERT INTO attachments (message, position, name, type, size, hash, place) VALUES (?, ?, ?, ?, ?, ?, ?)";
static const char FIND[] = "SELECT name, type, size, hash, place FROM attachments WHERE message = ? ORDER BY place";
static const char AWAITED[] = "SELECT 1 FROM attachments a JOIN messages m ON m.id = a.message WHERE a.hash = ? AND m.raw IS NOT NULL LIMIT 1";
static const char IS_CONTACT[] = "SELECT 1 FROM contacts WHERE id = ?";

/* ---- names and types ---------------------------------------------------------------------------------------------- */

bool attach_name(const char *name, GError **error)
{
	bool good = *name && strlen(name) <= NAME_MOST && g_utf8_validate(name, -1, NULL) && !strchr(name, '\\');
	for (const char *c = name; good && *c; c = g_utf8_next_char(c))
		good = !g_unichar_iscntrl(g_utf8_get_char(c)) && g_utf8_get_char(c) != 0x2028 && g_utf8_get_char(c) != 0x2029;
	g_auto(GStrv) parts = good ? g_strsplit(name, "/", -1) : NULL;
	for (char **part = parts; good && *part; part++)
		good = **part && **part != '.';
	good = good && g_strv_length(parts) <= DEPTH_MOST;
	if (!good) {
		g_autofree char *shown = g_utf8_make_valid(name, (gssize)strnlen(name, 100));
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "\"%s\" is no name of an attachment: a file in the folder attachments/, like contract.pdf", shown);
	}
	return good;
}

const char *attach_type(const char *name)
{
	static const char *const table[][2] = {
		{ "pdf", "application/pdf" }, { "png", "image/png" }, { "jpg", "image/jpeg" }, { "jpeg", "image/jpeg" }, { "gif", "image/gif" },
		{ "webp", "image/webp" }, { "svg", "image/svg+xml" }, { "heic", "image/heic" }, { "txt", "text/plain" }, { "csv", "text/csv" },
		{ "html", "text/html" }, { "ics", "text/calendar" }, { "vcf", "text/vcard" }, { "json", "application/json" }, { "xml", "application/xml" },
		{ "zip", "application/zip" }, { "doc", "application/msword" }, { "xls", "application/vnd.ms-excel" },
		{ "ppt", "application/vnd.ms-powerpoint" }, { "rtf", "application/rtf" }, { "odt", "application/vnd.oasis.opendocument.text" },
		{ "ods", "application/vnd.oasis.opendocument.spreadsheet" }, { "odp", "application/vnd.oasis.opendocument.presentation" },
		{ "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
		{ "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
		{ "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" }, { "mp3", "audio/mpeg" },
		{ "m4a", "audio/mp4" }, { "mp4", "video/mp4" }, { "mov", "video/quicktime" }, { "webm", "video/webm" },
	};
	const char *dot = strrchr(name, '.');
	for (size_t i = 0; dot && i < G_N_ELEMENTS(table); i++)
		if (g_ascii_strcasecmp(dot + 1, table[i][0]) == 0)
			return table[i][1];
	return "application/octet-stream";
}

/* ---- finding ------------------------------------------------------------------------------------------------------ */

static void attachment_free(void *data)
{
	Attachment *file = data;
	if (file->fd >= 0)
		close(file->fd);
	g_free(file->name);
	g_free(file->document);
	g_clear_pointer(&file->page, g_bytes_unref);
	g_free(file->id);
	g_free(file->hash);
	g_free(file);
}

static Attachment *attachment_new(const char *name)
{
	Attachment *file = g_new0(Attachment, 1);
	file->name = g_strdup(name);
	file->type = attach_type(name);
	file->fd = -1;
	return file;
}

/* May a contact's id stand for a folder? */
static bool is_folder(const char *contact)
{
	return contact && *contact && *contact != '.' && !strchr(contact, '/');
}

/* Opens name below the folder, part by part, so that no link leads out of it. -1 and errno; takes folder (-1 is allowed). */
static int open_below(int folder, const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "/", -1);
	for (char **part = parts; *part && folder >= 0; part++) {
		int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (part[1] ? O_DIRECTORY : O_NONBLOCK | O_NOCTTY);
		int fd = openat(folder, *part, flags), why = errno;
		close(folder);
		errno = why;
		folder = fd;
	}
	return folder;
}

static int open_folder(const Host *host)
{
	g_autofree char *path = g_build_filename(host->workspace->dir, "attachments", NULL);
	return open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
}

/* Another contact's folder is theirs: a name must not reach into it. */
static bool is_theirs(Host *host, const char *contact, const char *name)
{
	const char *slash = strchr(name, '/');
	g_autofree char *first = slash ? g_strndup(name, (gsize)(slash - name)) : NULL;
	return first && g_strcmp0(first, contact) != 0 && db_int(host->db, 0, IS_CONTACT, "s", first) != 0;
}

static bool open_file(Host *host, const char *contact, Attachment *file, GError **error)
{
	if (!attach_name(file->name, error))
		return false;
	if (is_theirs(host, contact, file->name)) {
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments/%s is in another contact's folder", file->name);
		return false;
	}
	g_autofree char *own = is_folder(contact) ? g_strconcat(contact, "/", file->name, NULL) : NULL;
	file->fd = own ? open_below(open_folder(host), own) : -1;
	/* What is there and can't be opened is not passed over for the common one. */
	if (file->fd < 0 && (!own || errno == ENOENT || errno == ENOTDIR))
		file->fd = open_below(open_folder(host), file->name);
	int why = errno;
	struct stat st;
	if (file->fd < 0 && why == ENOENT)
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_MISSING, "the attachment attachments/%s is missing", file->name);
	else if (file->fd < 0 && why == ELOOP)
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments/%s is a link: put the file itself there", file->name);
	else if (file->fd < 0)
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments/%s: %s", file->name, g_strerror(why));
	else if (fstat(file->fd, &st) < 0 || !S_ISREG(st.st_mode))
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments/%s is no regular file", file->name);
	else
		file->size = (uint64_t)st.st_size;
	return file->fd >= 0 && S_ISREG(st.st_mode);
}

static bool fits(const GPtrArray *files, GError **error)
{
	uint64_t bytes = 0;
	for (guint i = 0; i < files->len; i++)
		bytes += ((const Attachment *)files->pdata[i])->size;
	const Attachment *last = files->len ? files->pdata[files->len - 1] : NULL;
	if (files->len > ATTACH_MOST)
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "more than %d attachments", ATTACH_MOST);
	else if (bytes > ATTACH_BYTES_MOST)
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "with %s%s the attachments are larger than %d MiB together", last->document ? "" : "attachments/",
		            last->name, ATTACH_BYTES_MOST >> 20);
	return files->len <= ATTACH_MOST && bytes <= ATTACH_BYTES_MOST;
}

static bool add(Host *host, const char *contact, GPtrArray *files, const json_t *word, char *id, GError **error)
{
	const char *name = json_string_value(word);
	g_autofree char *given = id;
	for (guint i = 0; name && !id && i < files->len; i++) {
		const Attachment *before = files->pdata[i];
		if (!before->id && g_str_equal(before->name, name))
			return true;
	}
	if (!name || strlen(name) != json_string_length(word)) {
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments: a name is a text");
		return false;
	}
	Attachment *file = attachment_new(name);
	file->id = g_steal_pointer(&given);
	g_ptr_array_add(files, file);
	return files->len > ATTACH_MOST ? fits(files, error) : open_file(host, contact, file, error) && fits(files, error);
}

GPtrArray *attach_find(Host *host, const char *contact, const json_t *attached, const json_t *more, const json_t *inlined, const char *boundary,
                       GError **error)
{
	g_autoptr(GPtrArray) files = attach_none();
	const json_t *lists[] = { attached, more };
	for (guint l = 0; l < G_N_ELEMENTS(lists); l++) {
		if (json_is_string(lists[l]) && !add(host, contact, files, lists[l], NULL, error))
			return NULL;
		for (size_t i = 0; i < json_array_size(lists[l]); i++)
			if (!add(host, contact, files, json_array_get(lists[l], i), NULL, error))
				return NULL;
	}
	for (size_t i = 0; i < json_array_size(inlined); i++)
		if (!add(host, contact, files, json_array_get(inlined, i), g_strdup_printf("%d.%s@inline", (int)i + 1, boundary), error))
			return NULL;
	return g_steal_pointer(&files);
}

GPtrArray *attach_none(void)
{
	return g_ptr_array_new_with_free_func(attachment_free);
}

void attach_add_page(GPtrArray *files, const char *document, const char *name, GBytes *page)
{
	Attachment *file = attachment_new(name);
	file->document = g_strdup(document);
	file->page = g_bytes_ref(page);
	file->size = g_bytes_get_size(page);
	file->type = "text/html; charset=utf-8";
	g_ptr_array_add(files, file);
}

bool attach_join(GPtrArray *files, GPtrArray *more, GError **error)
{
	while (more->len)
		g_ptr_array_add(files, g_ptr_array_steal_index(more, 0));
	return fits(files, error);
}

static bool is_regular(int fd)
{
	struct stat st;
	bool regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (fd >= 0)
		close(fd);
	return regular;
}

bool attach_exists(const Host *host, const char *name)
{
	if (!attach_name(name, NULL))
		return false;
	bool found = is_regular(open_below(open_folder(host), name));
	g_autofree char *path = g_build_filename(host->workspace->dir, "attachments", NULL);
	g_autoptr(GDir) dir = found ? NULL : g_dir_open(path, 0, NULL);
	for (const char *contact; !found && dir && (contact = g_dir_read_name(dir));) {
		g_autofree char *own = g_strconcat(contact, "/", name, NULL);
		found = is_regular(open_below(open_folder(host), own));
	}
	return found;
}

json_t *attach_names(const GPtrArray *files)
{
	json_t *names = files->len ? json_array() : NULL;
	for (guint i = 0; i < files->len; i++)
		json_array_append_new(names, json_string(((const Attachment *)files->pdata[i])->name));
	return names;
}

/* ---- the copies --------------------------------------------------------------------------------------------------- */

static char *kept_path(const Host *host, const char *hash)
{
	return g_build_filename(host->workspace->dir, "run", "attachments", hash, NULL);
}

/* The whole file; NULL: it could not be read, or has grown meanwhile. */
static GByteArray *read_all(const Attachment *file, GError **error)
{
	g_autoptr(GByteArray) bytes = g_byte_array_sized_new((guint)file->size + 1);
	if (file->page)
		return g_byte_array_append(g_steal_pointer(&bytes), g_bytes_get_data(file->page, NULL), (guint)file->size);
	ssize_t n = 1;
	for (char step[64 * 1024]; n != 0 && bytes->len <= file->size;) {
		n = pread(file->fd, step, sizeof step, bytes->len);
		if (n < 0 && errno != EINTR)
			break;
		g_byte_array_append(bytes, (const guint8 *)step, (guint)MAX(n, 0));
	}
	if (n == 0 && bytes->len == file->size)
		return g_steal_pointer(&bytes);
	g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "attachments/%s: %s", file->name, n < 0 ? g_strerror(errno) : "it changes while it is read");
	return NULL;
}

bool attach_keep(Host *host, GPtrArray *files, GError **error)
{
	g_autofree char *folder = kept_path(host, NULL);
	if (files->len && mkdir(folder, 0700) < 0 && errno != EEXIST) {
		g_set_error(error, ATTACH_ERROR, ATTACH_ERROR_INVALID, "%s: %s", folder, g_strerror(errno));
		return false;
	}
	for (guint i = 0; i < files->len; i++) {
		Attachment *file = files->pdata[i];
		g_autoptr(GByteArray) bytes = read_all(file, error);
		if (!bytes)
			return false;
		g_free(file->hash);
		file->hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
		g_autofree char *path = kept_path(host, file->hash);
		struct stat st;
		if (stat(path, &st) == 0 && (uint64_t)st.st_size == file->size)
			continue;
		if (!g_file_set_contents_full(path, (const char *)bytes->data, bytes->len, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error))
			return false;
	}
	return true;
}

int attach_open(Host *host, const Attachment *file)
{
	g_autofree char *path = kept_path(host, file->hash);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	if (fd < 0 || (fstat(fd, &st) == 0 && (uint64_t)st.st_size == file->size))
		return fd;
	close(fd);
	return -1;
}

void attach_record(Host *host, int64_t message, const GPtrArray *files)
{
	db_run(host->db, FORGET, "i", message); /* of an earlier try that nobody knows the end of */
	for (guint i = 0; i < files->len; i++) {
		const Attachment *file = files->pdata[i];
		db_run(host->db, ADD, "iissisi", message, (int64_t)i, file->name, file->type, (int64_t)file->size, file->hash ? file->hash : "", (int64_t)file->place);
	}
}

GPtrArray *attach_load(Host *host, int64_t message)
{
	GPtrArray *files = attach_none();
	Rows *rows = db_query(host->db, FIND, "i", message);
	while (rows_next(rows)) {
		Attachment *file = attachment_new(rows_text(rows, 0));
		file->size = (uint64_t)rows_int(rows, 2);
		file->hash = g_strdup(rows_text(rows, 3));
		file->place = (uint64_t)rows_int(rows, 4);
		g_ptr_array_add(files, file);
	}
	return files;
}

/* ---- the end of copies -------------------------------------------------------------------------------------------- */

static void remove_unless_awaited(Host *host, const char *hash)
{
	g_autofree char *path = kept_path(host, hash);
	if (!db_int(host->db, 0, AWAITED, "s", hash))
		unlink(path);
}

static void remove_copies(Host *host, void *data)
{
	g_auto(GStrv) hashes = data;
	for (char **hash = hashes; *hash; hash++)
		remove_unless_awaited(host, *hash);
}

static void leave_copies(Host *host, void *data)
{
	(void)host;
	g_strfreev(data);
}

void attach_release(Host *host, int64_t message)
{
	g_autoptr(GPtrArray) files = host->simulated ? NULL : attach_load(host, message);
	if (!files || !files->len)
		return;
	g_autoptr(GStrvBuilder) hashes = g_strv_builder_new();
	for (guint i = 0; i < files->len; i++)
		if (*((const Attachment *)files->pdata[i])->hash)
			g_strv_builder_add(hashes, ((const Attachment *)files->pdata[i])->hash);
	host_after_commit(host, remove_copies, leave_copies, g_strv_builder_end(hashes));
}

void attach_sweep(Host *host)
{
	g_autofree char *folder = kept_path(host, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));)
		remove_unless_awaited(host, name);
}

/* Depth first; links are removed, not followed. */
static void remove_tree(int parent, const char *name, int depth)
{
	int fd = depth > DEPTH_MOST * 4 ? -1 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GDir) dir = fd >= 0 ? g_dir_open(path, 0, NULL) : NULL;
	for (const char *entry; dir && (entry = g_dir_read_name(dir));)
		remove_tree(fd, entry, depth + 1);
	if (fd >= 0)
		close(fd);
	if (unlinkat(parent, name, fd >= 0 ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
		log_error("%s of an erased contact could not be removed: %s", depth ? "a file" : "the folder", g_strerror(errno));
}

static void erase(Host *host, void *data)
{
	g_autofree char *contact = data;
	int folder = is_folder(contact) ? open_folder(host) : -1;
	if (folder >= 0) {
		remove_tree(folder, contact, 0);
		close(folder);
	}
	attach_sweep(host);
}

static void not_erased(Host *host, void *data)
{
	(void)host;
	g_free(data);
}

void attach_erase(Host *host, const char *contact)
{
	if (!host->simulated)
		host_after_commit(host, erase, not_erased, g_strdup(contact));
}
