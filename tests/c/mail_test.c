/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * Incoming mail: each tests/mail/NAME.eml is read and must have the members of NAME.json ("*" is any text). Then that reading opens
 * nothing once the jail is closed, that garbage does no harm, and how far real bounces agree with what is published of them.
 */
#include "base/value.h"
#include "worker/mail.h"

#include <seccomp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static json_t *read_mail(const char *bytes, size_t size)
{
	g_autofree char *text = mail_read(bytes, size);
	g_autoptr(GError) error = NULL;
	json_t *value = value_parse(text, -1, &error);
	g_assert_no_error(error);
	g_autofree char *again = value_text(value);
	g_assert_cmpstr(text, ==, again); /* canonical */
	return value;
}

/* Fails unless got has all members of wanted. */
static void compare(const char *name, const json_t *wanted, const json_t *got)
{
	if (json_is_string(wanted) && !strcmp(json_string_value(wanted), "*"))
		return;
	if (json_is_object(wanted)) {
		const char *key;
		json_t *value;
		json_object_foreach((json_t *)wanted, key, value)
			compare(key, value, json_object_get(got, key));
	} else if (json_is_array(wanted) && json_array_size(wanted) == json_array_size(got)) {
		for (size_t i = 0; i < json_array_size(wanted); i++)
			compare(name, json_array_get(wanted, i), json_array_get(got, i));
	} else if (!json_equal(wanted, got)) {
		g_autofree char *a = value_text(wanted), *b = value_text(got);
		g_test_message("%s: wanted %s, got %s", name, a, b);
		g_test_fail();
	}
}

static void test_fixture(gconstpointer data)
{
	g_autofree char *mail_path = g_strdup_printf("tests/mail/%s.eml", (const char *)data);
	g_autofree char *json_path = g_strdup_printf("tests/mail/%s.json", (const char *)data);
	g_autofree char *mail = NULL, *json = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(mail_path, &mail, &size, NULL));
	g_assert_true(g_file_get_contents(json_path, &json, NULL, NULL));
	g_autoptr(json_t) wanted = value_parse(json, -1, NULL);
	g_autoptr(json_t) got = read_mail(mail, size);
	compare(data, wanted, got);
}

/* The names of all files in tests/mail that end in .eml, without the end. */
static GPtrArray *fixtures(void)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open("tests/mail", 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		if (g_str_has_suffix(name, ".eml"))
			g_ptr_array_add(names, g_strndup(name, strlen(name) - 4));
	}
	if (dir)
		g_dir_close(dir);
	g_ptr_array_sort(names, (GCompareFunc)g_strcmp0);
	return names;
}

/* A process that opens a file from here on dies. */
static void close_jail(void)
{
	static const int forbidden[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(creat), SCMP_SYS(stat), SCMP_SYS(newfstatat),
		SCMP_SYS(access), SCMP_SYS(readlink), SCMP_SYS(socket), SCMP_SYS(execve) };
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, 0 });
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++)
		g_assert_cmpint(seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, forbidden[i], 0), ==, 0);
	g_assert_cmpint(seccomp_load(filter), ==, 0);
}

static const char *const charsets[] = { "utf-8", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-8-i", "iso-8859-15", "latin1", "windows-1250",
	"windows-1251", "cp1252", "x-cp1254", "windows-1258", "windows-874", "koi8-r", "koi8-u", "cp866", "macintosh", "x-mac-cyrillic", "big5",
	"big5-hkscs", "gb2312", "gbk", "x-gbk", "gb18030", "hz-gb-2312", "shift_jis", "x-sjis", "cp932", "windows-31j", "euc-jp", "iso-2022-jp",
	"iso-2022-jp-2", "iso-2022-kr", "iso-2022-cn", "euc-kr", "ks_c_5601-1987", "cp949", "euc-tw", "johab", "tis-620", "viscii", "utf-7", "utf-16",
	"utf-16le", "utf-32", "ansi_x3.4-1968", "unknown-8bit", "x-unknown", "no such charset", "../../etc/passwd", "UTF-8//TRANSLIT" };

static void read_all_charsets(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
		g_autofree char *mail = g_strdup_printf("From: =?%s?Q?L=E9=E8=A4=A1?= <a@b.example>\nSubject: =?%s?B?6eikoQ==?=\nDate: Mon, 23 Nov 2026 9:0 MET\n"
			"Content-Type: text/plain; charset=\"%s\"\n\nL\xE9\xE8\xA4\xA1\x1B$B$3$N\x1B(B +AOk- ~{<:~}\n", charsets[i], charsets[i], charsets[i]);
		g_free(mail_read(mail, strlen(mail)));
	}
}

