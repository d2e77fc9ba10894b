/* SPDX-License-Identifier: MIT */
/* Cutting secrets out of answers: see scrub.h. */
#include "net/scrub.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
	BASE64_LEAST = 4, /* bytes of a value: of fewer the inner digits are found by chance */
	LAYERS = 3,       /* of escapes around escapes: JSON in JSON, a URL in a URL */
};

typedef struct Needle {
	char *name;
	const char *text;
	size_t size;
	char *own;   /* text, if it is ours */
	bool loose;  /* its characters may be escaped */
} Needle;

struct Scrub {
	GPtrArray *needles;
	bool begins[256]; /* bytes that a secret, or the escape of its first character, can begin with */
};

static void needle_free(gpointer data)
{
	Needle *needle = data;
	if (needle->own)
		sodium_memzero(needle->own, needle->size);
	g_free(needle->own);
	g_free(needle->name);
	g_free(needle);
}

Scrub *scrub_new(void)
{
	Scrub *scrub = g_new0(Scrub, 1);
	scrub->needles = g_ptr_array_new_with_free_func(needle_free);
	return scrub;
}

void scrub_free(Scrub *scrub)
{
	if (!scrub)
		return;
	g_ptr_array_unref(scrub->needles);
	g_free(scrub);
}

static bool knows(const Scrub *scrub, const char *text, size_t size, bool loose)
{
	for (guint i = 0; i < scrub->needles->len; i++) {
		const Needle *needle = scrub->needles->pdata[i];
		if (needle->size == size && needle->loose >= loose && memcmp(needle->text, text, size) == 0)
			return true;
	}
	return false;
}

static void add_needle(Scrub *scrub, const char *name, const char *text, size_t size, bool copy, bool loose)
{
	if (size == 0 || knows(scrub, text, size, loose))
		return;
	Needle *needle = g_new0(Needle, 1);
	needle->name = g_strdup(name);
	needle->own = copy ? g_memdup2(text, size) : NULL;
	needle->text = copy ? needle->own : text;
	needle->size = size;
	needle->loose = loose;
	g_ptr_array_add(scrub->needles, needle);
	scrub->begins[(unsigned char)*needle->text] = true;
	for (const char *c = needle->loose ? "%\\&+" : ""; *c; c++)
		scrub->begins[(unsigned char)*c] = true;
}

/* The digits that the value gives whatever stands before (skip bytes of it, modulo 3) and behind it. */
static void add_base64(Scrub *scrub, const char *name, const char *value, size_t size, int variant)
{
	size_t room = sodium_base64_ENCODED_LEN(size + 2, (unsigned)variant);
	unsigned char *bytes = g_malloc0(size + 2);
	char *text = g_malloc(room);
	for (size_t skip = 0; skip < 3; skip++) {
		memset(bytes, 0, skip);
		memcpy(bytes + skip, value, size);
		sodium_bin2base64(text, room, bytes, skip + size, variant);
		size_t from = (skip * 8 + 5) / 6, to = (skip + size) * 8 / 6;
		if (skip == 0)
			add_needle(scrub, name, text, strlen(text), true, false);
		add_needle(scrub, name, text + from, to - from, true, false);
	}
	sodium_memzero(bytes, size + 2);
	sodium_memzero(text, room);
	g_free(bytes);
	g_free(text);
}

static void add_hex(Scrub *scrub, const char *name, const char *value, size_t size)
{
	char *text = g_malloc(2 * size + 1);
	sodium_bin2hex(text, 2 * size + 1, (const unsigned char *)value, size);
	add_needle(scrub, name, text, 2 * size, true, false);
	for (char *c = text; *c; c++)
		*c = g_ascii_toupper(*c);
	add_needle(scrub, name, text, 2 * size, true, false);
	sodium_memzero(text, 2 * size);
	g_free(text);
}

