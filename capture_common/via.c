/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helper commands, as seen by the process that uses them. */
#include "capture_common/via.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_common/via_process.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* macOS: SIGPIPE is ignored by the whole program */
#endif

#define END_LIMIT_MS 3000

struct via_helper {
	struct via_helper *next;
	struct via *via;
	uint32_t id;
	bool over;			/* ended() was called */
	void (*ended)(void *user, const struct err *e);
	void *user;
};

struct via {
	pid_t pid;
	int sock;
	bool dead;			/* the process has gone, or talks nonsense */
	char name[32];
	struct loop *loop;		/* of the helpers; watched while there are any */
	struct loop_watch watch;
	struct via_helper *helpers;
	uint32_t last_id;
	struct via_reply in;
	size_t in_len;
};

/* --- the command --- */

int via_check(const char *command, struct err *e)
{
	const char *p;

	if (command[strspn(command, " \t")] == '\0')
		return err_set(e, ERR_USAGE, "the helper command is missing");
	for (p = strchr(command, '%'); p; p = strchr(p + 2, '%')) {
		if (!p[1] || !strchr("hp%", p[1]))
			return err_set(e, ERR_USAGE, "'%.2s' in the helper command is not known; "
				       "there are %%h (host), %%p (port) and %%%%", p);
	}
	return 0;
}

int via_opt(void *field, const char *value, struct err *e)
{
	char **command = field;

	if (via_check(value, e) < 0)
		return -1;
	char *copy = strdup(value);

	if (!copy)
		return err_sys(e, ENOMEM, "helper command");
	free(*command);
	*command = copy;
	return 0;
}

static bool is_plain(const char *host)
{
	return host[strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			   "._:-")] == '\0';
}

static int check_host(const char *command, const char *host, struct err *e)
{
	if (!*host || *host == '-')
		return err_set(e, ERR_USAGE, "'%.60s' is no host for a helper command", host);
	for (const char *p = host; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return err_set(e, ERR_USAGE, "a host's name has control characters");
	}
	if (!is_plain(host) && strpbrk(command, "'\"\\`$<#"))
		return err_set(e, ERR_USAGE, "the host '%.60s' has characters that a helper "
			       "command which has quotes, '$' or '#' itself is not given", host);
	return 0;
}

struct text_out {
	char *at, *end;			/* of what is left */
};

static void put(struct text_out *o, const char *s, size_t len)
{
	size_t left = (size_t)(o->end - o->at);

	if (len > left)
		len = left;		/* then it is full, which is noticed at the end */
	memcpy(o->at, s, len);
	o->at += len;
}

static void put_host(struct text_out *o, const char *host)
{
	if (is_plain(host)) {
		put(o, host, strlen(host));
		return;
	}
	put(o, "'", 1);
	for (; *host; host++) {
		if (*host == '\'')
			put(o, "'\\''", 4);
		else
			put(o, host, 1);
	}
	put(o, "'", 1);
}

int via_expand(const char *command, const char *host, uint16_t port, char *out, size_t size,
	       struct err *e)
{
	struct text_out o = { out, out + size };
	char number[8];

	if (via_check(command, e) < 0 || check_host(command, host, e) < 0)
		return -1;
	snprintf(number, sizeof(number), "%u", port);
	for (const char *p = command; *p; p++) {
		if (*p != '%') {
			put(&o, p, 1);
			continue;
		}
		p++;
		if (*p == 'h')
			put_host(&o, host);
		else if (*p == 'p')
			put(&o, number, strlen(number));
		else
			put(&o, "%", 1);
	}
	if (o.at == o.end)
		return err_set(e, ERR_USAGE, "the helper command is too long");
	*o.at = '\0';
	return 0;
}

