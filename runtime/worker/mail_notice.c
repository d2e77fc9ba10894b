/* SPDX-License-Identifier: MIT */
/* Bounces that are no report by RFC 3464, but text for people: qmail's, Exim's, old gateways'. See mail_parts.h. */
#include "worker/mail_parts.h"

#include <string.h>

json_t *mail_notices(const Mail *mail)
{
	(void)mail;
	return json_array();
}
