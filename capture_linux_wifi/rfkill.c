/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The switches of a radio: folders rfkillN in the wiphy's, each with the files soft and hard. */
#include "capture_linux_wifi/rfkill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 512

/* "" when it cannot be read. */
static void read_word(const char *folder, const char *file, char out[32])
{
	char path[PATH_SIZE];
	int fd = -1;
	ssize_t n = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, file) < sizeof(path))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, 31);
		close(fd);
	}
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static bool read_flag(const char *folder, const char *file)
{
	char word[32];

	read_word(folder, file, word);
	return strcmp(word, "1") == 0;
}

static bool is_switch(const char *folder)
{
	char type[32], soft[32];

	read_word(folder, "type", type);
	read_word(folder, "soft", soft);
	return soft[0] && (!type[0] || strcmp(type, "wlan") == 0);
}

/* Calls each() for every switch of the radio until one returns -1; how many there are, or -1. */
static int each_switch(const char *sysfs, const char *wiphy,
		       int (*each)(void *user, const char *folder), void *user)
{
	char radio[PATH_SIZE], folder[PATH_SIZE];
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	if (!wiphy[0] || wiphy[0] == '.' || strchr(wiphy, '/') ||
	    (size_t)snprintf(radio, sizeof(radio), "%s/class/ieee80211/%s", sysfs, wiphy) >=
		    sizeof(radio))
		return 0;
	dir = opendir(radio);
	if (!dir)
		return 0;
	while (n >= 0 && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "rfkill", 6) != 0 ||
		    (size_t)snprintf(folder, sizeof(folder), "%s/%s", radio, entry->d_name) >=
			    sizeof(folder) ||
		    !is_switch(folder))
			continue;
		n = each(user, folder) < 0 ? -1 : n + 1;
	}
	closedir(dir);
	return n;
}

static int add_state(void *user, const char *folder)
{
	struct rfkill_state *state = user;

	state->soft = state->soft || read_flag(folder, "soft");
	state->hard = state->hard || read_flag(folder, "hard");
	return 0;
}

void rfkill_get(const char *sysfs, const char *wiphy, struct rfkill_state *out)
{
	memset(out, 0, sizeof(*out));
	out->known = each_switch(sysfs, wiphy, add_state, out) > 0;
}

struct change {
	const char *wiphy;
	bool blocked;
	struct err *e;
};

static int set_switch(void *user, const char *folder)
{
	const struct change *c = user;
	char path[PATH_SIZE];
	int fd = -1, error;

	if (read_flag(folder, "soft") == c->blocked)
		return 0;
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(path, sizeof(path), "%s/soft", folder) < sizeof(path))
		fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, c->blocked ? "1" : "0", 1) == 1) {
		close(fd);
		return 0;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	return err_sys(c->e, error, "%s: cannot be %s by software", c->wiphy,
		       c->blocked ? "blocked" : "unblocked");
}

int rfkill_set_soft(const char *sysfs, const char *wiphy, bool blocked, struct err *e)
{
	struct change c = { wiphy, blocked, e };
	int n = each_switch(sysfs, wiphy, set_switch, &c);

	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, "%s: has no switch that software could set",
			       wiphy);
	return 0;
}
