/* SPDX-License-Identifier: MIT */
/* LINKS: net */
/* DKIM: the canonical forms, the published examples of RFC 8463 made again byte for byte, keys, what is signed. */
#include "net/dkim.h"

#include <string.h>

typedef struct Case {
	const char *in, *out;
} Case;

static const Case field_cases[] = {
	{ "A: X\r\n", "a:X\r\n" }, /* RFC 6376, 3.4.5 */
	{ "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
	{ "Subject:  a   b\t\tc  \r\n", "subject:a b c\r\n" },
	{ "Subject:\r\n", "subject:\r\n" },
	{ "Subject: \r\n \r\n", "subject:\r\n" },
	{ "X-\tY \t:z", "x-\ty:z\r\n" },
	{ "To: a\r\n b\r\n\tc\r\n", "to:a b c\r\n" },
	{ "To:a:b", "to:a:b\r\n" },
	{ "Subject: =?UTF-8?Q?a?=\r\n =?UTF-8?Q?b?=\r\n", "subject:=?UTF-8?Q?a?= =?UTF-8?Q?b?=\r\n" },
	{ "Subject: caf\xc3\xa9 \r\n", "subject:caf\xc3\xa9\r\n" },
};

static const Case body_cases[] = {
	{ "", "" },
	{ "\r\n", "" },
	{ "\r\n\r\n\r\n", "" },
	{ " \t \r\n", "" },
	{ " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n" }, /* RFC 6376, 3.4.5 */
	{ "a", "a\r\n" },
	{ "a\r\n", "a\r\n" },
	{ "a\r\n \r\n\t\r\n", "a\r\n" },
	{ "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n" },
	{ "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
	{ "a  b\t\tc \t\r\n", "a b c\r\n" },
	{ ".\r\n..\r\n", ".\r\n..\r\n" },
};

static void fields_are_relaxed(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(field_cases); i++) {
		g_autoptr(GString) out = g_string_new("|");
		dkim_relax_field(out, field_cases[i].in, strlen(field_cases[i].in));
		g_assert_cmpstr(out->str + 1, ==, field_cases[i].out);
	}
}

static void bodies_are_relaxed(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(body_cases); i++) {
		g_autoptr(GString) out = g_string_new("|\r\n");
		dkim_relax_body(out, body_cases[i].in, strlen(body_cases[i].in));
		g_assert_cmpstr(out->str + 3, ==, body_cases[i].out);
	}
}

/* ---- RFC 8463, appendix A ---- */

static const char seed[] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
static const char rsa_pem[] =
	"-----BEGIN RSA PRIVATE KEY-----\n"
	"MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
	"KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
	"AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
	"6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
	"zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
	"6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
	"uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
	"WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
	"WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
	"licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
	"o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
	"uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
	"-----END RSA PRIVATE KEY-----"; /* the last line end is lost on the way into the vault */

static const char dinner[] =
	"From: Joe SixPack <joe@football.example.com>\r\n"
	"To: Suzie Q <suzie@shopping.example.net>\r\n"
	"Subject: Is dinner ready?\r\n"
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	"\r\n"
	"Hi.\r\n"
	"\r\n"
	"We lost the game.  Are you hungry yet?\r\n"
	"\r\n"
	"Joe.\r\n";

typedef struct Example {
	const char *key, *record, *field, *value;
} Example;

static const Example examples[] = {
	{ seed, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
	  "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
	  " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
	  " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
	  "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==" },
	{ rsa_pem, "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/"
	           "byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
	  "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
	  " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n"
	  " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
	  "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
	  "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=" },
};

static DkimKey *key_of(const char *text)
{
	g_autoptr(GError) error = NULL;
	DkimKey *key = dkim_key_parse(text, strlen(text), &error);
	g_assert_no_error(error);
	return key;
}

static void the_examples_of_the_rfc_are_made_again(void)
{
	static const char *const names[] = { "from", "to", "subject", "date", "message-id", "from", "subject", "date", NULL };
	g_autofree char *hash = dkim_body_hash(dinner, strlen(dinner));
	g_assert_cmpstr(hash, ==, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
	for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
		const Example *e = &examples[i];
		g_autoptr(DkimKey) key = key_of(e->key);
		g_autofree char *value = dkim_signature(key, names, e->field, dinner, strlen(dinner), NULL);
		g_assert_cmpstr(value, ==, e->value);
		g_autofree char *record = dkim_record(key);
		g_assert_cmpstr(record, ==, e->record);
	}
}

