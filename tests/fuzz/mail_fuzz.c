/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * Incoming mail of strangers. It is read to the end, says the same twice, and what is said is canonical JSON of the form that
 * base/proto.h promises to the host, within the caps of a value.
 */
#include "base/value.h"
#include "fuzz.h"
#include "worker/mail.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	mail_prepare();
	return 0;
}

static void check_strings(const json_t *list)
{
	size_t i;
	json_t *item;
	g_assert_true(json_is_array(list) && json_array_size(list) <= 100);
	json_array_foreach(list, i, item)
		g_assert_true(json_is_string(item));
}

static void check_bounce(const json_t *bounce)
{
	static const char *const members[] = { "recipient", "status", "action", "class", "reason", "message_id" };
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		g_assert_true(json_is_string(json_object_get(bounce, members[i])));
	const char *class = value_string(bounce, "class", "");
	g_assert_true(strcmp(class, "hard") == 0 || strcmp(class, "soft") == 0);
}

static void check_shape(const json_t *mail)
{
	static const char *const texts[] = { "kind", "text", "in_reply_to", "message_id", "from", "from_name", "subject", "original_message_id" };
	static const char *const kinds[] = { "reply", "auto_reply", "bounce", "complaint", "unsubscribe", "other", NULL };
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_true(json_is_string(json_object_get(mail, texts[i])));
	g_assert_true(g_strv_contains(kinds, value_string(mail, "kind", "")));
	g_assert_cmpuint(strlen(value_string(mail, "text", "")), <=, MAIL_TEXT_BYTES);
	check_strings(json_object_get(mail, "references"));
	check_strings(json_object_get(mail, "to"));
	check_strings(json_object_get(mail, "cc"));
	size_t i;
	json_t *bounce;
	json_array_foreach(json_object_get(mail, "bounces"), i, bounce)
		check_bounce(bounce);
	bool bounced = strcmp(value_string(mail, "kind", ""), "bounce") == 0;
	g_assert_true(bounced == (json_array_size(json_object_get(mail, "bounces")) > 0));
	const char *returns = value_string(mail, "returns", NULL);
	g_assert_true(!returns || strlen(returns) == strlen("2026-12-01"));
	g_assert_true(json_is_integer(json_object_get(mail, "date")) && json_is_boolean(json_object_get(mail, "auto")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *bytes = g_memdup2(data, size);
	g_autofree char *text = mail_read(size ? bytes : "", size);
	if (size % 8 == 0) {
		g_autofree char *twice = mail_read(size ? bytes : "", size);
		g_assert_cmpstr(text, ==, twice);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) mail = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *again = value_text(mail);
	g_assert_cmpstr(text, ==, again);
	check_shape(mail);
	return 0;
}
