/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the process that a source lives in. */
#include "capture_common/source_fork.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "capture_common/daemon.h"
#include "capture_common/log.h"
#include "capture_common/recorder_files.h"
#include "capture_common/source_child.h"

/* Has a name for each open descriptor. Elsewhere /dev/fd may have the first three only. */
#ifdef __linux__
#define DESCRIPTORS "/proc/self/fd"
#else
#define DESCRIPTORS "/nonexistent"
#endif

#define KEPT_FDS 4

/* Of everything else that this process has open, the new one needs nothing. */
static bool is_kept(const int *keep, int fd)
{
	for (int i = 0; i < KEPT_FDS; i++) {
		if (fd == keep[i])
			return true;
	}
	return false;
}

static void close_all_but(const int keep[KEPT_FDS])
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

bool source_fork_records(const struct source_process_config *cfg)
{
	return cfg->record && cfg->record->path;
}

/* As whoever started the program, in any folder of theirs, but in no others: it may be root's by
 * its mode only. The file may also be one of the descriptors that are closed soon. Returns the one
 * to keep. */
static int open_recording(const struct source_process_config *cfg,
			  struct source_child_config *child, struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	child->record = cfg->record;
	child->record_err = e;
	if (setegid(getgid()) < 0 || seteuid(getuid()) < 0)
		err_sys(e, errno, "--write: %s", cfg->record->path);
	else
		child->record_files = recorder_files_new(cfg->record, cfg->tag, e);
	/* What cannot be had back is missed when the source is opened. */
	if (seteuid(uid) < 0 || setegid(gid) < 0)
		log_warn("the rights of the program's owner are lost: %s", strerror(errno));
	return child->record_files ? recorder_files_fd(child->record_files) : -1;
}

static void run_child(const struct source_process_config *cfg, struct record_ring *ring,
		      int commands, int tuning)
{
	struct source_child_config child = { .tool = cfg->tool, .definition = cfg->definition,
					     .ring = ring,
					     .commands_fd = commands, .tuning_fd = tuning,
					     .record_only = cfg->record_only, .tag = cfg->tag };
	int keep[KEPT_FDS] = { commands, tuning, cfg->has_pidfile ? pidfile_fd() : -1, -1 };
	struct err e = { .code = ERR_NONE };

	if (source_fork_records(cfg))
		keep[3] = open_recording(cfg, &child, &e);
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

int source_fork(const struct source_process_config *cfg, struct record_ring *ring,
		struct source_fork *out, struct err *e)
{
	struct timeval limit = { .tv_sec = SOURCE_TUNE_LIMIT_S };
	int commands[2], tuning[2];

	if (make_sockets(commands, tuning, e) < 0)
		return -1;
	pid_t pid = fork();

	if (pid == 0)
		run_child(cfg, ring, commands[1], tuning[1]);
	int failed = pid < 0 ? errno : 0;

	close(commands[1]);
	close(tuning[1]);
	if (failed) {
		close(commands[0]);
		close(tuning[0]);
		return err_sys(e, failed, "a process for the source");
	}
	setsockopt(tuning[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*out = (struct source_fork){ .pid = pid, .commands = commands[0], .tuning = tuning[0] };
	return 0;
}
