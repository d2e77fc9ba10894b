/* SPDX-License-Identifier: MIT */
/* DKIM signatures: see dkim.h. */
#include "net/dkim.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_QUARK(perigee-dkim-error, dkim_error)

enum {
	BITS_LEAST = 1024, BITS_MOST = 4096, /* RFC 8301, 3.2 */
	SEED = 32,
	HASH = 32,
	LINE = 76,
};

struct DkimKey {
	EVP_PKEY *pkey;
};

/* In this order in h=, those that the message has (RFC 6376, 5.4.1; RFC 8058, 4 wants those of List-Unsubscribe). */
static const char *const signed_names[] = {
	"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To",
};

/* ---- keys ---- */

/* An encrypted key would be asked for at the terminal: no passphrase is given. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)data;
	return 0;
}

static EVP_PKEY *parse_pem(const char *text, size_t size)
{
	BIO *bio = BIO_new_mem_buf(text, (int)size);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	BIO_free(bio);
	return pkey;
}

static EVP_PKEY *parse_seed(const char *text, size_t size)
{
	unsigned char seed[SEED + 4]; /* 44 characters of base64 are decoded to 33 bytes, the last of them the padding's */
	while (size > 0 && g_ascii_isspace(text[size - 1]))
		size--;
	if (size != 44 || text[43] != '=' || text[42] == '=' || EVP_DecodeBlock(seed, (const unsigned char *)text, (int)size) != SEED + 1)
		return NULL;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED);
	OPENSSL_cleanse(seed, sizeof seed);
	return pkey;
}

static bool is_usable(const DkimKey *key, GError **error)
{
	int bits = dkim_key_bits(key);
	if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_ED25519)
		return true;
	if (EVP_PKEY_get_base_id(key->pkey) != EVP_PKEY_RSA)
		g_set_error_literal(error, DKIM_ERROR, DKIM_ERROR_KEY, "a DKIM key is RSA or Ed25519, and this one is neither");
	else if (bits < BITS_LEAST)
		g_set_error(error, DKIM_ERROR, DKIM_ERROR_KEY, "this RSA key has %d bits; DKIM wants at least %d, and 2048 are advised", bits, BITS_LEAST);
	else if (bits > BITS_MOST)
		g_set_error(error, DKIM_ERROR, DKIM_ERROR_KEY, "this RSA key has %d bits; receivers need not bear more than %d, and 2048 are advised",
		            bits, BITS_MOST);
	else
		return true;
	return false;
}

DkimKey *dkim_key_parse(const char *text, size_t size, GError **error)
{
	bool pem = g_strstr_len(text, (gssize)size, "-----BEGIN ") != NULL;
	g_autoptr(DkimKey) key = g_new0(DkimKey, 1);
	key->pkey = size > G_MAXINT ? NULL : pem ? parse_pem(text, size) : parse_seed(text, size);
	if (key->pkey)
		return is_usable(key, error) ? g_steal_pointer(&key) : NULL;
	g_set_error_literal(error, DKIM_ERROR, DKIM_ERROR_KEY, pem ?
	                    "it holds no private key that can be read without a passphrase; make one with: openssl genpkey -algorithm ed25519" :
	                    "it is no key in PEM, and no Ed25519 seed of 32 bytes in base64; make one with: openssl genpkey -algorithm ed25519");
	return NULL;
}

void dkim_key_free(DkimKey *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	g_free(key);
}

const char *dkim_key_algorithm(const DkimKey *key)
{
	return EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA ? "rsa-sha256" : "ed25519-sha256";
}

int dkim_key_bits(const DkimKey *key)
{
	return EVP_PKEY_get_bits(key->pkey);
}

/* RSA as SubjectPublicKeyInfo (RFC 6376, 3.6.1), Ed25519 as its 32 bytes (RFC 8463, 4). */
char *dkim_record(const DkimKey *key)
{
	bool rsa = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
	unsigned char *bytes = NULL, raw[SEED];
	size_t size = sizeof raw;
	int length = rsa ? i2d_PUBKEY(key->pkey, &bytes) : EVP_PKEY_get_raw_public_key(key->pkey, raw, &size);
	g_autofree char *base64 = rsa ? g_base64_encode(bytes, (gsize)MAX(length, 0)) : g_base64_encode(raw, size);
	OPENSSL_free(bytes);
	return g_strdup_printf("v=DKIM1; k=%s; p=%s", rsa ? "rsa" : "ed25519", base64);
}

