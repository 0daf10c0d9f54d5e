/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets from a network interface through libpcap. */
#include "capture_common/pcap_live.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/filter.h>
#endif

#include "capture_common/log.h"

#define DEFAULT_BUFFER_BYTES (2 << 20)
#define PACKETS_A_READ 500
#define WHOLE 0x40000
/* After opening, until the kernel has handed over everything from before the first filter. */
#define STRAYS_NS (1000 * 1000000ull)
#define STATE_EVERY_NS (250 * 1000000ull)
/* Where libpcap has nothing to wait for. */
#define ASK_AGAIN_NS (10 * 1000000ull)

#ifdef __linux__
#define HOW_TO_BE_ALLOWED \
	"run it as root or give the program the capabilities cap_net_raw and cap_net_admin"
#else
#define HOW_TO_BE_ALLOWED "run it as root or get access to the system's capture devices"
#endif

struct pcap_live {
	pcap_t *pcap;
	char interface[64];
	int flags_fd;			/* to ask for the interface's state; -1: it has none */
	uint64_t next_state_ns;		/* when to ask again */
	struct capture *capture;	/* during a read */
	/* Packets of before the first filter are not wanted. */
	bool strays;
	uint64_t strays_until_us;	/* captured up to here */
	uint64_t strays_end_ns;		/* no more of them from here on; 0: not known yet */
	struct msg_packet held;		/* that was refused; data NULL: none */
	uint8_t *held_bytes;
	size_t held_room;
	struct pcap_live_stats stats;
	uint32_t last_received, last_kernel_dropped, last_iface_dropped;
};

/* The state of the interface */

enum state { STATE_UP, STATE_DOWN, STATE_GONE };

static enum state get_state(const struct pcap_live *p)
{
	struct ifreq req;

	memset(&req, 0, sizeof(req));
	memcpy(req.ifr_name, p->interface, sizeof(req.ifr_name) - 1);
	if (p->flags_fd < 0)
		return STATE_UP;
	if (ioctl(p->flags_fd, SIOCGIFFLAGS, &req) < 0)
		return errno == ENODEV || errno == ENXIO ? STATE_GONE : STATE_UP;
	return req.ifr_flags & IFF_UP ? STATE_UP : STATE_DOWN;
}

/* Some things that libpcap captures from are no interfaces of the network. */
static void watch_state(struct pcap_live *p)
{
	if (strlen(p->interface) < IFNAMSIZ)
		p->flags_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (p->flags_fd < 0)
		return;
	fcntl(p->flags_fd, F_SETFD, FD_CLOEXEC);
	if (get_state(p) == STATE_GONE) {
		close(p->flags_fd);
		p->flags_fd = -1;
	}
}

/* Opening */

static const char *words_of(pcap_t *pcap, int result)
{
	const char *own = pcap_geterr(pcap);

	return *own ? own : pcap_statustostr(result);
}

static int activate_failed(const struct pcap_live *p, int result, struct err *e)
{
	const char *words = words_of(p->pcap, result);

	switch (result) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		return err_set(e, ERR_NOT_FOUND, "cannot capture from %s: there is no such "
			       "interface; --list shows those there are", p->interface);
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		return err_set(e, ERR_PERMISSION, "cannot capture from %s: not permitted (%s); %s",
			       p->interface, words, HOW_TO_BE_ALLOWED);
	case PCAP_ERROR_IFACE_NOT_UP:
		return err_set(e, ERR_SYSTEM, "cannot capture from %s: the interface is down; "
			       "bring it up", p->interface);
	case PCAP_ERROR_RFMON_NOTSUP:
		return err_set(e, ERR_UNSUPPORTED, "cannot capture from %s: the interface has no "
			       "monitor mode", p->interface);
	default:
		return err_set(e, ERR_SYSTEM, "cannot capture from %s: %s", p->interface, words);
	}
}

