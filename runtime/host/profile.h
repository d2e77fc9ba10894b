/* SPDX-License-Identifier: MIT */
/* Links to people's profiles, for those who write to them by hand. Pure. */
#ifndef PERIGEE_PROFILE_H
#define PERIGEE_PROFILE_H

/* How people say a channel's name: "Instagram"; the name itself for one that is not known. Borrowed. */
const char *profile_channel(const char *channel);

/*
 * Where somebody can be written to: "https://instagram.com/NAME", "tel:+33612345678", "mailto:ana@example.com"... The link is made
 * of a fixed part and of an address that has been checked to hold nothing but what the platform's names have; NULL for any
 * other, and for a channel whose addresses have no page (Slack, Discord). address: as the contact has it. Caller frees.
 */
char *profile_link(const char *channel, const char *address);

#endif