/* ---- the canonical form ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void dkim_relax_field(GString *out, const char *field, size_t size)
{
	const char *colon = memchr(field, ':', size), *end = field + size;
	size_t name = colon ? (size_t)(colon - field) : size;
	while (name > 0 && is_blank(field[name - 1]))
		name--;
	for (size_t i = 0; i < name; i++)
		g_string_append_c(out, g_ascii_tolower(field[i]));
	g_string_append_c(out, ':');
	bool blank = false, begun = false;
	for (const char *c = colon ? colon + 1 : end; c < end; c++) {
		if (*c == '\r' || *c == '\n')
			continue;
		if (is_blank(*c)) {
			blank = true;
			continue;
		}
		if (blank && begun)
			g_string_append_c(out, ' ');
		g_string_append_c(out, *c);
		blank = false;
		begun = true;
	}
	g_string_append(out, "\r\n");
}

static void relax_line(GString *out, const char *line, size_t size)
{
	bool blank = false;
	for (size_t i = 0; i < size; i++) {
		if (is_blank(line[i])) {
			blank = true;
			continue;
		}
		if (blank)
			g_string_append_c(out, ' ');
		g_string_append_c(out, line[i]);
		blank = false;
	}
}

void dkim_relax_body(GString *out, const char *body, size_t size)
{
	size_t end = out->len; /* behind the last line that is not empty */
	for (size_t at = 0; at < size;) {
		const char *newline = g_strstr_len(body + at, (gssize)(size - at), "\r\n");
		size_t length = newline ? (size_t)(newline - body) - at : size - at, before = out->len;
		relax_line(out, body + at, length);
		bool empty = out->len == before;
		g_string_append(out, "\r\n");
		if (!empty)
			end = out->len;
		at += length + (newline ? 2 : 0);
	}
	g_string_truncate(out, end);
}

/* ---- the parts of a message ---- */

/* Where the body begins: behind the first empty line, or at the end. */
static size_t body_at(const char *message, size_t size)
{
	if (size >= 2 && memcmp(message, "\r\n", 2) == 0)
		return 2;
	const char *end = g_strstr_len(message, (gssize)size, "\r\n\r\n");
	return end ? (size_t)(end + 4 - message) : size;
}

typedef struct Field {
	const char *bytes;
	size_t size, name; /* with its CRLF; of the name alone */
	bool used;
} Field;

static GArray *fields_of(const char *message, size_t size)
{
	GArray *fields = g_array_new(FALSE, TRUE, sizeof(Field));
	size_t header = body_at(message, size);
	for (size_t at = 0; at < header;) {
		const char *newline = memchr(message + at, '\n', header - at);
		size_t length = newline ? (size_t)(newline + 1 - message) - at : header - at;
		const char *colon = memchr(message + at, ':', length);
		size_t name = colon ? (size_t)(colon - message) - at : 0;
		while (name > 0 && is_blank(message[at + name - 1]))
			name--;
		if (is_blank(message[at]) && fields->len > 0)
			g_array_index(fields, Field, fields->len - 1).size += length;
		else if (name > 0)
			g_array_append_vals(fields, &(Field){ message + at, length, name, false }, 1);
		at += length;
	}
	return fields;
}

/* Of fields with one name the last that is not used yet comes first (RFC 6376, 5.4.2); NULL: it is signed as absent. */
static Field *take_field(GArray *fields, const char *name)
{
	for (guint i = fields->len; i-- > 0;) {
		Field *field = &g_array_index(fields, Field, i);
		if (!field->used && field->name == strlen(name) && g_ascii_strncasecmp(field->bytes, name, field->name) == 0) {
			field->used = true;
			return field;
		}
	}
	return NULL;
}

/* ---- signing ---- */

char *dkim_body_hash(const char *message, size_t size)
{
	g_autoptr(GString) body = g_string_sized_new(size);
	size_t at = body_at(message, size);
	dkim_relax_body(body, message + at, size - at);
	unsigned char hash[HASH];
	unsigned length = 0;
	if (!EVP_Digest(body->str, body->len, hash, &length, EVP_sha256(), NULL))
		return NULL;
	return g_base64_encode(hash, length);
}

