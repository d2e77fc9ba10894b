/* SPDX-License-Identifier: MIT */
/*
 * The memory of a Lua state: one mapping at a fixed address that also holds the allocator's own records, so that
 * copying the used bytes out and back (an Image) restores the state with all that belongs to it. Fixed, because the
 * pointers in an image must hold when it comes back, and because Lua mixes addresses into its hash seed.
 *
 * Blocks come in size classes with a free list each; nothing is joined again, because a state lives for one visit.
 */
#ifndef PERIGEE_ARENA_H
#define PERIGEE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/* Built with AddressSanitizer: other addresses, more system calls, slower. */
#if defined(__SANITIZE_ADDRESS__)
#define WORKER_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORKER_SANITIZED 1
#endif
#endif

typedef struct Arena Arena;

/* The used bytes of an arena at one moment. */
typedef struct Image {
	size_t size;
	char bytes[];
} Image;

/* Maps the arena of this process (there is one) with room for `size` bytes. NULL if the place is taken. `full` is
 * called when a request can't be met although the collector has run; it does not return. */
Arena *arena_map(size_t size, void (*full)(void));
/* Called when a request is refused for the first time: Lua may collect garbage and ask again, or raise. Must not allocate. */
void arena_on_refusal(Arena *arena, void (*refusing)(void));
/* Was the last request refused, and none was made since? Whoever asked has made an error of it that a script can catch. */
bool arena_has_refused(const Arena *arena);
/* Empties it. */
void arena_clear(Arena *arena);
/* The lua_Alloc; its first argument is the arena. */
void *arena_allocate(void *arena, void *block, size_t old_size, size_t size);
/* Calls `full` if the last request was refused: a buffer of Lua's library asks once and raises an ordinary error, which a script
 * may have caught. To be called before anything is done that is seen outside. */
void arena_settle(Arena *arena);
/* From now on at most this many bytes more than are in use now. */
void arena_limit(Arena *arena, size_t bytes);
/* The caller frees it with g_free. What is free at the arena's end is given up before. */
Image *arena_save(Arena *arena);
/* Brings the arena back to the image, limit included, and gives memory beyond it back to the system if it is much. */
void arena_restore(Arena *arena, const Image *image);

#endif
