/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/*
 * The top of the mails that we send, from words of people, templates and other people's mail. What is composed has each header
 * once and no other, lines that end with CRLF and are short enough, and a subject and names that read back as they were;
 * what is refused is refused in words. Fields of the input end with a NUL, the last is the rendered entity.
 */
#include "fuzz.h"
#include "host/compose.h"
#include "host/header.h"

static const char *const known[] = { "Date", "From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post",
	"Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "Content-Language" };

/* The value of the header, unfolded; NULL if it isn't there. The header must stand there once at most. */
static char *header(const char *mail, const char *name)
{
	g_autofree char *start = g_strconcat("\r\n", name, ":", NULL);
	char *value = NULL;
	const char *end = strstr(mail, "\r\n\r\n"), *at = mail;
	while ((at = g_strstr_len(at, end + 2 - at, start))) {
		g_assert_null(value);
		at += strlen(start);
		g_autoptr(GString) out = g_string_new(NULL);
		for (;;) {
			const char *line = strstr(at, "\r\n");
			g_string_append_len(out, at, line - at);
			at = line;
			if (at[2] != ' ' && at[2] != '\t')
				break;
			at += 2;
		}
		value = g_string_free(g_steal_pointer(&out), FALSE);
	}
	return value;
}

static void decode_word(GString *out, const char *word, const char *end)
{
	g_autofree char *text = g_strndup(word, (gsize)(end - word));
	gsize size;
	if (text[0] == 'B') {
		g_autofree guchar *bytes = g_base64_decode(text + 2, &size);
		g_string_append_len(out, (const char *)bytes, (gssize)size);
		return;
	}
	g_assert_true(text[0] == 'Q');
	for (const char *c = text + 2; *c; c++) {
		if (*c == '=') {
			g_string_append_c(out, (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2])));
			c += 2;
		} else {
			g_string_append_c(out, *c == '_' ? ' ' : *c);
		}
	}
}

/* RFC 2047: encoded words, with the blanks between two of them gone; all else as it is, a name's quoted string without its quotes. */
static char *decode(const char *value, bool name)
{
	GString *out = g_string_new(NULL);
	bool quoted = name && *value == '"';
	for (const char *c = value + quoted; *c && !(quoted && *c == '"'); c++) {
		if (!quoted && g_str_has_prefix(c, "=?UTF-8?")) {
			const char *end = strstr(c + strlen("=?UTF-8?Q?"), "?=");
			g_assert_nonnull(end);
			decode_word(out, c + strlen("=?UTF-8?"), end);
			c = end + 1;
			if (g_str_has_prefix(c + 1 + strspn(c + 1, " "), "=?UTF-8?"))
				c += strspn(c + 1, " ");
			continue;
		}
		c += quoted && *c == '\\';
		g_string_append_c(out, *c);
	}
	return g_string_free(out, FALSE);
}

/* utf8: an address has letters outside ASCII before its @, which stand there as they are (RFC 6532). */
static void check_shape(const char *mail, size_t size, bool utf8)
{
	bool top = true;
	g_assert_cmpuint(strlen(mail), ==, size);
	for (const char *line = mail; *line;) {
		const char *end = strstr(line, "\r\n");
		g_assert_true(end && end - line <= 998 && !memchr(line, '\n', (size_t)(end - line)) && !memchr(line, '\r', (size_t)(end - line)));
		top = top && end > line;
		bool found = !top || *line == ' ' || *line == '\t';
		for (size_t i = 0; top && i < G_N_ELEMENTS(known); i++)
			found = found || (g_ascii_strncasecmp(line, known[i], strlen(known[i])) == 0 && line[strlen(known[i])] == ':');
		for (const char *c = line; top && c < end; c++)
			g_assert_true(*c == '\t' || (*c >= 0x20 && *c < 0x7f) || (utf8 && (unsigned char)*c >= 0x80));
		g_assert_true(found);
		line = end + 2;
	}
	g_assert_false(top);
	g_assert_true(g_utf8_validate_len(mail, (size_t)(strstr(mail, "\r\n\r\n") - mail), NULL));
}

static void check_mailbox(const char *mail, const char *name, const char *display, const char *address)
{
	g_autofree char *value = header(mail, name), *plain = header_address(address, NULL);
	g_strstrip(value);
	g_assert_nonnull(plain);
	g_autofree char *wanted = *display ? g_strconcat("<", plain, ">", NULL) : g_strdup(plain);
	g_assert_true(g_str_has_suffix(value, wanted));
	if (!*display)
		return;
	char *angle = value + strlen(value) - strlen(wanted);
	*angle = 0;
	g_autofree char *decoded = decode(g_strchomp(value), true);
	g_assert_cmpstr(decoded, ==, display);
}

static bool is_ascii(const char *address)
{
	for (; *address && *address != '@'; address++)
		if ((unsigned char)*address >= 0x80)
			return false;
	return true;
}

/* What comes back to the return path of a message cites that message. */
static void check_citation(const char *from)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxya";
	if (*from == '"' || strchr(from, '[') || strlen(from) > 200)
		return; /* no account has such an address (accounts.c), and a longer one has no Message-IDs */
	g_autofree char *path = compose_return_path(from, "abcdefghijklmnopqrstuvwxya@brand.example"), *id = compose_cited_by(path);
	g_assert_true(id && g_str_has_prefix(id, token) && header_is_id(id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const purposes[] = { "ask", "answer", "service", "news" };
	Input in = { data, size };
	uint8_t how = input_byte(&in);
	g_autofree char *subject = input_field(&in), *from_name = input_field(&in), *from = input_field(&in), *to_name = input_field(&in);
	g_autofree char *to = input_field(&in), *cc = input_field(&in), *reply = input_field(&in), *reference = input_field(&in);
	const char *ccs[] = { cc, NULL }, *references[] = { "one@x.example", reference, reply, NULL };
	Compose c = { .from_name = from_name, .from_address = from, .to_name = to_name, .to_address = to, .cc = *cc ? ccs : NULL, .subject = subject,
		.purpose = purposes[how & 3], .date = INT64_C(1795420800000), .message_id = "abc@brand.example", .in_reply_to = reply,
		.references = references, .entity = in.at, .entity_size = in.left };
	if (g_utf8_validate(reply, -1, NULL))
		g_free(compose_cited_by(reply)); /* an address of a mail that came */
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = compose_mail(&c, &error);
	g_assert_true((bytes == NULL) == (error != NULL));
	if (!bytes) {
		g_assert_true(*error->message && !strpbrk(error->message, "\r\n"));
		return 0;
	}
	gsize length;
	const char *raw = g_bytes_get_data(bytes, &length);
	g_autofree char *mail = g_strndup(raw, length);
	check_shape(mail, length, !is_ascii(from) || !is_ascii(to) || !is_ascii(cc));
	check_citation(from);
	g_autofree char *whole = g_strconcat("\r\n", mail, NULL), *value = header(whole, "Subject");
	g_autofree char *decoded = decode(*value == ' ' ? value + 1 : value, false);
	g_assert_cmpstr(decoded, ==, subject);
	check_mailbox(whole, "From", from_name, from);
	check_mailbox(whole, "To", to_name, to);
	return 0;
}
