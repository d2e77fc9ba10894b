/* SPDX-License-Identifier: MIT */
/* LINKS: base */
/* perigee.lua, tests, templates, plain Liquid and mail in the worker program. */
#include "worker_host.h"

#include "base/value.h"

static Host *host;

static void test_full_file(void)
{
	host_load(host, PROGRAM_WORKSPACE, "perigee.lua",
	          "workspace {\n  timezone = 'Europe/Paris', hours = { 'mon-fri 09:00-18:00', 'sat 10:00-12:00' }, holidays = { 'FR', '2026-12-24' },\n"
	          "  topics = { contract = 'email', sensitive = { 'call', 'sms' } }, database = 'x.db', public_url = 'https://hello.example', policy = { asks_per_week = 2, two_then_call = false, opt_in = 'email' },\n"
	          "  undo = '30s', keep = { journals = '2 years' }, redirect_all_to = 'me@b.example', allow_addresses = { '127.0.0.1:2525' },\n}\n"
	          "account 'partnerships' {\n  channel = 'email', from = 'Léa Martin <lea@brand.example>', owner = 'lea',\n"
	          "  smtp = { url = 'smtps://smtp.brand.example', user = 'lea', password = secret 'partnerships' },\n"
	          "  imap = { url = 'imap://127.0.0.1:1430', user = 'lea', password = secret 'p2', tls = 'none', inbox = 'IN' },\n"
	          "  cap = { per_day = 80, gap = '2 minutes', warmup = { from = 10, step = 5 }, per_domain = { default = 20, ['Gmail.com'] = 5 } }, inbound = 'everyone',\n}\n"
	          "account 'bot' { channel = 'telegram', cap = { gap = 5, per_domain = 7 } }\n", NULL);
	/* The channel table comes along, whole. */
	g_autoptr(json_t) loaded = value_parse(host_loaded(host), -1, NULL);
	const json_t *channels = json_object_get(loaded, "channels");
	g_assert_cmpuint(json_object_size(channels), ==, 16);
	g_assert_cmpstr(value_string(json_object_get(channels, "instagram"), "opens", ""), ==, "by hand");
	g_assert_cmpint(value_integer(json_object_get(channels, "whatsapp"), "window", 0), ==, 24);
	json_object_del(loaded, "channels");
	g_autofree char *rest = value_text(loaded);
	g_assert_cmpstr(rest, ==,
	                "{\"accounts\":[{\"cap\":{\"gap\":120,\"per_day\":80,\"per_domain\":{\"default\":20,\"gmail.com\":5},\"warmup\":{\"from\":10,\"step\":5}},\"channel\":\"email\","
	                "\"from\":\"Léa Martin <lea@brand.example>\",\"from_address\":\"lea@brand.example\",\"from_name\":\"Léa Martin\","
	                "\"imap\":{\"inbox\":\"IN\",\"password\":\"p2\",\"sent\":\"Sent\",\"tls\":\"none\",\"url\":\"imap://127.0.0.1:1430\",\"user\":\"lea\"},"
	                "\"inbound\":\"everyone\",\"name\":\"partnerships\",\"owner\":\"lea\",\"smtp\":{\"password\":\"partnerships\",\"tls\":\"required\","
	                "\"url\":\"smtps://smtp.brand.example\",\"user\":\"lea\"}},{\"cap\":{\"gap\":5,\"per_domain\":{\"default\":7}},\"channel\":\"telegram\",\"inbound\":\"contacts\","
	                "\"name\":\"bot\"}],\"workspace\":{\"allow_addresses\":[\"127.0.0.1:2525\"],\"database\":\"x.db\",\"holidays\":[\"FR\",\"2026-12-24\"],"
	                "\"hours\":{\"1\":[[540,1080]],\"2\":[[540,1080]],\"3\":[[540,1080]],\"4\":[[540,1080]],\"5\":[[540,1080]],\"6\":[[600,720]]},"
	                "\"keep\":{\"journals\":\"2 years\",\"raw_mail\":\"1 year\"},\"policy\":{\"asks_per_week\":2,\"breaker\":5,\"max_channels\":3,"
	                "\"opt_in\":[\"email\"],\"personal\":true,\"stop_company\":false,\"two_then_call\":0},"
	                "\"public_url\":\"https://hello.example\",\"redirect_all_to\":\"me@b.example\",\"segments\":{},\"stages\":[\"prospect\",\"contacted\",\"talking\","
	                "\"agreed\",\"briefed\",\"published\",\"paid\",\"silent\",\"declined\"],\"timezone\":\"Europe/Paris\",\"topics\":{\"contract\":[\"email\"],\"sensitive\":[\"call\",\"sms\"]},"
	                "\"undo\":\"30s\"}}");
}

