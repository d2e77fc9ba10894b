/* SPDX-License-Identifier: MIT */
/*
 * Zones of countries. A country with several has the zone in which most of its people live: a contact of whom only the
 * country is known is written to at a sensible hour, and `timezone` says it better. Countries and zones are those of the
 * tz database (iso3166.tab, zone.tab); names are the common English ones.
 */
#include "host/when.h"

#include <stdio.h>
#include <string.h>

typedef struct Country {
	const char *code, *name, *zone;
} Country;

/* By code, for the search below. */
static const Country countries[] = {
	{ "AD", "Andorra", "Europe/Andorra" },
	{ "AE", "United Arab Emirates", "Asia/Dubai" },
	{ "AF", "Afghanistan", "Asia/Kabul" },
	{ "AG", "Antigua and Barbuda", "America/Antigua" },
	{ "AI", "Anguilla", "America/Anguilla" },
	{ "AL", "Albania", "Europe/Tirane" },
	{ "AM", "Armenia", "Asia/Yerevan" },
	{ "AO", "Angola", "Africa/Luanda" },
	{ "AR", "Argentina", "America/Argentina/Buenos_Aires" },
	{ "AS", "American Samoa", "Pacific/Pago_Pago" },
	{ "AT", "Austria", "Europe/Vienna" },
	{ "AU", "Australia", "Australia/Sydney" },
	{ "AW", "Aruba", "America/Aruba" },
	{ "AX", "Aland Islands", "Europe/Mariehamn" },
	{ "AZ", "Azerbaijan", "Asia/Baku" },
	{ "BA", "Bosnia and Herzegovina", "Europe/Sarajevo" },
	{ "BB", "Barbados", "America/Barbados" },
	{ "BD", "Bangladesh", "Asia/Dhaka" },
	{ "BE", "Belgium", "Europe/Brussels" },
	{ "BF", "Burkina Faso", "Africa/Ouagadougou" },
	{ "BG", "Bulgaria", "Europe/Sofia" },
	{ "BH", "Bahrain", "Asia/Bahrain" },
	{ "BI", "Burundi", "Africa/Bujumbura" },
	{ "BJ", "Benin", "Africa/Porto-Novo" },
	{ "BL", "Saint Barthelemy", "America/St_Barthelemy" },
	{ "BM", "Bermuda", "Atlantic/Bermuda" },
	{ "BN", "Brunei", "Asia/Brunei" },
	{ "BO", "Bolivia", "America/La_Paz" },
	{ "BQ", "Caribbean Netherlands", "America/Kralendijk" },
	{ "BR", "Brazil", "America/Sao_Paulo" },
	{ "BS", "Bahamas", "America/Nassau" },
	{ "BT", "Bhutan", "Asia/Thimphu" },
	{ "BW", "Botswana", "Africa/Gaborone" },
	{ "BY", "Belarus", "Europe/Minsk" },
	{ "BZ", "Belize", "America/Belize" },
	{ "CA", "Canada", "America/Toronto" },
	{ "CC", "Cocos Islands", "Indian/Cocos" },
	{ "CD", "DR Congo", "Africa/Kinshasa" },
	{ "CF", "Central African Republic", "Africa/Bangui" },
	{ "CG", "Congo", "Africa/Brazzaville" },
	{ "CH", "Switzerland", "Europe/Zurich" },
	{ "CI", "Ivory Coast", "Africa/Abidjan" },
	{ "CK", "Cook Islands", "Pacific/Rarotonga" },
	{ "CL", "Chile", "America/Santiago" },
	{ "CM", "Cameroon", "Africa/Douala" },
	{ "CN", "China", "Asia/Shanghai" },
	{ "CO", "Colombia", "America/Bogota" },
	{ "CR", "Costa Rica", "America/Costa_Rica" },
	{ "CU", "Cuba", "America/Havana" },
	{ "CV", "Cape Verde", "Atlantic/Cape_Verde" },
	{ "CW", "Curacao", "America/Curacao" },
	{ "CX", "Christmas Island", "Indian/Christmas" },
	{ "CY", "Cyprus", "Asia/Nicosia" },
	{ "CZ", "Czechia", "Europe/Prague" },
	{ "DE", "Germany", "Europe/Berlin" },
	{ "DJ", "Djibouti", "Africa/Djibouti" },
	{ "DK", "Denmark", "Europe/Copenhagen" },
	{ "DM", "Dominica", "America/Dominica" },
	{ "DO", "Dominican Republic", "America/Santo_Domingo" },
	{ "DZ", "Algeria", "Africa/Algiers" },
	{ "EC", "Ecuador", "America/Guayaquil" },
	{ "EE", "Estonia", "Europe/Tallinn" },
	{ "EG", "Egypt", "Africa/Cairo" },
	{ "EH", "Western Sahara", "Africa/El_Aaiun" },
	{ "ER", "Eritrea", "Africa/Asmara" },
	{ "ES", "Spain", "Europe/Madrid" },
	{ "ET", "Ethiopia", "Africa/Addis_Ababa" },
	{ "FI", "Finland", "Europe/Helsinki" },
	{ "FJ", "Fiji", "Pacific/Fiji" },
	{ "FK", "Falkland Islands", "Atlantic/Stanley" },
	{ "FM", "Micronesia", "Pacific/Chuuk" },
	{ "FO", "Faroe Islands", "Atlantic/Faroe" },
	{ "FR", "France", "Europe/Paris" },
	{ "GA", "Gabon", "Africa/Libreville" },
	{ "GB", "United Kingdom", "Europe/London" },
	{ "GD", "Grenada", "America/Grenada" },
	{ "GE", "Georgia", "Asia/Tbilisi" },
	{ "GF", "French Guiana", "America/Cayenne" },
	{ "GG", "Guernsey", "Europe/Guernsey" },
	{ "GH", "Ghana", "Africa/Accra" },
	{ "GI", "Gibraltar", "Europe/Gibraltar" },
	{ "GL", "Greenland", "America/Nuuk" },
	{ "GM", "Gambia", "Africa/Banjul" },
	{ "GN", "Guinea", "Africa/Conakry" },
	{ "GP", "Guadeloupe", "America/Guadeloupe" },
	{ "GQ", "Equatorial Guinea", "Africa/Malabo" },
	{ "GR", "Greece", "Europe/Athens" },
	{ "GS", "South Georgia", "Atlantic/South_Georgia" },
	{ "GT", "Guatemala", "America/Guatemala" },
	{ "GU", "Guam", "Pacific/Guam" },
	{ "GW", "Guinea-Bissau", "Africa/Bissau" },
	{ "GY", "Guyana", "America/Guyana" },
	{ "HK", "Hong Kong", "Asia/Hong_Kong" },
	{ "HN", "Honduras", "America/Tegucigalpa" },
	{ "HR", "Croatia", "Europe/Zagreb" },
	{ "HT", "Haiti", "America/Port-au-Prince" },
	{ "HU", "Hungary", "Europe/Budapest" },
	{ "ID", "Indonesia", "Asia/Jakarta" },
	{ "IE", "Ireland", "Europe/Dublin" },
	{ "IL", "Israel", "Asia/Jerusalem" },
	{ "IM", "Isle of Man", "Europe/Isle_of_Man" },
	{ "IN", "India", "Asia/Kolkata" },
	{ "IO", "British Indian Ocean Territory", "Indian/Chagos" },
	{ "IQ", "Iraq", "Asia/Baghdad" },
	{ "IR", "Iran", "Asia/Tehran" },
	{ "IS", "Iceland", "Atlantic/Reykjavik" },
	{ "IT", "Italy", "Europe/Rome" },
	{ "JE", "Jersey", "Europe/Jersey" },
	{ "JM", "Jamaica", "America/Jamaica" },
	{ "JO", "Jordan", "Asia/Amman" },
	{ "JP", "Japan", "Asia/Tokyo" },
	{ "KE", "Kenya", "Africa/Nairobi" },
	{ "KG", "Kyrgyzstan", "Asia/Bishkek" },
	{ "KH", "Cambodia", "Asia/Phnom_Penh" },
	{ "KI", "Kiribati", "Pacific/Tarawa" },
	{ "KM", "Comoros", "Indian/Comoro" },
	{ "KN", "Saint Kitts and Nevis", "America/St_Kitts" },
	{ "KP", "North Korea", "Asia/Pyongyang" },
	{ "KR", "South Korea", "Asia/Seoul" },
	{ "KW", "Kuwait", "Asia/Kuwait" },
	{ "KY", "Cayman Islands", "America/Cayman" },
	{ "KZ", "Kazakhstan", "Asia/Almaty" },
	{ "LA", "Laos", "Asia/Vientiane" },
	{ "LB", "Lebanon", "Asia/Beirut" },
	{ "LC", "Saint Lucia", "America/St_Lucia" },
	{ "LI", "Liechtenstein", "Europe/Vaduz" },
	{ "LK", "Sri Lanka", "Asia/Colombo" },
	{ "LR", "Liberia", "Africa/Monrovia" },
	{ "LS", "Lesotho", "Africa/Maseru" },
	{ "LT", "Lithuania", "Europe/Vilnius" },
	{ "LU", "Luxembourg", "Europe/Luxembourg" },
	{ "LV", "Latvia", "Europe/Riga" },
	{ "LY", "Libya", "Africa/Tripoli" },
	{ "MA", "Morocco", "Africa/Casablanca" },
	{ "MC", "Monaco", "Europe/Monaco" },
	{ "MD", "Moldova", "Europe/Chisinau" },
	{ "ME", "Montenegro", "Europe/Podgorica" },
	{ "MF", "Saint Martin", "America/Marigot" },
	{ "MG", "Madagascar", "Indian/Antananarivo" },
	{ "MH", "Marshall Islands", "Pacific/Majuro" },
	{ "MK", "North Macedonia", "Europe/Skopje" },
	{ "ML", "Mali", "Africa/Bamako" },
	{ "MM", "Myanmar", "Asia/Yangon" },
	{ "MN", "Mongolia", "Asia/Ulaanbaatar" },
	{ "MO", "Macao", "Asia/Macau" },
	{ "MP", "Northern Mariana Islands", "Pacific/Saipan" },
	{ "MQ", "Martinique", "America/Martinique" },
	{ "MR", "Mauritania", "Africa/Nouakchott" },
	{ "MS", "Montserrat", "America/Montserrat" },
	{ "MT", "Malta", "Europe/Malta" },
	{ "MU", "Mauritius", "Indian/Mauritius" },
	{ "MV", "Maldives", "Indian/Maldives" },
	{ "MW", "Malawi", "Africa/Blantyre" },
	{ "MX", "Mexico", "America/Mexico_City" },
	{ "MY", "Malaysia", "Asia/Kuala_Lumpur" },
	{ "MZ", "Mozambique", "Africa/Maputo" },
	{ "NA", "Namibia", "Africa/Windhoek" },
	{ "NC", "New Caledonia", "Pacific/Noumea" },
	{ "NE", "Niger", "Africa/Niamey" },
	{ "NF", "Norfolk Island", "Pacific/Norfolk" },
	{ "NG", "Nigeria", "Africa/Lagos" },
	{ "NI", "Nicaragua", "America/Managua" },
	{ "NL", "Netherlands", "Europe/Amsterdam" },
	{ "NO", "Norway", "Europe/Oslo" },
	{ "NP", "Nepal", "Asia/Kathmandu" },
	{ "NR", "Nauru", "Pacific/Nauru" },
	{ "NU", "Niue", "Pacific/Niue" },
	{ "NZ", "New Zealand", "Pacific/Auckland" },
	{ "OM", "Oman", "Asia/Muscat" },
	{ "PA", "Panama", "America/Panama" },
	{ "PE", "Peru", "America/Lima" },
	{ "PF", "French Polynesia", "Pacific/Tahiti" },
	{ "PG", "Papua New Guinea", "Pacific/Port_Moresby" },
	{ "PH", "Philippines", "Asia/Manila" },
	{ "PK", "Pakistan", "Asia/Karachi" },
	{ "PL", "Poland", "Europe/Warsaw" },
	{ "PM", "Saint Pierre and Miquelon", "America/Miquelon" },
	{ "PN", "Pitcairn", "Pacific/Pitcairn" },
	{ "PR", "Puerto Rico", "America/Puerto_Rico" },
	{ "PS", "Palestine", "Asia/Gaza" },
	{ "PT", "Portugal", "Europe/Lisbon" },
	{ "PW", "Palau", "Pacific/Palau" },
	{ "PY", "Paraguay", "America/Asuncion" },
	{ "QA", "Qatar", "Asia/Qatar" },
	{ "RE", "Reunion", "Indian/Reunion" },
	{ "RO", "Romania", "Europe/Bucharest" },
	{ "RS", "Serbia", "Europe/Belgrade" },
	{ "RU", "Russia", "Europe/Moscow" },
	{ "RW", "Rwanda", "Africa/Kigali" },
	{ "SA", "Saudi Arabia", "Asia/Riyadh" },
	{ "SB", "Solomon Islands", "Pacific/Guadalcanal" },
	{ "SC", "Seychelles", "Indian/Mahe" },
	{ "SD", "Sudan", "Africa/Khartoum" },
	{ "SE", "Sweden", "Europe/Stockholm" },
	{ "SG", "Singapore", "Asia/Singapore" },
	{ "SH", "Saint Helena", "Atlantic/St_Helena" },
	{ "SI", "Slovenia", "Europe/Ljubljana" },
	{ "SJ", "Svalbard", "Arctic/Longyearbyen" },
	{ "SK", "Slovakia", "Europe/Bratislava" },
	{ "SL", "Sierra Leone", "Africa/Freetown" },
	{ "SM", "San Marino", "Europe/San_Marino" },
	{ "SN", "Senegal", "Africa/Dakar" },
	{ "SO", "Somalia", "Africa/Mogadishu" },
	{ "SR", "Suriname", "America/Paramaribo" },
	{ "SS", "South Sudan", "Africa/Juba" },
	{ "ST", "Sao Tome and Principe", "Africa/Sao_Tome" },
	{ "SV", "El Salvador", "America/El_Salvador" },
	{ "SX", "Sint Maarten", "America/Lower_Princes" },
	{ "SY", "Syria", "Asia/Damascus" },
	{ "SZ", "Eswatini", "Africa/Mbabane" },
	{ "TC", "Turks and Caicos Islands", "America/Grand_Turk" },
	{ "TD", "Chad", "Africa/Ndjamena" },
	{ "TF", "French Southern Territories", "Indian/Kerguelen" },
	{ "TG", "Togo", "Africa/Lome" },
	{ "TH", "Thailand", "Asia/Bangkok" },
	{ "TJ", "Tajikistan", "Asia/Dushanbe" },
	{ "TK", "Tokelau", "Pacific/Fakaofo" },
	{ "TL", "Timor-Leste", "Asia/Dili" },
	{ "TM", "Turkmenistan", "Asia/Ashgabat" },
	{ "TN", "Tunisia", "Africa/Tunis" },
	{ "TO", "Tonga", "Pacific/Tongatapu" },
	{ "TR", "Turkey", "Europe/Istanbul" },
	{ "TT", "Trinidad and Tobago", "America/Port_of_Spain" },
	{ "TV", "Tuvalu", "Pacific/Funafuti" },
	{ "TW", "Taiwan", "Asia/Taipei" },
	{ "TZ", "Tanzania", "Africa/Dar_es_Salaam" },
	{ "UA", "Ukraine", "Europe/Kyiv" },
	{ "UG", "Uganda", "Africa/Kampala" },
	{ "US", "United States", "America/New_York" },
	{ "UY", "Uruguay", "America/Montevideo" },
	{ "UZ", "Uzbekistan", "Asia/Tashkent" },
	{ "VA", "Vatican City", "Europe/Vatican" },
	{ "VC", "Saint Vincent", "America/St_Vincent" },
	{ "VE", "Venezuela", "America/Caracas" },
	{ "VG", "British Virgin Islands", "America/Tortola" },
	{ "VI", "US Virgin Islands", "America/St_Thomas" },
	{ "VN", "Vietnam", "Asia/Ho_Chi_Minh" },
	{ "VU", "Vanuatu", "Pacific/Efate" },
	{ "WF", "Wallis and Futuna", "Pacific/Wallis" },
	{ "WS", "Samoa", "Pacific/Apia" },
	{ "YE", "Yemen", "Asia/Aden" },
	{ "YT", "Mayotte", "Indian/Mayotte" },
	{ "ZA", "South Africa", "Africa/Johannesburg" },
	{ "ZM", "Zambia", "Africa/Lusaka" },
	{ "ZW", "Zimbabwe", "Africa/Harare" },
};

