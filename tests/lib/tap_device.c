/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tap devices in a network namespace of the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/lib/tap_device.h"

#ifdef __linux__
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUNSETLINK
#define TUNSETLINK _IOW('T', 205, int)
#endif

static const char *unavailable;

int tap_device_group_setup(void **state)
{
	int fd = open("/dev/net/tun", O_RDWR);

	(void)state;
	if (fd < 0)
		unavailable = "/dev/net/tun cannot be opened";
	else if (unshare(CLONE_NEWNET) < 0)
		unavailable = "no network namespace can be made (that takes root)";
	if (fd >= 0)
		close(fd);
	return 0;
}

int tap_device_make(const char *name, int arphrd)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	assert_true(fd >= 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, TUNSETIFF, &req), 0);
	assert_int_equal(ioctl(fd, TUNSETLINK, arphrd), 0);
	return fd;
}

void tap_device_set_up(const char *name, bool up)
{
	struct ifreq req = { .ifr_flags = up ? IFF_UP : 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &req), 0);
	close(fd);
}
#else
static const char *const unavailable = "only Linux has such devices";

int tap_device_group_setup(void **state)
{
	(void)state;
	return 0;
}

int tap_device_make(const char *name, int arphrd)
{
	(void)name;
	(void)arphrd;
	return -1;
}

void tap_device_set_up(const char *name, bool up)
{
	(void)name;
	(void)up;
}
#endif

bool tap_device_available(void)
{
	return unavailable == NULL;
}

void tap_device_need(void)
{
	if (unavailable) {
		print_message("%s\n", unavailable);
		skip();
	}
}