static int activate(struct pcap_live *p, const struct pcap_live_config *cfg, struct err *e)
{
	int result;

	pcap_set_snaplen(p->pcap, cfg->snaplen ? cfg->snaplen : PCAP_LIVE_SNAPLEN);
	pcap_set_buffer_size(p->pcap, cfg->buffer_bytes ? cfg->buffer_bytes : DEFAULT_BUFFER_BYTES);
	pcap_set_timeout(p->pcap, PCAP_LIVE_BLOCK_MS);
	pcap_set_promisc(p->pcap, 1);
	if (cfg->monitor)
		pcap_set_rfmon(p->pcap, 1);
	result = pcap_activate(p->pcap);
	if (result < 0)
		return activate_failed(p, result, e);
	if (result > 0)
		log_warn("%s: %s", p->interface, words_of(p->pcap, result));
	return 0;
}

static const char *dlt_name(int dlt)
{
	const char *name = pcap_datalink_val_to_name(dlt);

	return name ? name : "an unknown one";
}

static int no_wanted_dlt(const struct pcap_live *p, const int *wanted, struct err *e)
{
	char names[128] = "";
	size_t len = 0;

	for (; *wanted >= 0 && len < sizeof(names); wanted++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					len ? " or " : "", dlt_name(*wanted));
	return err_set(e, ERR_UNSUPPORTED, "cannot capture from %s: its link type is %s (%d), "
		       "not %s; is the interface in the right mode?", p->interface,
		       dlt_name(pcap_datalink(p->pcap)), pcap_datalink(p->pcap), names);
}

static bool is_among(int dlt, const int *there, int n)
{
	for (int i = 0; i < n; i++)
		if (there[i] == dlt)
			return true;
	return false;
}

static int choose_dlt(struct pcap_live *p, const int *wanted, struct err *e)
{
	int *there, n;

	if (!wanted || *wanted == pcap_datalink(p->pcap))
		return 0;
	n = pcap_list_datalinks(p->pcap, &there);
	if (n < 0)
		return err_set(e, ERR_SYSTEM, "cannot find out the link types of %s: %s",
			       p->interface, pcap_geterr(p->pcap));
	for (const int *w = wanted; *w >= 0; w++) {
		if (is_among(*w, there, n) && (*w == pcap_datalink(p->pcap) ||
					       pcap_set_datalink(p->pcap, *w) == 0)) {
			pcap_free_datalinks(there);
			return 0;
		}
	}
	pcap_free_datalinks(there);
	return no_wanted_dlt(p, wanted, e);
}

/* Filters */

#ifdef __linux__
/* Not through libpcap: where the kernel refuses a program it would filter by itself, and it runs a
 * new program again over packets that the kernel has filtered, and cut, already. */