/* Other words in use for some of them. */
static const struct { const char *word, *code; } aliases[] = {
	{ "UK", "GB" }, { "Great Britain", "GB" }, { "England", "GB" }, { "Scotland", "GB" }, { "Wales", "GB" },
	{ "Northern Ireland", "GB" }, { "USA", "US" }, { "United States of America", "US" }, { "Holland", "NL" },
	{ "The Netherlands", "NL" }, { "Czech Republic", "CZ" }, { "Korea", "KR" }, { "UAE", "AE" }, { "Türkiye", "TR" },
	{ "Côte d'Ivoire", "CI" }, { "Macau", "MO" },
};

static const char *zone_of_code(const char *code)
{
	for (size_t low = 0, high = G_N_ELEMENTS(countries); low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = g_ascii_strcasecmp(code, countries[middle].code);
		if (order == 0)
			return countries[middle].zone;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *when_country_zone(const char *country)
{
	if (!country || !*country)
		return NULL;
	const char *zone = strlen(country) == 2 ? zone_of_code(country) : NULL;
	for (size_t i = 0; !zone && i < G_N_ELEMENTS(countries); i++)
		if (g_ascii_strcasecmp(country, countries[i].name) == 0)
			zone = countries[i].zone;
	for (size_t i = 0; !zone && i < G_N_ELEMENTS(aliases); i++)
		if (g_ascii_strcasecmp(country, aliases[i].word) == 0)
			zone = zone_of_code(aliases[i].code);
	return zone;
}

/* Is it a file of the tz database? */
static bool is_zone_file(const char *name)
{
	const char *folder = g_getenv("TZDIR");
	g_autofree char *path = g_build_filename(folder ? folder : "/usr/share/zoneinfo", name, NULL);
	char head[4] = "";
	FILE *file = fopen(path, "rbe");
	bool is_zone = file && fread(head, 1, sizeof head, file) == sizeof head && memcmp(head, "TZif", sizeof head) == 0;
	if (file)
		fclose(file);
	return is_zone;
}

/* GLib also takes rules such as "GMT+3", which mean the opposite of what people read in them: only names of the tz database,
 * UTC, and plain offsets are taken here. Names with a slash can be nothing but files, and GLib remembers those in use, so
 * that only the few others are looked up twice. */
static bool is_zone_name(const char *name)
{
	size_t length = strlen(name);
	if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0)
		return true;
	if (length == 6 && (*name == '+' || *name == '-'))
		return name[3] == ':' && strspn(name + 1, "0123456789:") == 5 && strspn(name + 4, "0123456789") == 2 &&
		       strspn(name + 1, "0123456789") == 2;
	if (length == 0 || length > 64 || !g_ascii_isalpha(*name) || name[length - 1] == '/')
		return false;
	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && !strchr("_+-", *c) && (*c != '/' || c[1] == '/'))
			return false;
	return strchr(name, '/') || is_zone_file(name);
}

GTimeZone *when_zone(const char *name, GError **error)
{
	GTimeZone *zone = name && is_zone_name(name) ? g_time_zone_new_identifier(name) : NULL;
	if (!zone) {
		g_autofree char *shown = g_utf8_make_valid(name ? name : "", MIN((gssize)strlen(name ? name : ""), 64));
		g_autofree char *plain = g_strescape(shown, NULL);
		g_set_error(error, WHEN_ERROR, WHEN_ERROR_ZONE,
		            "\"%s\" is no time zone; write a name such as Europe/Paris, America/New_York or UTC", plain);
	}
	return zone;
}
