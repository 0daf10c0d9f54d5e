/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else is at a radio: its interfaces that are up, and programs by their names in /proc. */
#include "capture_linux_wifi/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_common/clip.h"

#define COMM_MAX 15			/* characters that the kernel keeps of a program's name */
#define MAX_FOUND 32
#define OWN_NAME "kismet_cap_linux_wifi"

/* Appends with a comma before it; what does not fit becomes "...". */
__attribute__((format(printf, 3, 4)))
static void append(char *out, size_t size, const char *fmt, ...)
{
	size_t used = strlen(out);
	va_list ap;

	if (size - used < sizeof(", ..."))
		return;
	if (used > 0) {
		memcpy(out + used, ", ", 2);
		used += 2;
	}
	va_start(ap, fmt);
	clip_text(out + used, size - used, vsnprintf(out + used, size - used, fmt, ap));
	va_end(ap);
}

/* --- interfaces --- */

static bool is_up(struct wifi_system *s, uint32_t ifindex)
{
	struct rtnl_link link;
	struct err e = { .code = ERR_NONE };

	return s->get_link(s->self, ifindex, &link, &e) == 0 && (link.flags & IFF_UP) != 0;
}

size_t holders_interfaces(struct wifi_system *s, uint32_t wiphy, uint32_t except, char *out,
			  size_t size)
{
	struct wifi_iface list[WIFI_MAX_IFACES];
	struct err e = { .code = ERR_NONE };
	int n = s->list_ifaces(s->self, list, WIFI_MAX_IFACES, &e);
	size_t found = 0;

	out[0] = '\0';
	for (int i = 0; i < n; i++) {
		const struct wifi_iface *iface = &list[i];

		if (iface->wiphy != wiphy)
			continue;
		/* Whether such a one is started cannot be asked. */
		if (iface->ifindex == 0)
			append(out, size, "%s%s", iface->name[0] ? iface->name : "one",
			       " (a device without network interface)");
		else if (iface->ifindex != except && is_up(s, iface->ifindex))
			append(out, size, "%s", iface->name);
		else
			continue;
		found++;
	}
	return found;
}

/* --- programs --- */

/* The ones that change interfaces most come first. */
static const char *const known[] = {
	"NetworkManager", "wpa_supplicant", "iwd", "hostapd", "connmand", "wicd", "dhcpcd",
	"dhclient", "airodump-ng", "hcxdumptool", OWN_NAME,
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

struct found {
	size_t program;
	long pid;
};

/* The first line of PROC/PID/FILE, or what fits of it; "" when there is none. */
static void read_line(const char *proc, const char *pid, const char *file, char *out, size_t size)
{
	char path[512];
	ssize_t n;
	int fd;

	out[0] = '\0';
	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", proc, pid, file) >= sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	n = read(fd, out, size - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

/* KNOWN when it is none of them. */
static size_t program_of(const char *proc, const char *pid)
{
	char comm[COMM_MAX + 2];
	size_t i;

	read_line(proc, pid, "comm", comm, sizeof(comm));
	for (i = 0; i < KNOWN; i++) {
		if (comm[0] && strncmp(known[i], comm, COMM_MAX) == 0)
			break;
	}
	return i;
}

/* "812 (iwd) S 1 ...", where the name may have anything in it; 0 when it cannot be told. */
static long parent_of(const char *proc, const char *pid)
{
	char stat[128], state;
	const char *end;
	long parent;

	read_line(proc, pid, "stat", stat, sizeof(stat));
	end = strrchr(stat, ')');
	return end && sscanf(end, ") %c %ld", &state, &parent) == 2 ? parent : 0;
}

/* This process, and the others of this run of the program: one for each source, with a common
 * parent. Init is parent to all kinds. */
static bool is_ours(const char *proc, const char *name, long pid, size_t program)
{
	const long self = getpid(), above = getppid();
	long parent;

	if (pid == self || pid == above)
		return true;
	if (strcmp(known[program], OWN_NAME) != 0)
		return false;
	parent = parent_of(proc, name);
	return parent == self || (above > 1 && parent == above);
}

static int by_program(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->program != y->program)
		return x->program < y->program ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static size_t find_programs(DIR *dir, const char *proc, struct found list[MAX_FOUND])
{
	struct dirent *entry;
	size_t n = 0;

	while (n < MAX_FOUND && (entry = readdir(dir)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end)
			continue;
		list[n] = (struct found){ program_of(proc, entry->d_name), pid };
		if (list[n].program < KNOWN && !is_ours(proc, entry->d_name, pid, list[n].program))
			n++;
	}
	return n;
}

size_t holders_programs(const char *proc, char *out, size_t size)
{
	struct found list[MAX_FOUND];
	DIR *dir = opendir(proc);
	size_t n;

	out[0] = '\0';
	if (!dir)
		return 0;
	n = find_programs(dir, proc, list);
	closedir(dir);
	qsort(list, n, sizeof(list[0]), by_program);
	for (size_t i = 0; i < n; i++)
		append(out, size, "%s (%ld)", known[list[i].program], list[i].pid);
	return n;
}