static void test_opens_nothing(void)
{
	g_autoptr(GPtrArray) names = fixtures();
	g_autoptr(GPtrArray) mails = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GArray) sizes = g_array_new(FALSE, FALSE, sizeof(gsize));
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strdup_printf("tests/mail/%s.eml", (char *)g_ptr_array_index(names, i));
		char *mail;
		gsize size;
		g_assert_true(g_file_get_contents(path, &mail, &size, NULL));
		g_ptr_array_add(mails, mail);
		g_array_append_val(sizes, size);
	}
	/* As in the zygote: mail_prepare, fork, jail. No mail has been read before but those of mail_prepare. */
	pid_t pid = fork();
	if (!pid) {
		close_jail();
		for (guint i = 0; i < mails->len; i++)
			g_free(mail_read(g_ptr_array_index(mails, i), g_array_index(sizes, gsize, i)));
		read_all_charsets();
		_exit(0);
	}
	int status;
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_true(WIFEXITED(status));
	g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void test_odd_input(void)
{
	g_autoptr(GPtrArray) names = fixtures();
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strdup_printf("tests/mail/%s.eml", (char *)g_ptr_array_index(names, i));
		g_autofree char *mail = NULL;
		gsize size;
		g_assert_true(g_file_get_contents(path, &mail, &size, NULL));
		g_autoptr(GRand) rand = g_rand_new_with_seed(i + 1);
		for (int round = 0; round < 8 && size; round++) {
			g_autofree char *torn = g_memdup2(mail, size);
			for (int k = 0; k < 20; k++)
				torn[g_rand_int_range(rand, 0, (gint32)size)] = (char)g_rand_int_range(rand, 0, 256);
			json_decref(read_mail(torn, (gsize)g_rand_int_range(rand, 0, (gint32)size + 1)));
		}
	}
}

static char *nested(const char *type, int depth)
{
	GString *mail = g_string_new("From: a@b.example\nSubject: deep\nMIME-Version: 1.0\n");
	for (int i = 0; i < depth; i++)
		g_string_append_printf(mail, "Content-Type: %s; boundary=b%d\n\n--b%d\n", type, i, i);
	g_string_append(mail, "Content-Type: text/plain\n\nbottom\n");
	return g_string_free(mail, FALSE);
}

static void test_bounds(void)
{
	g_autofree char *deep = nested("multipart/mixed", 3000), *boxed = nested("message/rfc822", 3000);
	json_decref(read_mail(deep, strlen(deep)));
	json_decref(read_mail(boxed, strlen(boxed)));
	g_autoptr(GString) big = g_string_new("From: a@b.example\nSubject: big\nContent-Type: text/plain; charset=utf-8\n\n");
	for (int i = 0; i < 200000; i++)
		g_string_append(big, i % 40 ? "é " : "é\n");
	g_autoptr(json_t) read = read_mail(big->str, big->len);
	g_assert_cmpuint(strlen(value_string(read, "text", "")), <=, MAIL_TEXT_BYTES);
	g_assert_cmpuint(strlen(value_string(read, "text", "")), >, MAIL_TEXT_BYTES - 4);
	g_autoptr(GString) tags = g_string_new("From: a@b.example\nSubject: tags\nContent-Type: text/html\n\n");
	for (int i = 0; i < 100000; i++)
		g_string_append(tags, "<div><a href=\"x\"><blockquote><!-- &lt");
	json_decref(read_mail(tags->str, tags->len));
}

/* GMime takes a level of the stack for each group in a group of addresses, in the top of a mail and of each mail within it. */
static void test_nested_groups(void)
{
	static const char *const fronts[] = { "To: ", "Content-Type: message/rfc822\n\nFrom: ", "Content-Type: message/rfc822\n\nfrom \t: ",
		"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: y\nreply-to:\n " };
	for (size_t i = 0; i < G_N_ELEMENTS(fronts); i++) {
		g_autoptr(GString) mail = g_string_new("From: a@b.example\nSubject: deep\n");
		g_string_append(mail, fronts[i]);
		for (int k = 0; k < 200000; k++)
			g_string_append(mail, k % 100 ? "a:" : "a:\n ");
		g_string_append(mail, "\n\nx\n");
		g_autoptr(json_t) read = read_mail(mail->str, mail->len);
		g_assert_cmpstr(value_string(read, "from", ""), ==, "a@b.example");
		g_assert_cmpstr(value_string(read, "subject", ""), ==, "deep");
	}
	g_autoptr(GString) body = g_string_new("From: a@b.example\n\nTo: you\n");
	for (int k = 0; k < 5000; k++)
		g_string_append(body, k % 100 ? "10:00 " : "10:00\n");
	g_autoptr(json_t) kept = read_mail(body->str, body->len);
	g_assert_cmpuint(strlen(value_string(kept, "text", "")), >, 25000); /* other text loses nothing */
}

