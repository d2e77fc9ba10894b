/* SPDX-License-Identifier: MIT */
/* LINKS: host */
/* Contacts: addresses, changes, import and export, merging and erasing, on a database in memory. */
#include "host/contacts.h"

#include <string.h>

#define MONDAY INT64_C(1795428000000) /* 2026-11-23T10:00:00Z */

static const char DECLARED[] =
	"{\"workspace\":{\"timezone\":\"Europe/Paris\",\"hours\":\"always\",\"stages\":[\"prospect\",\"contacted\",\"talking\"]},\"accounts\":[],\"channels\":{\"email\":{\"source\":\"a page\",\"checked\":\"2026-11-20\"}}}";

/* A host that decides but does not live: no workers, nothing leaves. */
static void open_host(Host *host)
{
	g_autoptr(GError) error = NULL;
	*host = (Host){ .db = db_open(NULL, &error), .clock = clock_virtual(MONDAY) };
	g_assert_no_error(error);
	g_autoptr(json_t) declared = value_parse(DECLARED, -1, NULL);
	host->workspace = workspace_new("/tmp", declared, &error);
	g_assert_no_error(error);
}

static void close_host(Host *host)
{
	g_assert_false(db_failed(host->db));
	db_close(host->db);
	workspace_free(host->workspace);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Host, close_host)

static char *put(Host *host, const char *attributes, bool update, GError **error)
{
	g_autoptr(json_t) object = value_parse(attributes, -1, NULL);
	g_assert_nonnull(object);
	return contacts_put(host, object, update, "test", error);
}

static void must_put(Host *host, const char *attributes)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = put(host, attributes, true, &error);
	g_assert_no_error(error);
	g_assert_nonnull(id);
}

static void assert_view(Host *host, const char *id, const char *wanted)
{
	g_autoptr(json_t) view = contacts_view(host, id, NULL);
	g_autofree char *text = value_text(view);
	g_assert_cmpstr(text, ==, wanted);
}

static void assert_says(const GError *error, const char *part)
{
	g_assert_nonnull(error);
	if (!strstr(error->message, part))
		g_error("'%s' does not say '%s'", error->message, part);
}

