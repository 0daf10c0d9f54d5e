/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet filter of a Wi-Fi source: gathers addresses, builds the program, attaches it. */
#include "capture_linux_wifi/wifi_filter.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"

/* The same instruction by two names; copied all the same, because they are two types. */
_Static_assert(sizeof(struct filter_insn) == sizeof(struct bpf_insn) &&
	       offsetof(struct filter_insn, jt) == offsetof(struct bpf_insn, jt) &&
	       offsetof(struct filter_insn, jf) == offsetof(struct bpf_insn, jf) &&
	       offsetof(struct filter_insn, k) == offsetof(struct bpf_insn, k),
	       "instructions are laid out alike");

/* A set: ascending and each once, when it is done. */
struct macs {
	struct filter_mac *items;
	size_t n, room;
};

struct wifi_filter {
	const struct wifi_options *options;
	uint32_t uplink;
	bool looked;			/* at least once */
	struct macs macs;
};

struct wifi_filter *wifi_filter_new(const struct wifi_options *o, struct err *e)
{
	struct wifi_filter *f = calloc(1, sizeof(*f));

	if (!f) {
		err_sys(e, ENOMEM, "packet filter");
		return NULL;
	}
	f->options = o;
	return f;
}

void wifi_filter_free(struct wifi_filter *f)
{
	if (!f)
		return;
	free(f->macs.items);
	free(f);
}

void wifi_filter_set_uplink(struct wifi_filter *f, uint32_t ifindex)
{
	f->uplink = ifindex;
}

size_t wifi_filter_macs(const struct wifi_filter *f, const struct filter_mac **out)
{
	*out = f->macs.items;
	return f->macs.n;
}

/* --- addresses --- */

static int add_mac(struct macs *m, const uint8_t mac[6], struct err *e)
{
	if (m->n == m->room) {
		size_t room = m->room ? 2 * m->room : 16;
		struct filter_mac *items = realloc(m->items, room * sizeof(*items));

		if (!items)
			return err_sys(e, ENOMEM, "packet filter");
		m->items = items;
		m->room = room;
	}
	memcpy(m->items[m->n++].addr, mac, sizeof(m->items->addr));
	return 0;
}

static int add_given(const struct wifi_filter *f, struct macs *m, struct err *e)
{
	const struct wifi_options *o = f->options;

	for (size_t i = 0; i < o->n_filter_addresses; i++) {
		if (add_mac(m, o->filter_addresses[i].addr, e) < 0)
			return -1;
	}
	return 0;
}

static int add_locals(struct macs *m, struct wifi_system *s, uint32_t own, struct err *e)
{
	struct rtnl_link *links = NULL;
	int rc = 0, n = s->list_links(s->self, &links, e);

	if (n < 0)
		return err_wrap(e, "filter_locals");
	for (int i = 0; i < n && rc == 0; i++) {
		const struct rtnl_link *l = &links[i];

		if (l->ifindex != own && l->has_mac && (l->flags & IFF_UP))
			rc = add_mac(m, l->mac, e);
	}
	free(links);
	return rc;
}

/* What is not there now may come back; what never was is a mistake. */
static int add_interface(const struct wifi_filter *f, struct macs *m, struct wifi_system *s,
			 const char *name, struct err *e)
{
	struct rtnl_link link;

	if (s->find_link(s->self, name, &link, e) < 0) {
		if (e->code != ERR_NOT_FOUND)
			return err_wrap(e, "filter_interface=%s", name);
		if (f->looked)
			return 0;
		return err_set(e, ERR_NOT_FOUND, "filter_interface=%.60s: there is no such "
			       "interface; use filter_address= for one that is not there yet",
			       name);
	}
	if (link.has_mac)
		return add_mac(m, link.mac, e);
	if (!f->looked)
		log_warn("filter_interface=%s: it has no MAC address to leave out", name);
	return 0;
}

static int add_uplink(const struct wifi_filter *f, struct macs *m, struct wifi_system *s,
		      struct err *e)
{
	struct rtnl_link link;

	if (s->get_link(s->self, f->uplink, &link, e) == 0)
		return link.has_mac ? add_mac(m, link.mac, e) : 0;
	return e->code == ERR_NOT_FOUND ? 0 : err_wrap(e, "filter_uplink");
}

static int gather(const struct wifi_filter *f, struct macs *m, struct wifi_system *s,
		  uint32_t own, struct err *e)
{
	const struct wifi_options *o = f->options;

	if (add_given(f, m, e) < 0 || (o->filter_locals && add_locals(m, s, own, e) < 0))
		return -1;
	for (size_t i = 0; i < o->filter_interfaces.n; i++) {
		if (add_interface(f, m, s, o->filter_interfaces.items[i], e) < 0)
			return -1;
	}
	return o->filter_uplink && f->uplink != 0 ? add_uplink(f, m, s, e) : 0;
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct filter_mac));
}

static void make_set(struct macs *m)
{
	size_t n = 0;

	if (m->n == 0)
		return;
	qsort(m->items, m->n, sizeof(*m->items), compare_macs);
	for (size_t i = 0; i < m->n; i++) {
		if (i == 0 || compare_macs(&m->items[i], &m->items[n - 1]) != 0)
			m->items[n++] = m->items[i];
	}
	m->n = n;
}

int wifi_filter_look(struct wifi_filter *f, struct wifi_system *s, uint32_t own, struct err *e)
{
	struct macs now = { 0 };
	bool differ;

	if (gather(f, &now, s, own, e) < 0) {
		free(now.items);
		return -1;
	}
	make_set(&now);
	differ = !f->looked || now.n != f->macs.n ||
		 (now.n > 0 && memcmp(now.items, f->macs.items, now.n * sizeof(*now.items)) != 0);
	free(f->macs.items);
	f->macs = now;
	f->looked = true;
	return differ;
}

