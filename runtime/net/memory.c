/* SPDX-License-Identifier: MIT */
/* Memory for secrets: see memory.h. */
#include "net/memory.h"

#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

void memory_close(void)
{
	struct rlimit none = { 0, 0 }, locked;
	setrlimit(RLIMIT_CORE, &none);
	/* A core that is piped to a program knows no limit, but what is not dumpable has none; and nobody may ptrace it. */
#if !defined(__SANITIZE_ADDRESS__) /* the leak checker traces its own process */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < locked.rlim_max) {
		locked.rlim_cur = locked.rlim_max;
		setrlimit(RLIMIT_MEMLOCK, &locked);
	}
}

bool memory_locks(void)
{
	static const size_t most = 256 * 1024; /* the largest secret and the keys, between pages of their own */
	void *probe = sodium_malloc(most);
	bool ok = probe && sodium_mlock(probe, most) == 0;
	sodium_free(probe);
	return ok;
}

void *memory_new(size_t size)
{
	void *memory = sodium_malloc(size);
	if (!memory)
		fatal("out of memory");
	return memory;
}
