/* SPDX-License-Identifier: MIT */
/* What must be open before the jail closes: see mail_prepare in mail.h. */
#include "worker/mail.h"

#include "worker/gmime_auto.h"

#include <iconv.h>
#include <string.h>
#include <time.h>

/* One name for each of iconv's modules that a mail may need. GMime knows the other names. */
static const char *const charsets[] = {
	"ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8",
	"ISO-8859-9", "ISO-8859-10", "ISO-8859-11", "ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
	"CP1250", "CP1251", "CP1252", "CP1253", "CP1254", "CP1255", "CP1256", "CP1257", "CP1258", "CP874",
	"KOI8-R", "KOI8-U", "KOI8-T", "IBM437", "IBM850", "IBM852", "IBM855", "IBM862", "IBM866", "MACINTOSH", "MAC-CYRILLIC",
	"BIG5", "BIG5-HKSCS", "GB2312", "GBK", "GB18030", "EUC-CN", "EUC-TW", "ISO-2022-CN", "SHIFT_JIS", "CP932", "EUC-JP",
	"EUC-JP-MS", "ISO-2022-JP", "ISO-2022-JP-2", "ISO-2022-JP-3", "EUC-KR", "UHC", "JOHAB", "ISO-2022-KR", "TIS-620",
	"VISCII", "TCVN", "GEORGIAN-PS", "ARMSCII-8", "PT154", "UTF-7", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "ANSI_X3.4-1968",
};

/* A descriptor stays open for each for as long as the process lives: glibc then has the module loaded, and GMime's own
 * iconv_open finds it without opening a file. Kept here so that leak checkers see that they are meant to stay. */
static iconv_t held[G_N_ELEMENTS(charsets)];

static void hold_charsets(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
		if (!held[i])
			held[i] = iconv_open("UTF-8", charsets[i]);
	}
}

/* Mails that use once what GMime and GLib make when first asked: types, header parsers, zones, filters. */
static const char *const samples[] = {
	"From: =?iso-8859-15?Q?L=E9a?= <a@b.example>\r\nTo: b@c.example\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n"
	"Message-ID: <1@b.example>\r\nReferences: <0@c.example>\r\nSubject: =?utf-8?B?w6k=?=\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=koi8-r\r\n"
	"Content-Transfer-Encoding: base64\r\n\r\nPHA+xcQ8L3A+\r\n--x\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nback on 24 November =E9\r\n--x\r\n"
	"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
	"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--x--\r\n",
	"Date: 23 Nov 2026 09:00 EST\nContent-Type: text/plain; charset=\"utf-8\"; format=flowed\n\nOn Monday \nX wrote:\n> a\n",
	"Date: yesterday\n\nbegin 644 x\n#86)C\n`\nend\n",
};

void mail_prepare(void)
{
	g_mime_init();
	hold_charsets();
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++)
		g_free(mail_read(samples[i], strlen(samples[i])));
	tzset(); /* the C library reads the local zone from a file when first asked for it */
}