/* --- words --- */

__attribute__((format(printf, 3, 4)))
static void append(char *out, size_t size, const char *fmt, ...)
{
	size_t len = strlen(out);
	va_list ap;

	if (len > 0 && len + 2 < size) {
		memcpy(out + len, ", ", 3);
		len += 2;
	}
	va_start(ap, fmt);
	vsnprintf(out + len, size - len, fmt, ap);
	va_end(ap);
}

void wifi_filter_describe(const struct wifi_filter *f, char *out, size_t size)
{
	const struct wifi_options *o = f->options;

	out[0] = '\0';
	if (o->filter_mgmt)
		append(out, size, "management frames");
	else if (o->truncate_data)
		append(out, size, "headers of data frames");
	if (f->macs.n > 0)
		append(out, size, "%zu address%s left out", f->macs.n, f->macs.n > 1 ? "es" : "");
	if (o->filter)
		append(out, size, "\"%.60s\"", o->filter);
}

/* --- the program --- */

/* The instructions before and after, which is much for a stack. */
struct work {
	struct filter_insn user[FILTER_MAX_INSNS];
	struct filter_insn built[FILTER_MAX_INSNS];
	struct bpf_insn program[FILTER_MAX_INSNS];
};

static int compile_user(const struct wifi_filter *f, struct pcap_live *p, struct work *w,
			size_t *n, struct err *e)
{
	struct bpf_program program;

	*n = 0;
	if (!f->options->filter)
		return 0;
	if (pcap_live_compile(p, f->options->filter, &program, e) < 0)
		return -1;
	*n = program.bf_len;
	if (*n <= FILTER_MAX_INSNS)
		memcpy(w->user, program.bf_insns, *n * sizeof(w->user[0]));
	pcap_freecode(&program);
	if (*n > FILTER_MAX_INSNS)
		return err_set(e, ERR_USAGE, "filter=: the expression becomes %zu instructions, "
			       "and the kernel takes %d", *n, FILTER_MAX_INSNS);
	return 0;
}

/* The options that ask for a filter. */
static void name_options(const struct wifi_filter *f, char *out, size_t size)
{
	const struct wifi_options *o = f->options;
	const struct {
		const char *key;
		bool used;
	} keys[] = {
		{ "filter_mgmt", o->filter_mgmt }, { "truncate_data", o->truncate_data },
		{ "filter_locals", o->filter_locals },
		{ "filter_interface", o->filter_interfaces.n > 0 },
		{ "filter_address", o->n_filter_addresses > 0 },
		{ "filter_uplink", o->filter_uplink && f->uplink != 0 },
		{ "filter", o->filter != NULL },
	};

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].used)
			append(out, size, "%s", keys[i].key);
	}
}

static int cannot_build(const struct wifi_filter *f, int why, uint32_t dlt, struct err *e)
{
	const char *name = pcap_datalink_val_to_name((int)dlt);
	char keys[128];

	name_options(f, keys, sizeof(keys));
	if (why == -ENOTSUP)
		return err_set(e, ERR_UNSUPPORTED, "packets of link type %s (%u) cannot be "
			       "filtered as wanted, only radiotap and plain 802.11; go without %s",
			       name ? name : "unknown", (unsigned)dlt, keys);
	if (why == -E2BIG)
		return err_set(e, ERR_USAGE, "the packet filter is too long for the kernel: there "
			       "are %zu addresses to leave out; name fewer (%s)", f->macs.n, keys);
	return err_set(e, ERR_USAGE, "filter=: the expression cannot be combined with other "
		       "filters (%s)", keys);
}

static bool is_only_user(const struct filter_spec *spec)
{
	return spec->data == FILTER_DATA_KEEP && spec->n_macs == 0 && spec->n_user > 0;
}

static int attach(struct pcap_live *p, struct work *w, const struct filter_insn *insns, size_t n,
		  struct err *e)
{
	struct bpf_program program = { .bf_len = (u_int)n, .bf_insns = w->program };

	if (n == 0)
		return pcap_live_pass(p, e);
	memcpy(w->program, insns, n * sizeof(w->program[0]));
	return pcap_live_filter(p, &program, e);
}

static int apply(struct wifi_filter *f, struct pcap_live *p, struct work *w, struct err *e)
{
	const struct wifi_options *o = f->options;
	struct filter_spec spec = {
		.dlt = pcap_live_dlt(p),
		.data = o->filter_mgmt ? FILTER_DATA_DROP :
			o->truncate_data ? FILTER_DATA_CUT : FILTER_DATA_KEEP,
		.not_from_or_to = f->macs.items,
		.n_macs = f->macs.n,
		.user = w->user,
	};
	int n;

	if (compile_user(f, p, w, &spec.n_user, e) < 0)
		return -1;
	/* As libpcap made it, for any link type. */
	if (is_only_user(&spec))
		return attach(p, w, w->user, spec.n_user, e);
	n = filter_build(&spec, w->built);
	if (n < 0)
		return cannot_build(f, n, spec.dlt, e);
	return attach(p, w, w->built, (size_t)n, e);
}

int wifi_filter_apply(struct wifi_filter *f, struct pcap_live *p, struct err *e)
{
	struct work *w = malloc(sizeof(*w));
	int rc;

	if (!w)
		return err_sys(e, ENOMEM, "packet filter");
	rc = apply(f, p, w, e);
	free(w);
	return rc;
}
