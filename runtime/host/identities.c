/* SPDX-License-Identifier: MIT */
/* Identities: channels, the compared form of an address, and who has it. See contacts.h. */
#include "host/contacts.h"

#include <string.h>

/* By norm, as the key has it: the first of the lowest rank is picked here, which is cheaper than a sort for one row. */
static const char ADDRESSES[] = "SELECT address, rank FROM identities WHERE contact = ? AND channel = ? ORDER BY norm";
static const char BY_ADDRESS[] = "SELECT contact FROM identities WHERE channel = ? AND norm = ?";
static const char NAMED[] = "SELECT id FROM contacts WHERE name = ? COLLATE NOCASE ORDER BY id LIMIT 4";

#define EMAIL_BYTES 254 /* RFC 5321 4.5.3.1.3, less the angle brackets */
#define LOCAL_BYTES 64
#define DOMAIN_BYTES 255
#define LABEL_BYTES 63
#define HANDLE_BYTES 200

typedef enum { FORM_HANDLE, FORM_EMAIL, FORM_PHONE } Form;

/* Sorted. */
static const char *const CHANNELS[] = {
	"bluesky", "call", "discord", "email", "facebook", "imessage", "instagram", "linkedin", "mastodon", "matrix", "messenger",
	"phone", "pinterest", "reddit", "signal", "slack", "sms", "snapchat", "teams", "telegram", "threads", "tiktok", "twitch",
	"whatsapp", "x", "youtube",
};