static void the_hash_of_an_empty_body_is_the_one_of_the_rfc(void)
{
	static const char *const messages[] = { "From: a@b.c\r\n\r\n", "From: a@b.c\r\n\r\n\r\n\r\n", "From: a@b.c\r\n", "\r\n", "" };
	for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) { /* RFC 6376, 3.4.4 */
		g_autofree char *hash = dkim_body_hash(messages[i], strlen(messages[i]));
		g_assert_cmpstr(hash, ==, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
	}
}

/* ---- our own field ---- */

static char *tag(const char *field, const char *name)
{
	g_autoptr(GString) bare = g_string_new(NULL);
	for (const char *c = field; *c; c++)
		if (!g_ascii_isspace(*c))
			g_string_append_c(bare, *c);
	g_autofree char *start = g_strdup_printf(";%s=", name);
	const char *at = strstr(bare->str, start);
	g_assert_nonnull(at);
	at += strlen(start);
	return g_strndup(at, strcspn(at, ";"));
}

static void our_own_field_is_folded_and_signs_what_it_says(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
		g_autoptr(DkimKey) key = key_of(examples[i].key);
		g_autoptr(GError) error = NULL;
		g_autofree char *field = dkim_sign(key, "football.example.com", "perigee", 1528637909, dinner, strlen(dinner), &error);
		g_assert_no_error(error);
		g_assert_true(g_str_has_prefix(field, "DKIM-Signature: v=1; a=") && g_str_has_suffix(field, "\r\n"));
		g_assert_null(strstr(field, " l="));
		g_assert_null(strstr(field, " x="));
		g_auto(GStrv) lines = g_strsplit(field, "\r\n", -1);
		for (size_t n = 0; lines[n]; n++)
			g_assert_cmpuint(strlen(lines[n]), <=, 76);
		g_autofree char *h = tag(field, "h"), *d = tag(field, "d"), *s = tag(field, "s"), *t = tag(field, "t"), *b = tag(field, "b");
		g_assert_cmpstr(h, ==, "From:From:To:Subject:Date:Message-ID");
		g_assert_cmpstr(d, ==, "football.example.com");
		g_assert_cmpstr(s, ==, "perigee");
		g_assert_cmpstr(t, ==, "1528637909");
		char *end = strstr(field, " b=");
		g_autofree char *empty = g_strndup(field, (gsize)(end + 3 - field));
		g_auto(GStrv) names = g_strsplit(h, ":", -1);
		g_autofree char *again = dkim_signature(key, (const char *const *)names, empty, dinner, strlen(dinner), NULL);
		g_assert_cmpstr(b, ==, again);
	}
}

typedef struct SignedCase {
	const char *header, *h;
} SignedCase;

static const SignedCase signed_cases[] = {
	{ "From: a@b.c\r\n", "From:From" },
	{ "from : a@b.c\r\nX-Y: z\r\nUser-Agent: u\r\n", "From:From" },
	{ "To: x@y.z\r\n  ,w@y.z\r\nFrom: a@b.c\r\n", "From:From:To" },
	{ "From: a@b.c\r\nTo: x@y.z\r\nTo: w@y.z\r\n", "From:From:To:To" },
	{ "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Unsubscribe: <https://b.c/u>\r\nFrom: a@b.c\r\nReply-To: r@b.c\r\nCc: c@b.c\r\n"
	  "In-Reply-To: <1@b.c>\r\nReferences: <1@b.c>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n",
	  "From:From:Cc:In-Reply-To:References:MIME-Version:Content-Type:Content-Transfer-Encoding:List-Unsubscribe:List-Unsubscribe-Post:Reply-To" },
};

