/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file beside a radio: who has it, and what was changed on it. Text, for people to read too:
 *
 *	kismet_cap_linux_wifi 1 4b1d6a0c-... 4711
 *	up 3 0 wlan0
 *	delete 0 1 wlan0mon
 *
 * The first line has the format's version, the boot it belongs to and the owner's process id; the
 * others are undo steps, oldest first: kind, ifindex, value and name (unusual characters in octal,
 * \040). The owner holds a lock on the file (flock) for as long as it lives. */
#ifndef CAPTURE_LINUX_WIFI_JOURNAL_H
#define CAPTURE_LINUX_WIFI_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"

#define UNDO_MAX_STEPS 48

enum undo_kind {
	UNDO_DELETE,		/* delete the monitor interface of that name on wiphy value */
	UNDO_UP,		/* bring up */
	UNDO_DOWN,		/* take down */
	UNDO_TYPE,		/* make it of type value (enum nl80211_iftype) again */
	UNDO_MANAGED,		/* NetworkManager may have it again */
	UNDO_SOFT_BLOCK,	/* block the radio named name by software again */
};

struct undo_step {
	enum undo_kind kind;
	uint32_t ifindex;	/* 0 where it is not known yet (UNDO_DELETE) or has no meaning */
	uint32_t value;
	char name[32];		/* of the interface, or of the wiphy (UNDO_SOFT_BLOCK) */
};

struct journal;

/* Where journals are: $RUNTIME_DIRECTORY (systemd), /run/kismet_cap_linux_wifi, which is made where
 * that is allowed, or $XDG_RUNTIME_DIR/kismet_cap_linux_wifi. A folder of somebody else, or one
 * that others may write to, is not used. Returns 0, or -1 with e: then there are no journals. */
int journal_dir(char *out, size_t size, struct err *e);

/* Takes the radio: creates or takes over DIR/NAME (name is the wiphy's, as "phy0"; other
 * characters than letters, digits, '.', '_' and '-' become '_') and locks it. ERR_BUSY, with the
 * process that has it, when it is taken; it waits, for 5 s at most, for one that only undoes what
 * a dead owner left. A journal with steps left by a dead owner is ERR_SYSTEM: undo it first. */
struct journal *journal_take(const char *dir, const char *name, struct err *e);
/* Takes such steps over, too, those that could not be undone now: *n of them, maybe none. */
struct journal *journal_take_over(const char *dir, const char *name,
				  struct undo_step steps[UNDO_MAX_STEPS], size_t *n,
				  struct err *e);
/* Writes all steps, in place of what was there. */
int journal_write(struct journal *j, const struct undo_step *steps, size_t n, struct err *e);
/* Removes the file and gives the radio up. NULL is fine. */
void journal_remove(struct journal *j);
/* Gives the radio up and leaves the file, with those steps, to whoever comes next. NULL is
 * fine. */
void journal_leave(struct journal *j, const struct undo_step *steps, size_t n);

/* --- those without an owner --- */

/* Calls each() for every journal in dir whose owner is dead, with its steps, oldest first. It says
 * how many are still to be done, and puts those at the beginning of steps. With none the file is
 * removed afterwards, else it keeps those. One without steps, or of an earlier boot, which says
 * nothing about this one, is only removed. Damaged lines are left out; other files, and empty ones,
 * are left alone. Returns how many were handed over. */
int journal_each_leftover(const char *dir,
			  size_t (*each)(void *user, const char *name, struct undo_step *steps,
					 size_t n),
			  void *user);

/* Reads a journal's text: 0 with *n steps and the boot's id, or -1 when it is no journal. Pure. */
int journal_parse(const char *text, size_t len, char boot_id[40], int *pid,
		  struct undo_step steps[UNDO_MAX_STEPS], size_t *n);
/* Writes one step as a line; the length, as snprintf does. */
size_t journal_print_step(const struct undo_step *step, char *out, size_t size);

#endif
