/* SPDX-License-Identifier: MIT */
/* Takes a mail apart: see mail_parts.h. */
#include "worker/mail_parts.h"

#include "worker/mail_html.h"

#include <string.h>

enum { DEPTH = 16, PARTS = 500, BODY_MOST = 1 << 20, RETURNED_MOST = 64 << 10, FIELD_MOST = 16 << 10, FIELDS_MOST = 2000, COLONS_MOST = 1000 };

/* What the walk over the parts gathers. */
typedef struct Walk {
	Mail *mail;
	GString *plain;
	GString *html;
	int parts;
} Walk;

/* UTF-8 without NUL and CR, whatever came. Takes text. */
static char *clean(char *text, gssize size)
{
	char *valid = g_utf8_make_valid(text ? text : "", text ? size : 0);
	g_free(text);
	char *to = valid;
	for (const char *from = valid; *from; from++) {
		if (*from != '\r' || from[1] != '\n')
			*to++ = *from == '\r' ? '\n' : *from;
	}
	*to = '\0';
	return valid;
}

/* A part's content, decoded, in UTF-8 if it is text. */
static char *content(GMimeObject *part)
{
	if (GMIME_IS_TEXT_PART(part)) {
		char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));
		if (text)
			return clean(text, -1);
	}
	GMimeDataWrapper *wrapper = GMIME_IS_PART(part) ? g_mime_part_get_content(GMIME_PART(part)) : NULL;
	if (!wrapper)
		return g_strdup("");
	g_autoptr(GMimeStream) stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(wrapper, stream);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	for (guint i = 0; i < bytes->len; i++)
		bytes->data[i] = bytes->data[i] ? bytes->data[i] : ' ';
	return clean(g_strndup((const char *)bytes->data, bytes->len), (gssize)bytes->len);
}

/* The bytes of a mail within the mail: its header and the beginning of its text. */
static char *returned_mail(GMimeObject *part)
{
	GMimeMessage *inner = GMIME_IS_MESSAGE_PART(part) ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)) : NULL;
	if (!inner)
		return content(part);
	g_autofree char *headers = g_mime_object_get_headers(GMIME_OBJECT(inner), NULL);
	return clean(g_strndup(headers ? headers : "", RETURNED_MOST), -1);
}

/* RFC 3676: a line that ends in a space goes on in the next one of the same quote depth. */
static void append_flowed(GString *out, const char *text, bool delsp)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	size_t open = G_MAXSIZE; /* the quote depth of a line that goes on */
	for (char **line = lines; *line; line++) {
		size_t depth = strspn(*line, ">");
		const char *rest = *line + depth;
		rest += *rest == ' ';
		size_t length = strlen(rest);
		bool flows = length && rest[length - 1] == ' ' && strcmp(rest, "-- ");
		if (open != depth || !strcmp(rest, "-- ")) {
			if (line != lines)
				g_string_append_c(out, '\n');
			for (size_t i = 0; i < depth; i++)
				g_string_append_c(out, '>');
			if (depth)
				g_string_append_c(out, ' ');
		}
		g_string_append_len(out, rest, (gssize)(length - (flows && delsp)));
		open = flows ? depth : G_MAXSIZE;
	}
}

static void append_text(Walk *walk, GMimeObject *part, const char *text)
{
	if (walk->plain->len > BODY_MOST)
		return;
	if (walk->plain->len && walk->plain->str[walk->plain->len - 1] != '\n')
		g_string_append_c(walk->plain, '\n');
	const char *format = g_mime_object_get_content_type_parameter(part, "format");
	const char *delsp = g_mime_object_get_content_type_parameter(part, "delsp");
	if (format && !g_ascii_strcasecmp(format, "flowed"))
		append_flowed(walk->plain, text, delsp && !g_ascii_strcasecmp(delsp, "yes"));
	else
		g_string_append(walk->plain, text);
}

static bool is_attachment(GMimeObject *part)
{
	const char *disposition = g_mime_object_get_disposition(part);
	return disposition && !g_ascii_strcasecmp(disposition, "attachment");
}

static bool is_type(GMimeObject *part, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(part), type, subtype);
}

static void take_part(Walk *walk, GMimeObject *part, int depth);

