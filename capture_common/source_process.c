/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source in a process of its own, seen from the process that talks to the server. */
#include "capture_common/source_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/daemon.h"
#include "capture_common/log.h"
#include "capture_common/record_ring.h"
#include "capture_common/source_child.h"
#include "capture_common/source_wire.h"

/* Has a name for each open descriptor. Elsewhere /dev/fd may have the first three only. */
#ifdef __linux__
#define DESCRIPTORS "/proc/self/fd"
#else
#define DESCRIPTORS "/nonexistent"
#endif
#define RING_BYTES ((size_t)128 << 10)
#define RECORDS_A_READ 128
/* Longer than the slowest driver that still works. */
#define TUNE_LIMIT_S 10
#define END_LIMIT_MS 5000
#define REAP_LIMIT_MS 200

struct source_process {
	const struct source_tool *tool;
	pid_t pid;
	int commands, tuning;		/* -1: closed */
	struct record_ring *ring;
	uint32_t id;			/* of the last OPEN */
	bool asked;			/* an OPEN is not answered yet; */
	bool close_sent;		/* ... a CLOSE is behind it already, */
	bool uplink_waits;		/* ... the uplink is another one now, */
	char *open_next;		/* ... and this is to be opened then; owned */
	char uplink[sizeof(((struct source_info *)NULL)->uplink)];
	bool died;
	bool opened, refused, ended;	/* what became of it */
	struct err why;			/* refused, ended or died */
	struct source_info info;	/* opened, and not taken yet */
	struct source_stats stats;
	uint8_t buf[SOURCE_WIRE_MAX];
	/* the tuning thread's */
	uint32_t tune_id;
	uint8_t tune_buf[1024];
};

/* --- starting --- */

/* Of everything that this process has open, the new one needs nothing. */
static bool is_kept(const int *keep, int fd)
{
	return fd == keep[0] || fd == keep[1] || fd == keep[2];
}

static void close_all_but(const int keep[3])
{
	long limit = sysconf(_SC_OPEN_MAX);
	DIR *dir = opendir(DESCRIPTORS);

	if (!dir) {
		for (int fd = STDERR_FILENO + 1; fd < (limit > 0 ? limit : 1024); fd++) {
			if (!is_kept(keep, fd))
				close(fd);
		}
		return;
	}
	/* Closing while reading is fine: a name that is passed over comes next time. */
	for (bool again = true; again;) {
		again = false;
		rewinddir(dir);
		for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
			int fd = atoi(d->d_name);

			if (fd > STDERR_FILENO && fd != dirfd(dir) && !is_kept(keep, fd) &&
			    close(fd) == 0)
				again = true;
		}
	}
	closedir(dir);
}

static void to_null(int fd)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0 && null != fd) {
		dup2(null, fd);
		close(null);
	}
}

/* The terminal's signals go to both processes: the other one decides when this one ends. */
static void ignore_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
}

static void run_child(const struct source_process_config *cfg, struct record_ring *ring,
		      int commands, int tuning)
{
	struct source_child_config child = { .tool = cfg->tool, .definition = cfg->definition,
					     .ring = ring,
					     .commands_fd = commands, .tuning_fd = tuning };
	int keep[] = { commands, tuning, cfg->has_pidfile ? pidfile_fd() : -1 };

	ignore_signals();
	close_all_but(keep);
	if (cfg->has_pidfile)
		pidfile_take_over();
	to_null(STDIN_FILENO);
	to_null(STDOUT_FILENO);
	if (cfg->to_syslog) {
		log_to_syslog();
		to_null(STDERR_FILENO);
	}
	log_set_tag(cfg->tag);
	int status = cfg->run(&child);

	if (cfg->has_pidfile)
		pidfile_remove();
	_exit(status);
}

