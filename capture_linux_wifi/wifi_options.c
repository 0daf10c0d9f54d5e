/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the options of a Wi-Fi source. */
#include "capture_linux_wifi/wifi_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_common/opts.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(band) (1u << (band))
#define ALL_THREE (BIT(BAND_2GHZ) | BIT(BAND_5GHZ) | BIT(BAND_6GHZ))

#define VIF_MAX_LEN 15		/* IFNAMSIZ - 1 */
#define BUFFER_MIN ((size_t)256 << 10)
#define BUFFER_MAX ((size_t)64 << 20)

const struct source_opt wifi_option_rows[] = {
	{ .key = "name", .arg = "TEXT", .help = "how the source is called (as its interface)" },
	{ .key = "uuid", .arg = "UUID", .help = "instead of the one made of the MAC address" },
	{ .key = "vif", .arg = "NAME", .own_only = true,
	  .help = "monitor interface to use or to make" },
	{ .key = "channel", .arg = "CHANNEL",
	  .help = "tune to it: 6, 36HT40+, 36VHT80, 37W6e80..." },
	{ .key = "channels", .arg = "LIST",
	  .help = "hop over these; also sets: 1-13, 2g, 5g, 6g, psc, dfs, nodfs, all" },
	{ .key = "add_channels", .arg = "LIST", .help = "hop over these, too" },
	{ .key = "hop_widths", .arg = "WHICH",
	  .help = "primary: offer each 20 MHz channel once; all (the default)" },
	{ .key = "band", .arg = "LIST", .help = "offer only these: 2.4, 5, 6, 2.4+5" },
	{ .key = "band24ghz", .arg = "BOOL", .help = "the same as band=2.4" },
	{ .key = "band5ghz", .arg = "BOOL", .help = "the same as band=5" },
	{ .key = "band6ghz", .arg = "BOOL", .help = "the same as band=6" },
	{ .key = "exclude", .arg = "LIST",
	  .help = "do not offer: dfs (radar), noir (listening only)" },
	{ .key = "psc", .arg = "BOOL", .help = "of 6 GHz offer only preferred scanning channels" },
	{ .key = "ht_channels", .arg = "BOOL", .help = "offer HT40 and HT20 channels (true)" },
	{ .key = "vht_channels", .arg = "BOOL",
	  .help = "offer channels of 80 MHz and more (true)" },
	{ .key = "wide6", .arg = "BOOL",
	  .help = "offer more than 20 MHz in 6 GHz, too (true)" },
	{ .key = "default_ht20", .arg = "BOOL", .help = "offer 6HT20 instead of 6" },
	{ .key = "expand_ht20", .arg = "BOOL", .help = "offer both 6 and 6HT20" },
	{ .key = "fcsfail", .arg = "BOOL", .help = "also frames with a wrong checksum" },
	{ .key = "plcpfail", .arg = "BOOL", .help = "also frames with a damaged PLCP header" },
	{ .key = "ignoreprimary", .arg = "BOOL", .own_only = true,
	  .help = "leave the radio's other interfaces up; tuning may fail" },
	/* servers add this one to all definitions when they are configured to */
	{ .key = "filter_mgmt", .arg = "BOOL", .own_keeps = true,
	  .help = "only management frames and EAPOL" },
	{ .key = "truncate_data", .arg = "BOOL", .own_keeps = true,
	  .help = "only the headers of data frames" },
	{ .key = "filter_locals", .arg = "BOOL", .own_keeps = true,
	  .help = "leave out frames from and to this machine's interfaces" },
	{ .key = "filter_interface", .arg = "NAME", .repeatable = true, .own_only = true,
	  .help = "leave out frames from and to this interface" },
	{ .key = "filter_address", .arg = "MAC", .repeatable = true, .own_only = true,
	  .help = "leave out frames from and to this address" },
	{ .key = "filter_uplink", .arg = "BOOL", .own_only = true,
	  .help = "leave out the traffic of a Wi-Fi link to the server (true)" },
	{ .key = "filter", .arg = "EXPRESSION", .own_only = true,
	  .help = "only what this pcap-filter(7) takes" },
	{ .key = "buffer", .arg = "SIZE", .own_only = true,
	  .help = "of the kernel: 256k to 64m (2m)" },
	{ .key = "verbose", .arg = "BOOL",
	  .help = "tell of channel changes that fail or are slow" },
	{ .key = "statistics", .arg = "BOOL", .help = "tell how long channel changes take" },
	{ .key = NULL },
};

static int wrong(struct err *e, const char *key, struct text value, const char *wanted)
{
	int len = value.len > 60 ? 60 : (int)value.len;

	return err_set(e, ERR_USAGE, "%s=%.*s: %s", key, len, value.s ? value.s : "", wanted);
}

