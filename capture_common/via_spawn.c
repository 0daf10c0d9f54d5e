/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that starts helper commands: starting one. */
#include "capture_common/via_process_int.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "capture_common/tame.h"
#include "capture_common/via.h"

int via_spawn_pipe(int fds[2])
{
	if (pipe(fds) < 0)
		return -1;
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return 0;
}

/* After a fork: becomes the command, or tells status_fd why it cannot. A session of its own has no
 * terminal and gets none of its signals. -f: "[%h]:%p" is no pattern for the names of files. */
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
		execl("/bin/sh", "sh", "-fc", command, (char *)NULL);
	int why = errno;

	if (write(status_fd, &why, sizeof(why)) < 0)
		_exit(126);
	_exit(127);
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

static int fork_helper(struct via_child *c, const char *command, int stdio_fd)
{
	int err[2], status[2], why;

	if (via_spawn_pipe(err) < 0)
		return errno;
	if (via_spawn_pipe(status) < 0) {
		why = errno;
		close(err[0]);
		close(err[1]);
		return why;
	}
	c->pid = fork();
	if (c->pid == 0)
		become_helper(command, stdio_fd, err[1], status[1]);
	why = c->pid < 0 ? errno : 0;
	close(err[1]);
	close(status[1]);
	if (c->pid > 0) {
		why = wait_for_exec(status[0]);
		if (why)
			waitpid(c->pid, NULL, 0);
	}
	close(status[0]);
	c->err_fd = err[0];
	link_set_nonblocking(err[0]);
	if (why)
		close(err[0]);
	return why;
}

int via_spawn_grow(struct via_spawner *s)
{
	struct pollfd *fds = realloc(s->fds, (s->n + 3) * sizeof(*fds));
	struct via_child **of;

	if (!fds)
		return -1;
	s->fds = fds;
	of = realloc(s->of, (s->n + 3) * sizeof(struct via_child *));
	if (!of)
		return -1;
	s->of = of;
	return 0;
}

static int start(struct via_spawner *s, struct via_child *c, const struct via_request *r,
		 int stdio_fd, struct err *e)
{
	char command[VIA_COMMAND_SIZE];

	if (s->n > VIA_CHILDREN_MAX)
		return err_set(e, ERR_SYSTEM, "more than %d helper commands at a time",
			       VIA_CHILDREN_MAX);
	if (via_expand(s->command, r->host, (uint16_t)r->port, command, sizeof(command), e) < 0)
		return -1;
	int why = fork_helper(c, command, stdio_fd);

	return why ? err_sys(e, why, "cannot start the helper command") : 0;
}

/* Whoever asks for more after that reads no answers. */
static struct via_child *add(struct via_spawner *s, uint32_t id)
{
	struct via_child *c = NULL;

	if (s->n < (size_t)2 * VIA_CHILDREN_MAX && via_spawn_grow(s) == 0)
		c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->id = c->end.id = id;
	c->next = s->children;
	s->children = c;
	s->n++;
	return c;
}

void via_spawn(struct via_spawner *s, const struct via_request *r, int stdio_fd)
{
	struct via_child *c = add(s, r->id);
	struct err e;

	if (!c) {
		s->closed = true;
		return;
	}
	if (start(s, c, r, stdio_fd, &e) == 0)
		return;
	c->pid = 0;
	c->err_fd = -1;
	c->exited = true;
	c->end.type = VIA_NOT_STARTED;
	snprintf(c->end.line, sizeof(c->end.line), "%.*s", VIA_LINE_SIZE - 1, e.text);
	tame_text(c->end.line);
}
