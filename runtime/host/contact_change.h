/* SPDX-License-Identifier: MIT */
/*
 * A change of one contact: what a script, a person or a row of a CSV file says about them, checked whole before anything is
 * written. Only the modules of contacts use this; the others see contacts.h.
 */
#ifndef PERIGEE_CONTACT_CHANGE_H
#define PERIGEE_CONTACT_CHANGE_H

#include "host/contacts.h"

/* The columns of a contact, in the order in which they are read and exported: one line of text each. consent_at is a time, written as
 * contact_change_time has it. */
#define CONTACT_ATTRIBUTES(X) \
	X(NAME, "name") X(FIRST_NAME, "first_name") X(LOCALE, "locale") X(TIMEZONE, "timezone") X(COUNTRY, "country") \
	X(COMPANY, "company") X(OWNER, "owner") X(STAGE, "stage") X(PREFERRED_CHANNEL, "preferred_channel") \
	X(CONSENT, "consent") X(CONSENT_SOURCE, "consent_source") X(CONSENT_AT, "consent_at")
typedef enum {
#define X(name, text) CONTACT_##name,
	CONTACT_ATTRIBUTES(X)
#undef X
	CONTACT_ATTRIBUTE_COUNT
} ContactAttribute;
#define CONTACT_ATTRIBUTE_BYTES 1000 /* the most that one holds */
extern const char *const CONTACT_ATTRIBUTE_NAMES[CONTACT_ATTRIBUTE_COUNT + 1]; /* ends with NULL */

typedef struct Address {
	char *channel, *address;
	char *norm; /* NULL: all addresses of this channel go */
} Address;

typedef struct ContactChange {
	char *id; /* as said; NULL: not said */
	char *attributes[CONTACT_ATTRIBUTE_COUNT];
	bool given[CONTACT_ATTRIBUTE_COUNT]; /* attributes[i] NULL: removed */
	GPtrArray *addresses;                /* Address, in the order said: the first of a channel is written to */
	GPtrArray *labels;
	bool labels_given;
	json_t *fields; /* a null member removes that field */
	bool shared;    /* its addresses may be those of other contacts too */
} ContactChange;

void contact_change_init(ContactChange *change);
void contact_change_clear(ContactChange *change);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ContactChange, contact_change_clear)
/* Empty again, for the next row. */
void contact_change_reset(ContactChange *change);

/* A time as texts about contacts have it ("2026-11-23T09:00:00Z"); NULL for 0. Caller frees. */
char *contact_change_time(Time at);

/* What a column or key means when a person wrote it: "First name" is first_name, "Tags" labels, "E-mail" email. Static text, or
 * NULL: a field. */
const char *contact_change_known(const char *word);
/* key: a known name, or a field's. As text: addresses and labels are separated by ";" ("\;" is one in a label); a key "json:NAME"
 * sets the field NAME to a JSON value. Empty text removes. */
bool contact_change_text(Host *host, ContactChange *change, const char *key, const char *text, GError **error);
/* As scripts say it: also "identities" and "fields" (objects) and labels as a list. Empty text removes what is named by itself. */
bool contact_change_json(Host *host, ContactChange *change, const char *key, const json_t *value, GError **error);

/* The contact that this is about: with an id the one of that id (or that it was merged into), else the one who has its addresses; *id NULL: nobody yet. False:
 * several have them. */
bool contact_change_match(Host *host, const ContactChange *change, char **id, GError **error);
/* An address of somebody else than id (NULL: a new contact) is an error that names them, unless shared. */
bool contact_change_check(Host *host, const ContactChange *change, const char *id, GError **error);
/* Adds the contact; id is free. */
void contact_change_add(Host *host, const ContactChange *change, const char *id, const char *cause);
/* Changes the contact id. replace: addresses of a channel and labels that are not named go; else they stay beside the new. False:
 * nothing was different (and nothing is written), or error is set. */
bool contact_change_apply(Host *host, const ContactChange *change, const char *id, bool replace, const char *cause, GError **error);
/* A free id from the e-mail's local part, the name or another address; the same for the same contacts present. last (or NULL): slug →
 * the number last given, kept by the caller over a file, so that the search begins there. */
char *contact_change_make_id(Host *host, const ContactChange *change, GHashTable *last);
/* The slug alone, whether free or not ("contact" if nothing yields one). */
char *contact_change_slug(const ContactChange *change);

#endif
