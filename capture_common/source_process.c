/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A source in a process of its own, seen from the process that talks to the server. */
#include "capture_common/source_process.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/record_ring.h"
#include "capture_common/source_fork.h"
#include "capture_common/source_wire.h"

#define RING_BYTES ((size_t)128 << 10)
#define RECORDS_A_READ 128
#define END_LIMIT_MS 5000
#define REAP_LIMIT_MS 200
#define READY_LIMIT_MS 10000

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
	bool ready;			/* told only if it records */
	bool died, finished;
	bool opened, refused, ended;	/* what became of it */
	struct err why;			/* refused, ended or died */
	struct source_info info;	/* opened, and not taken yet */
	struct source_stats stats;
	uint64_t left_in_ring;		/* records that nobody took */
	uint8_t buf[SOURCE_WIRE_MAX];
	/* the tuning thread's */
	uint32_t tune_id;
	uint8_t tune_buf[1024];
};

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

/* What is told still are its last counts. */
static void take_last_word(struct source_process *p, long len)
{
	struct source_wire m;

	if (len <= 0 || source_wire_decode(&m, p->buf, (size_t)len) < 0)
		return;
	if (m.type == WIRE_STATS)
		p->stats = m.stats;
	source_info_free(&m.info);
}

/* Until its end of the socket is closed. */
static bool wait_for_end(struct source_process *p)
{
	struct pollfd fd = { .fd = p->commands, .events = POLLIN };
	long n = 1;

	while (n > 0) {
		int ready = poll(&fd, 1, END_LIMIT_MS);

		if (ready < 0 && errno == EINTR)	/* another Ctrl-C */
			continue;
		if (ready <= 0)
			return false;
		n = recv(p->commands, p->buf, sizeof(p->buf), MSG_DONTWAIT);
		take_last_word(p, n);
	}
	return true;
}

/* What was captured before the source was opened is of another one. */
static void empty_ring(struct source_process *p)
{
	struct record r;

	while (record_ring_peek(p->ring, &r) == 1) {
		record_ring_pop(p->ring);
		p->left_in_ring++;
	}
}

void source_process_finish(struct source_process *p)
{
	if (p->finished)
		return;
	p->finished = true;
	if (!p->died) {
		shutdown(p->commands, SHUT_WR);
		if (wait_for_end(p))
			waitpid(p->pid, NULL, 0);
		else
			log_warn("the process that has the radio (%d) takes long to end; what it "
				 "changed is undone later, or at the next start", (int)p->pid);
	}
	if (p->ring)
		empty_ring(p);
}

void source_process_end(struct source_process *p)
{
	if (!p)
		return;
	source_process_finish(p);
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

/* The recording goes on, whatever is opened. */
static void forget_stats(struct source_process *p)
{
	p->stats = (struct source_stats){ .recorded = p->stats.recorded };
}

static void handle(struct source_process *p, struct source_wire *m)
{
	switch (m->type) {
	case WIRE_READY:
		p->ready = true;
		break;
	case WIRE_OPENED:
		answered(p);
		if (m->id == p->id) {
			p->opened = true;
			p->info = m->info;
			forget_stats(p);
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

/* Whether to look for another one. */
static bool receive_one(struct source_process *p)
{
	struct source_wire m = { .type = WIRE_STATS };
	long n = recv(p->commands, p->buf, sizeof(p->buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0 || source_wire_decode(&m, p->buf, (size_t)n) < 0)
		died(p);
	else
		handle(p, &m);
	/* Most often there is nothing behind it; if there is, we are woken again. */
	return m.type != WIRE_RECORDS && !p->died && !p->opened;
}

static void receive(struct source_process *p)
{
	while (!p->died && !p->opened && receive_one(p))
		;
}

static int wait_until_ready(struct source_process *p, struct err *e)
{
	struct pollfd fd = { .fd = p->commands, .events = POLLIN };

	while (!p->ready && !p->refused && !p->died) {
		if (poll(&fd, 1, READY_LIMIT_MS) == 0)
			return err_set(e, ERR_SYSTEM, "the process for the source does not start "
				       "within %d s", READY_LIMIT_MS / 1000);
		receive_one(p);		/* a refusal is followed by its end */
	}
	if (!p->ready)
		*e = p->why;
	p->refused = false;
	return p->ready ? 0 : -1;
}

static int begin(struct source_process *p, const struct source_process_config *cfg, struct err *e)
{
	struct source_fork made;

	if (source_fork(cfg, p->ring, &made, e) < 0)
		return -1;
	p->pid = made.pid;
	p->commands = made.commands;
	p->tuning = made.tuning;
	return 0;
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
	p->died = !p->ring || begin(p, cfg, e) < 0;
	if (!p->died && (!source_fork_records(cfg) || wait_until_ready(p, e) == 0))
		return p;
	source_process_end(p);
	return NULL;
}

/* --- opening and closing --- */

int source_process_open(struct source_process *p, const char *definition, const char *uplink,
			struct err *e)
{
	p->opened = p->refused = p->ended = false;
	source_info_free(&p->info);
	forget_stats(p);
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
	out->not_passed_on += p->left_in_ring;
}

/* --- reading --- */

/* Messages were logged over there. */
static bool hand_over(struct capture *c, const struct record *r)
{
	if (r->kind == RECORD_PACKET)
		return capture_packet(c, &r->packet);
	capture_tell(c, r->message.class, r->message.text);
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
				       "%d s", channel, SOURCE_TUNE_LIMIT_S);
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
