/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors as values: filled where something fails, completed on the way up, printed once at the
 * top. The text says what failed, on which thing, why, and what to do about it. */
#ifndef CAPTURE_COMMON_ERR_H
#define CAPTURE_COMMON_ERR_H

enum err_code {
	ERR_NONE,
	ERR_USAGE,		/* the command line or the configuration */
	ERR_NOT_FOUND,		/* no such file, device, host */
	ERR_DATA,		/* a file or stream does not hold what it should */
	ERR_PERMISSION,
	ERR_BUSY,
	ERR_UNSUPPORTED,	/* not in this build, or not by this device */
	ERR_NETWORK,		/* a peer cannot be reached or went away */
	ERR_PROTOCOL,		/* a peer does not keep to the protocol */
	ERR_SYSTEM,		/* anything else that the operating system refused */
	ERR_GONE,		/* a process of this program: only a new start brings it back */
	ERR_NO_MEMORY,
};

struct err {
	enum err_code code;
	int sys;		/* errno, where one was the cause; else 0 */
	char text[320];
};

/* All return -1, so that "return err_set(...)" fails the caller. They keep errno. */

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends ": " and the system's words for errnum, and takes the code from it. */
int err_sys(struct err *e, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts what was attempted in front of the cause: "fmt: cause". */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The program's exit status for it, from sysexits(3). */
int err_exit_status(const struct err *e);

#endif
