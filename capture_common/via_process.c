/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands. One thread, one poll() loop. */
#include "capture_common/via_process.h"

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

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* macOS: SIGPIPE is ignored here */
#endif

/* More than a tool has sources, for a peer that was taken over. */
#define HELPERS_MAX 64
/* A helper whose input has ended gets this long to end by itself, and then to heed SIGTERM. */
#define TERM_MS 2000
#define SEND_BUFFER (128 * 1024)
#define FDS_MAX 65536

enum stage { RUNNING, STOPPING, TERMINATING, KILLED };

struct helper {
	struct helper *next;
	uint32_t id;
	pid_t pid;
	int err_fd;			/* -1: it has closed its standard error */
	enum stage stage;
	int64_t next_stage_ms;		/* unless RUNNING or KILLED */
	bool exited, told;		/* not reaped: its group's number is still its own */
	struct via_reply end;		/* to be told; line is the last one */
	char line[VIA_LINE_SIZE];	/* being read */
	size_t len;
};

struct spawner {
	int sock;
	const char *command;
	struct helper *helpers;
	size_t n;
	int child_fd;			/* becomes readable when a child has exited */
	bool closed;			/* nobody is there any more */
	struct via_request in;
	size_t in_len;
	int in_fd;			/* came with it; -1: none */
};

static int sigchld_fd;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- talking --- */

/* Only while there is room: a line that is too many is dropped. Part of a message would make
 * nonsense of all that follow. */
static void tell(struct spawner *s, const struct via_reply *r)
{
	ssize_t n = s->closed ? 0 : send(s->sock, r, sizeof(*r), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0 && n != sizeof(*r))
		s->closed = true;
}

static bool has_room(const struct spawner *s)
{
	struct pollfd fd = { .fd = s->sock, .events = POLLOUT };

	return s->closed || (poll(&fd, 1, 0) == 1 && fd.revents & POLLOUT);
}

/* --- standard error --- */

/* Characters of other alphabets may stay; nothing may steer a terminal. */
static char printable(char c)
{
	return (c >= 0x20 && c < 0x7f) || c & 0x80 ? c : '?';
}

static void end_line(struct spawner *s, struct helper *h)
{
	struct via_reply r = { .type = VIA_LINE, .id = h->id };

	if (h->len == 0)
		return;
	memcpy(r.line, h->line, h->len);
	h->len = 0;
	memcpy(h->end.line, r.line, sizeof(r.line));
	if (h->stage == RUNNING)
		tell(s, &r);
}

static void close_err(struct spawner *s, struct helper *h)
{
	end_line(s, h);
	close(h->err_fd);
	h->err_fd = -1;
}

/* Returns whether there may be more. */
static bool read_err(struct spawner *s, struct helper *h)
{
	char buf[128];
	ssize_t n = read(h->err_fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		close_err(s, h);
		return false;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r')
			end_line(s, h);
		else if (h->len < sizeof(h->line) - 1)
			h->line[h->len++] = printable(buf[i]);
	}
	return true;
}

/* --- starting --- */

/* After a fork: becomes the command, or tells status_fd why it cannot. A session of its own has no
 * terminal and gets none of its signals. */
static void become_helper(const char *command, int stdio_fd, int err_fd, int status_fd)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t none;

	setsid();
	for (int i = 1; i < NSIG; i++)
		sigaction(i, &sa, NULL);	/* some refuse, and need not */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);	/* should even its parent be killed */
