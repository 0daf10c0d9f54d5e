/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands a file to a TCP connection and does nothing else: as fast as this machine can.
 *
 *	sendfile FILE PORT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int connect_to(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct stat st;
	off_t at = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: sendfile FILE PORT\n");
		return 64;
	}
	int file = open(argv[1], O_RDONLY | O_CLOEXEC);

	if (file < 0 || fstat(file, &st) < 0) {
		perror(argv[1]);
		return 1;
	}
	int fd = connect_to((uint16_t)atoi(argv[2]));

	while (fd >= 0 && at < st.st_size) {
		if (sendfile(fd, file, &at, (size_t)(st.st_size - at)) <= 0)
			break;
	}
	if (fd < 0 || at < st.st_size) {
		perror("sendfile");
		return 1;
	}
	return 0;
}
