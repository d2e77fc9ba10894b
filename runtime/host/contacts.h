/* SPDX-License-Identifier: MIT */
/*
 * Contacts: people with identities, fields, labels and stage. Every change that a script could see raises contacts.rev.
 * Known attributes: name first_name locale timezone country company owner stage preferred_channel consent consent_source
 * consent_at; identities by channel name (email phone whatsapp instagram messenger x linkedin twitch tiktok telegram signal slack
 * discord sms call youtube ...); anything else is a field.
 */
#ifndef PERIGEE_CONTACTS_H
#define PERIGEE_CONTACTS_H

#include "host/host.h"

#define CONTACTS_ERROR (contacts_error_quark())
GQuark contacts_error_quark(void);
typedef enum { CONTACTS_ERROR_UNKNOWN, CONTACTS_ERROR_INVALID, CONTACTS_ERROR_EXISTS } ContactsError;

/* SQL: a row of messages that is a test message, sent with the data of the contact ?1 to somebody here. */
#define CONTACTS_TEST_MESSAGE \
	"(contact IS NULL AND CASE WHEN json_valid(options)" \
	" THEN json_extract(options, '$.as') IN (SELECT ?1 UNION ALL SELECT id FROM former_ids WHERE contact = ?1) END)"

/* Is this word a channel (and so an identity's name)? */
bool contacts_is_channel(const char *word);
/* The channels that reach a telephone by its number: what stands as `phone` is an address on each of them. */
#define CONTACTS_PHONE_CHANNELS(X) X("call") X("signal") X("sms") X("whatsapp")
/* One of them, or `phone` itself? */
bool contacts_is_phone(const char *channel);
/* The compared form of an address on a channel, or NULL with a sentence (e-mail: syntax of RFC 5321, lower case; phone-like
 * channels: digits with +; handles: without @, lower case). Caller frees. */
char *contacts_normalize(const char *channel, const char *address, GError **error);

/* All that is known of a contact: the view with preferred_channel, consent, consent_source, "addresses" (all of each channel, the main
 * one first), "shared" (ids of others who have one of them), away_until, created_at, updated_at (Time). NULL if there is none. */
json_t *contacts_profile(Host *host, const char *id);
/* The contact as scripts and templates see it (proto.h "contact"); NULL if there is none. rev may be NULL. */
json_t *contacts_view(Host *host, const char *id, int64_t *rev);
/* Whole members that differ from was to is (null: removed); NULL if nothing does. */
json_t *contacts_changes(const json_t *was, const json_t *is);
/* The address on a channel (sms and call fall back to phone, phone-like ones to phone); NULL if none. Caller frees. */
char *contacts_address(Host *host, const char *id, const char *channel);
/* The contact's zone: timezone, else country's, else the workspace's. Caller unrefs. */
GTimeZone *contacts_zone(Host *host, const char *id);
/* Who else has this contact's address, "bo, cy" (of many the first three and a number); NULL: nobody. Caller frees. */
char *contacts_sharers(Host *host, const char *id, const char *channel, const char *address);
/* Ids (strings, sorted by id) of contacts with this address; norm is the compared form. */
GPtrArray *contacts_by_address(Host *host, const char *channel, const char *norm);
/* The contact of this id, or the one that it was merged into; NULL if there is neither. Caller frees. */
char *contacts_current(Host *host, const char *id);
/* An id (a former one too), an e-mail or other address, or a name that is unique: the id. Caller frees; NULL with a sentence. */
char *contacts_resolve(Host *host, const char *word, GError **error);

/* What the words of a consent come to ("opt-in", "objected"); any other basis ("legitimate interest"), and NULL, is neither. */
typedef enum { CONSENT_GIVEN, CONSENT_NEITHER, CONSENT_DENIED } Consent;
Consent contacts_consent(const char *basis);
/* What is recorded for this channel: "opt-in" holds for all; "whatsapp: opt-in; email: legitimate interest" for each its own, and a
 * part that names none for the others. Caller frees; NULL: nothing. */
char *contacts_basis(const char *consent, const char *channel);
/* Does their consent say no to the channel? */
bool contacts_denies(Host *host, const char *contact, const char *channel);
/* They have said yes themselves, now: basis ("double opt-in") and source ("which template, when") for this channel; what is recorded
 * for others stays, if need be with its source cut short. False: it can't be recorded (logged), and nothing is. */
bool contacts_opt_in(Host *host, const char *contact, const char *channel, const char *basis, const char *source);

/* Changes from scripts: object of stage, attributes other than identities/consent, or fields (null removes a field).
 * cause goes into the stage history ("run 12"). An unknown stage is an error. */