/* The bounces of ../shared/suites/bounces, where it is at hand. What their makers call soft or hard is not always what the mail says,
 * so not all have to agree. */
typedef struct Agreement {
	unsigned mails, kinds, counts, rows, classes, statuses, stated;
} Agreement;

static void agree(Agreement *sum, const json_t *wanted, const json_t *got)
{
	const json_t *bounces = json_object_get(got, "bounces");
	const char *reason = value_string(json_array_get(wanted, 0), "reason", ""), *kind = value_string(got, "kind", "");
	bool is_bounce = !strcmp(kind, "bounce");
	bool other = !strcmp(reason, "feedback") || !strcmp(reason, "vacation") || !strcmp(reason, "delivered");
	bool right = !strcmp(reason, "feedback") ? !strcmp(kind, "complaint") : !strcmp(reason, "vacation") ? !strcmp(kind, "auto_reply") : other ? !is_bounce : is_bounce;
	sum->mails++;
	sum->kinds += right;
	sum->counts += right && (other || json_array_size(wanted) == json_array_size(bounces));
	for (size_t i = 0; right && !other && i < json_array_size(wanted) && i < json_array_size(bounces); i++) {
		const json_t *a = json_array_get(wanted, i), *b = json_array_get(bounces, i);
		const char *status = value_string(a, "status", "");
		sum->rows++;
		sum->classes += !strcmp(value_string(a, "class", ""), value_string(b, "class", "-"));
		if (!strstr(status, ".0.9")) {
			sum->stated++;
			sum->statuses += !strcmp(status, value_string(b, "status", ""));
		}
	}
}

static void test_real_bounces(void)
{
	const char *dir = "../shared/suites/bounces";
	g_autofree char *path = g_build_filename(dir, "expected.json", NULL);
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL)) {
		g_test_skip("the suite is not here");
		return;
	}
	g_autoptr(json_t) expected = value_parse(text, -1, NULL);
	Agreement sum = { 0 };
	const char *name;
	json_t *wanted;
	json_object_foreach(expected, name, wanted) {
		g_autofree char *file = g_build_filename(dir, name, NULL);
		g_autofree char *mail = NULL;
		gsize size;
		if (!g_file_get_contents(file, &mail, &size, NULL))
			continue;
		g_autoptr(json_t) got = read_mail(mail, size);
		agree(&sum, wanted, got);
	}
	g_test_message("of %u mails: kind %u, recipients %u; of %u recipients: class %u; of %u statuses stated: %u", sum.mails, sum.kinds, sum.counts,
		sum.rows, sum.classes, sum.stated, sum.statuses);
	g_assert_cmpuint(sum.kinds * 100, >=, sum.mails * 98);
	g_assert_cmpuint(sum.counts * 100, >=, sum.mails * 97);
	g_assert_cmpuint(sum.classes * 100, >=, sum.rows * 95);
	g_assert_cmpuint(sum.statuses * 100, >=, sum.stated * 99);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	mail_prepare();
	/* First, so that nothing was read yet in the process that is forked. */
	g_test_add_func("/mail/once the jail is closed reading opens nothing", test_opens_nothing);
	g_autoptr(GPtrArray) names = fixtures();
	g_assert_cmpuint(names->len, >, 0);
	for (guint i = 0; i < names->len; i++) {
		g_autofree char *path = g_strdup_printf("/mail/it is understood: %s", (char *)g_ptr_array_index(names, i));
		g_test_add_data_func(path, g_ptr_array_index(names, i), test_fixture);
	}
	g_test_add_func("/mail/torn mails do no harm", test_odd_input);
	g_test_add_func("/mail/deep and big mails do no harm", test_bounds);
	g_test_add_func("/mail/groups within groups end nothing", test_nested_groups);
	g_test_add_func("/mail/real bounces are read as their makers read them", test_real_bounces);
	return g_test_run();
}