/* A gateway's notice around a notice: the report is the inner one's. */
static GMimeObject *inner_report(const Mail *mail, GMimeObject *part)
{
	GMimeMessage *inner = GMIME_IS_MESSAGE_PART(part) ? g_mime_message_part_get_message(GMIME_MESSAGE_PART(part)) : NULL;
	GMimeObject *body = inner ? g_mime_message_get_mime_part(inner) : NULL;
	bool report = body && !mail->report_type && strstr(mail->from, "mailer-daemon") && is_type(body, "multipart", "report");
	return report ? body : NULL;
}

static void take_leaf(Walk *walk, GMimeObject *part, int depth)
{
	Mail *mail = walk->mail;
	GMimeObject *report = inner_report(mail, part);
	if (report) {
		take_part(walk, report, depth + 1);
		return;
	}
	if (is_type(part, "message", "delivery-status") || is_type(part, "message", "global-delivery-status")) {
		g_ptr_array_add(mail->status, content(part));
	} else if (is_type(part, "message", "feedback-report")) {
		if (!mail->feedback)
			mail->feedback = content(part);
	} else if (GMIME_IS_MESSAGE_PART(part) || is_type(part, "text", "rfc822-headers") || is_type(part, "message", "*")) {
		if (!mail->returned)
			mail->returned = returned_mail(part);
	} else if (is_type(part, "text", "calendar")) {
		mail->calendar = true;
	} else if (is_attachment(part)) {
		mail->attached = true;
	} else if (is_type(part, "text", "plain")) {
		g_autofree char *text = content(part);
		append_text(walk, part, text);
	} else if (is_type(part, "text", "html")) {
		g_autofree char *text = content(part);
		if (walk->html->len < BODY_MOST)
			g_string_append(walk->html, text);
	} else {
		mail->attached = true;
	}
}

static void take_part(Walk *walk, GMimeObject *part, int depth)
{
	if (!part || depth > DEPTH || ++walk->parts > PARTS)
		return;
	if (!GMIME_IS_MULTIPART(part)) {
		take_leaf(walk, part, depth);
		return;
	}
	const char *report = g_mime_object_get_content_type_parameter(part, "report-type");
	if (is_type(part, "multipart", "report") && !walk->mail->report_type)
		walk->mail->report_type = g_ascii_strdown(report ? report : "", -1);
	int count = g_mime_multipart_get_count(GMIME_MULTIPART(part));
	for (int i = 0; i < count; i++)
		take_part(walk, g_mime_multipart_get_part(GMIME_MULTIPART(part), i), depth + 1);
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n")] == '\0';
}

static char *sender(GMimeMessage *message)
{
	InternetAddressList *list = g_mime_message_get_from(message);
	InternetAddress *first = list && internet_address_list_length(list) ? internet_address_list_get_address(list, 0) : NULL;
	const char *address = first && INTERNET_ADDRESS_IS_MAILBOX(first) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first)) : NULL;
	g_autofree char *valid = g_utf8_make_valid(address ? address : "", -1);
	return g_utf8_strdown(valid, -1);
}

/* GMime reads these as lists of addresses, wherever a mail within the mail begins: in time by the square of their length, and with
 * a level of the stack for each group in a group. */
static bool is_address_field(const char *line, size_t size)
{
	static const char *const names[] = { "From", "Sender", "Reply-To", "To", "Cc", "Bcc" };
	const char *colon = memchr(line, ':', MIN(size, FIELD_MOST));
	size_t length = colon ? (size_t)(colon - line) : 0;
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		length--;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (length == strlen(names[i]) && !g_ascii_strncasecmp(line, names[i], length))
			return true;
	return false;
}

/* How much of a line may stay in a field, given what the field has had so far. */
static size_t kept_of(const char *line, size_t size, size_t *field, size_t *colons)
{
	size_t kept = 0;
	for (; kept < size && *field + kept < FIELD_MOST && *colons <= COLONS_MOST; kept++)
		*colons += line[kept] == ':';
	*field += size;
	return kept;
}

/* The mail without what no honest mail has: fields over FIELD_MOST or COLONS_MOST (the rest of them goes), more than FIELDS_MOST
 * fields at its top. Behind the top only fields of addresses are looked for, in all lines: a mail may stand anywhere. */
