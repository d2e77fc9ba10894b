/* SPDX-License-Identifier: MIT */
/* The memory of a Lua state: see arena.h. */
#include "worker/arena.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Sanitizers keep their shadow where the first address lies; valgrind ends below the second. */
#ifdef WORKER_SANITIZED
#define ARENA_ADDRESS UINT64_C(0x200000000000)
#else
#define ARENA_ADDRESS UINT64_C(0x040000000000)
#endif

enum {
	GRAIN = 16,
	SMALL = 1024,                     /* up to here classes are GRAIN apart */
	SMALL_CLASSES = SMALL / GRAIN,
	STEPS = 4,                        /* above, so many classes for each doubling */
	CLASSES = SMALL_CLASSES + STEPS * 22,
	KEEP = 1 << 20,                   /* used beyond an image by this much: given back to the system */
};

typedef struct Free {
	struct Free *next;
} Free;

struct Arena {
	size_t size;  /* bytes mapped */
	size_t top;   /* bytes from the start that have ever been handed out, this record included */
	size_t live;  /* bytes in use, counted as their classes */
	size_t limit; /* live may not pass it */
	/* A refused request. Lua's core collects garbage and asks again for the same; anything else that asks for
	 * more in between has swallowed the refusal, and the visit ends: being out of memory is no value to branch
	 * on. */
	bool refused;
	void *refused_block;
	size_t refused_size;
	void (*full)(void), (*refusing)(void);
	Free *free[CLASSES];
};

static unsigned class_of(size_t size)
{
	if (size <= SMALL)
		return (unsigned)((size + GRAIN - 1) / GRAIN - 1);
	unsigned bit = 63u - (unsigned)__builtin_clzll(size - 1);
	size_t step = (size_t)1 << (bit - 2);
	return SMALL_CLASSES + (bit - 10) * STEPS + (unsigned)((size - 1 - ((size_t)1 << bit)) / step);
}

static size_t class_size(unsigned class)
{
	if (class < SMALL_CLASSES)
		return (class + 1) * (size_t)GRAIN;
	unsigned bit = (class - SMALL_CLASSES) / STEPS + 10;
	return ((size_t)1 << bit) + ((class - SMALL_CLASSES) % STEPS + 1) * ((size_t)1 << (bit - 2));
}

