/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background, with a parent that waits for the outcome. */
#include "capture_common/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static int ready_fd = -1;		/* in the child: the parent reads the other end */
static volatile sig_atomic_t child_pid;	/* in the parent */

static void pass_on(int signo)
{
	int saved = errno;

	kill((pid_t)child_pid, signo);
	errno = saved;
}

/* Whoever stops the parent before the child is up means both. */
static void catch_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction sa = { .sa_handler = pass_on };
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

/* The pipe gives a byte when the child is up, and its end when the child is gone. */
static int child_outcome(int fd, pid_t child)
{
	int status;
	ssize_t n;
	char byte;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1)
		return EX_OK;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return EX_OSERR;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int daemon_start(struct err *e)
{
	sigset_t all, before;
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0)
		return err_sys(e, errno, "cannot go to the background");
	fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	fflush(NULL);
	/* No signal may reach the parent between fork() and its handlers. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid < 0)
		err_sys(e, errno, "cannot go to the background");
	if (pid > 0) {
		close(fds[1]);
		child_pid = (sig_atomic_t)pid;
		catch_signals();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0)
		_exit(child_outcome(fds[0], pid));
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -1;
	}
	setsid();
	ready_fd = fds[1];
	return 0;
}

/* A write to a pipe whose reader is gone would end us. */
static void tell_parent(int fd)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	ssize_t n;

	sigemptyset(&ignore.sa_mask);
	sigaction(SIGPIPE, &ignore, &before);
	do {
		n = write(fd, "", 1);
	} while (n < 0 && errno == EINTR);
	sigaction(SIGPIPE, &before, NULL);
}

void daemon_ready(void)
{
	int null, fd;

	if (ready_fd < 0)
		return;
	fflush(NULL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		for (fd = 0; fd <= 2; fd++)
			dup2(null, fd);
		if (null > 2)
			close(null);
	}
	tell_parent(ready_fd);
	close(ready_fd);
	ready_fd = -1;
}
