/* SPDX-License-Identifier: MIT */
/* LINKS: worker */
/*
 * perigee.lua: any bytes through the loader of the worker and stdlib/workspace.lua. It is loaded or refused, in words; what is
 * loaded is canonical JSON of the form that the host reads, and the same the second time.
 */
#include "worker.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	bench_open(PROGRAM_WORKSPACE);
	bench_connect();
	return 0;
}

static void check_loaded(Frame *frame)
{
	g_autoptr(json_t) value = take_json(frame);
	g_assert_true(frame_end(frame));
	const json_t *workspace = json_object_get(value, "workspace"), *accounts = json_object_get(value, "accounts");
	g_assert_true(json_is_object(workspace) && json_is_string(json_object_get(workspace, "timezone")));
	size_t i;
	json_t *account;
	json_array_foreach(accounts, i, account)
		g_assert_true(json_is_string(json_object_get(account, "name")) && json_is_string(json_object_get(account, "channel")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	put_number(bytes, PROGRAM_WORKSPACE, 1);
	put_text(bytes, "perigee.lua", strlen("perigee.lua"));
	put_number(bytes, 1, 4);
	put_text(bytes, "perigee.lua", strlen("perigee.lua"));
	put_text(bytes, (const char *)data, size);
	Frame request = bench_frame(bytes, 1), answer;
	bool done = bench_serve(program_load, &request, &answer);
	g_assert_cmpuint(answer.id, ==, 1);
	if (answer.kind == W_REFUSED) {
		check_failure(&answer);
		return 0;
	}
	g_assert_true(done && answer.kind == W_LOADED);
	g_autofree char *first = g_memdup2(answer.data, answer.size);
	size_t first_size = answer.size;
	check_loaded(&answer);
	request = bench_frame(bytes, 1);
	if (bench_serve(program_load, &request, &answer))
		g_assert_true(answer.kind == W_LOADED && answer.size == first_size && memcmp(answer.data, first, first_size) == 0);
	return 0;
}