static int make_sockets(int commands[2], int tuning[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, commands) < 0) {
		if (errno == EPROTONOSUPPORT || errno == EPROTOTYPE)
			return err_set(e, ERR_UNSUPPORTED, "this system has no sequenced sockets");
		return err_sys(e, errno, "a process for the source");
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, tuning) < 0) {
		err_sys(e, errno, "a process for the source");
		close(commands[0]);
		close(commands[1]);
		return -1;
	}
	for (int i = 0; i < 2; i++) {
		fcntl(commands[i], F_SETFD, FD_CLOEXEC);
		fcntl(tuning[i], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

static int fork_child(struct source_process *p, const struct source_process_config *cfg,
		      struct err *e)
{
	struct timeval limit = { .tv_sec = TUNE_LIMIT_S };
	int commands[2], tuning[2];

	if (make_sockets(commands, tuning, e) < 0)
		return -1;
	p->pid = fork();
	if (p->pid == 0)
		run_child(cfg, p->ring, commands[1], tuning[1]);
	int failed = p->pid < 0 ? errno : 0;

	close(commands[1]);
	close(tuning[1]);
	p->commands = commands[0];
	p->tuning = tuning[0];
	setsockopt(p->tuning, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return failed ? err_sys(e, failed, "a process for the source") : 0;
}

struct source_process *source_process_start(const struct source_process_config *cfg, struct err *e)
{
	struct source_process *p = calloc(1, sizeof(*p));

	if (!p) {
		err_sys(e, ENOMEM, "a process for the source");
		return NULL;
	}
	p->tool = cfg->tool;
	p->commands = p->tuning = -1;
	p->ring = record_ring_new(RING_BYTES, e);
	if (p->ring && fork_child(p, cfg, e) == 0)
		return p;
	p->died = true;
	source_process_end(p);
	return NULL;
}

/* --- its end --- */

static void describe_status(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(out, size, "was killed by signal %d", WTERMSIG(status));
	else
		snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
}

/* One that hangs in its driver does not end at once, and is not waited for. */
static bool reap(struct source_process *p, int *status)
{
	for (int i = 0; i < REAP_LIMIT_MS; i++) {
		if (waitpid(p->pid, status, WNOHANG) == p->pid)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

static void died(struct source_process *p)
{
	char how[48] = "ended";
	int status;

	if (p->died)
		return;
	p->died = true;
	/* If it lives after all, this is what makes it undo everything and end. Killing it would
	 * not, and is not for the user that this process has become. */
	shutdown(p->commands, SHUT_RDWR);
	shutdown(p->tuning, SHUT_RDWR);
	if (reap(p, &status))
		describe_status(status, how, sizeof(how));
	err_set(&p->why, ERR_SYSTEM, "the process that has the radio %s; what it changed is undone "
		"at the next start", how);
}

bool source_process_died(const struct source_process *p)
{
	return p->died;
}

/* Until its end of the socket is closed. */
static bool wait_for_end(struct source_process *p)
{
	struct pollfd fd = { .fd = p->commands, .events = POLLIN };
	long n = 1;

	while (n > 0) {
		if (poll(&fd, 1, END_LIMIT_MS) <= 0)
			return false;
		n = recv(p->commands, p->buf, sizeof(p->buf), MSG_DONTWAIT);
	}
	return true;
}

void source_process_end(struct source_process *p)
{
	if (!p)
		return;
	if (!p->died) {
		shutdown(p->commands, SHUT_WR);
		if (wait_for_end(p))
			waitpid(p->pid, NULL, 0);
		else
			log_warn("the process that has the radio (%d) takes long to end; what it "
				 "changed is undone later, or at the next start", (int)p->pid);
	}
	if (p->commands >= 0)
		close(p->commands);
	if (p->tuning >= 0)
		close(p->tuning);
	record_ring_free(p->ring);
	source_info_free(&p->info);
	free(p->open_next);
	free(p);
}

/* --- messages --- */

static void send_command(struct source_process *p, const struct source_wire *m)
{
	long len = source_wire_encode(m, p->buf, sizeof(p->buf));

	/* Some hundred messages fit: a process that leaves so many unread does not live. */
	if (len > 0 && send(p->commands, p->buf, (size_t)len, MSG_DONTWAIT) < 0)
		died(p);
}

/* What was captured before the source was opened is of another one. */
static void empty_ring(struct source_process *p)
{
	struct record r;

	while (record_ring_peek(p->ring, &r) == 1) {
		record_ring_pop(p->ring);
		p->stats.not_passed_on++;
	}
}

static void send_open(struct source_process *p, const char *definition)
{
	struct source_wire m = { .type = WIRE_OPEN, .id = p->id, .text = text_of(definition),
				 .uplink = text_of(p->uplink) };

	p->asked = true;
	send_command(p, &m);
}

static void send_uplink(struct source_process *p)
{
	send_command(p, &(struct source_wire){ .type = WIRE_UPLINK, .text = text_of(p->uplink) });
}

/* What was wanted meanwhile is asked for now, so that a server that keeps asking for something else
 * fills no socket. */
static void answered(struct source_process *p)
{
	char *next = p->open_next;
	bool uplink_waits = p->uplink_waits;

	p->asked = p->close_sent = p->uplink_waits = false;
	p->open_next = NULL;
	if (next)
		send_open(p, next);
	else if (uplink_waits)
		send_uplink(p);
	free(next);
}

static void handle(struct source_process *p, struct source_wire *m)
{
	switch (m->type) {
	case WIRE_OPENED:
		answered(p);
		if (m->id == p->id) {
			p->opened = true;
			p->info = m->info;
			p->stats = (struct source_stats){ 0 };
			m->info = (struct source_info){ .uuid = "" };
			empty_ring(p);
		}
		source_info_free(&m->info);
		break;
	case WIRE_REFUSED:
		answered(p);
		/* fall through */
	case WIRE_ENDED:
		if (m->id == p->id) {
			p->refused = m->type == WIRE_REFUSED;
			p->ended = m->type == WIRE_ENDED;
			p->why = m->err;
		}
		break;
	case WIRE_STATS:
		p->stats = m->stats;
		break;
	case WIRE_RECORDS:
		break;
	case WIRE_OPEN:
	case WIRE_START:
	case WIRE_CLOSE:
	case WIRE_ROOM:
	case WIRE_UPLINK:
	case WIRE_TUNE:
	case WIRE_TUNED:
		died(p);		/* it is not what we started */
		break;
	}
}

static void receive(struct source_process *p)
{
	while (!p->died && !p->opened) {
		struct source_wire m = { .type = WIRE_STATS };
		long n = recv(p->commands, p->buf, sizeof(p->buf), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0 || source_wire_decode(&m, p->buf, (size_t)n) < 0)
			died(p);
		else
			handle(p, &m);
		/* Most often there is nothing behind it; if there is, we are woken again. */
		if (m.type == WIRE_RECORDS)
			return;
	}
}

/* --- opening and closing --- */

int source_process_open(struct source_process *p, const char *definition, const char *uplink,
			struct err *e)
{
	p->opened = p->refused = p->ended = false;
	source_info_free(&p->info);
	p->stats = (struct source_stats){ 0 };
	snprintf(p->uplink, sizeof(p->uplink), "%s", uplink);
	p->id++;
	if (p->asked) {
		free(p->open_next);
		p->open_next = strdup(definition);
		if (!p->open_next)
			return err_sys(e, ENOMEM, "source definition");
	} else {
		send_open(p, definition);
	}
	if (p->died)
		*e = p->why;
	return p->died ? -1 : 0;
}

int source_process_opened(struct source_process *p, struct source_info *info, struct err *e)
{
	receive(p);
	if (p->opened) {
		*info = p->info;
		p->info = (struct source_info){ .uuid = "" };
		p->opened = false;
		return 1;
	}
	if (!p->died && !p->refused)
		return 0;
	*e = p->why;
	return -1;
}

int source_process_fd(const struct source_process *p)
{
	return p->commands;
}

void source_process_read_on(struct source_process *p)
{
	send_command(p, &(struct source_wire){ .type = WIRE_START });
}

void source_process_close(struct source_process *p)
{
	p->id++;			/* whatever it still says of it is old */
	free(p->open_next);
	p->open_next = NULL;
	if (p->close_sent)
		return;
	p->close_sent = p->asked;
	send_command(p, &(struct source_wire){ .type = WIRE_CLOSE });
}

void source_process_set_uplink(struct source_process *p, const char *address)
{
	snprintf(p->uplink, sizeof(p->uplink), "%s", address);
	if (p->asked)
		p->uplink_waits = true;
	else
		send_uplink(p);
}

void source_process_get_stats(const struct source_process *p, struct source_stats *out)
{
	*out = p->stats;
}

/* --- reading --- */

/* Messages were logged over there. */
static bool hand_over(struct capture *c, const struct record *r)
{
	if (r->kind == RECORD_PACKET)
		return capture_packet(c, &r->packet);
	if (queue_push_message(c->queue, r->message.class, r->message.text) < 0)
		c->messages_dropped++;
	return true;
}

/* Returns how many records were handed over; *full: the queue takes no more. */
static int drain_ring(struct source_process *p, struct capture *c, bool *full)
{
	struct record r;
	int n = 0, rc = 1;

	while (n < RECORDS_A_READ && (rc = record_ring_peek(p->ring, &r)) == 1) {
		if (!hand_over(c, &r)) {
			*full = true;
			break;
		}
		record_ring_pop(p->ring);
		n++;
	}
	if (rc < 0)
		died(p);
	if (n > 0 && !p->died && record_ring_wakes_writer(p->ring))
		send_command(p, &(struct source_wire){ .type = WIRE_ROOM });
	return n;
}

enum source_read source_process_read(void *self, struct capture *c, struct source_wait *wait,
				     struct err *e)
{
	struct source_process *p = self;
	bool full = false;

	receive(p);
	if (drain_ring(p, c, &full) == RECORDS_A_READ)
		return SOURCE_MORE;
	if (full)
		return SOURCE_FULL;
	if (p->died || (p->ended && p->why.code != ERR_NONE)) {
		*e = p->why;
		return SOURCE_FAILED;
	}
	if (p->ended)
		return SOURCE_END;
	wait->fd = p->commands;
	wait->steady = true;
	return SOURCE_WAIT;
}

/* --- tuning --- */

static int take_answer(struct source_process *p, const char *channel, struct err *e)
{
	struct source_wire m = { .type = WIRE_TUNED };
	long n;

	do {
		n = recv(p->tuning, p->tune_buf, sizeof(p->tune_buf), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return err_set(e, ERR_SYSTEM, "channel %s: the driver has not answered for "
				       "%d s", channel, TUNE_LIMIT_S);
		bool sound = n > 0 && source_wire_decode(&m, p->tune_buf, (size_t)n) == 0;

		source_info_free(&m.info);
		if (!sound || m.type != WIRE_TUNED)
			return err_set(e, ERR_SYSTEM, "channel %s: the process that has the radio "
				       "has ended", channel);
	} while (n < 0 || m.id != p->tune_id);	/* an answer that came too late */
	*e = m.err;
	return m.err.code == ERR_NONE ? 0 : -1;
}

int source_process_tune(void *self, const char *channel, struct err *e)
{
	struct source_process *p = self;
	struct source_wire m = { .type = WIRE_TUNE, .id = ++p->tune_id, .text = text_of(channel) };
	long len = source_wire_encode(&m, p->tune_buf, sizeof(p->tune_buf));

	if (len < 0)
		return err_set(e, ERR_USAGE, "channel %.40s...: too long", channel);
	if (send(p->tuning, p->tune_buf, (size_t)len, MSG_DONTWAIT) < 0)
		return err_set(e, ERR_SYSTEM, "channel %s: the process that has the radio does not "
			       "take requests", channel);
	return take_answer(p, channel, e);
}