static void test_hours(void)
{
	static const struct {
		const char *hours, *json;
	} cases[] = {
		{ "'always'", "\"hours\":\"always\"" },
		{ "nil", "\"hours\":{\"1\":[[540,1080]],\"2\":[[540,1080]],\"3\":[[540,1080]],\"4\":[[540,1080]],\"5\":[[540,1080]]}" },
		{ "{ mon = '09:00-18:00', fri = { '14:00-18:00', '9:00-12:00' } }", "\"hours\":{\"1\":[[540,1080]],\"5\":[[540,720],[840,1080]]}" },
		{ "{ 'sat-mon 00:00-24:00' }", "\"hours\":{\"1\":[[0,1440]],\"6\":[[0,1440]],\"7\":[[0,1440]]}" },
		{ "{ 'monday, wed 10:00-11:30' }", "\"hours\":{\"1\":[[600,690]],\"3\":[[600,690]]}" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *source = g_strdup_printf("workspace { timezone = 'UTC', hours = %s }", cases[i].hours);
		host_load(host, PROGRAM_WORKSPACE, "perigee.lua", source, NULL);
		g_assert_nonnull(strstr(host_loaded(host), cases[i].json));
	}
}

static void test_faults(void)
{
	static const struct {
		const char *source, *line;
	} cases[] = {
		{ "", "workspace { timezone = \"...\" } is missing @perigee.lua:1" },
		{ "workspace {}", "workspace: 'timezone' is missing; for example timezone = \"Europe/Paris\" @perigee.lua:1" },
		{ "workspace {\n  timezon = 'x',\n}", "workspace: unknown key 'timezon'; did you mean 'timezone'? @perigee.lua:2" },
		{ "workspace { timezone = 5 }", "workspace.timezone: a text is needed, not a number @perigee.lua:1" },
		{ "workspace { timezone = 'UTC', hours = { 'mon-fri 9-18' } }",
		  "workspace.hours: '9-18' is no span of time, such as \"09:00-18:00\" @perigee.lua:1" },
		{ "workspace { timezone = 'UTC', hours = { 'mo 09:00-18:00' } }",
		  "workspace.hours: 'mo' is no day or days, such as \"mon\" or \"mon-fri\" @perigee.lua:1" },
		{ "workspace { timezone = 'UTC', hours = { mon = '18:00-09:00' } }", "workspace.hours: '18:00-09:00' ends before it begins @perigee.lua:1" },
		{ "workspace { timezone = 'UTC', holidays = { 'France' } }",
		  "workspace.holidays: 'France' is neither a country such as \"FR\" or \"DE-BY\" nor a date such as \"2026-12-24\" or \"12-24\" @perigee.lua:1" },
		{ "workspace { timezone = 'UTC' }\nworkspace { timezone = 'UTC' }", "workspace { } stands twice @perigee.lua:2" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' { channel = 'email' }", "account 'a': 'from' is missing @perigee.lua:2" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' { channel = 'email', from = 'Lea' }",
		  "account 'a': from is \"Name <address>\" or an address, not 'Lea' @perigee.lua:2" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' {\nchannel = 'email', from = 'a@b.c',\nsmtp = { url = 'http://x' } }",
		  "account 'a'.smtp.url: 'http://x' does not begin with smtp:// or smtps:// @perigee.lua:4" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' {\nchannel = 'email', from = 'a@b.c',\nsmtp = { url = 'smtp://me:pw@x' } }",
		  "account 'a'.smtp.url: user and password do not belong in an address; use user and password @perigee.lua:4" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' {\nchannel = 'email', from = 'a@b.c',\nsmtp = { url = 'smtp://x', password = 'pw' } }",
		  "account 'a'.smtp.password: a password does not stand in this file; store it with `perigee secret set NAME` and write password = secret \"NAME\" "
		  "@perigee.lua:4" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' { channel = 'sms' }\naccount 'a' { channel = 'sms' }",
		  "there are two accounts named 'a' @perigee.lua:3" },
		{ "workspace { timezone = 'UTC' }\naccount 'a'", "account \"a\" is not followed by { ... } @perigee.lua:1" },
		{ "workspace { timezone = 'UTC' }\nacount 'a' {}",
		  "'acount' is not known in this file; it holds workspace { }, account \"name\" { } and secret \"name\"; did you mean 'account'? @perigee.lua:2" },
		{ "workspace {\n  timezone = 'UTC',\n  policy = {\n    ask_per_week = 2,\n  },\n}",
		  "workspace.policy: unknown key 'ask_per_week'; did you mean 'asks_per_week'? @perigee.lua:4" },
		{ "workspace {\n  timezone = 'UTC',\n  policy = { two_then_call = true },\n}",
		  "workspace.policy.two_then_call: a whole number is needed, or false for no such rule, not a boolean @perigee.lua:3" },
		{ "workspace {\n  timezone = 'UTC',\n  policy = { max_channels = -1 },\n}",
		  "workspace.policy.max_channels: a whole number is needed, or false for no such rule, not -1 @perigee.lua:3" },
		{ "workspace {\n  timezone = 'UTC',\n  policy = {\n    personal = 'no',\n  },\n}",
		  "workspace.policy.personal: true or false is needed, not a text @perigee.lua:4" },
		{ "workspace {\n  timezone = 'UTC',\n  policy = { opt_in = { 'emial' } },\n}",
		  "workspace.policy.opt_in: there is no channel 'emial'; did you mean 'email'? @perigee.lua:3" },
		{ "workspace {\n  timezone = 'UTC',\n  topics = {\n    contract = 'watsapp',\n  },\n}",
		  "workspace.topics.contract: there is no channel 'watsapp'; did you mean 'whatsapp'? @perigee.lua:4" },
		{ "workspace {\n  timezone = 'UTC',\n  topics = { contract = {} },\n}", "workspace.topics.contract: name a channel, such as \"email\" @perigee.lua:3" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' {\nchannel = 'email', from = 'a@b.c',\ncap = { per_domain = { ['gmail'] = 3 } } }",
		  "account 'a'.cap.per_domain: 'gmail' is neither default nor a domain such as [\"gmail.com\"] @perigee.lua:4" },
		{ "workspace { timezone = 'UTC' }\naccount 'a' {\nchannel = 'email', from = 'a@b.c',\ncap = {\nper_domian = 3 } }",
		  "account 'a'.cap: unknown key 'per_domian'; did you mean 'per_domain'? @perigee.lua:5" },
		{ "x = 5", "'x' can't be assigned in this file; it is data alone @perigee.lua:1" },
		{ "while true do end", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		host_load(host, PROGRAM_WORKSPACE, "perigee.lua", cases[i].source, NULL);
		g_autofree char *line = host_line(host), *wanted = g_strconcat("refused invalid ", cases[i].line, NULL);
		if (cases[i].line)
			g_assert_cmpstr(line, ==, wanted);
	}
	host_wait_end(host); /* the loop */
	host_fork(host);
	host_load(host, PROGRAM_SCRIPT, "sequences/x.lua", "error('\\0', 0)", NULL);
	g_autofree char *line = host_line(host);
	g_assert_cmpstr(line, ==, "refused invalid an error without a text @sequences/x.lua:1");
}

static void test_tests(void)
{
	uint64_t program = host_load(host, PROGRAM_TEST, "tests/intro_test.lua",
	                             "local m = require 'lib.help'\ntest('first', function(t)\n  t:enrol { sequence = 'intro', contact = { name = 'Ann' } }\n"
	                             "  t:advance '3 days'\n  t:reply { channel = 'email', text = 'yes' }\n  t:event { kind = 'click', contact = 'c1' }\n"
	                             "  t:expect_sent { channel = 'email', template = 'intro' }\n  t:expect_nothing_sent()\n"
	                             "  t:expect_task { kind = 'call' }\n  t:expect_outcome 'replied'\n  t:expect({ m.one, { 2 } }, { 1, { 2 } })\nend)\n"
	                             "test('second', function(t)\n  t:expect({ 1, { 2 } }, { 1, { 3 } })\nend)\n"
	                             "test('third', function(t)\n  pcall(t.expect_sent, t, { template = 'intro' })\nend)\n",
	                             "help", "return { one = 1 }", NULL);
	g_assert_cmpstr(host_loaded(host), ==, "{\"limits\":{\"cpu_ms\":2000},\"tests\":[\"first\",\"second\",\"third\"]}");
	static const struct {
		const char *line, *answer;
	} steps[] = {
		{ "effect 0 test.enrol {\"contact\":{\"name\":\"Ann\"},\"sequence\":\"intro\"} @tests/intro_test.lua:3", "{\"r\":[\"r1\"]}" },
		{ "effect 1 test.advance {\"for\":\"3 days\"} @tests/intro_test.lua:4", "{\"r\":[]}" },
		{ "effect 2 test.reply {\"channel\":\"email\",\"text\":\"yes\"} @tests/intro_test.lua:5", "{\"r\":[]}" },
		{ "effect 3 test.event {\"contact\":\"c1\",\"kind\":\"click\"} @tests/intro_test.lua:6", "{\"r\":[]}" },
		{ "effect 4 test.sent {\"channel\":\"email\",\"template\":\"intro\"} @tests/intro_test.lua:7", "{\"r\":[[{\"subject\":\"Hi\"}]]}" },
		{ "effect 5 test.sent {} @tests/intro_test.lua:8", "{\"r\":[[]]}" },
		{ "effect 6 test.tasks {\"kind\":\"call\"} @tests/intro_test.lua:9", "{\"r\":[[{\"kind\":\"call\"}]]}" },
		{ "effect 7 test.outcome {} @tests/intro_test.lua:10", "{\"r\":[\"replied\"]}" },
	};
	uint64_t ticket = host_visit(host, program, VISIT_STRICT, "{\"test\":1}", NULL);
	for (uint32_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		host_expect(host, steps[i].line);
		host_answer(host, ticket, i, steps[i].answer);
	}
	host_expect(host, "done null");
	ticket = host_visit(host, program, VISIT_STRICT, "{\"test\":2}", NULL);
	host_expect(host, "effect 0 test.missed {\"expected\":\"value\"} @tests/intro_test.lua:14");
	host_answer(host, ticket, 0, "{\"r\":[]}");
	host_expect(host, "failed test expected 3, got 2 at [2][1]\n  wanted: { 1, { 3 } }\n  got:    { 1, { 2 } } @tests/intro_test.lua:14");
	/* A failed expectation is no error that pcall could hide. */
	ticket = host_visit(host, program, VISIT_STRICT, "{\"test\":3}", NULL);
	g_assert_cmpint(host_receive(host), ==, W_EFFECT);
	host_answer(host, ticket, 0, "{\"r\":[[]]}");
	host_expect(host, "effect 1 test.missed {\"expected\":\"sent\",\"wanted\":{\"template\":\"intro\"}} @tests/intro_test.lua:17");
	host_answer(host, ticket, 1, "{\"r\":[]}");
	host_expect(host, "failed test expected to be sent: { template = \"intro\" } @tests/intro_test.lua:17");
}

static void render(uint64_t program, const char *data, const char *options)
{
	peer_begin(host->worker, W_RENDER, ++host->next);
	peer_put_u64(host->worker, program);
	peer_put_str(host->worker, data, -1);
	peer_put_str(host->worker, options, -1);
	g_assert_true(peer_end(host->worker));
}

static void test_templates(void)
{
	uint64_t program = host_load(host, PROGRAM_TEMPLATE, "intro.md", "---\nsubject: Hi {{ first_name }}\n---\nHello *{{ city }}*, bienvenue à tous\n",
	                             "intro.fr.md", "---\nsubject: Bonjour {{ first_name }}\n---\nSalut {{ city }}\n", NULL);
	g_assert_nonnull(strstr(host_loaded(host), "\"fields\":[\"city\",\"first_name\"]"));
	render(program, "{\"contact\":{\"name\":\"Ann B\",\"fields\":{\"city\":\"Lyon\"}}}",
	       "{\"boundary\":\"00112233445566778899aabbccddeeff\",\"channel\":\"email\",\"html\":true,\"locale\":\"en\"}");
	host_receive(host);
	g_autofree char *line = host_line(host);
	g_assert_nonnull(strstr(line, "\"subject\":\"Hi Ann\""));
	g_assert_nonnull(strstr(line, "Content-Type: multipart/alternative"));
	g_assert_nonnull(strstr(line, "00112233445566778899aabbccddeeff"));
	render(program, "{\"contact\":{\"name\":\"Ann B\",\"fields\":{}}}", "{\"channel\":\"email\",\"boundary\":\"00112233445566778899aabbccddeeff\"}");
	host_receive(host);
	g_autofree char *missing = host_line(host);
	g_assert_true(g_str_has_prefix(missing, "failed invalid city is missing"));
	g_assert_true(g_str_has_suffix(missing, "@intro.md:4"));
	host_load(host, PROGRAM_TEMPLATE, "bad.md", "---\nsubject: x\n---\n{% if %}\n", NULL);
	g_autofree char *bad = host_line(host);
	g_assert_true(g_str_has_prefix(bad, "refused invalid "));
	g_assert_true(g_str_has_suffix(bad, "@bad.md:4"));
}

static void test_liquid(void)
{
	uint64_t program = host_load(host, PROGRAM_LIQUID, "page.liquid", "{% for i in list %}{{ i }};{% endfor %}{{ none }}{{ name | upcase }}", NULL);
	host_loaded(host);
	render(program, "{\"list\":[1,2,3],\"name\":\"zoé\",\"none\":null}", "{}");
	host_expect(host, "rendered {} 1;2;3;ZOÉ");
	/* What is said of a file that is no UTF-8 is. */
	program = host_load(host, PROGRAM_LIQUID, "page.liquid", "a\n{% render 'x\xff' %}", NULL);
	host_loaded(host);
	render(program, "{}", "{}");
	g_assert_cmpint(host_receive(host), ==, W_FAILED);
	g_autofree char *line = host_line(host);
	g_assert_true(g_utf8_validate(line, -1, NULL) && g_str_has_suffix(line, "@page.liquid:2"));
}

static void test_mail(void)
{
	peer_begin(host->worker, W_MAIL, 5);
	peer_put_str(host->worker, "From: Zoe <zoe@b.example>\r\nMessage-ID: <1@b.example>\r\nIn-Reply-To: <0@a.example>\r\n"
	                           "Subject: =?iso-8859-15?Q?R=E9?=\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\nYes\r\n\r\n> no\r\n", -1);
	peer_end(host->worker);
	g_assert_cmpint(host_receive(host), ==, W_MAIL_READ);
	const char *json = frame_get_str(&host->frame, NULL);
	g_assert_nonnull(strstr(json, "\"in_reply_to\":\"0@a.example\""));
	g_assert_nonnull(strstr(json, "\"subject\":\"Ré\""));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	host = host_start();
	host_fork(host);
	g_test_add_func("/workspace/the workspace file comes out normalized", test_full_file);
	g_test_add_func("/workspace/hours can be written in several ways", test_hours);
	g_test_add_func("/workspace/faults are told with their place and advice", test_faults);
	g_test_add_func("/programs/tests run as effects on the host's world", test_tests);
	g_test_add_func("/programs/templates are rendered in the jail", test_templates);
	g_test_add_func("/programs/plain Liquid is rendered byte for byte", test_liquid);
	g_test_add_func("/programs/mail is read in the jail", test_mail);
	int failed = g_test_run();
	host_stop(host);
	return failed;
}
