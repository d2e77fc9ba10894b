/* SPDX-License-Identifier: MIT */
/* Contacts: adding, changing and finding them. See contacts.h; the parts are contact_change.c, identities.c, contacts_view.c. */
#include "host/contacts.h"

#include "host/contact_change.h"

#include <string.h>

G_DEFINE_QUARK(perigee-contacts-error, contacts_error)

static const char EXISTS[] = "SELECT 1 FROM contacts WHERE id = ?";
static const char BECAME[] = "SELECT contact FROM former_ids WHERE id = ?";
static const char ON_CHANNEL[] = "SELECT 1 FROM identities WHERE contact = ? AND channel = ? LIMIT 1";
static const char HAS_ADDRESS[] = "SELECT 1 FROM identities WHERE contact = ? AND channel = ? AND norm = ?";
static const char TOUCH[] = "UPDATE contacts SET rev = rev + 1, updated_at = ? WHERE id = ?";
static const char LABEL[] = "INSERT OR IGNORE INTO labels SELECT id, ?2 FROM contacts WHERE id = ?1";
static const char UNLABEL[] = "DELETE FROM labels WHERE contact = ? AND label = ?";
static const char NOTE[] = "INSERT INTO notes (contact, at, author, text) VALUES (?, ?, ?, ?)";

static bool exists(Host *host, const char *id)
{
	return db_int(host->db, 0, EXISTS, "s", id) != 0;
}

char *contacts_current(Host *host, const char *id)
{
	return exists(host, id) ? g_strdup(id) : db_text(host->db, BECAME, "s", id);
}

static bool change_from(Host *host, ContactChange *change, const json_t *attributes, GError **error)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)attributes, key, value)
		if (!contact_change_json(host, change, key, value, error))
			return false;
	return true;
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

/* Who may be written to, where and at what hours is not a script's to change. */
static const char *const NOT_A_SCRIPTS[] = { "id", "identities", "consent", "consent_source", "consent_at", "shared_address", "timezone", "country",
	                                     "state", "fields", NULL };

bool contacts_set(Host *host, const char *id, const json_t *changes, const char *cause, GError **error)
{
	g_auto(ContactChange) change;
	contact_change_init(&change);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)changes, key, value) {
		const char *fault = contacts_is_channel(key) || g_strv_contains(NOT_A_SCRIPTS, key) ? "a script may not set it"
		                    : strcmp(key, "labels") == 0 || strcmp(key, "tags") == 0 ? "use contact:label and contact:unlabel" : NULL;
		if (fault) {
			g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s: %s", key, fault);
			return false;
		}
	}
	GError *why = NULL;
	if (!change_from(host, &change, changes, error))
		return false;
	if (!contact_change_apply(host, &change, id, false, cause, &why) && why) {
		g_propagate_error(error, why);
		return false;
	}
	return true;
}

bool contacts_replace(Host *host, const char *id, const json_t *attributes, const char *cause, GError **error)
{
	g_auto(ContactChange) change;
	contact_change_init(&change);
	GError *why = NULL;
	if (!change_from(host, &change, attributes, error) || !contact_change_check(host, &change, id, error))
		return false;
	if (!contact_change_apply(host, &change, id, true, cause, &why) && why) {
		g_propagate_error(error, why);
		return false;
	}
	return true;
}

static void touch(Host *host, const char *id)
{
	db_run(host->db, TOUCH, "is", (int64_t)host_now(host), id);
}

void contacts_label(Host *host, const char *id, const char *label, bool on)
{
	g_autofree char *text = g_strstrip(g_strdup(label));
	if (!*text)
		return;
	host_write(host);
	db_run(host->db, on ? LABEL : UNLABEL, "ss", id, text);
	if (db_changes(host->db) > 0)
		touch(host, id);
}

/* A script does not see notes, so rev stays. */
void contacts_note(Host *host, const char *id, const char *author, const char *text)
{
	host_write(host);
	db_run(host->db, NOTE, "siss", id, (int64_t)host_now(host), author, text);
}

/* ---- adding ----------------------------------------------------------------------------------------------------- */

/* The contact that a change without an id is about: the one that has one of its addresses. False: two do, or several share it. */
static bool find_by_addresses(Host *host, const ContactChange *change, char **id, GError **error)
{
	for (guint i = 0; i < change->addresses->len; i++) {
		const Address *address = change->addresses->pdata[i];
		if (!address->norm)
			continue;
		g_autoptr(GPtrArray) owners = contacts_by_address(host, address->channel, address->norm);
		const char *other = owners->len > 1 ? owners->pdata[1] : NULL;
		if (owners->len > 0 && *id && strcmp(*id, owners->pdata[0]) != 0)
			other = owners->pdata[0];
		if (owners->len > 0 && !*id)
			*id = g_strdup(owners->pdata[0]);
		if (!other)
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS, "the addresses are those of the contacts '%s' and '%s': give the id", *id, other);
		g_clear_pointer(id, g_free);
		return false;
	}
	return true;
}