#endif
	if (dup2(stdio_fd, STDIN_FILENO) >= 0 && dup2(stdio_fd, STDOUT_FILENO) >= 0 &&
	    dup2(err_fd, STDERR_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	int why = errno;

	if (write(status_fd, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
}

static int make_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Until it is another program: then signals reach all of it. Returns 0 or an error number. */
static int wait_for_exec(int status_fd)
{
	int why = 0;
	ssize_t n;

	do
		n = read(status_fd, &why, sizeof(why));
	while (n < 0 && errno == EINTR);
	return n == sizeof(why) ? why : 0;
}

static int fork_helper(struct helper *h, const char *command, int stdio_fd)
{
	int err[2], status[2], why;

	if (make_pipe(err) < 0)
		return errno;
	if (make_pipe(status) < 0) {
		why = errno;
		close(err[0]);
		close(err[1]);
		return why;
	}
	h->pid = fork();
	if (h->pid == 0)
		become_helper(command, stdio_fd, err[1], status[1]);
	why = h->pid < 0 ? errno : 0;
	close(err[1]);
	close(status[1]);
	if (h->pid > 0) {
		why = wait_for_exec(status[0]);
		if (why)
			waitpid(h->pid, NULL, 0);
	}
	close(status[0]);
	h->err_fd = err[0];
	link_set_nonblocking(err[0]);
	if (why)
		close(err[0]);
	return why;
}

static struct helper *start(struct spawner *s, const struct via_request *r, int stdio_fd,
			    struct err *e)
{
	char command[VIA_COMMAND_SIZE];
	struct helper *h;

	if (via_expand(s->command, r->host, (uint16_t)r->port, command, sizeof(command), e) < 0)
		return NULL;
	h = s->n < HELPERS_MAX ? calloc(1, sizeof(*h)) : NULL;
	int why = h ? fork_helper(h, command, stdio_fd) : ENOMEM;

	if (why) {
		err_sys(e, why, "cannot start the helper command");
		free(h);
		return NULL;
	}
	h->id = h->end.id = r->id;
	h->next = s->helpers;
	s->helpers = h;
	s->n++;
	return h;
}

static void handle_start(struct spawner *s, const struct via_request *r, int stdio_fd)
{
	struct via_reply reply = { .type = VIA_NOT_STARTED, .id = r->id };
	struct err e;

	if (!start(s, r, stdio_fd, &e)) {
		snprintf(reply.line, sizeof(reply.line), "%.*s", VIA_LINE_SIZE - 1, e.text);
		tell(s, &reply);
	}
}

/* --- ending --- */

/* All that it started with it, unless they went into groups of their own. */
static void signal_group(const struct helper *h, int signo)
{
	kill(-h->pid, signo);
	kill(-h->pid, SIGCONT);
}

/* Of two times the earlier one counts. */
static void stop(struct helper *h, uint32_t grace_ms)
{
	int64_t at = now_ms() + grace_ms;

	if (h->stage != RUNNING && (h->stage != STOPPING || at >= h->next_stage_ms))
		return;
	h->stage = STOPPING;
	h->next_stage_ms = at;
}

static void terminate(struct helper *h)
{
	signal_group(h, SIGTERM);
	h->stage = TERMINATING;
	h->next_stage_ms = now_ms() + TERM_MS;
}

static void next_stage(struct helper *h, int64_t now)
{
	switch (h->stage) {
	case RUNNING:
	case KILLED:
		return;
	case STOPPING:
		if (now >= h->next_stage_ms)
			terminate(h);
		return;
	case TERMINATING:
		if (now >= h->next_stage_ms) {
			signal_group(h, SIGKILL);
			h->stage = KILLED;
		}
		return;
	}
}

/* Not reaped: its number must stay its own as long as its group may get a signal. */
static void look_for_exit(struct helper *h)
{
	siginfo_t info = { .si_pid = 0 };

	if (h->exited || waitid(P_PID, (id_t)h->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid == 0)
		return;
	h->exited = true;
	h->end.type = info.si_code == CLD_EXITED ? VIA_EXITED : VIA_KILLED;
	h->end.value = info.si_status;
}

/* Behind its last line, for which there must be room. */
static void tell_end(struct spawner *s, struct helper *h)
{
	bool more = true;

	while (more) {
		if (h->stage == RUNNING && !has_room(s))
			return;
		more = h->err_fd >= 0 && read_err(s, h);
	}
	end_line(s, h);
	h->told = true;
	if (h->stage == RUNNING)
		tell(s, &h->end);
	/* What it has left running in its group ends, too. */
	if (h->stage == RUNNING || h->stage == STOPPING)
		terminate(h);
}

/* Nobody who has its standard error is left, or has to be waited for. */
static bool is_over(const struct helper *h)
{
	return h->exited && h->told && (h->err_fd < 0 || h->stage == KILLED);
}

static void remove_helper(struct spawner *s, struct helper **at)
{
	struct helper *h = *at;

	signal_group(h, SIGKILL);
	waitpid(h->pid, NULL, 0);
	if (h->err_fd >= 0)
		close(h->err_fd);
	*at = h->next;
	s->n--;
	free(h);
}

/* --- being asked --- */

static void handle(struct spawner *s)
{
	struct via_request *r = &s->in;

	r->host[sizeof(r->host) - 1] = '\0';
	if (r->type == VIA_START && s->in_fd >= 0)
		handle_start(s, r, s->in_fd);
	for (struct helper *h = s->helpers; h && r->type == VIA_STOP; h = h->next) {
		if (h->id == r->id)
			stop(h, r->grace_ms);
	}
	if (s->in_fd >= 0)
		close(s->in_fd);
	s->in_fd = -1;
	s->in_len = 0;
}

static void take_fd(struct spawner *s, struct msghdr *m)
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

static void receive(struct spawner *s)
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

static int wait_ms(const struct spawner *s)
{
	int64_t now = now_ms(), wait = -1;

	for (const struct helper *h = s->helpers; h; h = h->next) {
		if (h->stage != STOPPING && h->stage != TERMINATING)
			continue;
		int64_t left = h->next_stage_ms > now ? h->next_stage_ms - now : 0;

		if (wait < 0 || left < wait)
			wait = left;
	}
	return (int)wait;
}

/* While nobody takes lines, helpers wait with theirs. */
static void wait_for_something(struct spawner *s, bool room)
{
	struct pollfd fds[HELPERS_MAX + 2];
	struct helper *of[HELPERS_MAX + 2];
	nfds_t n = 2;

	fds[0] = (struct pollfd){ .fd = s->closed ? -1 : s->sock,
				  .events = (short)(POLLIN | (room ? 0 : POLLOUT)) };
	fds[1] = (struct pollfd){ .fd = s->child_fd, .events = POLLIN };
	for (struct helper *h = s->helpers; h; h = h->next) {
		if (h->err_fd < 0 || (!room && h->stage == RUNNING))
			continue;
		of[n] = h;
		fds[n++] = (struct pollfd){ .fd = h->err_fd, .events = POLLIN };
	}
	if (poll(fds, n, wait_ms(s)) <= 0)
		return;
	for (nfds_t i = 2; i < n; i++) {
		if (fds[i].revents)
			read_err(s, of[i]);
	}
	if (fds[1].revents) {
		char junk[64];

		while (read(s->child_fd, junk, sizeof(junk)) > 0)
			;
	}
	if (fds[0].revents & ~POLLOUT)
		receive(s);
}

static void turn(struct spawner *s)
{
	bool room = has_room(s);
	int64_t now;

	wait_for_something(s, room);
	now = now_ms();
	for (struct helper **at = &s->helpers; *at;) {
		struct helper *h = *at;

		if (s->closed)
			stop(h, VIA_GRACE_MS);
		look_for_exit(h);
		if (h->exited && !h->told)
			tell_end(s, h);
		next_stage(h, now);
		if (is_over(h))
			remove_helper(s, at);
		else
			at = &h->next;
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
static int set_signals(struct spawner *s)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2,
				       SIGPIPE };
	struct sigaction sa = { .sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
	sigset_t none;
	int fds[2];

	if (make_pipe(fds) < 0 || link_set_nonblocking(fds[0]) < 0 ||
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
	struct spawner s = { .command = command, .in_fd = -1 };
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
	if (s.sock < 0 || set_signals(&s) < 0)
		return 1;
	setsockopt(s.sock, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	tell(&s, &ready);
	while (!s.closed || s.helpers)
		turn(&s);
	return 0;
}
