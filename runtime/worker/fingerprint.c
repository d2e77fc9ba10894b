/* SPDX-License-Identifier: MIT */
/* The fingerprint of this program: see fingerprint.h. */
#include "worker/fingerprint.h"

#include <glib.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <link.h>
#include <lua.h>
#include <math.h>
#include <string.h>
#include <sys/utsname.h>

enum { PROBES = 256, ID_BYTES = 8 };

/* FNV-1a. */
static uint64_t add(uint64_t hash, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return hash;
}
#define FNV_START UINT64_C(0xcbf29ce484222325)

static uint64_t mathematics(void)
{
	uint64_t hash = FNV_START;
	for (int i = 1; i <= PROBES; i++) {
		volatile double x = i * 0.7309; /* at run time, not the compiler's */
		double probes[] = { sin(x), cos(x), tan(x), exp(x), log(x), pow(x, 1.37), atan2(x, 3), asin(1 / (1 + x)), log2(x), fmod(x, 0.3) };
		hash = add(hash, probes, sizeof probes);
	}
	return hash;
}

static uint64_t stdlib(Library *library)
{
	uint64_t hash = FNV_START;
	g_autoptr(GPtrArray) names = library_names(library);
	for (guint i = 0; i < names->len; i++) {
		size_t size;
		const char *name = names->pdata[i], *source = library_source(library, name, &size);
		if (g_str_has_prefix(name, "meta/")) /* annotations for editors */
			continue;
		hash = add(hash, name, strlen(name) + 1);
		hash = add(hash, source, size);
	}
	return hash;
}

/* The linker's id of the main program, which comes first. */
static int find_build(struct dl_phdr_info *info, size_t size, void *out)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_NOTE)
			continue;
		const char *at = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), *end = at + info->dlpi_phdr[i].p_memsz;
		while (at + sizeof(ElfW(Nhdr)) <= end) {
			const ElfW(Nhdr) *note = (const void *)at;
			const unsigned char *id = (const unsigned char *)at + sizeof *note + (note->n_namesz + 3) / 4 * 4;
			if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz >= ID_BYTES)
				for (int k = 0; k < ID_BYTES; k++)
					g_string_append_printf(out, "%02x", id[k]);
			if (note->n_type == NT_GNU_BUILD_ID)
				return 1;
			at = (const char *)id + (note->n_descsz + 3) / 4 * 4;
		}
	}
	return 1;
}

char *fingerprint_make(Library *library)
{
	struct utsname machine = { 0 };
	uname(&machine);
	g_autoptr(GString) build = g_string_new(NULL);
	dl_iterate_phdr(find_build, build);
	return g_strdup_printf("perigee=%s stdlib=%016" PRIx64 " lua=%s libc=%s mathematics=%016" PRIx64 " machine=%s build=%s", PERIGEE_VERSION, stdlib(library),
	                       LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE, gnu_get_libc_version(), mathematics(), machine.machine,
	                       build->len ? build->str : "unknown");
}