bool contact_change_match(Host *host, const ContactChange *change, char **id, GError **error)
{
	*id = NULL;
	if (change->id) {
		*id = contacts_current(host, change->id);
		return true;
	}
	return find_by_addresses(host, change, id, error);
}

/* Adds them (known NULL), or changes those who are known. Takes known; the caller frees the id. */
static char *put(Host *host, const ContactChange *change, char *known, const char *cause, GError **error)
{
	g_autofree char *id = known;
	if (!contact_change_check(host, change, id, error))
		return NULL;
	if (!id) {
		id = change->id ? g_strdup(change->id) : contact_change_make_id(host, change, NULL);
		contact_change_add(host, change, id, cause);
		return g_steal_pointer(&id);
	}
	GError *why = NULL;
	if (!contact_change_apply(host, change, id, false, cause, &why) && why) {
		g_propagate_error(error, why);
		return NULL;
	}
	return g_steal_pointer(&id);
}

char *contacts_put(Host *host, const json_t *attributes, bool update, const char *cause, GError **error)
{
	g_auto(ContactChange) change;
	contact_change_init(&change);
	g_autofree char *id = NULL;
	if (!change_from(host, &change, attributes, error))
		return NULL;
	g_autofree char *there = !update && change.id ? contacts_current(host, change.id) : NULL;
	if (there) {
		bool merged = strcmp(there, change.id) != 0;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_EXISTS, merged ? "'%s' was merged into '%s'" : "there is a contact '%s' already", change.id, there);
		return NULL;
	}
	if (update && !contact_change_match(host, &change, &id, error))
		return NULL;
	return put(host, &change, g_steal_pointer(&id), cause, error);
}

/* What a script may say of somebody who is there already: nothing that is taken away or replaced of where they are written to, or
 * when. */
static bool only_adds(Host *host, const ContactChange *change, const char *id, GError **error)
{
	static const struct { ContactAttribute attribute; const char *query; } places[] = {
		{ CONTACT_TIMEZONE, "SELECT timezone FROM contacts WHERE id = ?" }, { CONTACT_COUNTRY, "SELECT country FROM contacts WHERE id = ?" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
		ContactAttribute which = places[i].attribute;
		g_autofree char *stands = change->given[which] ? db_text(host->db, places[i].query, "s", id) : NULL;
		if (!change->given[which] || g_strcmp0(stands, change->attributes[which]) == 0)
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s: '%s' has %s; only a person changes it", CONTACT_ATTRIBUTE_NAMES[which], id,
		            stands ? stands : "none");
		return false;
	}
	for (guint i = 0; i < change->addresses->len; i++) {
		const Address *address = change->addresses->pdata[i];
		bool stands = db_int(host->db, 0, ON_CHANNEL, "ss", id, address->channel);
		if (!stands || (address->norm && db_int(host->db, 0, HAS_ADDRESS, "sss", id, address->channel, address->norm)))
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s: '%s' has another one; only a person changes an address", address->channel, id);
		return false;
	}
	return true;
}

char *contacts_upsert(Host *host, const json_t *attributes, const char *cause, GError **error)
{
	static const char *const persons[] = { "consent", "consent_source", "consent_at", "shared_address", NULL };
	for (guint i = 0; persons[i]; i++) {
		if (!json_object_get(attributes, persons[i]))
			continue;
		g_set_error(error, CONTACTS_ERROR, CONTACTS_ERROR_INVALID, "%s: a script may not set it", persons[i]);
		return NULL;
	}
	g_auto(ContactChange) change;
	contact_change_init(&change);
	g_autofree char *id = NULL;
	if (!change_from(host, &change, attributes, error) || !contact_change_match(host, &change, &id, error) ||
	    (id && !only_adds(host, &change, id, error)))
		return NULL;
	return put(host, &change, g_steal_pointer(&id), cause, error);
}

char *contacts_meet(Host *host, const char *channel, const char *address, const char *name)
{
	g_auto(ContactChange) change;
	contact_change_init(&change);
	if (!contact_change_text(host, &change, channel, address, NULL) || change.addresses->len != 1)
		return NULL;
	if (name && g_utf8_validate(name, -1, NULL))
		contact_change_text(host, &change, "name", name, NULL);
	contact_change_text(host, &change, "consent_source", "wrote to us", NULL);
	char *id = contact_change_make_id(host, &change, NULL);
	contact_change_add(host, &change, id, "message");
	return id;
}