/* Ed25519 signs the hash of the data, not the data (RFC 8463, 3). */
static char *sign(const DkimKey *key, const GString *data, GError **error)
{
	bool rsa = EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_RSA;
	unsigned char hash[HASH], signature[BITS_MOST / 8];
	unsigned length = 0;
	size_t size = sizeof signature;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context && EVP_Digest(data->str, data->len, hash, &length, EVP_sha256(), NULL) &&
	          EVP_DigestSignInit(context, NULL, rsa ? EVP_sha256() : NULL, NULL, key->pkey) == 1 &&
	          EVP_DigestSign(context, signature, &size, rsa ? (const unsigned char *)data->str : hash, rsa ? data->len : length) == 1;
	EVP_MD_CTX_free(context);
	if (ok)
		return g_base64_encode(signature, size);
	g_set_error_literal(error, DKIM_ERROR, DKIM_ERROR_KEY, "the DKIM key can't sign");
	return NULL;
}

char *dkim_signature(const DkimKey *key, const char *const *names, const char *field, const char *message, size_t size, GError **error)
{
	g_autoptr(GArray) fields = fields_of(message, size);
	g_autoptr(GString) data = g_string_new(NULL);
	for (; *names; names++) {
		const Field *found = take_field(fields, *names);
		if (found)
			dkim_relax_field(data, found->bytes, found->size);
	}
	dkim_relax_field(data, field, strlen(field));
	g_string_truncate(data, data->len - 2); /* the last one stands without its CRLF (RFC 6376, 3.7) */
	return sign(key, data, error);
}

/* Appends a piece, folding before it where the line would grow too long. at: where the line begins. */
static void put_piece(GString *out, size_t *at, const char *piece, size_t size)
{
	if (out->len - *at + size > LINE) {
		g_string_append(out, "\r\n ");
		*at = out->len - 1;
	}
	g_string_append_len(out, piece, (gssize)size);
}

/* The names for h=, each as often as it stands there, From once more. */
static GPtrArray *names_for(const char *message, size_t size)
{
	g_autoptr(GArray) fields = fields_of(message, size);
	GPtrArray *names = g_ptr_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(signed_names); i++)
		while (take_field(fields, signed_names[i]))
			g_ptr_array_add(names, (void *)signed_names[i]);
	if (names->len > 0 && names->pdata[0] == signed_names[0])
		g_ptr_array_insert(names, 0, (void *)signed_names[0]);
	g_ptr_array_add(names, NULL);
	return names;
}

char *dkim_sign(const DkimKey *key, const char *domain, const char *selector, int64_t now, const char *message, size_t size, GError **error)
{
	g_autoptr(GPtrArray) names = names_for(message, size);
	g_autofree char *hash = dkim_body_hash(message, size);
	if (!hash || names->pdata[0] != signed_names[0]) { /* RFC 6376, 5.4: From is always signed */
		g_set_error_literal(error, DKIM_ERROR, DKIM_ERROR_MESSAGE, "a message without From can't be signed");
		return NULL;
	}
	g_autoptr(GString) out = g_string_new(NULL);
	g_string_append_printf(out, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed;\r\n d=%s;\r\n s=%s; t=%" G_GINT64_FORMAT ";\r\n h=",
	                       dkim_key_algorithm(key), domain, selector, now);
	size_t at = out->len - 3;
	for (guint i = 0; names->pdata[i]; i++) {
		g_autofree char *piece = g_strconcat(names->pdata[i], names->pdata[i + 1] ? ":" : ";", NULL);
		put_piece(out, &at, piece, strlen(piece));
	}
	g_string_append_printf(out, "\r\n bh=%s;\r\n b=", hash);
	at = out->len - 3;
	g_autofree char *value = dkim_signature(key, (const char *const *)names->pdata, out->str, message, size, error);
	if (!value)
		return NULL;
	for (size_t done = 0, length = strlen(value), piece; done < length; done += piece) {
		piece = MIN(length - done, LINE - 4);
		put_piece(out, &at, value + done, piece);
	}
	g_string_append(out, "\r\n");
	return g_string_free(g_steal_pointer(&out), FALSE);
}
