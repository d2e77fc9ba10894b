/* SPDX-License-Identifier: MIT */
/* What GMime reads in mails: one JSON object for each file named, for parsers_test.py, which compiles this. */
#include <gmime/gmime.h>
#include <jansson.h>
#include <stdio.h>

typedef struct Reading {
	json_t *files;
	char *text, *html;
} Reading;

static GByteArray *decoded(GMimePart *part)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), stream);
	GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	g_object_unref(stream);
	return bytes;
}

static void read_part(GMimeObject *parent, GMimeObject *object, gpointer user)
{
	(void)parent;
	Reading *reading = user;
	GMimeContentDisposition *disposition = g_mime_object_get_content_disposition(object);
	GMimeContentType *type = g_mime_object_get_content_type(object);
	if (!GMIME_IS_PART(object))
		return;
	if (disposition) {
		GByteArray *bytes = decoded(GMIME_PART(object));
		char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len), *name = g_mime_content_type_get_mime_type(type);
		json_array_append_new(reading->files, json_pack("{s:s?, s:s, s:s, s:s?}", "name", g_mime_part_get_filename(GMIME_PART(object)), "type", name, "hash",
		                                                hash, "cid", g_mime_object_get_content_id(object)));
		return;
	}
	char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(object));
	if (g_mime_content_type_is_type(type, "text", "html"))
		reading->html = text;
	else
		reading->text = text;
}

static json_t *mailboxes(InternetAddressList *list)
{
	json_t *all = json_array();
	for (int i = 0; list && i < internet_address_list_length(list); i++) {
		InternetAddress *one = internet_address_list_get_address(list, i);
		const char *name = internet_address_get_name(one);
		json_array_append_new(all, json_pack("[s, s]", name ? name : "", internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one))));
	}
	return all;
}

int main(int argc, char **argv)
{
	g_mime_init();
	for (int i = 1; i < argc; i++) {
		GMimeStream *stream = g_mime_stream_file_open(argv[i], "r", NULL);
		GMimeParser *parser = g_mime_parser_new_with_stream(stream);
		GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
		Reading reading = { .files = json_array() };
		g_mime_message_foreach(message, read_part, &reading);
		json_t *row = json_pack("{s:s, s:o, s:o, s:s?, s:s?, s:o}", "subject", g_mime_message_get_subject(message), "from",
		                        mailboxes(g_mime_message_get_from(message)), "to", mailboxes(g_mime_message_get_to(message)), "text", reading.text, "html",
		                        reading.html, "files", reading.files);
		puts(json_dumps(row, JSON_COMPACT));
	}
	return 0;
}
