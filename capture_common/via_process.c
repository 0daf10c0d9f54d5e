/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands: its poll() loop, requests, and the end of helpers. How
 * one is started is in via_spawn.c, what is told of it in via_tell.c. */
#include "capture_common/via_process_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "capture_common/log.h"
#include "capture_common/privileges.h"
#include "capture_common/via.h"

/* A helper whose input has ended gets this long to end by itself, and then to heed SIGTERM. */
#define TERM_MS 2000
#define SEND_BUFFER (128 * 1024)
#define FDS_MAX 65536

static int sigchld_fd;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- ending --- */

/* All that it started with it, unless they went into groups of their own. */
static void signal_group(const struct via_child *c, int signo)
{
	if (c->pid == 0)
		return;
	kill(-c->pid, signo);
	kill(-c->pid, SIGCONT);
}

/* Of two times the earlier one counts. */
static void stop(struct via_child *c, uint32_t grace_ms)
{
	int64_t at = now_ms() + grace_ms;

	if (c->stage != VIA_RUNNING && (c->stage != VIA_STOPPING || at >= c->next_stage_ms))
		return;
	c->stage = VIA_STOPPING;
	c->next_stage_ms = at;
}

static void terminate(struct via_child *c)
{
	signal_group(c, SIGTERM);
	c->stage = VIA_TERMINATING;
	c->next_stage_ms = now_ms() + TERM_MS;
}

static void next_stage(struct via_child *c, int64_t now)
{
	switch (c->stage) {
	case VIA_RUNNING:
	case VIA_TERMINATED:
		return;
	case VIA_STOPPING:
		if (now >= c->next_stage_ms)
			terminate(c);
		return;
	case VIA_TERMINATING:
		if (now >= c->next_stage_ms) {
			signal_group(c, SIGKILL);
			c->stage = VIA_TERMINATED;
		}
		return;
	}
}

/* Not reaped: its number must stay its own as long as its group may get a signal. */
static void look_for_exit(struct via_child *c)
{
	siginfo_t info = { .si_pid = 0 };

	if (c->exited || waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return;
	c->exited = true;
	c->end.type = info.si_code == CLD_EXITED ? VIA_EXITED : VIA_KILLED;
	c->end.value = info.si_status;
}

/* What it has left running in its group ends, too. */
static void note_end(struct via_spawner *s, struct via_child *c)
{
	if (!via_tell_end(s, c))
		return;
	if (c->stage == VIA_RUNNING || c->stage == VIA_STOPPING)
		terminate(c);
}

/* Nobody who has its standard error is left, or has to be waited for. */
static bool is_over(const struct via_child *c)
{
	return c->exited && c->told && (c->err_fd < 0 || c->stage == VIA_TERMINATED);
}

static void remove_helper(struct via_spawner *s, struct via_child **at)
{
	struct via_child *c = *at;

	signal_group(c, SIGKILL);
	if (c->pid > 0)
		waitpid(c->pid, NULL, 0);
	if (c->err_fd >= 0)
		close(c->err_fd);
	*at = c->next;
	s->n--;
	free(c);
}

/* --- being asked --- */

static void handle(struct via_spawner *s)
{
	struct via_request *r = &s->in;

	r->host[sizeof(r->host) - 1] = '\0';
	if (r->type == VIA_START && s->in_fd >= 0)
		via_spawn(s, r, s->in_fd);
	for (struct via_child *c = s->children; c && r->type == VIA_STOP; c = c->next) {
		if (c->id == r->id)
			stop(c, r->grace_ms);
	}
	if (s->in_fd >= 0)
		close(s->in_fd);
	s->in_fd = -1;
	s->in_len = 0;
}

static void take_fd(struct via_spawner *s, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int fd;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(fd)) <= c->cmsg_len; at += sizeof(fd)) {
			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			fcntl(fd, F_SETFD, FD_CLOEXEC);
			if (s->in_fd >= 0)
				close(s->in_fd);
			s->in_fd = fd;
		}
	}
}

static void receive(struct via_spawner *s)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { (char *)&s->in + s->in_len, sizeof(s->in) - s->in_len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(s->sock, &m, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->closed = true;
		return;
	}
	take_fd(s, &m);
	s->in_len += (size_t)n;
	if (s->in_len == sizeof(s->in))
		handle(s);
}

/* --- the loop --- */

static int wait_ms(const struct via_spawner *s)
{
	int64_t now = now_ms(), wait = -1;

	for (const struct via_child *c = s->children; c; c = c->next) {
		if (c->stage != VIA_STOPPING && c->stage != VIA_TERMINATING)
			continue;
		int64_t left = c->next_stage_ms > now ? c->next_stage_ms - now : 0;

		if (wait < 0 || left < wait)
			wait = left;
	}
	return (int)wait;
}