/* A variable's setting before it, which may be a secret, is none of its words. */
static void find_name(struct via *v, const char *command)
{
	size_t len;

	for (;;) {
		command += strspn(command, " \t");
		len = strcspn(command, " \t");
		if (!command[len] || !memchr(command, '=', len))
			break;
		command += len;
	}
	for (size_t i = 0; i < len; i++) {
		if (command[i] == '/' && i + 1 < len) {
			command += i + 1;
			len -= i + 1;
			i = (size_t)-1;
		}
	}
	snprintf(v->name, sizeof(v->name), "%.*s", (int)(len < 31 ? len : 31), command);
}

const char *via_name(const struct via *v)
{
	return v->name;
}

/* --- its process --- */

static bool receive_all(int fd, void *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = recv(fd, (char *)buf + got, len - got, 0);

		if (n <= 0 && !(n < 0 && errno == EINTR))
			return false;
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static int fork_process(struct via *v, const char *command, struct err *e)
{
	struct via_reply ready = { .type = VIA_READY };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return err_sys(e, errno, "--via: a process for the helper command");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	v->pid = fork();
	if (v->pid == 0) {
		close(fds[0]);
		_exit(via_process_run(fds[1], command));
	}
	int failed = v->pid < 0 ? errno : 0;

	close(fds[1]);
	v->sock = fds[0];
	if (failed)
		return err_sys(e, failed, "--via: a process for the helper command");
	if (!receive_all(v->sock, &ready, sizeof(ready)) || ready.type != VIA_READY)
		return err_set(e, ERR_SYSTEM, "--via: the process for the helper command did not "
			       "start");
	return 0;
}

struct via *via_start(const char *command, struct err *e)
{
	struct via *v;

	if (via_check(command, e) < 0) {
		err_wrap(e, "--via");
		return NULL;
	}
	v = calloc(1, sizeof(*v));
	if (!v) {
		err_sys(e, ENOMEM, "--via");
		return NULL;
	}
	v->watch.fd = v->sock = -1;
	find_name(v, command);
	if (fork_process(v, command, e) == 0)
		return v;
	via_end(v);
	return NULL;
}

/* Its end of the socket is closed when it has ended, and its helpers before it. */
static bool wait_for_end(struct via *v)
{
	struct pollfd fd = { .fd = v->sock, .events = POLLIN };
	char junk[1024];

	for (;;) {
		if (poll(&fd, 1, END_LIMIT_MS) <= 0)
			return false;
		ssize_t n = recv(v->sock, junk, sizeof(junk), MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return true;
	}
}

void via_end(struct via *v)
{
	if (!v)
		return;
	if (v->sock >= 0) {
		shutdown(v->sock, SHUT_WR);
		if (v->pid > 0 && wait_for_end(v))
			waitpid(v->pid, NULL, 0);
		else if (v->pid > 0)
			log_warn("via: %s takes long to end", v->name);
		close(v->sock);
	}
	free(v);
}

/* --- what it says --- */

static struct via_helper *find(const struct via *v, uint32_t id)
{
	for (struct via_helper *h = v->helpers; h; h = h->next) {
		if (h->id == id && !h->over)
			return h;
	}
	return NULL;
}

static void end(struct via_helper *h, const struct err *e)
{
	h->over = true;
	h->ended(h->user, e);		/* may free it */
}

/* Each of them is told; and by being told may start, or free, others. */
static void died(struct via *v)
{
	struct err e;

	v->dead = true;
	loop_unwatch(v->loop, &v->watch);
	err_set(&e, ERR_GONE, "via: the process that starts %s is gone", v->name);
	for (struct via_helper *h = v->helpers; h;) {
		bool was_over = h->over;

		if (!was_over)
			end(h, &e);
		h = was_over ? h->next : v->helpers;
	}
}

static void describe(const struct via *v, const struct via_reply *r, struct err *e)
{
	const char *colon = r->line[0] ? ": " : "";

	if (r->type == VIA_NOT_STARTED)
		err_set(e, ERR_SYSTEM, "via: %s", r->line);
	else if (r->type == VIA_KILLED)
		err_set(e, ERR_SYSTEM, "via: %s was killed by signal %d%s%s", v->name,
			(int)r->value, colon, r->line);
	else
		err_set(e, r->value ? ERR_SYSTEM : ERR_NETWORK, "via: %s exited with status "
			"%d%s%s", v->name, (int)r->value, colon, r->line);
}

/* Words about helpers that were freed meanwhile are passed over. */
static void handle(struct via *v)
{
	struct via_reply *r = &v->in;
	struct via_helper *h = find(v, r->id);
	struct err e;

	r->line[sizeof(r->line) - 1] = '\0';
	v->in_len = 0;
	switch ((enum via_reply_type)r->type) {
	case VIA_READY:
		break;
	case VIA_LINE:
		if (h)
			log_info("via: %s", r->line);
		break;
	case VIA_EXITED:
	case VIA_KILLED:
	case VIA_NOT_STARTED:
		if (h) {
			describe(v, r, &e);
			end(h, &e);
		}
		break;
	}
}

/* One message a turn: what it leads to may free every helper. */
static void on_reply(void *user, unsigned events)
{
	struct via *v = user;
	ssize_t n = recv(v->sock, (char *)&v->in + v->in_len, sizeof(v->in) - v->in_len,
			 MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		died(v);
		return;
	}
	v->in_len += (size_t)n;
	if (v->in_len == sizeof(v->in))
		handle(v);
}

/* --- what it is told --- */

/* fd: -1 for none. Requests are few and read at once: one that does not fit means that nobody
 * reads. */
static int tell(struct via *v, const struct via_request *r, int fd, struct err *e)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)r, sizeof(*r) };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };

	if (v->dead)
		return err_set(e, ERR_GONE, "via: the process that starts %s is gone", v->name);
	if (fd >= 0) {
		m.msg_control = control.bytes;
		m.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(v->sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof(*r))
		return 0;
	v->dead = true;
	return err_set(e, ERR_GONE, "via: the process that starts %s does not take requests",
		       v->name);
}

