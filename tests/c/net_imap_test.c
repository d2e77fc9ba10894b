/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* The words of IMAP: tables of what servers say, torn at every byte; names of mailboxes; dates. */
#include "net/imap.h"

#include <string.h>

/* Answers of Dovecot, Gmail, Exchange and Courier, and nasty ones. Each is one response. */
static const char *const responses[] = {
	"* OK [CAPABILITY IMAP4rev1 SASL-IR IDLE] Dovecot ready.\r\n",
	"pg1 OK [READ-ONLY] Examine completed (0.001 secs).\r\n",
	"* CAPABILITY IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS\r\n",
	"* 18 EXISTS\r\n",
	"* VANISHED (EARLIER) 300:310,405,411\r\n",
	"* SEARCH 2 84 882\r\n",
	"* SEARCH\r\n",
	"* SEARCH 2 5 (MODSEQ 917162500)\r\n",
	"+ idling\r\n",
	"+\r\n",
	"* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"\r\n",
	"* LIST (\\HasNoChildren) \"/\" {10}\r\nEntw\xc3\xbcrst.\r\n",
	"* 12 FETCH (UID 29 FLAGS (\\Seen $Label1) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[]<0> {13}\r\nSubject: x\r\n\r)\r\n",
	"* 2 FETCH (FLAGS (\\Deleted) MODSEQ (12) UID 4)\r\n",
	"* 2 FETCH (UID 4 BODY[] NIL)\r\n",
	"* 3 FETCH (BODY[HEADER.FIELDS (TO \"a)\" CC)] {0}\r\n UID 9 ENVELOPE (NIL \"s\\\"q\" ((NIL NIL \"a\" \"b.c\")) NIL))\r\n",
	"* BYE Autologout; idle for too long\r\n",
	"pg7 NO [UNAVAILABLE] later\r\n",
};

/* g_assert_cmpmem counts in int and warns about it. */
static void assert_bytes(const char *got, size_t size, const char *wanted, size_t wanted_size)
{
	g_assert_cmpuint(size, ==, wanted_size);
	g_assert_true(memcmp(got, wanted, size) == 0);
}

static void responses_are_taken_whole_or_not_at_all(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(responses); i++) {
		size_t size = strlen(responses[i]);
		for (size_t torn = 0; torn < size; torn++) {
			ImapInput input;
			g_autoptr(GError) error = NULL;
			g_autoptr(GString) out = g_string_new(NULL);
			imap_input_init(&input);
			g_string_append_len(input.bytes, responses[i], (gssize)torn);
			g_assert_false(imap_input_take(&input, out, &error));
			g_assert_no_error(error);
			g_string_append(input.bytes, responses[i] + torn);
			g_string_append(input.bytes, "* 1 EXISTS\r\n");
			g_assert_true(imap_input_take(&input, out, &error));
			assert_bytes(out->str, out->len, responses[i], size - 2);
			g_assert_true(imap_input_take(&input, out, &error));
			g_assert_cmpstr(out->str, ==, "* 1 EXISTS");
			g_assert_false(imap_input_take(&input, out, &error));
			imap_input_clear(&input);
		}
	}
}

static void bytes_may_come_one_by_one(void)
{
	ImapInput input;
	g_autoptr(GString) out = g_string_new(NULL);
	size_t taken = 0;
	imap_input_init(&input);
	for (size_t i = 0; i < G_N_ELEMENTS(responses); i++)
		for (const char *c = responses[i]; *c; c++) {
			g_string_append_c(input.bytes, *c);
			for (; imap_input_take(&input, out, NULL); taken++)
				assert_bytes(out->str, out->len, responses[taken], strlen(responses[taken]) - 2);
		}
	g_assert_cmpuint(taken, ==, G_N_ELEMENTS(responses));
	imap_input_clear(&input);
}

static void too_much_is_refused(void)
{
	ImapInput input;
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	imap_input_init(&input);
	g_string_append(input.bytes, "* 1 FETCH (BODY[] {99999999}\r\n");
	g_assert_false(imap_input_take(&input, out, &error));
	g_assert_error(error, IMAP_ERROR, IMAP_ERROR_FORMAT);
	g_clear_error(&error);
	imap_input_clear(&input);
	imap_input_init(&input);
	g_autofree char *line = g_strnfill(IMAP_RESPONSE_MOST + 10, 'x');
	g_string_append(input.bytes, line);
	g_assert_false(imap_input_take(&input, out, &error));
	g_assert_error(error, IMAP_ERROR, IMAP_ERROR_FORMAT);
	imap_input_clear(&input);
}

static void what_a_server_says_is_cut(void)
{
	g_autofree char *bytes = g_strnfill(1000, '\xff');
	g_autofree char *text = imap_text(bytes);
	g_assert_true(g_utf8_validate(text, -1, NULL));
	g_assert_cmpuint(strlen(text), ==, 300);
}

typedef struct LineCase {
	const char *response;
	bool good;
	ImapLineKind kind;
	const char *tag;
	uint32_t number;
	const char *word;
	const char *rest;
} LineCase;