static int set_filter(struct pcap_live *p, struct bpf_program *program, struct err *e)
{
	struct sock_fprog prog = { .len = (unsigned short)program->bf_len,
				   .filter = (struct sock_filter *)(void *)program->bf_insns };

	if (setsockopt(pcap_fileno(p->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ==
	    0)
		return 0;
	if (errno == ENOMEM)
		return err_set(e, ERR_SYSTEM, "cannot set a packet filter on %s: the kernel has no "
			       "room for its %u instructions; filter less, or raise the limit "
			       "net.core.optmem_max", p->interface, program->bf_len);
	return err_sys(e, errno, "cannot set a packet filter of %u instructions on %s",
		       program->bf_len, p->interface);
}
#else
static int set_filter(struct pcap_live *p, struct bpf_program *program, struct err *e)
{
	if (pcap_setfilter(p->pcap, program) < 0)
		return err_set(e, ERR_SYSTEM, "cannot set a packet filter on %s: %s", p->interface,
			       pcap_geterr(p->pcap));
	return 0;
}
#endif

static int set_return(struct pcap_live *p, uint32_t keep, struct err *e)
{
	struct bpf_insn insn = { .code = BPF_RET | BPF_K, .k = keep };
	struct bpf_program program = { .bf_len = 1, .bf_insns = &insn };

	return set_filter(p, &program, e);
}

int pcap_live_filter(struct pcap_live *p, struct bpf_program *program, struct err *e)
{
	struct err ignored;
	int r = set_filter(p, program, e);

	if (r < 0)
		set_return(p, 0, &ignored);
	return r;
}

int pcap_live_pass(struct pcap_live *p, struct err *e)
{
	return set_return(p, WHOLE, e);
}

int pcap_live_compile(struct pcap_live *p, const char *expression, struct bpf_program *out,
		      struct err *e)
{
	if (pcap_compile(p->pcap, out, expression, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return err_set(e, ERR_USAGE, "cannot use the packet filter \"%s\" on %s: %s",
			       expression, p->interface, pcap_geterr(p->pcap));
	return 0;
}

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000;
}

static int start(struct pcap_live *p, const struct pcap_live_config *cfg, struct err *e)
{
	char text[PCAP_ERRBUF_SIZE] = "";

	p->pcap = pcap_create(cfg->interface, text);
	if (!p->pcap)
		return err_set(e, ERR_SYSTEM, "cannot capture from %s: %s", p->interface, text);
	if (activate(p, cfg, e) < 0 || choose_dlt(p, cfg->dlts, e) < 0 || set_return(p, 0, e) < 0)
		return -1;
	p->strays = true;
	p->strays_until_us = wall_us();
	if (pcap_setnonblock(p->pcap, 1, text) < 0)
		return err_set(e, ERR_SYSTEM, "cannot capture from %s without waiting: %s",
			       p->interface, text);
	watch_state(p);
	return 0;
}

struct pcap_live *pcap_live_open(const struct pcap_live_config *cfg, struct err *e)
{
	struct pcap_live *p = calloc(1, sizeof(*p));

	if (!p) {
		err_sys(e, ENOMEM, "cannot capture from %s", cfg->interface);
		return NULL;
	}
	snprintf(p->interface, sizeof(p->interface), "%s", cfg->interface);
	p->flags_fd = -1;
	p->held_room = (size_t)(cfg->snaplen ? cfg->snaplen : PCAP_LIVE_SNAPLEN);
	p->held_bytes = malloc(p->held_room);
	if (!p->held_bytes)
		err_sys(e, ENOMEM, "cannot capture from %s", cfg->interface);
	if (!p->held_bytes || start(p, cfg, e) < 0) {
		pcap_live_close(p);
		return NULL;
	}
	return p;
}

void pcap_live_close(struct pcap_live *p)
{
	if (!p)
		return;
	if (p->pcap)
		pcap_close(p->pcap);
	if (p->flags_fd >= 0)
		close(p->flags_fd);
	free(p->held_bytes);
	free(p);
}

uint32_t pcap_live_dlt(const struct pcap_live *p)
{
	return (uint32_t)pcap_datalink(p->pcap);
}

int pcap_live_fd(const struct pcap_live *p)
{
	return pcap_get_selectable_fd(p->pcap);
}

/* Reading */

/* Its bytes are the kernel's again when libpcap goes on. libpcap cuts packets at the snap length,
 * which there is room for. */
static void hold(struct pcap_live *p, const struct msg_packet *packet)
{
	p->held = *packet;
	if (p->held.len > p->held_room)
		p->held.len = (uint32_t)p->held_room;
	memcpy(p->held_bytes, packet->data, p->held.len);
	p->held.data = p->held_bytes;
	pcap_breakloop(p->pcap);
}

static void take_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes)
{
	struct pcap_live *p = (void *)user;
	struct msg_packet packet = {
		.dlt = pcap_live_dlt(p),
		.has_time = true,
		.time_us = (uint64_t)h->ts.tv_sec * 1000000u + (uint64_t)h->ts.tv_usec,
		.orig_len = h->len,
		.data = bytes,
		.len = h->caplen,
	};

	if (p->strays && packet.time_us <= p->strays_until_us)
		return;
	if (!capture_packet(p->capture, &packet))
		hold(p, &packet);
}

static enum source_read failed(const struct pcap_live *p, enum state state, struct err *e)
{
	switch (state) {
	case STATE_UP:
		err_set(e, ERR_SYSTEM, "capture from %s failed: %s", p->interface,
			pcap_geterr(p->pcap));
		break;
	case STATE_DOWN:
		err_set(e, ERR_SYSTEM, "capture from %s ended: the interface was taken down; "
			"bring it up, and see that nothing else manages it", p->interface);
		break;
	case STATE_GONE:
		err_set(e, ERR_NOT_FOUND, "capture from %s ended: the interface is gone; was the "
			"device unplugged?", p->interface);
		break;
	}
	return SOURCE_FAILED;
}

static void say_when(const struct pcap_live *p, const struct capture *c, bool looked,
		     struct source_wait *wait)
{
	const struct timeval *poll = pcap_get_required_select_timeout(p->pcap);

	wait->fd = pcap_live_fd(p);
	if (!looked)
		wait->until_ns = p->next_state_ns;
	if (poll)
		wait->until_ns = capture_now_ns(c) + (uint64_t)poll->tv_sec * 1000000000u +
				 (uint64_t)poll->tv_usec * 1000u;
	else if (wait->fd < 0)
		wait->until_ns = capture_now_ns(c) + ASK_AGAIN_NS;
}

/* A clock that is set back would make all packets look like strays: only for a moment. */
static void end_strays(struct pcap_live *p, const struct capture *c)
{
	if (p->strays_end_ns == 0)
		p->strays_end_ns = capture_now_ns(c) + STRAYS_NS;
	else if (capture_now_ns(c) >= p->strays_end_ns)
		p->strays = false;
}

enum source_read pcap_live_read(struct pcap_live *p, struct capture *c, struct source_wait *wait,
				struct err *e)
{
	enum state state = STATE_UP;
	int n;

	if (p->held.data && !capture_packet(c, &p->held))
		return SOURCE_FULL;
	p->held.data = NULL;
	if (p->strays)
		end_strays(p, c);
	p->capture = c;
	n = pcap_dispatch(p->pcap, PACKETS_A_READ, take_packet, (u_char *)p);
	p->capture = NULL;
	if (p->held.data)
		return SOURCE_FULL;
	/* Some systems tell of the break that a held packet made only now. */
	if (n == PACKETS_A_READ || n == PCAP_ERROR_BREAK)
		return SOURCE_MORE;
	/* That was all there is: to ask once more would cost as much as a packet. */
	if (n > 0) {
		say_when(p, c, true, wait);
		return SOURCE_WAIT;
	}
	/* libpcap 1.10 keeps it to itself that an interface went down. */
	bool looked = n < 0 || capture_now_ns(c) >= p->next_state_ns;

	if (looked) {
		state = get_state(p);
		p->next_state_ns = capture_now_ns(c) + STATE_EVERY_NS;
	}
	if (n < 0 || state != STATE_UP)
		return failed(p, state, e);
	say_when(p, c, looked, wait);
	return SOURCE_WAIT;
}

void pcap_live_get_stats(struct pcap_live *p, struct pcap_live_stats *out)
{
	struct pcap_live_stats *s = &p->stats;
	struct pcap_stat now;

	if (pcap_stats(p->pcap, &now) == 0) {
		pcap_live_count(&s->received, &p->last_received, now.ps_recv);
		pcap_live_count(&s->kernel_dropped, &p->last_kernel_dropped, now.ps_drop);
		pcap_live_count(&s->iface_dropped, &p->last_iface_dropped, now.ps_ifdrop);
	}
	*out = *s;
}
