/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's end of a connection, under a test's control: says what the test tells it to and
 * remembers what it hears. Never waits. */
#ifndef TESTS_LIB_FAKE_SERVER_H
#define TESTS_LIB_FAKE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/msg.h"

#define FAKE_SERVER_RECORDS 20000

struct fake_server {
	int fd;				/* -1: closed */
	enum frame_gen gen;		/* in which it speaks */
	uint32_t number;		/* of its last frame */
	bool answer_pings;		/* with PONG, in order */
	bool closed_by_tool;

	/* heard, over all connections */
	size_t heard[MSG_BLUETOOTH + 1];	/* by type */
	uint32_t records[FAKE_SERVER_RECORDS];	/* numbers of DATA and MESSAGE, in order */
	size_t n_records;
	uint64_t content_sum;			/* of the packets' bytes, for comparison */
	size_t n_gps;				/* DATA with a position */
	char gps_name[64];
	size_t longest_frame;
	enum frame_gen last_gen;		/* of the last frame */
	uint32_t last_ping;			/* number of the tool's last PING */
	bool probe_success;
	struct msg_open_report open_report;	/* texts are not kept: only numbers and flags */
	struct msg_configure_report configure_report;
	unsigned configure_failures;
	char open_message[320], configure_message[320], configure_channel[64];
	char definition[256], type[64], uuid[64];	/* of the last NEWSOURCE */
	uint64_t instance;

	uint8_t *buf;
	struct frame_reader reader;
	size_t read_limit;		/* bytes read by one fake_server_hear(); 0: no limit */
	size_t cut_at;			/* closes when so many bytes were read; 0: never */
	size_t bytes_read;		/* on this connection */
};

/* Takes fd over. gen is the one to answer in. */
void fake_server_begin(struct fake_server *s, int fd, enum frame_gen gen);
void fake_server_close(struct fake_server *s);		/* the connection only */
void fake_server_free(struct fake_server *s);

/* Reads what is there and remembers it. Returns whether there was anything. */
bool fake_server_hear(struct fake_server *s);
/* Sends one message; its seqno is the server's next number. Returns that. */
uint32_t fake_server_say(struct fake_server *s, const struct msg *m);
void fake_server_say_bytes(struct fake_server *s, const void *data, size_t len);
uint32_t fake_server_ping(struct fake_server *s);
uint32_t fake_server_open(struct fake_server *s, const char *definition);

#endif
