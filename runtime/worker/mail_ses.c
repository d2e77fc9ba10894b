/* SPDX-License-Identifier: MIT */
/*
 * Amazon SES tells of bounces and complaints by SNS, as JSON in a mail's text
 * (docs.aws.amazon.com/ses/latest/dg/notification-contents.html). Here it becomes what a report by RFC 3464 or 5965 would
 * have been, so that all else need not know. See mail_parts.h.
 */
#include "worker/mail_parts.h"

#include "base/value.h"

#include <string.h>

/* The JSON text, or the one that SNS has put into JSON of its own: it folds long lines with a line end and a space, and signs below
 * a line of two dashes. */
static json_t *notification(const char *body)
{
	const char *start = body + strspn(body, " \n");
	if (*start != '{' || !(strstr(start, "notificationType") && strstr(start, "mail")))
		return NULL;
	g_autoptr(GString) text = g_string_new(NULL);
	const char *end = g_strstr_len(body, -1, "\n--\n");
	for (const char *at = body; *at && at != end; at++) {
		if (*at != '\n')
			g_string_append_c(text, *at);
		else if (at[1] == ' ')
			at++;
	}
	json_t *root = value_parse(text->str, (gssize)text->len, NULL);
	const char *message = root ? value_string(root, "Message", NULL) : NULL;
	json_t *inner = message ? value_parse(message, -1, NULL) : NULL;
	if (!inner)
		return root;
	json_decref(root);
	return inner;
}

/* A value for a header-like field: one line. */
static void put_field(GString *out, const char *name, const char *before, const json_t *object, const char *key)
{
	const char *value = value_string(object, key, NULL);
	if (!value)
		return;
	g_autofree char *line = g_strdelimit(g_strdup(value), "\n\r", ' ');
	g_string_append_printf(out, "%s: %s%s\n", name, before, line);
}

static char *bounce_report(const json_t *bounce)
{
	GString *out = g_string_new("Reporting-MTA: dns; amazonses.com\n");
	size_t i;
	json_t *recipient;
	json_array_foreach(json_object_get(bounce, "bouncedRecipients"), i, recipient) {
		g_string_append_c(out, '\n');
		put_field(out, "Final-Recipient", "rfc822; ", recipient, "emailAddress");
		put_field(out, "Action", "", recipient, "action");
		put_field(out, "Status", "", recipient, "status");
		put_field(out, "Diagnostic-Code", "", recipient, "diagnosticCode");
	}
	return g_string_free(out, FALSE);
}

/* The Message-ID of the mail it is about, as the mail had it. */
static char *original(const json_t *sent)
{
	size_t i;
	json_t *header;
	json_array_foreach(json_object_get(sent, "headers"), i, header) {
		if (!g_ascii_strcasecmp(value_string(header, "name", ""), "Message-ID"))
			return mail_id(value_string(header, "value", ""));
	}
	return mail_id(value_string(json_object_get(sent, "commonHeaders"), "messageId", ""));
}

void mail_take_ses(Mail *mail)
{
	g_autoptr(json_t) root = notification(mail->body->str);
	if (!root)
		return;
	const char *type = value_string(root, "notificationType", "");
	g_autofree char *id = original(json_object_get(root, "mail"));
	if (!strcmp(type, "Bounce"))
		g_ptr_array_add(mail->status, bounce_report(json_object_get(root, "bounce")));
	else if (!strcmp(type, "Complaint") && !mail->feedback)
		mail->feedback = g_strdup("Feedback-Type: abuse\n");
	if (id && !mail->returned)
		mail->returned = g_strdup_printf("Message-ID: <%s>\n", id);
}