static bool next_piece(struct text list, size_t *pos, const char *separators, struct text *piece)
{
	size_t start = *pos;

	if (start > list.len)
		return false;
	while (*pos < list.len && !strchr(separators, list.s[*pos]))
		(*pos)++;
	*piece = (struct text){ list.s + start, *pos - start };
	(*pos)++;
	return true;
}

/* --- yes and no --- */

struct flag {
	const char *key;
	size_t offset;
	bool preset;
};

#define FLAG(key, field, preset) { key, offsetof(struct wifi_options, field), preset }

static const struct flag flags[] = {
	FLAG("ht_channels", choice.ht, true),
	FLAG("vht_channels", choice.vht, true),
	FLAG("default_ht20", choice.default_ht20, false),
	FLAG("expand_ht20", choice.expand_ht20, false),
	FLAG("wide6", choice.wide6, true),
	FLAG("psc", choice.psc_only, false),
	FLAG("fcsfail", fcsfail, false),
	FLAG("plcpfail", plcpfail, false),
	FLAG("ignoreprimary", ignoreprimary, false),
	FLAG("filter_mgmt", filter_mgmt, false),
	FLAG("truncate_data", truncate_data, false),
	FLAG("filter_locals", filter_locals, false),
	FLAG("filter_uplink", filter_uplink, true),
	FLAG("verbose", verbose, false),
	FLAG("statistics", statistics, false),
};

static bool read_bool(const struct srcdef *def, const char *key, bool preset)
{
	bool bad = false;
	bool value = srcdef_bool(def, key, preset, &bad);

	if (bad)
		log_warn("%s=%.*s is neither true nor false: ignored", key,
			 TEXT_ARG(srcdef_get(def, key)));
	return value;
}

static void read_flags(struct wifi_options *o, const struct srcdef *def)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		*(bool *)((char *)o + flags[i].offset) = read_bool(def, flags[i].key,
								   flags[i].preset);
}

/* --- names --- */

static int read_interface(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = def->interface;

	if (t.len == 0)
		return err_set(e, ERR_USAGE, "the source has no interface; write wlan0:KEY=VALUE");
	if (t.len >= sizeof(o->interface))
		return err_set(e, ERR_USAGE, "%.40s...: no interface has a name of more than %zu "
			       "characters", t.s, sizeof(o->interface) - 1);
	memcpy(o->interface, t.s, t.len);
	return 0;
}

/* Cut to fit, at the end of a UTF-8 character. */
static void read_name(struct wifi_options *o, const struct srcdef *def)
{
	struct text t = srcdef_get(def, "name");
	size_t len = t.len;

	if (len == 0)
		t = text_of(o->interface), len = t.len;
	if (len >= sizeof(o->name)) {
		len = sizeof(o->name) - 1;
		while (len > 0 && ((unsigned char)t.s[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(o->name, t.s, len);
}

static int read_uuid(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "uuid");

	if (t.s && !uuid_normalize(o->uuid, t))
		return wrong(e, "uuid", t, "it is not a UUID");
	return 0;
}

/* The kernel takes a '%' for a pattern, and gives another name. */
static bool is_interface_name(struct text t)
{
	if (t.len == 0 || t.len > VIF_MAX_LEN || text_is(t, ".") || text_is(t, ".."))
		return false;
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.s[i];

		if (c <= ' ' || c == 0x7f || strchr("/:%", c))
			return false;
	}
	return true;
}

static int read_vif(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "vif");

	if (!t.s)
		return 0;
	if (!is_interface_name(t))
		return wrong(e, "vif", t, "the name of an interface has 1 to 15 characters, and no "
			     "blank, '/', ':' or '%' among them");
	memcpy(o->vif, t.s, t.len);
	return 0;
}

/* --- channels --- */

static int read_channel(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "channel");
	char why[160];

	if (!t.s)
		return 0;
	if (channel_parse(&o->channel, t, why, sizeof(why)) < 0)
		return err_set(e, ERR_USAGE, "channel=: %s", why);
	o->has_channel = true;
	return 0;
}

static int read_hop_widths(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "hop_widths");

	o->choice.primary_only = text_equal_nocase(t, text_of("primary"));
	if (t.s && !o->choice.primary_only && !text_equal_nocase(t, text_of("all")))
		return wrong(e, "hop_widths", t, "primary or all is wanted");
	return 0;
}

static int read_exclude(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "exclude"), piece;
	size_t pos = 0;

	while (t.s && next_piece(t, &pos, ",+", &piece)) {
		if (text_equal_nocase(piece, text_of("dfs")))
			o->choice.exclude_dfs = true;
		else if (text_equal_nocase(piece, text_of("noir")))
			o->choice.exclude_no_ir = true;
		else
			return wrong(e, "exclude", t, "dfs, noir or dfs+noir is wanted");
	}
	return 0;
}