static const LineCase lines[] = {
	{ "* 18 EXISTS", true, IMAP_UNTAGGED, "", 18, "EXISTS", "" },
	{ "* ok [UIDNEXT 4392] Predicted", true, IMAP_UNTAGGED, "", 0, "OK", "[UIDNEXT 4392] Predicted" },
	{ "pg7 NO [UNAVAILABLE] later", true, IMAP_TAGGED, "pg7", 0, "NO", "[UNAVAILABLE] later" },
	{ "+ idling", true, IMAP_CONTINUE, "", 0, "", "idling" },
	{ "+", true, IMAP_CONTINUE, "", 0, "", "" },
	{ "* BYE", true, IMAP_UNTAGGED, "", 0, "BYE", "" },
	{ "", false, 0, NULL, 0, NULL, NULL },
	{ "*", false, 0, NULL, 0, NULL, NULL },
	{ "* 99999999999 EXISTS", false, 0, NULL, 0, NULL, NULL },
	{ "averyveryverylongtag OK", false, 0, NULL, 0, NULL, NULL },
	{ "* AVERYVERYVERYLONGWORD", false, 0, NULL, 0, NULL, NULL },
	{ "(what) is this", false, 0, NULL, 0, NULL, NULL },
};

static void fronts_are_read(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		const LineCase *c = &lines[i];
		g_autoptr(GString) response = g_string_new(c->response);
		ImapLine line;
		g_assert_true(imap_line(response, &line) == c->good);
		if (!c->good)
			continue;
		g_assert_cmpint(line.kind, ==, c->kind);
		g_assert_cmpstr(line.tag, ==, c->tag);
		g_assert_cmpuint(line.number, ==, c->number);
		g_assert_cmpstr(line.word, ==, c->word);
		g_assert_cmpstr(response->str + line.rest, ==, c->rest);
	}
}

typedef struct FetchCase {
	const char *response;
	bool good;
	uint32_t uid;
	int64_t date;
	bool seen;
	const char *body;
} FetchCase;

static const FetchCase fetches[] = {
	{ "* 12 FETCH (UID 29 FLAGS (\\Seen $Label1) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" BODY[]<0> {4}\r\na)\r\n)", true, 29,
	  INT64_C(837596665000), true, "a)\r\n" },
	{ "* 12 FETCH (BODY[] \"short\" UID 5 INTERNALDATE \" 1-Jan-2026 00:00:00 +0000\")", true, 5, INT64_C(1767225600000), false, "short" },
	{ "* 12 FETCH (BODY[]<0> {0}\r\n UID 5)", true, 5, 0, false, "" },
	{ "* 2 FETCH (FLAGS () MODSEQ (12) UID 4)", true, 4, 0, false, NULL },
	{ "* 2 FETCH (UID 4 BODY[] NIL)", true, 4, 0, false, NULL },
	{ "* 3 FETCH (ENVELOPE (NIL \"s\\\"q)\" ((NIL NIL {1}\r\n( \"b.c\")) NIL) UID 9 BODY[HEADER.FIELDS (TO CC)] {1}\r\nx)", true, 9, 0, false, NULL },
	{ "* 3 FETCH ()", true, 0, 0, false, NULL },
	{ "* 3 FETCH (UID)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (UID 0)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (UID 4294967296)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (UID x)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (UID 3", false, 0, 0, false, NULL },
	{ "* 3 FETCH UID 3", false, 0, 0, false, NULL },
	{ "* 3 FETCH (UID 3) more", false, 0, 0, false, NULL },
	{ "* 3 FETCH (BODY[] {10}\r\nshort)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (BODY[] \"open", false, 0, 0, false, NULL },
	{ "* 3 FETCH (BODY[] \"open\\", false, 0, 0, false, NULL },
	{ "* 3 FETCH (FLAGS (\\Seen)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (FLAGS \\Seen)", false, 0, 0, false, NULL },
	{ "* 3 FETCH (INTERNALDATE \"yesterday\")", false, 0, 0, false, NULL },
	{ "* 3 FETCH (X ((((((((((((((((((((1)))))))))))))))))))))", false, 0, 0, false, NULL },
};

static void fetches_are_read(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(fetches); i++) {
		const FetchCase *c = &fetches[i];
		g_autoptr(GString) response = g_string_new(c->response);
		ImapLine line;
		ImapFetch fetch;
		g_assert_true(imap_line(response, &line));
		if (imap_fetch(response, &line, &fetch) != c->good)
			g_error("%s", c->response);
		if (!c->good)
			continue;
		g_assert_cmpuint(fetch.uid, ==, c->uid);
		g_assert_cmpint(fetch.internal_date, ==, c->date);
		g_assert_true(fetch.seen == c->seen);
		g_assert_true((fetch.body != NULL) == (c->body != NULL));
		if (c->body)
			assert_bytes(fetch.body, fetch.body_size, c->body, strlen(c->body));
	}
}

