/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * Templates of strangers. The first byte says what it is to be: plain Liquid, or a template of messages (Liquid, then Markdown,
 * then a mail). Up to the line "---8<---" stands the file, behind it the data as JSON. It is rendered or refused in words,
 * the same each time; what is rendered for a mail has lines that a mail server takes.
 */
#include "worker.h"

#define PARTIAL "[{{ x }}{% if y %}{{ y | upcase }}{% endif %}]"
#define OPTIONS "{\"boundary\":\"0123456789abcdef0123456789abcdef\",\"channel\":\"%s\",\"html\":true}"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	bench_open(PROGRAM_LIQUID);
	g_autofree char *why = NULL;
	g_assert_nonnull(state_base(bench.worker, PROGRAM_TEMPLATE, &why));
	hook_image(&bench.worker->bases[PROGRAM_TEMPLATE]);
	bench_connect();
	return 0;
}

static bool load(ProgramType type, const char *source, size_t size)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	const char *name = type == PROGRAM_TEMPLATE ? "x.md" : "x.liquid";
	put_number(bytes, type, 1);
	put_text(bytes, "x", 1);
	put_number(bytes, type == PROGRAM_LIQUID ? 2 : 1, 4);
	put_text(bytes, name, strlen(name));
	put_text(bytes, source, size);
	if (type == PROGRAM_LIQUID) {
		put_text(bytes, "p", 1);
		put_text(bytes, PARTIAL, strlen(PARTIAL));
	}
	Frame request = bench_frame(bytes, 1), answer;
	bool done = bench_serve(program_load, &request, &answer);
	if (answer.kind == W_REFUSED) {
		check_failure(&answer);
		return false;
	}
	g_assert_true(done && answer.kind == W_LOADED);
	g_autoptr(json_t) value = take_json(&answer);
	g_assert_true(json_is_object(value) && frame_end(&answer));
	hook_image(&program_find(bench.worker, 1)->image);
	return true;
}

static void check_mail(const char *bytes, size_t size)
{
	for (size_t at = 0; at < size;) {
		const char *newline = memchr(bytes + at, '\n', size - at);
		g_assert_true(newline && newline > bytes + at && newline[-1] == '\r');
		size_t length = (size_t)(newline - bytes) - 1 - at;
		g_assert_true(length <= 998 && !memchr(bytes + at, '\r', length) && !memchr(bytes + at, 0, length));
		at += length + 2;
	}
}

/* What was rendered: the frame's bytes, NULL if nothing was. */
static GBytes *render(ProgramType type, bool mail, const char *data)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	g_autofree char *options = g_strdup_printf(OPTIONS, mail ? "email" : "sms");
	put_number(bytes, 1, 8);
	put_text(bytes, data, strlen(data));
	put_text(bytes, options, strlen(options));
	Frame request = bench_frame(bytes, 2), answer;
	bool done = bench_serve(render_serve, &request, &answer);
	if (answer.kind == W_FAILED) {
		check_failure(&answer);
		return NULL;
	}
	g_assert_true(done && answer.kind == W_RENDERED && answer.id == 2);
	GBytes *all = g_bytes_new(answer.data, answer.size);
	g_autoptr(json_t) value = take_json(&answer);
	size_t size;
	const char *out = frame_get_str(&answer, &size);
	g_assert_true(frame_end(&answer) && json_is_object(value));
	if (type == PROGRAM_TEMPLATE && mail)
		check_mail(out, size);
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "\n---8<---\n";
	if (size == 0)
		return 0;
	ProgramType type = data[0] & 1 ? PROGRAM_TEMPLATE : PROGRAM_LIQUID;
	const char *source = (const char *)data + 1, *end = memmem(source, size - 1, mark, strlen(mark));
	size_t length = end ? (size_t)(end - source) : size - 1;
	g_autofree char *given = end ? g_strndup(end + strlen(mark), size - 1 - length - strlen(mark)) : g_strdup("{}");
	/* The data come from the host, canonical: what is none is not asked for. Plain Liquid reads a person's own JSON. */
	g_autoptr(json_t) value = value_parse(given, -1, NULL);
	if (type == PROGRAM_TEMPLATE && !json_is_object(value))
		return 0;
	g_autofree char *text = type == PROGRAM_TEMPLATE ? value_text(value) : g_steal_pointer(&given);
	if (!load(type, source, length))
		return 0;
	g_autoptr(GBytes) first = render(type, data[0] & 2, text), second = first ? render(type, data[0] & 2, text) : NULL;
	g_assert_true(!second || g_bytes_equal(first, second));
	return 0;
}