/* band= and the words of existing tools add up. Those three together are no limit, as there. */
static int read_bands(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	static const struct {
		const char *key;
		enum channel_band band;
	} words[] = {
		{ "band24ghz", BAND_2GHZ }, { "band5ghz", BAND_5GHZ }, { "band6ghz", BAND_6GHZ },
	};
	struct text t = srcdef_get(def, "band");
	unsigned *bands = &o->choice.bands;
	bool named = false;
	char why[160];

	if (t.s && channel_bands_parse(bands, t, why, sizeof(why)) < 0)
		return err_set(e, ERR_USAGE, "band=: %s", why);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		named |= srcdef_get(def, words[i].key).s != NULL;
		if (read_bool(def, words[i].key, false))
			*bands |= BIT(words[i].band);
	}
	if (named && *bands == 0)
		log_info("%s: no band is true, so all of them are offered", o->interface);
	if (*bands == ALL_THREE)
		*bands = 0;
	return 0;
}

/* --- filters --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_mac(struct filter_mac *mac, struct text t)
{
	if (t.len != 17)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int high = hex_digit(t.s[3 * i]), low = hex_digit(t.s[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && t.s[3 * i + 2] != ':' &&
					    t.s[3 * i + 2] != '-'))
			return false;
		mac->addr[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static int add_address(struct wifi_options *o, struct text t, struct err *e)
{
	struct filter_mac mac, *more;

	if (!parse_mac(&mac, t))
		return wrong(e, "filter_address", t, "an address such as 00:c0:ca:98:76:54 is "
			     "wanted");
	more = realloc(o->filter_addresses, (o->n_filter_addresses + 1) * sizeof(*more));
	if (!more)
		return err_sys(e, ENOMEM, "filter_address");
	more[o->n_filter_addresses++] = mac;
	o->filter_addresses = more;
	return 0;
}

static int add_interface(struct wifi_options *o, struct text t, struct err *e)
{
	if (t.len == 0)
		return wrong(e, "filter_interface", t, "the name of an interface is wanted");
	if (strlist_add(&o->filter_interfaces, t) < 0)
		return err_sys(e, ENOMEM, "filter_interface");
	return 0;
}

/* Each option of that name, and each piece of a list in it. */
static int read_each(struct wifi_options *o, const struct srcdef *def, const char *key,
		     int (*add)(struct wifi_options *o, struct text t, struct err *e),
		     struct err *e)
{
	struct text value, piece;
	size_t pos = 0;

	while (srcdef_next(def, key, &pos, &value)) {
		size_t at = 0;

		while (next_piece(value, &at, ",", &piece)) {
			if (add(o, piece, e) < 0)
				return -1;
		}
	}
	return 0;
}

static int read_filter(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "filter");

	if (t.len == 0)
		return 0;
	o->filter = malloc(t.len + 1);
	if (!o->filter)
		return err_sys(e, ENOMEM, "filter");
	memcpy(o->filter, t.s, t.len);
	o->filter[t.len] = '\0';
	return 0;
}

/* --- the rest --- */

static int read_buffer(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	struct text t = srcdef_get(def, "buffer");
	struct err ignored;
	char copy[32];

	if (!t.s)
		return 0;
	if (t.len < sizeof(copy)) {
		memcpy(copy, t.s, t.len);
		copy[t.len] = '\0';
		if (opt_bytes(&o->buffer_bytes, copy, &ignored) == 0 &&
		    o->buffer_bytes >= BUFFER_MIN && o->buffer_bytes <= BUFFER_MAX)
			return 0;
	}
	o->buffer_bytes = 0;
	return wrong(e, "buffer", t, "a size from 256k to 64m is wanted");
}

int wifi_options_parse(struct wifi_options *o, const struct srcdef *def, struct err *e)
{
	memset(o, 0, sizeof(*o));
	read_flags(o, def);
	if (read_interface(o, def, e) < 0)
		return -1;
	read_name(o, def);
	if (read_uuid(o, def, e) < 0 || read_vif(o, def, e) < 0 || read_channel(o, def, e) < 0 ||
	    read_hop_widths(o, def, e) < 0 || read_bands(o, def, e) < 0 ||
	    read_exclude(o, def, e) < 0 || read_filter(o, def, e) < 0 ||
	    read_each(o, def, "filter_interface", add_interface, e) < 0 ||
	    read_each(o, def, "filter_address", add_address, e) < 0)
		return -1;
	return read_buffer(o, def, e);
}

void wifi_options_free(struct wifi_options *o)
{
	strlist_free(&o->filter_interfaces);
	free(o->filter_addresses);
	free(o->filter);
	memset(o, 0, sizeof(*o));
}