Arena *arena_map(size_t size, void (*full)(void))
{
	void *at = mmap((void *)(uintptr_t)ARENA_ADDRESS, size, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (at != (void *)(uintptr_t)ARENA_ADDRESS) /* an old kernel takes the address as a wish */
		return NULL;
	Arena *arena = at;
	arena->size = size;
	arena->full = full;
	arena_clear(arena);
	return arena;
}

void arena_on_refusal(Arena *arena, void (*refusing)(void))
{
	arena->refusing = refusing;
}

void arena_clear(Arena *arena)
{
	arena->top = (sizeof *arena + GRAIN - 1) / GRAIN * GRAIN;
	arena->live = 0;
	arena->limit = arena->size;
	arena->refused = false;
	memset(arena->free, 0, sizeof arena->free);
}

static bool is_last(const Arena *arena, const void *block, size_t size)
{
	return (const char *)block + size == (const char *)arena + arena->top;
}

static void *take(Arena *arena, unsigned class)
{
	size_t size = class_size(class);
	if (arena->live + size > arena->limit)
		return NULL;
	void *block = arena->free[class];
	if (block) {
		arena->free[class] = arena->free[class]->next;
	} else {
		if (size > arena->size - arena->top)
			return NULL;
		block = (char *)arena + arena->top;
		arena->top += size;
	}
	arena->live += size;
	return block;
}

static void give(Arena *arena, void *block, unsigned class)
{
	size_t size = class_size(class);
	arena->live -= size;
	if (is_last(arena, block, size)) {
		arena->top -= size;
		return;
	}
	Free *free_block = block;
	free_block->next = arena->free[class];
	arena->free[class] = free_block;
}

static void *resize(Arena *arena, void *block, size_t old_size, size_t size)
{
	unsigned from = class_of(old_size), to = class_of(size);
	if (from == to)
		return block;
	/* The last block grows and shrinks in place; large strings are built there. */
	size_t before = class_size(from), after = class_size(to);
	bool fits = arena->live - before + after <= arena->limit && arena->top - before + after <= arena->size;
	if (fits && is_last(arena, block, before)) {
		arena->top = arena->top - before + after;
		arena->live = arena->live - before + after;
		return block;
	}
	void *moved = take(arena, to);
	if (!moved && size < old_size) { /* shrinking must not fail: the rest of the block is lost until the visit ends */
		arena->live = arena->live - before + after;
		return block;
	}
	if (moved) {
		memcpy(moved, block, MIN(old_size, size));
		give(arena, block, from);
	}
	return moved;
}

void *arena_allocate(void *data, void *block, size_t old_size, size_t size)
{
	Arena *arena = data;
	if (size == 0) {
		if (block)
			give(arena, block, class_of(old_size));
		return NULL;
	}
	if (!block)
		old_size = 0; /* then it says what kind of object is made */
	bool again = false;
	if (arena->refused && size > old_size) {
		again = block == arena->refused_block && size == arena->refused_size;
		arena->refused = false;
		if (!again)
			arena->full();
	}
	void *got = NULL;
	if (size < arena->size)
		got = block ? resize(arena, block, old_size, size) : take(arena, class_of(size));
	if (!got) {
		if (again)
			arena->full();
		arena->refused = true;
		arena->refused_block = block;
		arena->refused_size = size;
		if (arena->refusing)
			arena->refusing();
	}
	return got;
}

bool arena_has_refused(const Arena *arena)
{
	return arena->refused;
}

void arena_settle(Arena *arena)
{
	if (arena->refused)
		arena->full();
}

void arena_limit(Arena *arena, size_t bytes)
{
	arena->limit = MIN(arena->live + bytes, arena->size);
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	return (x > y) - (x < y);
}

/* Gives up the free blocks at the end, so that images hold no more than they must. */
static void trim(Arena *arena)
{
	g_autoptr(GPtrArray) ends = g_ptr_array_new(); /* just behind each free block */
	g_autoptr(GHashTable) sizes = g_hash_table_new(NULL, NULL);
	for (unsigned class = 0; class < CLASSES; class++)
		for (Free *block = arena->free[class]; block; block = block->next) {
			g_ptr_array_add(ends, (char *)block + class_size(class));
			g_hash_table_insert(sizes, (char *)block + class_size(class), GSIZE_TO_POINTER(class_size(class)));
		}
	g_ptr_array_sort(ends, by_address);
	for (guint i = ends->len; i > 0 && ends->pdata[i - 1] == (char *)arena + arena->top; i--)
		arena->top -= GPOINTER_TO_SIZE(g_hash_table_lookup(sizes, ends->pdata[i - 1]));
	for (unsigned class = 0; class < CLASSES; class++)
		for (Free **link = &arena->free[class]; *link;)
			if ((char *)*link >= (char *)arena + arena->top)
				*link = (*link)->next;
			else
				link = &(*link)->next;
}

Image *arena_save(Arena *arena)
{
	trim(arena);
	Image *image = g_malloc(sizeof *image + arena->top);
	image->size = arena->top;
	memcpy(image->bytes, arena, arena->top);
	return image;
}

void arena_restore(Arena *arena, const Image *image)
{
	size_t top = arena->top;
	memcpy(arena, image->bytes, image->size);
	if (top > image->size + KEEP) {
		size_t page = 4096, from = (image->size + page - 1) / page * page;
		madvise((char *)arena + from, (top - from + page - 1) / page * page, MADV_DONTNEED);
	}
}