/* --- helpers --- */

static int ask_for(struct via_helper *h, const char *host, uint16_t port, int stdio_fd,
		   struct err *e)
{
	struct via_request r = { .type = VIA_START, .id = h->id, .port = port };
	struct via *v = h->via;

	if (strlen(host) >= sizeof(r.host))
		return err_set(e, ERR_USAGE, "via: the host's name is too long");
	memcpy(r.host, host, strlen(host));
	if (v->watch.fd < 0 && !v->dead &&
	    loop_watch(v->loop, &v->watch, v->sock, LOOP_READ, on_reply, v, e) < 0)
		return err_wrap(e, "via");
	return tell(v, &r, stdio_fd, e);
}

struct via_helper *via_helper_new(struct via *v, struct loop *loop, const char *host,
				  uint16_t port, int stdio_fd,
				  void (*ended)(void *user, const struct err *e), void *user,
				  struct err *e)
{
	struct via_helper *h = calloc(1, sizeof(*h));

	if (!h) {
		err_sys(e, ENOMEM, "via");
		close(stdio_fd);
		return NULL;
	}
	*h = (struct via_helper){ .next = v->helpers, .via = v, .id = ++v->last_id,
				  .ended = ended, .user = user };
	v->helpers = h;
	v->loop = loop;
	int rc = ask_for(h, host, port, stdio_fd, e);

	close(stdio_fd);
	if (rc == 0)
		return h;
	h->over = true;
	via_helper_free(h);
	return NULL;
}

static void free_helper(struct via_helper *h, uint32_t grace_ms)
{
	struct via_helper **at;
	struct err e;

	if (!h)
		return;
	struct via *v = h->via;

	if (!h->over && !v->dead)
		tell(v, &(struct via_request){ .type = VIA_STOP, .id = h->id,
						.grace_ms = grace_ms }, -1, &e);
	for (at = &v->helpers; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	if (!v->helpers)
		loop_unwatch(v->loop, &v->watch);
	free(h);
}

void via_helper_free(struct via_helper *h)
{
	free_helper(h, VIA_GRACE_MS);
}

void via_helper_leave(struct via_helper *h, unsigned stream_ms)
{
	free_helper(h, stream_ms + VIA_GRACE_MS);
}