static void add(Scrub *scrub, const char *name, const char *value, size_t size, bool copy)
{
	if (size == 0 || knows(scrub, value, size, true))
		return;
	add_needle(scrub, name, value, size, copy, true);
	if (size < BASE64_LEAST)
		return;
	add_base64(scrub, name, value, size, sodium_base64_VARIANT_ORIGINAL);
	add_base64(scrub, name, value, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	add_hex(scrub, name, value, size);
}

void scrub_add(Scrub *scrub, const char *name, const char *value, size_t size)
{
	add(scrub, name, value, size, false);
}

void scrub_add_text(Scrub *scrub, const char *name, const char *text)
{
	add(scrub, name, text, strlen(text), true);
}

/* ---- escapes ---- */

static bool hex_digits(const char *at, size_t left, size_t count, gunichar *code)
{
	*code = 0;
	for (size_t i = 0; i < count; i++) {
		if (i >= left || !g_ascii_isxdigit(at[i]))
			return false;
		*code = *code * 16 + (gunichar)g_ascii_xdigit_value(at[i]);
	}
	return true;
}

/* \uXXXX, a pair of surrogates read together; the bytes used, or 0. */
static size_t unicode_escape(const char *at, size_t left, gunichar *code)
{
	gunichar low;
	if (left < 6 || !hex_digits(at + 2, left - 2, 4, code))
		return 0;
	if (*code < 0xd800 || *code > 0xdbff)
		return 6;
	if (left < 12 || at[6] != '\\' || at[7] != 'u' || !hex_digits(at + 8, left - 8, 4, &low) || low < 0xdc00 || low > 0xdfff)
		return 6;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

static size_t html_entity(const char *at, size_t left, gunichar *code)
{
	static const struct {
		const char *text;
		gunichar code;
	} named[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
		if (left >= strlen(named[i].text) && memcmp(at, named[i].text, strlen(named[i].text)) == 0) {
			*code = named[i].code;
			return strlen(named[i].text);
		}
	if (left < 4 || at[1] != '#')
		return 0;
	bool hex = at[2] == 'x' || at[2] == 'X';
	size_t i = hex ? 3 : 2, begin = i;
	for (*code = 0; i < left && i < begin + 7 && (hex ? g_ascii_isxdigit(at[i]) : g_ascii_isdigit(at[i])); i++)
		*code = *code * (hex ? 16 : 10) + (gunichar)g_ascii_xdigit_value(at[i]);
	return i > begin && i < left && at[i] == ';' ? i + 1 : 0;
}

/* What an escape at this place stands for, as bytes; the bytes used of the text, or 0 if there is none. */
static size_t escape(const char *at, size_t left, char out[6], size_t *out_size)
{
	static const char shorts[] = "\"\"\\\\//''b\bf\fn\nr\rt\t";
	gunichar code = 0;
	size_t used = 0;
	*out_size = 1;
	if (*at == '+') {
		*out = ' ';
		return 1;
	}
	if (*at == '%' && hex_digits(at + 1, left - 1, 2, &code)) {
		*out = (char)code;
		return 3;
	}
	if (*at == '\\' && left >= 2) {
		if (at[1] == 'u')
			used = unicode_escape(at, left, &code);
		else if (at[1] == 'x')
			used = hex_digits(at + 2, left - 2, 2, &code) ? 4 : 0;
		else
			for (size_t i = 0; i + 1 < sizeof shorts && !used; i += 2)
				if (shorts[i] == at[1]) {
					code = (gunichar)shorts[i + 1];
					used = 2;
				}
	} else if (*at == '&') {
		used = html_entity(at, left, &code);
	}
	if (used)
		*out_size = (size_t)g_unichar_to_utf8(code, out);
	return used;
}

/* ---- search ---- */

/* How many bytes of the text are the value with some characters escaped, or 0. */
static size_t match_loose(const char *text, size_t left, const char *value, size_t size)
{
	size_t at = 0;
	for (size_t i = 0; i < size;) {
		char bytes[6];
		size_t count, used = at < left ? escape(text + at, left - at, bytes, &count) : 0;
		if (used && count <= size - i && memcmp(bytes, value + i, count) == 0) {
			at += used;
			i += count;
		} else if (at < left && text[at] == value[i]) {
			at++;
			i++;
		} else {
			return 0;
		}
	}
	return at;
}

/* The longest secret that begins here. */
static const Needle *find_at(const Scrub *scrub, const char *text, size_t left, size_t *used)
{
	const Needle *found = NULL;
	*used = 0;
	for (guint i = 0; i < scrub->needles->len; i++) {
		const Needle *needle = scrub->needles->pdata[i];
		/* The plain reading too: a value may look as if it held escapes itself. */
		bool plain = left >= needle->size && *text == *needle->text && memcmp(text, needle->text, needle->size) == 0;
		size_t size = plain ? needle->size : needle->loose ? match_loose(text, left, needle->text, needle->size) : 0;
		if (size > *used) {
			*used = size;
			found = needle;
		}
	}
	return found;
}

/* A text with its escapes undone, once or again. */
typedef struct Layer {
	char *text;
	size_t size;
	guint32 *from; /* where in the original each byte begins, and its end */
} Layer;

static void layer_clear(Layer *layer)
{
	if (layer->text)
		sodium_memzero(layer->text, layer->size);
	g_free(layer->text);
	g_free(layer->from);
	*layer = (Layer){ 0 };
}

/* One layer of escapes off; false if there is none. "+" is left: match_loose reads it both ways. */
static bool peel(const Layer *outer, Layer *inner)
{
	bool any = false;
	/* No escape stands for more bytes than it has. */
	*inner = (Layer){ g_malloc(outer->size + 1), 0, g_new(guint32, outer->size + 1) };
	for (size_t at = 0; at < outer->size;) {
		char bytes[6] = { outer->text[at] };
		size_t count = 1, used = outer->text[at] == '+' ? 0 : escape(outer->text + at, outer->size - at, bytes, &count);
		any |= used > 0;
		if (used == 0) {
			bytes[0] = outer->text[at];
			count = 1;
		}
		for (size_t i = 0; i < count; i++) {
			inner->text[inner->size] = bytes[i];
			inner->from[inner->size++] = outer->from ? outer->from[at] : (guint32)at;
		}
		at += MAX(used, 1);
	}
	inner->text[inner->size] = 0;
	inner->from[inner->size] = outer->from ? outer->from[outer->size] : (guint32)outer->size;
	return any;
}

typedef struct Cut {
	size_t from, to; /* in the original */
	const char *name;
} Cut;

static void find_in(const Scrub *scrub, const Layer *layer, GArray *cuts)
{
	for (size_t at = 0, used; at < layer->size; at++) {
		const Needle *needle = scrub->begins[(unsigned char)layer->text[at]] ? find_at(scrub, layer->text + at, layer->size - at, &used) : NULL;
		if (!needle)
			continue;
		Cut cut = { layer->from ? layer->from[at] : at, layer->from ? layer->from[at + used] : at + used, needle->name };
		g_array_append_val(cuts, cut);
		at += used - 1;
	}
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	const Cut *x = a, *y = b;
	return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to ? -1 : x->to < y->to);
}

/* All places where a secret stands, in order; they may overlap. */
static GArray *find_cuts(const Scrub *scrub, const char *text, size_t size)
{
	GArray *cuts = g_array_new(FALSE, FALSE, sizeof(Cut));
	Layer layer = { (char *)text, size, NULL }, inner;
	if (scrub->needles->len == 0)
		return cuts;
	find_in(scrub, &layer, cuts);
	for (int depth = 0; depth < LAYERS; depth++) {
		bool more = peel(&layer, &inner);
		if (depth > 0)
			layer_clear(&layer);
		layer = inner;
		if (!more)
			break;
		find_in(scrub, &layer, cuts);
	}
	layer_clear(&layer);
	g_array_sort(cuts, by_place);
	return cuts;
}

char *scrub_text(const Scrub *scrub, const char *text, size_t size, size_t *out_size)
{
	g_autoptr(GArray) cuts = find_cuts(scrub, text, size);
	GString *out = g_string_sized_new(size + 1);
	size_t from = 0;
	for (guint i = 0; i < cuts->len; i++) {
		const Cut *cut = &g_array_index(cuts, Cut, i);
		if (cut->from >= from) {
			g_string_append_len(out, text + from, (gssize)(cut->from - from));
			g_string_append_printf(out, "[secret %s]", cut->name);
		}
		from = MAX(from, cut->to);
	}
	g_string_append_len(out, text + from, (gssize)(size - from));
	if (out_size)
		*out_size = out->len;
	return g_string_free(out, FALSE);
}

bool scrub_finds(const Scrub *scrub, const char *text, size_t size)
{
	g_autoptr(GArray) cuts = find_cuts(scrub, text, size);
	return cuts->len > 0;
}

json_t *scrub_value(const Scrub *scrub, const json_t *value)
{
	const char *key;
	json_t *member, *out;
	size_t i, size;
	switch (json_typeof(value)) {
	case JSON_STRING: {
		g_autofree char *text = scrub_text(scrub, json_string_value(value), json_string_length(value), &size);
		out = json_stringn(text, size);
		return out ? out : json_string(""); /* a cut may leave half a character */
	}
	case JSON_ARRAY:
		out = json_array();
		json_array_foreach((json_t *)value, i, member)
			json_array_append_new(out, scrub_value(scrub, member));
		return out;
	case JSON_OBJECT:
		out = json_object();
		json_object_foreach((json_t *)value, key, member) {
			g_autofree char *text = scrub_text(scrub, key, strlen(key), NULL);
			json_object_set_new(out, g_utf8_validate(text, -1, NULL) ? text : "[secret]", scrub_value(scrub, member));
		}
		return out;
	default: return json_incref((json_t *)value);
	}
}
