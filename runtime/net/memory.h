/* SPDX-License-Identifier: MIT */
/* Memory for keys and values of secrets: never in a core, never on a swap device, wiped when freed. */
#ifndef PERIGEE_MEMORY_H
#define PERIGEE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* First of all in main, in every mode of net: no core dump, no look by other processes of our user, as much locked memory
 * as the system allows us. */
void memory_close(void);
/* Does locking work here? If not, what is in memory may reach a swap device. */
bool memory_locks(void);
/* From sodium_malloc (between guard pages, locked where it can be, left out of cores); give it back with sodium_free,
 * which wipes it. Out of memory ends the process. */
void *memory_new(size_t size);

#endif