static GString *bounded(const char *bytes, size_t size)
{
	GString *out = g_string_sized_new(size);
	size_t field = 0, colons = 0, fields = 0;
	bool top = true, bound = false;
	for (size_t at = 0; at < size;) {
		const char *line = bytes + at, *end = memchr(line, '\n', size - at);
		size_t length = end ? (size_t)(end - line) + 1 : size - at;
		top = top && *line != '\n' && !(*line == '\r' && length == 2);
		if (*line != ' ' && *line != '\t') {
			field = colons = 0;
			fields += top;
			bound = top || is_address_field(line, length);
		}
		size_t kept = !bound ? length : fields > FIELDS_MOST && top ? 0 : kept_of(line, length, &field, &colons);
		g_string_append_len(out, line, (gssize)kept);
		if (kept && kept < length)
			g_string_append_c(out, '\n');
		at += length;
	}
	return out;
}

Mail *mail_take_apart(const char *bytes, size_t size)
{
	Mail *mail = g_new0(Mail, 1);
	mail->status = g_ptr_array_new_with_free_func(g_free);
	mail->body = g_string_new(NULL);
	mail->cut = G_MAXSIZE;
	mail->raw = bytes;
	mail->raw_size = size;
	g_autoptr(GString) fit = bounded(bytes, size);
	g_autoptr(GMimeStream) stream = g_mime_stream_mem_new_with_buffer(fit->str, fit->len);
	g_autoptr(GMimeParser) parser = g_mime_parser_new_with_stream(stream);
	mail->message = g_mime_parser_construct_message(parser, NULL);
	const char *subject = mail->message ? g_mime_message_get_subject(mail->message) : NULL;
	mail->subject = clean(g_strdup(subject), -1);
	mail->from = mail->message ? sender(mail->message) : g_strdup("");
	if (!mail->message)
		return mail;
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autoptr(GString) html = g_string_new(NULL);
	Walk walk = { .mail = mail, .plain = plain, .html = html };
	take_part(&walk, g_mime_message_get_mime_part(mail->message), 0);
	if (is_blank(plain->str) && html->len)
		html_text(mail->body, html->str, html->len, &mail->cut);
	else
		g_string_append_len(mail->body, plain->str, (gssize)plain->len);
	mail_take_ses(mail);
	return mail;
}

void mail_free(Mail *mail)
{
	if (!mail)
		return;
	g_clear_object(&mail->message);
	g_ptr_array_unref(mail->status);
	g_string_free(mail->body, TRUE);
	g_free(mail->subject);
	g_free(mail->from);
	g_free(mail->feedback);
	g_free(mail->returned);
	g_free(mail->report_type);
	g_free(mail);
}

char *mail_header(const Mail *mail, const char *name)
{
	const char *value = mail->message ? g_mime_object_get_header(GMIME_OBJECT(mail->message), name) : NULL;
	if (!value)
		return g_strdup("");
	g_autofree char *decoded = g_mime_utils_header_decode_text(NULL, value);
	return g_strstrip(clean(g_steal_pointer(&decoded), -1));
}

static const char *next_line(const char *line)
{
	const char *newline = strchr(line, '\n');
	return newline ? newline + 1 : NULL;
}

char *mail_field(const char *block, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = block; line && *line && *line != '\n'; line = next_line(line)) {
		if (g_ascii_strncasecmp(line, name, length) || line[length] != ':')
			continue;
		GString *value = g_string_new(NULL);
		const char *at = line + length + 1;
		do {
			size_t end = strcspn(at, "\n");
			g_string_append_len(value, at, (gssize)end);
			at += end;
			at += *at == '\n';
		} while (*at == ' ' || *at == '\t');
		return g_strstrip(g_string_free(value, FALSE));
	}
	return NULL;
}

char *mail_field_anywhere(const char *text, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = text; line; line = next_line(line)) {
		const char *start = line + strspn(line, " \t");
		if (!g_ascii_strncasecmp(start, name, length) && start[length] == ':')
			return mail_field(start, name);
	}
	return NULL;
}

char *mail_id(const char *text)
{
	const char *close = text ? strrchr(text, '>') : NULL;
	const char *open = close ? g_strrstr_len(text, close - text, "<") : NULL;
	if (open)
		return g_strndup(open + 1, (gsize)(close - open - 1));
	if (!text || !strchr(text, '@'))
		return NULL;
	char *bare = g_strstrip(g_strdup(text));
	bare[strcspn(bare, " \t<>")] = '\0';
	if (strchr(bare, '@'))
		return bare;
	g_free(bare);
	return NULL;
}