static void what_the_message_has_is_signed_and_from_once_more(void)
{
	g_autoptr(DkimKey) key = key_of(seed);
	for (size_t i = 0; i < G_N_ELEMENTS(signed_cases); i++) {
		g_autofree char *message = g_strconcat(signed_cases[i].header, "\r\nbody\r\n", NULL);
		g_autofree char *field = dkim_sign(key, "b.c", "s", 1, message, strlen(message), NULL);
		g_autofree char *h = tag(field, "h");
		g_assert_cmpstr(h, ==, signed_cases[i].h);
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(dkim_sign(key, "b.c", "s", 1, "To: a@b.c\r\n\r\n", 13, &error));
	g_assert_error(error, DKIM_ERROR, DKIM_ERROR_MESSAGE);
}

/* Of two fields with one name the last comes first: only then do signer and verifier mean the same (RFC 6376, 5.4.2). */
static void repeated_fields_are_taken_from_the_end(void)
{
	static const char two[] = "From: a@b.c\r\nTo: one@b.c\r\nTo: two@b.c\r\n\r\n", one[] = "From: a@b.c\r\nTo: two@b.c\r\n\r\n",
		turned[] = "From: a@b.c\r\nTo: two@b.c\r\nTo: one@b.c\r\n\r\n", field[] = "DKIM-Signature: b=";
	static const char *const once[] = { "to", NULL }, *const twice[] = { "to", "to", NULL }, *const thrice[] = { "to", "to", "to", NULL };
	g_autoptr(DkimKey) key = key_of(seed);
	g_autofree char *a = dkim_signature(key, once, field, two, strlen(two), NULL), *b = dkim_signature(key, once, field, one, strlen(one), NULL);
	g_autofree char *c = dkim_signature(key, once, field, turned, strlen(turned), NULL);
	g_autofree char *d = dkim_signature(key, twice, field, two, strlen(two), NULL), *e = dkim_signature(key, thrice, field, two, strlen(two), NULL);
	g_assert_cmpstr(a, ==, b);
	g_assert_cmpstr(a, !=, c);
	g_assert_cmpstr(a, !=, d);
	g_assert_cmpstr(d, ==, e); /* one that is not there adds nothing */
}

/* ---- keys ---- */

static const char ed25519_pem[] = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";
static const char p256_pem[] =
	"-----BEGIN PRIVATE KEY-----\n"
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVemZ2qGnyfg2OkEn\n"
	"wLqtcV6pKIFHbuHYfqpNuoIcYsGhRANCAASpwcAjy5Bbak3UojwVdccprH/6nmO1\n"
	"67sCumPFuS9XQe6E1Mxpwkicki7dA8MOwti4V2fTnPtd1sJEQ/6LI9aw\n"
	"-----END PRIVATE KEY-----\n";

typedef struct KeyCase {
	const char *text, *says; /* says: the algorithm, or a part of the error */
	bool good;
} KeyCase;

static const KeyCase key_cases[] = {
	{ seed, "ed25519-sha256", true },
	{ "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\r\n", "ed25519-sha256", true },
	{ ed25519_pem, "ed25519-sha256", true },
	{ rsa_pem, "rsa-sha256", true },
	{ p256_pem, "neither", false },
	{ "", "no key in PEM", false },
	{ "hunter2", "no key in PEM", false },
	{ "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2==", "no key in PEM", false },
	{ "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2AA", "no key in PEM", false },
	{ "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2?=", "no key in PEM", false },
	{ "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n", "no private key", false },
	{ "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n", "no private key", false },
	{ "-----BEGIN PRIVATE KEY-----", "no private key", false },
};

static void a_key_is_rsa_or_ed25519_and_anything_else_a_sentence(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(key_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(DkimKey) key = dkim_key_parse(key_cases[i].text, strlen(key_cases[i].text), &error);
		if (key_cases[i].good) {
			g_assert_no_error(error);
			g_assert_cmpstr(dkim_key_algorithm(key), ==, key_cases[i].says);
			continue;
		}
		g_assert_null(key);
		g_assert_error(error, DKIM_ERROR, DKIM_ERROR_KEY);
		g_assert_nonnull(strstr(error->message, key_cases[i].says));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dkim/fields are relaxed", fields_are_relaxed);
	g_test_add_func("/dkim/bodies are relaxed", bodies_are_relaxed);
	g_test_add_func("/dkim/the examples of RFC 8463 are made again", the_examples_of_the_rfc_are_made_again);
	g_test_add_func("/dkim/the hash of an empty body is the one of RFC 6376", the_hash_of_an_empty_body_is_the_one_of_the_rfc);
	g_test_add_func("/dkim/our own field is folded and signs what it says", our_own_field_is_folded_and_signs_what_it_says);
	g_test_add_func("/dkim/what the message has is signed, and From once more", what_the_message_has_is_signed_and_from_once_more);
	g_test_add_func("/dkim/repeated fields are taken from the end", repeated_fields_are_taken_from_the_end);
	g_test_add_func("/dkim/a key is RSA or Ed25519, and anything else a sentence", a_key_is_rsa_or_ed25519_and_anything_else_a_sentence);
	return g_test_run();
}