bool contacts_set(Host *host, const char *id, const json_t *changes, const char *cause, GError **error);
void contacts_label(Host *host, const char *id, const char *label, bool on);
void contacts_note(Host *host, const char *id, const char *author, const char *text);
/* Adds a contact from an object with any attributes (also identities, labels, consent); the id is made if absent
 * (a slug of the name or address, unique). Returns the id (caller frees). update: change an existing one. */
char *contacts_put(Host *host, const json_t *attributes, bool update, const char *cause, GError **error);
/* perigee.contacts.upsert: as contacts_put with update, as far as a script may: a new contact has any address that is nobody's; of
 * one who is there no address is replaced or removed (on a channel where none stands one may be added). Consent is never a script's
 * to give. */
char *contacts_upsert(Host *host, const json_t *attributes, const char *cause, GError **error);
/* As a person says it, by the same names and also identities, labels and consent: what is named is replaced (all addresses of a
 * channel, all labels), null or "" removes. */
bool contacts_replace(Host *host, const char *id, const json_t *attributes, const char *cause, GError **error);
/* perigee.contacts.find: {label, stage, channel, limit, FIELD = value}: array of views sorted by id. */
json_t *contacts_find(Host *host, const json_t *filter, GError **error);
/* The views of these, as one answer; too many for one are an error. */
json_t *contacts_views(Host *host, const GPtrArray *ids, GError **error);
/* The same, ids alone, appended to ids (which frees with g_free): any number of them. */
bool contacts_find_ids(Host *host, const json_t *filter, GPtrArray *ids, GError **error);
/* A contact for an unknown sender (inbound = "everyone"). Caller frees the id. */
char *contacts_meet(Host *host, const char *channel, const char *address, const char *name);

/* CSV (docs/operations.md). on_bad: called per bad row with its line; rows are then skipped. Counts what was done. */
typedef struct ImportResult { int added, updated, unchanged, skipped, bad; } ImportResult;
typedef void (*ImportBad)(void *user, int line, const char *text);
/* text: the file's bytes. update: change contacts that exist (same id, or same address); else they are skipped.
 * strict: a bad row refuses the whole file (nothing is changed). dry: change nothing. False with FILE:LINE: text. */
bool contacts_import(Host *host, const char *file, const char *text, size_t size, bool update, bool strict, bool dry,
                     ImportBad on_bad, void *user, ImportResult *result, GError **error);
/* The same with a sight of how far it is: bytes done of size, now and then. */
typedef struct Import {
	const char *file, *text;
	size_t size;
	bool update, strict, dry;
	ImportBad on_bad;
	void (*on_progress)(void *user, size_t done, size_t size);
	void *user;
} Import;
bool contacts_import_file(Host *host, const Import *import, ImportResult *result, GError **error);
/* All contacts as CSV text that contacts_import reads back to the same: identities (several of a channel with ";"), labels, fields
 * (those that are no plain text in columns "json:NAME"). Caller frees. */
char *contacts_export(Host *host);

/* Merges `from` into `into`, in the database and after the commit in attachments/: identities, labels, notes, stage and consent
 * history, tasks, events, messages, runs, suppressions and pauses move (a run whose sequence and key `into` has too gets the key
 * "merged:FROM:KEY"; of two live runs of one sequence the one that has written less is stopped); attributes and fields that `into` lacks
 * are taken over, those that differ are told in a note; of consent the stricter counts, of absences and pauses the longer. The id `from`
 * goes on naming the contact (contacts_current). */
bool contacts_merge(Host *host, const char *into, const char *from, GError **error);
/* Pairs that are likely one person, as objects {"contact","other","reasons":[..]}: `other` would be merged into `contact`, the one with
 * more messages, else the older one. */
json_t *contacts_duplicates(Host *host);

/* All that is kept about a person, by tables, times as ISO 8601 (art. 15 and 20 GDPR). */
json_t *contacts_person(Host *host, const char *id);
/* Erases a person: their runs are stopped and all personal data go, also what others' ended runs have read and stored of them; the keyed
 * hashes of their addresses stay suppressed as erased (of those that nobody else has). What stays are rows without name, address and text,
 * so that caps stay right. An error while a message of theirs is handed over. kept (or NULL): entries in journals of live runs
 * that still name them, and go when those runs' journals do. */
bool contacts_erase(Host *host, const char *id, int *kept, GError **error);
/* The same, by `keep`; what others' runs have read of them is left to a walk (forget.h). */
bool contacts_erase_by_age(Host *host, const char *id, GError **error);
/* The log of requests: kind is export or erase, cause person or keep. It names nobody; the list is of all, or of those about an id or
 * address: objects {"at" (Time),"kind","cause"}. */
void contacts_request_note(Host *host, const char *id, const char *kind, const char *cause);
json_t *contacts_requests(Host *host, const char *word);

#endif