/* While nobody takes lines, helpers wait with theirs. */
static void wait_for_something(struct via_spawner *s, bool room)
{
	struct pollfd *fds = s->fds;
	nfds_t n = 2;

	fds[0] = (struct pollfd){ .fd = s->closed ? -1 : s->sock,
				  .events = (short)(POLLIN | (room ? 0 : POLLOUT)) };
	fds[1] = (struct pollfd){ .fd = s->child_fd, .events = POLLIN };
	for (struct via_child *c = s->children; c; c = c->next) {
		if (c->err_fd < 0 || (!room && c->stage == VIA_RUNNING))
			continue;
		s->of[n] = c;
		fds[n++] = (struct pollfd){ .fd = c->err_fd, .events = POLLIN };
	}
	if (poll(fds, n, wait_ms(s)) <= 0)
		return;
	for (nfds_t i = 2; i < n; i++) {
		if (fds[i].revents)
			via_tell_lines(s, s->of[i]);
	}
	if (fds[1].revents) {
		char junk[64];

		while (read(s->child_fd, junk, sizeof(junk)) > 0)
			;
	}
	if (fds[0].revents & ~POLLOUT)
		receive(s);
}

static void turn(struct via_spawner *s)
{
	bool room = via_tell_has_room(s);
	int64_t now;

	wait_for_something(s, room);
	now = now_ms();
	for (struct via_child **at = &s->children; *at;) {
		struct via_child *c = *at;

		if (s->closed)
			stop(c, VIA_GRACE_MS);
		look_for_exit(c);
		if (c->exited && !c->told)
			note_end(s, c);
		next_stage(c, now);
		if (is_over(c))
			remove_helper(s, at);
		else
			at = &c->next;
	}
}

/* --- setting up --- */

/* At most one byte is needed in the pipe. */
static void on_sigchld(int signo)
{
	int saved = errno;
	ssize_t n = write(sigchld_fd, "", 1);

	(void)signo;
	(void)n;
	errno = saved;
}

/* The tool decides when this one ends, and needs helpers until it has ended itself. */
static int set_signals(struct via_spawner *s)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
				       SIGPIPE };
	struct sigaction sa = { .sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
	sigset_t none;
	int fds[2];

	if (via_spawn_pipe(fds) < 0 || link_set_nonblocking(fds[0]) < 0 ||
	    link_set_nonblocking(fds[1]) < 0)
		return -1;
	s->child_fd = fds[0];
	sigchld_fd = fds[1];
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigaction(SIGCHLD, &sa, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

static void close_from(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	long limit = sysconf(_SC_OPEN_MAX);

	for (int fd = first; fd < (limit > 0 && limit < FDS_MAX ? limit : FDS_MAX); fd++)
		close(fd);
}

/* Nothing of the tool's stays open but the socket: returns its new number. */
static int keep_only(int sock)
{
	const int place = STDERR_FILENO + 1;
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= STDERR_FILENO && null >= 0; fd++)
		dup2(null, fd);
	if (sock != place && dup2(sock, place) < 0)
		return -1;
	fcntl(place, F_SETFD, FD_CLOEXEC);
	close_from(place + 1);
	return place;
}

/* The user who started the tool, a set-uid one too, and nothing beyond that. */
static int become_user(struct err *e)
{
	/* The saved ids, too. */
	if ((getegid() != getgid() && setregid(getgid(), getgid()) < 0) ||
	    (geteuid() != getuid() && setreuid(getuid(), getuid()) < 0))
		return err_sys(e, errno, "--via: the user who started this");
	return privileges_keep(0, e);
}

/* Those that the tool may have been given; a helper has its own. */
static void forget_secrets(void)
{
	unsetenv("KISMET_CAP_USER");
	unsetenv("KISMET_CAP_PASSWORD");
	unsetenv("KISMET_CAP_APIKEY");
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0);
#endif
}

int via_process_run(int sock, const char *command)
{
	struct via_spawner s = { .command = command, .in_fd = -1 };
	struct via_reply ready = { .type = VIA_READY };
	int size = SEND_BUFFER;
	struct err e;

	setsid();
	if (become_user(&e) < 0) {
		log_error("%s", e.text);
		return err_exit_status(&e);
	}
	forget_secrets();
	s.sock = keep_only(sock);
	if (s.sock < 0 || set_signals(&s) < 0 || via_spawn_grow(&s) < 0)
		return 1;
	setsockopt(s.sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	via_tell(&s, &ready);
	while (!s.closed || s.children)
		turn(&s);
	free(s.fds);
	free(s.of);
	return 0;
}