/* No cut or changed byte of a response may be read past its end or for ever (the sanitizers watch). */
static void nothing_breaks_the_parsers(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(responses); i++) {
		size_t size = strlen(responses[i]) - 2;
		for (size_t at = 0; at < size; at++) {
			for (int change = 0; change < 6; change++) {
				g_autoptr(GString) response = g_string_new_len(responses[i], (gssize)(change == 0 ? at : size));
				if (change)
					response->str[at] = "\0)({\" "[change - 1];
				ImapLine line;
				ImapFetch fetch;
				g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t));
				if (!imap_line(response, &line))
					continue;
				imap_fetch(response, &line, &fetch);
				imap_search(response, &line, numbers);
				g_free(imap_list_with(response, &line, "\\Sent"));
			}
		}
	}
}

static void searches_are_read(void)
{
	static const struct {
		const char *response;
		guint count;
		bool good;
	} cases[] = { { "* SEARCH 2 84 882", 3, true }, { "* SEARCH", 0, true },     { "* SEARCH 2 5 (MODSEQ 9)", 2, true },
		      { "* SEARCH 0", 0, false },       { "* SEARCH a", 0, false }, { "* SEARCH 1:3", 0, false } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) response = g_string_new(cases[i].response);
		g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
		ImapLine line;
		g_assert_true(imap_line(response, &line));
		g_assert_true(imap_search(response, &line, found) == cases[i].good);
		g_assert_cmpuint(found->len, ==, cases[i].count);
	}
}

static void special_folders_are_found(void)
{
	static const char *const cases[][2] = {
		{ "* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"", "Sent Items" },
		{ "* LIST (\\sent) \".\" Sent", "Sent" },
		{ "* LIST (\\Sent) NIL \"a \\\"b\\\" \\\\c\"", "a \"b\" \\c" },
		{ "* LIST (\\Sent) \"/\" {4}\r\nSe\"t", "Se\"t" },
		{ "* LIST (\\Drafts) \"/\" Sent", NULL },
		{ "* LIST () \"/\" \\Sent", NULL },
		{ "* LIST (\\Sent) \"/\"", NULL },
		{ "* LIST (\\Sent", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) response = g_string_new(cases[i][0]);
		ImapLine line;
		g_assert_true(imap_line(response, &line));
		g_autofree char *name = imap_list_with(response, &line, "\\Sent");
		g_assert_cmpstr(name, ==, cases[i][1]);
	}
}

static void codes_are_read(void)
{
	uint64_t number = 0;
	g_assert_true(imap_code_number("[UIDVALIDITY 3857529045] UIDs valid", "UIDVALIDITY", &number));
	g_assert_cmpuint(number, ==, 3857529045u);
	g_assert_true(imap_code_number("[HIGHESTMODSEQ 715194045007]", "HIGHESTMODSEQ", &number));
	g_assert_cmpuint(number, ==, 715194045007u);
	g_assert_false(imap_code_number("[UIDVALIDITY x]", "UIDVALIDITY", &number));
	g_assert_false(imap_code_number("[UIDVALIDITY 5", "UIDVALIDITY", &number));
	g_assert_false(imap_code_number("[UIDVALIDITYX 5]", "UIDVALIDITY", &number));
	g_assert_false(imap_code_number("UIDVALIDITY 5", "UIDVALIDITY", &number));
}

static void names_go_in_modified_utf7(void)
{
	static const char *const cases[][2] = {
		{ "Sent", "Sent" },
		{ "R&D", "R&-D" },
		{ "Envoy\xc3\xa9s", "Envoy&AOk-s" },
		{ "\xe5\x8f\xb0\xe5\x8c\x97", "&U,BTFw-" },
		{ "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-" },
		{ "\xf0\x9f\x8c\x99", "&2DzfGQ-" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = imap_mailbox_name(cases[i][0]);
		g_assert_cmpstr(name, ==, cases[i][1]);
	}
	g_assert_null(imap_mailbox_name("\xff"));
	g_autofree char *quoted = imap_quoted("a \"b\" \\c");
	g_assert_cmpstr(quoted, ==, "\"a \\\"b\\\" \\\\c\"");
	g_assert_null(imap_quoted("a\r\nb"));
	g_assert_null(imap_quoted("\xc3\xa9"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/imap/responses are taken whole or not at all", responses_are_taken_whole_or_not_at_all);
	g_test_add_func("/imap/bytes may come one by one", bytes_may_come_one_by_one);
	g_test_add_func("/imap/too much is refused", too_much_is_refused);
	g_test_add_func("/imap/what a server says is cut", what_a_server_says_is_cut);
	g_test_add_func("/imap/fronts are read", fronts_are_read);
	g_test_add_func("/imap/fetches are read", fetches_are_read);
	g_test_add_func("/imap/nothing breaks the parsers", nothing_breaks_the_parsers);
	g_test_add_func("/imap/searches are read", searches_are_read);
	g_test_add_func("/imap/special folders are found", special_folders_are_found);
	g_test_add_func("/imap/codes are read", codes_are_read);
	g_test_add_func("/imap/names go in modified UTF-7", names_go_in_modified_utf7);
	return g_test_run();
}
