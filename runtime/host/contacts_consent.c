/* SPDX-License-Identifier: MIT */
/* What contacts consent to, by channel: see contacts.h. */
#include "host/contact_change.h"

#include "base/log.h"

#include <string.h>

static const char CONSENT[] = "SELECT consent, consent_source FROM contacts WHERE id = ?";

/* The channel that a part of a consent names ("sms: no"); NULL: none. colon: where its basis begins. Caller frees. */
static char *channel_of(const char *part, const char **colon)
{
	*colon = strchr(part, ':');
	char *word = *colon ? g_ascii_strdown(part, *colon - part) : NULL;
	if (word && !contacts_is_channel(g_strstrip(word)))
		g_clear_pointer(&word, g_free);
	return word;
}

char *contacts_basis(const char *consent, const char *channel)
{
	char *basis = NULL;
	g_auto(GStrv) parts = g_strsplit(consent ? consent : "", ";", -1);
	for (char **part = parts; *part; part++) {
		const char *colon;
		g_autofree char *named = channel_of(g_strstrip(*part), &colon);
		if (!**part || (named && strcmp(named, channel) != 0) || (!named && basis))
			continue;
		g_free(basis);
		basis = g_strdup(named ? colon + 1 : *part);
		g_strstrip(basis);
		if (named)
			break;
	}
	return basis;
}

bool contacts_denies(Host *host, const char *contact, const char *channel)
{
	g_autofree char *consent = db_text(host->db, CONSENT, "s", contact), *basis = contacts_basis(consent, channel);
	return contacts_consent(basis) == CONSENT_DENIED;
}

/* The other channels' part of a consent, "" if there is none. Caller frees. */
static char *of_others(const char *consent, const char *channel)
{
	GString *rest = g_string_new(NULL);
	g_auto(GStrv) parts = g_strsplit(consent ? consent : "", ";", -1);
	for (char **part = parts; *part; part++) {
		const char *colon;
		g_autofree char *named = channel_of(g_strstrip(*part), &colon);
		if (**part && g_strcmp0(named, channel) != 0)
			g_string_append_printf(rest, "; %s", *part);
	}
	return g_string_free(rest, FALSE);
}

/* The new source, and as much of what was known before as there is room for. Caller frees. */
static char *joined(const char *source, const char *before)
{
	g_autoptr(GString) all = g_string_new(source);
	g_string_append_printf(all, "; %s", before);
	if (all->len > CONTACT_ATTRIBUTE_BYTES) {
		const char *end = g_utf8_find_prev_char(all->str, all->str + CONTACT_ATTRIBUTE_BYTES - strlen("...") + 1);
		g_string_truncate(all, (gsize)(end - all->str));
		g_string_append(all, "...");
	}
	return g_string_free(g_steal_pointer(&all), FALSE);
}

bool contacts_opt_in(Host *host, const char *contact, const char *channel, const char *basis, const char *source)
{
	g_autofree char *was = NULL, *from = NULL;
	Rows *rows = db_query(host->db, CONSENT, "s", contact);
	if (rows_next(rows)) {
		was = g_strdup(rows_text(rows, 0));
		from = g_strdup(rows_text(rows, 1));
		rows_done(rows);
	}
	g_autofree char *others = of_others(was, channel), *consent = g_strdup_printf("%s: %s%s", channel, basis, others);
	/* What the other channels' basis comes from is not forgotten. */
	g_autofree char *sources = *others && from && *from ? joined(source, from) : g_strdup(source);
	g_autofree char *now = contact_change_time(host_now(host));
	g_auto(ContactChange) change;
	GError *error = NULL;
	contact_change_init(&change);
	if (contact_change_text(host, &change, "consent", consent, &error) && contact_change_text(host, &change, "consent_source", sources, &error) &&
	    contact_change_text(host, &change, "consent_at", now, &error))
		contact_change_apply(host, &change, contact, false, "their confirmation", &error);
	bool recorded = !error;
	if (error)
		log_error("a consent could not be recorded: %s", error->message);
	g_clear_error(&error);
	return recorded;
}