static int channel_index(const char *word)
{
	for (size_t low = 0, high = G_N_ELEMENTS(CHANNELS); low < high;) {
		size_t middle = (low + high) / 2;
		int order = strcmp(word, CHANNELS[middle]);
		if (order == 0)
			return (int)middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

bool contacts_is_channel(const char *word)
{
	return channel_index(word) >= 0;
}

bool contacts_is_phone(const char *channel)
{
#define X(name) name,
	static const char *const phones[] = { "phone", CONTACTS_PHONE_CHANNELS(X) NULL };
#undef X
	return g_strv_contains(phones, channel);
}

/* A driver's channel that this file does not know has handles. */
static Form form_of(const char *channel)
{
	return strcmp(channel, "email") == 0 ? FORM_EMAIL : contacts_is_phone(channel) ? FORM_PHONE : FORM_HANDLE;
}

static char *invalid(GError **error, const char *channel, const char *address, const char *why)
{
	g_autofree char *shown = g_utf8_make_valid(address, (gssize)strnlen(address, 80));
	g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s address '%s': %s", channel, shown, why);
	return NULL;
}

/* ---- e-mail: RFC 5321 section 4.1.2, with the UTF-8 of RFC 6531 ------------------------------------------------- */

static bool is_atext(unsigned char c)
{
	return g_ascii_isalnum(c) || c >= 0x80 || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Visible and harmless characters alone: no space, no control, no angle bracket, and none that is invisible (bidi marks,
 * zero width): those are how a wrong address looks right. */
static bool is_printable(const char *text)
{
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (!g_unichar_isgraph(c) || c == '<' || c == '>' || g_unichar_type(c) == G_UNICODE_PRIVATE_USE)
			return false;
	}
	return true;
}

static const char *local_fault(const char *local, size_t size)
{
	if (size == 0)
		return "nothing stands before the @";
	if (size > LOCAL_BYTES)
		return "the part before the @ is longer than 64 bytes";
	if (local[0] == '"') {
		size_t i = 1;
		for (; i < size && local[i] != '"'; i++)
			if (local[i] == ';' || (local[i] == '\\' && ++i >= size - 1))
				return "the quoted part before the @ is malformed";
		return i == size - 1 && size > 2 ? NULL : "the quoted part before the @ is malformed";
	}
	if (local[0] == '.' || local[size - 1] == '.' || g_strstr_len(local, (gssize)size, ".."))
		return "a dot stands at the wrong place before the @";
	for (size_t i = 0; i < size; i++)
		if (local[i] != '.' && !is_atext((unsigned char)local[i]))
			return "a character before the @ is not allowed there";
	return NULL;
}

static const char *literal_fault(const char *domain, size_t size)
{
	for (size_t i = 1; i + 1 < size; i++)
		if (!g_ascii_isalnum(domain[i]) && !strchr(".:-", domain[i]))
			return "the address in brackets is malformed";
	return size > 2 && domain[size - 1] == ']' ? NULL : "the address in brackets is malformed";
}

static const char *domain_fault(const char *domain)
{
	size_t size = strlen(domain);
	if (size == 0)
		return "nothing stands after the @";
	if (size > DOMAIN_BYTES)
		return "the domain is too long";
	if (domain[0] == '[')
		return literal_fault(domain, size);
	for (const char *label = domain;;) {
		size_t length = strcspn(label, ".");
		if (length == 0 || length > LABEL_BYTES)
			return "the domain has an empty or overlong part";
		if (label[0] == '-' || label[length - 1] == '-')
			return "a part of the domain begins or ends with a hyphen";
		for (size_t i = 0; i < length; i++)
			if (!g_ascii_isalnum(label[i]) && label[i] != '-' && (unsigned char)label[i] < 0x80)
				return "a character of the domain is not allowed there";
		if (!label[length])
			return NULL;
		label += length + 1;
	}
}

/* The last @ parts: a quoted local part may hold others. */
static const char *email_fault(const char *address)
{
	const char *at = strrchr(address, '@');
	if (!at)
		return "it has no @";
	if (strlen(address) > EMAIL_BYTES)
		return "it is longer than 254 bytes";
	if (!is_printable(address))
		return "spaces, angle brackets and invisible characters are not allowed";
	const char *fault = local_fault(address, (size_t)(at - address));
	return fault ? fault : domain_fault(at + 1);
}

/* ---- the other forms -------------------------------------------------------------------------------------------- */

static char *lower(const char *text)
{
	g_autofree char *composed = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
	return g_utf8_strdown(composed ? composed : text, -1);
}

/* WhatsApp's id of somebody who hides the number: "US.13491208655302741918". */
static bool is_business_id(const char *text)
{
	if (!g_ascii_isalpha(text[0]) || !g_ascii_isalpha(text[1]) || text[2] != '.' || !text[3])
		return false;
	for (text += 3; *text; text++)
		if (!g_ascii_isalnum(*text))
			return false;
	return true;
}

/* Digits with a leading + where the number is international (E.164: at most 15). WhatsApp writes them without the +. */
static char *phone(const char *channel, const char *address, GError **error)
{
	GString *digits = g_string_new(NULL);
	const char *p = address;
	bool international = *p == '+' || g_str_has_prefix(p, "00");
	p += *p == '+' ? 1 : international ? 2 : 0;
	for (; *p && (g_ascii_isdigit(*p) || strchr(" -./()", *p) || g_str_has_prefix(p, "\u00a0")); p++) {
		if (g_ascii_isdigit(*p))
			g_string_append_c(digits, *p);
		else if (g_str_has_prefix(p, "\u00a0"))
			p++;
	}
	const char *fault = *p ? "a number has digits, +, spaces, dots, hyphens and parentheses"
	                  : digits->len < 3 || digits->len > 15 ? "a number has 3 to 15 digits" : NULL;
	if (fault) {
		g_string_free(digits, TRUE);
		return invalid(error, channel, address, fault);
	}
	if (international || (!strcmp(channel, "whatsapp") && digits->len >= 10 && digits->str[0] != '0'))
		g_string_prepend_c(digits, '+');
	return g_string_free(digits, FALSE);
}

/* "@Lea", "lea" and "https://www.instagram.com/Lea/?hl=fr" are one handle. */
static char *handle(const char *channel, const char *address, GError **error)
{
	g_autofree char *text = g_strdup(address);
	char *from = text;
	if (g_ascii_strncasecmp(text, "https://", 8) == 0 || g_ascii_strncasecmp(text, "http://", 7) == 0) {
		text[strcspn(text, "?#")] = 0;
		for (size_t n = strlen(text); n && text[n - 1] == '/'; n--)
			text[n - 1] = 0;
		char *slash = strrchr(text, '/');
		if (!slash || slash - text < 8)
			return invalid(error, channel, address, "the link names no profile");
		from = slash + 1;
	}
	from += *from == '@';
	if (!*from)
		return invalid(error, channel, address, "it is empty");
	if (strlen(from) > HANDLE_BYTES)
		return invalid(error, channel, address, "it is too long");
	if (!is_printable(from) || strchr(from, ';'))
		return invalid(error, channel, address, "spaces, semicolons, angle brackets and invisible characters are not allowed");
	return lower(from);
}

char *contacts_normalize(const char *channel, const char *address, GError **error)
{
	if (!g_utf8_validate(address, -1, NULL))
		return invalid(error, channel, address, "it is not UTF-8");
	g_autofree char *text = g_strstrip(g_strdup(address));
	if (!*text)
		return invalid(error, channel, address, "it is empty");
	Form form = form_of(channel);
	if (form == FORM_EMAIL) {
		const char *fault = email_fault(text);
		return fault ? invalid(error, channel, text, fault) : lower(text);
	}
	if (form == FORM_PHONE && !(strcmp(channel, "whatsapp") == 0 && is_business_id(text)))
		return phone(channel, text, error);
	return handle(channel, text, error);
}

/* ---- who has it ------------------------------------------------------------------------------------------------- */

static char *main_address(Host *host, const char *id, const char *channel)
{
	char *address = NULL;
	int64_t lowest = 0;
	Rows *rows = db_query(host->db, ADDRESSES, "ss", id, channel);
	while (rows_next(rows)) {
		if (address && rows_int(rows, 1) >= lowest)
			continue;
		lowest = rows_int(rows, 1);
		g_free(address);
		address = g_strdup(rows_text(rows, 0));
	}
	return address;
}

char *contacts_address(Host *host, const char *id, const char *channel)
{
	char *address = main_address(host, id, channel);
	if (!address && form_of(channel) == FORM_PHONE && strcmp(channel, "phone") != 0)
		address = main_address(host, id, "phone");
	return address;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_owners(Host *host, GPtrArray *ids, const char *channel, const char *norm)
{
	Rows *rows = db_query(host->db, BY_ADDRESS, "ss", channel, norm);
	while (rows_next(rows))
		if (!g_ptr_array_find_with_equal_func(ids, rows_text(rows, 0), g_str_equal, NULL))
			g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
}

GPtrArray *contacts_by_address(Host *host, const char *channel, const char *norm)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	add_owners(host, ids, channel, norm);
	if (form_of(channel) == FORM_PHONE && strcmp(channel, "phone") != 0)
		add_owners(host, ids, "phone", norm);
	g_ptr_array_sort(ids, by_text);
	return ids;
}

/* "instagram:lea" asks on one channel, "lea@brand.example" or "@lea" on all. */
static void find_address(Host *host, GPtrArray *ids, const char *word)
{
	const char *colon = strchr(word, ':');
	g_autofree char *prefix = colon ? g_strndup(word, (size_t)(colon - word)) : NULL;
	bool named = prefix && contacts_is_channel(prefix);
	for (size_t i = 0; i < G_N_ELEMENTS(CHANNELS); i++) {
		const char *channel = CHANNELS[i];
		if (named && strcmp(prefix, channel) != 0)
			continue;
		g_autofree char *norm = contacts_normalize(channel, named ? colon + 1 : word, NULL);
		if (norm)
			add_owners(host, ids, channel, norm);
	}
	g_ptr_array_sort(ids, by_text);
}

char *contacts_resolve(Host *host, const char *word, GError **error)
{
	char *current = contacts_current(host, word);
	if (current)
		return current;
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	find_address(host, ids, word);
	if (ids->len == 0) {
		Rows *rows = db_query(host->db, NAMED, "s", word);
		while (rows_next(rows))
			g_ptr_array_add(ids, g_strdup(rows_text(rows, 0)));
	}
	if (ids->len == 1)
		return g_strdup(ids->pdata[0]);
	if (ids->len == 0) {
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "no contact has the id, address or name '%s' (perigee contacts list shows them)", word);
		return NULL;
	}
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < ids->len && i < 4; i++)
		g_string_append_printf(list, "%s%s", i ? ", " : "", (const char *)ids->pdata[i]);
	g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_UNKNOWN, "'%s' is more than one contact (%s%s): give the id", word, list->str,
	            ids->len > 3 ? ", ..." : "");
	g_string_free(list, TRUE);
	return NULL;
}