static int64_t count(Host *host, const char *sql)
{
	Rows *rows = db_query_built(host->db, sql, NULL, 0);
	g_assert_true(rows_next(rows));
	int64_t n = rows_int(rows, 0);
	rows_done(rows);
	return n;
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void test_addresses(void)
{
	static const struct { const char *channel, *address, *norm; } CASES[] = { /* norm NULL: refused */
		{ "email", "Lea.Martin@Brand.Example", "lea.martin@brand.example" },
		{ "email", "  lea@x.example ", "lea@x.example" },
		{ "email", "a!#$%&'*+-/=?^_`{|}~b@x", "a!#$%&'*+-/=?^_`{|}~b@x" },
		{ "email", "léa@exämple.example", "léa@exämple.example" },
		{ "email", "LÉA@EXÄMPLE.example", "léa@exämple.example" },
		{ "email", "\"a@b\"@x.example", "\"a@b\"@x.example" },
		{ "email", "a@[127.0.0.1]", "a@[127.0.0.1]" },
		{ "email", "a@[IPv6:::1]", "a@[ipv6:::1]" },
		{ "email", "", NULL }, { "email", "lea", NULL }, { "email", "@x.example", NULL }, { "email", "lea@", NULL },
		{ "email", "a b@x.example", NULL }, { "email", "a@x.example\r\nBcc: b@y.example", NULL }, { "email", "a@x .example", NULL },
		{ "email", "<a@x.example>", NULL }, { "email", "Lea <a@x.example>", NULL }, { "email", ".a@x", NULL }, { "email", "a.@x", NULL },
		{ "email", "a..b@x", NULL }, { "email", "a@x..y", NULL }, { "email", "a@.x", NULL }, { "email", "a@x.", NULL }, { "email", "a@-x", NULL },
		{ "email", "a@x-", NULL }, { "email", "a@x_y", NULL }, { "email", "a,b@x", NULL }, { "email", "a@b@x", NULL }, { "email", "a;b@x", NULL },
		{ "email", "\"a@x", NULL }, { "email", "\"\"@x", NULL }, { "email", "\"a\"b@x", NULL }, { "email", "a@[x y]", NULL }, { "email", "a@[1", NULL },
		{ "email", "le\u200ba@x.example", NULL }, { "email", "a\u202e@x.example", NULL }, { "email", "a\u00a0@x.example", NULL },
		{ "email", "a\x01@x.example", NULL }, { "email", "\xff@x.example", NULL },
		{ "email", "0123456789012345678901234567890123456789012345678901234567890123@x", "0123456789012345678901234567890123456789012345678901234567890123@x" },
		{ "email", "01234567890123456789012345678901234567890123456789012345678901234@x", NULL },
		{ "phone", "+33 6 12.34-56 (78)", "+33612345678" }, { "phone", "0033612345678", "+33612345678" }, { "phone", "06 12 34 56 78", "0612345678" },
		{ "sms", "+33\u00a0612345678", "+33612345678" }, { "whatsapp", "33612345678", "+33612345678" }, { "call", "33612345678", "33612345678" },
		{ "whatsapp", "US.13491208655302741918", "us.13491208655302741918" },
		{ "phone", "12", NULL }, { "phone", "+1234567890123456", NULL }, { "phone", "call me", NULL }, { "phone", "+33 6 12 x", NULL },
		{ "instagram", "@Lea.Makes", "lea.makes" }, { "instagram", "https://www.instagram.com/Lea.Makes/?hl=fr", "lea.makes" },
		{ "linkedin", "https://www.linkedin.com/in/lea-martin/", "lea-martin" }, { "youtube", "https://youtube.com/@Lea", "lea" },
		{ "instagram", "@", NULL }, { "instagram", "lea makes", NULL }, { "instagram", "https://", NULL }, { "x", "a;b", NULL },
		{ "discord", "Lea#1234", "lea#1234" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *norm = contacts_normalize(CASES[i].channel, CASES[i].address, &error);
		if (g_strcmp0(norm, CASES[i].norm) != 0)
			g_error("%s '%s' is '%s' (%s)", CASES[i].channel, CASES[i].address, norm, error ? error->message : "");
		g_assert_true((norm == NULL) == (error != NULL));
	}
}

/* ---- changes ---------------------------------------------------------------------------------------------------- */

static void test_put(void)
{
	g_auto(Host) host;
	open_host(&host);
	GError *error = NULL;
	g_autofree char *a = put(&host,
		"{\"name\":\" Léa\\n Martin \",\"email\":\"Lea.M@Brand.EXAMPLE\",\"instagram\":\"@lea\",\"labels\":[\"vip\",\" a \"],\"followers\":1200,\"company\":\"\"}",
		false, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(a, ==, "lea-m");
	assert_view(&host, a, "{\"fields\":{\"followers\":1200},\"id\":\"lea-m\",\"identities\":{\"email\":\"Lea.M@brand.example\",\"instagram\":\"@lea\"},"
		"\"labels\":[\"a\",\"vip\"],\"name\":\"Léa Martin\",\"stage\":\"prospect\"}");
	g_autofree char *b = put(&host, "{\"name\":\"Élan Vital\"}", false, &error);
	g_assert_cmpstr(b, ==, "elan-vital");
	g_autofree char *c = put(&host, "{\"name\":\"elan vital\"}", false, &error);
	g_assert_cmpstr(c, ==, "elan-vital-2");
	g_autofree char *d = put(&host, "{\"name\":\"王小明\"}", false, &error);
	g_assert_cmpstr(d, ==, "contact");
	/* Known by an address, whatever its case; what is not named stays. */
	g_autofree char *e = put(&host, "{\"email\":\"LEA.M@brand.example;second@brand.example\",\"stage\":\"talking\",\"labels\":\"b;c\"}", true, &error);
	g_assert_cmpstr(e, ==, "lea-m");
	assert_view(&host, a, "{\"fields\":{\"followers\":1200},\"id\":\"lea-m\",\"identities\":{\"email\":\"LEA.M@brand.example\",\"instagram\":\"@lea\"},"
		"\"labels\":[\"a\",\"b\",\"c\",\"vip\"],\"name\":\"Léa Martin\",\"stage\":\"talking\"}");
	g_assert_cmpint(count(&host, "SELECT count(*) FROM stage_changes WHERE contact = 'lea-m'"), ==, 2);
	static const struct { const char *attributes, *says; } REFUSED[] = {
		{ "{\"id\":\"lea-m\"}", "already" },
		{ "{\"email\":\"lea.m@brand.example\"}", "is an address of the contact 'lea-m' already" },
		{ "{\"email\":\"nobody\"}", "has no @" },
		{ "{\"stage\":\"nowhere\"}", "unknown stage 'nowhere' (the workspace has prospect, contacted, talking)" },
		{ "{\"stage\":\"\"}", "always has a stage" },
		{ "{\"timezone\":\"Mars/Olympus\"}", "Mars/Olympus" },
		{ "{\"name\":7}", "name must be text" },
		{ "{\"labels\":[1]}", "labels must be texts" },
		{ "{\"preferred_channel\":\"pigeon\"}", "'pigeon' is no channel" },
		{ "{\"identities\":{\"pigeon\":\"x\"}}", "no channel" },
		{ "{\"id\":\"a\\u0001b\"}", "invisible" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
		g_autofree char *id = put(&host, REFUSED[i].attributes, false, &error);
		g_assert_null(id);
		assert_says(error, REFUSED[i].says);
		g_clear_error(&error);
	}
	g_autofree char *agent = put(&host, "{\"email\":\"lea.m@brand.example\",\"shared_address\":true,\"id\":\"zoe\"}", false, &error);
	g_assert_cmpstr(agent, ==, "zoe");
	g_autofree char *nobody = put(&host, "{\"email\":\"lea.m@brand.example\"}", true, &error);
	g_assert_null(nobody);
	assert_says(error, "'lea-m' and 'zoe'");
	g_clear_error(&error);
}

static void test_made_ids(void)
{
	g_auto(Host) host;
	open_host(&host);
	for (int i = 1; i <= 300; i++) {
		g_autofree char *attributes = g_strdup_printf("{\"email\":\"info@brand%d.example\"}", i);
		g_autofree char *wanted = i == 1 ? g_strdup("info") : g_strdup_printf("info-%d", i);
		g_autofree char *id = put(&host, attributes, false, NULL);
		g_assert_cmpstr(id, ==, wanted);
	}
}

static void test_set(void)
{
	g_auto(Host) host;
	open_host(&host);
	must_put(&host, "{\"id\":\"lea\",\"name\":\"Lea\",\"city\":\"Lyon\"}");
	static const struct { const char *changes, *says; } CASES[] = { /* says NULL: done */
		{ "{\"stage\":\"talking\",\"city\":null,\"deal\":{\"eur\":500.0},\"name\":null}", NULL },
		{ "{\"stage\":\"x\"}", "unknown stage" }, { "{\"stage\":null}", "always has a stage" }, { "{\"email\":\"a@b.example\"}", "may not set" },
		{ "{\"timezone\":\"Asia/Tokyo\"}", "may not set" }, { "{\"country\":\"JP\"}", "may not set" },
		{ "{\"consent\":\"opt-in\"}", "may not set" }, { "{\"labels\":[]}", "contact:label" }, { "{\"id\":\"x\"}", "may not set" },
		{ "{\"identities\":{}}", "may not set" }, { "{\"\":1}", "field's name" }, { "{\" x\":1}", "field's name" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(json_t) changes = value_parse(CASES[i].changes, -1, NULL);
		int64_t before, after;
		json_decref(contacts_view(&host, "lea", &before));
		g_assert_true(contacts_set(&host, "lea", changes, "run 1", &error) == !CASES[i].says);
		if (CASES[i].says)
			assert_says(error, CASES[i].says);
		json_decref(contacts_view(&host, "lea", &after));
		g_assert_cmpint(after, ==, before + !CASES[i].says);
	}
	assert_view(&host, "lea", "{\"fields\":{\"deal\":{\"eur\":500.0}},\"id\":\"lea\",\"identities\":{},\"labels\":[],\"stage\":\"talking\"}");
	g_autoptr(json_t) same = value_parse("{\"stage\":\"talking\"}", -1, NULL);
	int64_t before, after;
	json_decref(contacts_view(&host, "lea", &before));
	g_assert_true(contacts_set(&host, "lea", same, "run 1", NULL));
	contacts_label(&host, "lea", "vip", false);
	json_decref(contacts_view(&host, "lea", &after));
	g_assert_cmpint(before, ==, after);
	contacts_label(&host, "lea", "vip", true);
	contacts_label(&host, "lea", "vip", true);
	json_decref(contacts_view(&host, "lea", &after));
	g_assert_cmpint(before + 1, ==, after);
	g_autoptr(GError) error = NULL;
	g_assert_false(contacts_set(&host, "nobody", same, "run 1", &error));
	assert_says(error, "no contact 'nobody'");
}

static void test_replace(void)
{
	g_auto(Host) host;
	open_host(&host);
	must_put(&host, "{\"id\":\"lea\",\"email\":\"a@x.example;b@x.example\",\"phone\":\"+33 1\u00a023\",\"labels\":\"a;b\",\"owner\":\"max\"}");
	g_autoptr(GError) error = NULL;
	g_autoptr(json_t) changes = value_parse("{\"email\":\"c@x.example\",\"phone\":null,\"labels\":\"b;c\",\"owner\":null,\"consent\":\"opt-in\"}", -1, NULL);
	g_assert_true(contacts_replace(&host, "lea", changes, "person", &error));
	g_assert_no_error(error);
	g_autoptr(json_t) profile = contacts_profile(&host, "lea");
	json_object_del(profile, "created_at");
	json_object_del(profile, "updated_at");
	g_autofree char *text = value_text(profile);
	g_assert_cmpstr(text, ==, "{\"addresses\":{\"email\":[\"c@x.example\"]},\"consent\":\"opt-in\",\"consent_at\":1795428000000,\"fields\":{},\"id\":\"lea\","
		"\"identities\":{\"email\":\"c@x.example\"},\"labels\":[\"b\",\"c\"],\"stage\":\"prospect\"}");
}

static void test_changes(void)
{
	static const struct { const char *was, *is, *changes; } CASES[] = {
		{ "{\"a\":1}", "{\"a\":1}", "null" },
		{ "{\"a\":1,\"b\":[1]}", "{\"a\":2,\"b\":[1]}", "{\"a\":2}" },
		{ "{\"a\":1,\"b\":[1]}", "{\"b\":[1,2]}", "{\"a\":null,\"b\":[1,2]}" },
		{ "{}", "{\"f\":{\"x\":1.0}}", "{\"f\":{\"x\":1.0}}" },
		{ "{\"f\":{\"x\":1}}", "{\"f\":{\"x\":1.0}}", "{\"f\":{\"x\":1.0}}" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(json_t) was = value_parse(CASES[i].was, -1, NULL), is = value_parse(CASES[i].is, -1, NULL);
		g_autoptr(json_t) changes = contacts_changes(was, is);
		g_autofree char *text = value_text(changes);
		g_assert_cmpstr(text, ==, CASES[i].changes);
	}
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

static char *ids_text(GPtrArray *ids)
{
	g_ptr_array_add(ids, NULL);
	return g_strjoinv(" ", (char **)ids->pdata);
}

static void test_find(void)
{
	g_auto(Host) host;
	open_host(&host);
	must_put(&host, "{\"id\":\"c\",\"email\":\"c@x.example\",\"labels\":\"vip\",\"tier\":1,\"nested\":{\"tier\":2}}");
	must_put(&host, "{\"id\":\"a\",\"phone\":\"+33612345678\",\"labels\":\"vip\",\"stage\":\"talking\",\"tier\":2,\"say \\\"hi\\\"\":\"x\"}");
	must_put(&host, "{\"id\":\"b\",\"instagram\":\"@Bea\",\"name\":\"Bea Bo\",\"company\":\"Bo & Co\",\"tier\":\"1\"}");
	static const struct { const char *filter, *ids; } CASES[] = {
		{ "{}", "a b c" }, { "{\"label\":\"vip\"}", "a c" }, { "{\"stage\":\"talking\"}", "a" }, { "{\"channel\":\"email\"}", "c" },
		{ "{\"channel\":\"sms\"}", "a" }, { "{\"channel\":\"phone\"}", "a" }, { "{\"tier\":1}", "c" }, { "{\"tier\":2}", "a" },
		{ "{\"tier\":\"1\"}", "b" }, { "{\"tier\":1.0}", "" }, { "{\"say \\\"hi\\\"\":\"x\"}", "a" }, { "{\"company\":\"Bo & Co\"}", "b" },
		{ "{\"instagram\":\"https://instagram.com/bea\"}", "b" }, { "{\"label\":\"vip\",\"tier\":2}", "a" }, { "{\"limit\":2}", "a b" },
		{ "{\"label\":\"vip\",\"limit\":1.0}", "a" }, { "{\"id\":\"b\"}", "b" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(json_t) filter = value_parse(CASES[i].filter, -1, NULL);
		g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
		g_assert_true(contacts_find_ids(&host, filter, ids, NULL));
		g_autofree char *text = ids_text(ids);
		g_assert_cmpstr(text, ==, CASES[i].ids);
	}
	static const char *const REFUSED[] = { "{\"limit\":0}", "{\"limit\":\"all\"}", "{\"label\":1}", "{\"email\":\"nobody\"}" };
	for (size_t i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
		g_autoptr(json_t) filter = value_parse(REFUSED[i], -1, NULL);
		g_autoptr(GError) error = NULL;
		g_assert_null(contacts_find(&host, filter, &error));
		g_assert_nonnull(error);
	}
}

static void test_resolve(void)
{
	g_auto(Host) host;
	open_host(&host);
	must_put(&host, "{\"id\":\"c1\",\"email\":\"Lea@x.example\",\"name\":\"Lea Martin\",\"phone\":\"+33 6 12 34 56 78\"}");
	must_put(&host, "{\"id\":\"c2\",\"instagram\":\"leam\",\"name\":\"Twin\"}");
	must_put(&host, "{\"id\":\"c3\",\"tiktok\":\"leam\",\"name\":\"twin\"}");
	static const struct { const char *word, *id, *says; } CASES[] = {
		{ "c1", "c1", NULL }, { "lea@X.example", "c1", NULL }, { "lea martin", "c1", NULL }, { "email:lea@x.example", "c1", NULL },
		{ "+33612345678", "c1", NULL }, { "instagram:@leam", "c2", NULL }, { "@leam", NULL, "more than one contact (c2, c3)" },
		{ "twin", NULL, "more than one contact (c2, c3)" }, { "nobody", NULL, "no contact" }, { "", NULL, "no contact" }, { "tiktok:lea", NULL, "no contact" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *id = contacts_resolve(&host, CASES[i].word, &error);
		g_assert_cmpstr(id, ==, CASES[i].id);
		if (CASES[i].says)
			assert_says(error, CASES[i].says);
	}
	g_autofree char *sms = contacts_address(&host, "c1", "sms"), *x = contacts_address(&host, "c1", "x");
	g_assert_cmpstr(sms, ==, "+33 6 12 34 56 78");
	g_assert_null(x);
	g_autoptr(GPtrArray) owners = contacts_by_address(&host, "whatsapp", "+33612345678");
	g_assert_cmpuint(owners->len, ==, 1);
	g_autofree char *met = contacts_meet(&host, "email", "New.Person@y.example", "New\r\nPerson");
	g_assert_cmpstr(met, ==, "new-person");
	g_assert_null(contacts_meet(&host, "email", "no address", NULL));
}

static void test_zone(void)
{
	g_auto(Host) host;
	open_host(&host);
	must_put(&host, "{\"id\":\"a\",\"timezone\":\"America/New_York\",\"country\":\"JP\"}");
	must_put(&host, "{\"id\":\"b\",\"country\":\"JP\"}");
	must_put(&host, "{\"id\":\"c\",\"country\":\"Atlantis\"}");
	static const char *const CASES[][2] = { { "a", "America/New_York" }, { "b", "Asia/Tokyo" }, { "c", "Europe/Paris" }, { "nobody", "Europe/Paris" } };
	for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GTimeZone) zone = contacts_zone(&host, CASES[i][0]);
		g_assert_cmpstr(g_time_zone_get_identifier(zone), ==, CASES[i][1]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/contacts/an address is compared in one form, a wrong one refused", test_addresses);
	g_test_add_func("/contacts/somebody is added once and known again by an address", test_put);
	g_test_add_func("/contacts/made ids are the same for the same contacts", test_made_ids);
	g_test_add_func("/contacts/a script sets stage, attributes and fields, nothing else", test_set);
	g_test_add_func("/contacts/a person replaces what they name", test_replace);
	g_test_add_func("/contacts/changes name whole members", test_changes);
	g_test_add_func("/contacts/contacts are found by what they have", test_find);
	g_test_add_func("/contacts/a word is an id, an address or a name", test_resolve);
	g_test_add_func("/contacts/the zone is the contact's, the country's or the workspace's", test_zone);
	return g_test_run();
}
