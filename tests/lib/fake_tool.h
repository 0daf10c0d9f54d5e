/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connected tool in memory, under a test's control: a transport whose other end says what the
 * test tells it to and remembers what it hears. No sockets; nothing happens by itself. */
#ifndef TESTS_LIB_FAKE_TOOL_H
#define TESTS_LIB_FAKE_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_receiver/bytebuf.h"
#include "capture_receiver/transport.h"
#include "protocol/arena.h"
#include "protocol/msg.h"

struct fake_tool {
	enum frame_gen gen;		/* in which it speaks */
	uint32_t number;		/* of its last frame */
	uint64_t instance;		/* for NEWSOURCE; 0: its records have no numbers */

	/* how the way behaves */
	size_t read_limit;		/* bytes that one read gives at most; 0: no limit */
	size_t write_limit;		/* the same for writes */
	bool refuse_every_other;	/* each second read and write fails with EAGAIN */
	bool deaf;			/* takes nothing that is sent to it */
	int write_error;		/* errno of every write; 0: none */
	bool ended;			/* end of stream behind what was said */
	int end_error;			/* that is this error instead */

	/* what became of it */
	bool connected, closed;		/* closed: by the receiver */
	unsigned want;			/* what the receiver waits for */
	size_t heard[MSG_BLUETOOTH + 1];	/* by type */
	enum frame_gen last_gen;	/* of the last frame heard */
	uint32_t last_seqno;		/* its number */
	uint32_t last_pong;		/* the PING's number in the last PONG */
	char definition[512];		/* of the last OPEN */
	char channel[64];		/* of the last CONFIGURE */
	struct msg_hop hop;		/* its numbers; the channels are in hop_channels */
	char hop_channels[256];		/* joined by commas */

	struct transport *t;		/* the receiver's end */
	struct bytebuf to_receiver, to_tool;
	bool refused;
};

/* Makes a new connection; give tool->t to the receiver. What was heard is forgotten, what kind of
 * tool it is stays. */
void fake_tool_connect(struct fake_tool *tool);
void fake_tool_free(struct fake_tool *tool);

/* Says one message, or bytes. Numbered messages of a tool with an instance: number_next first. */
void fake_tool_say(struct fake_tool *tool, const struct msg *m);
void fake_tool_say_numbered(struct fake_tool *tool, const struct msg *m, uint32_t number);
void fake_tool_say_bytes(struct fake_tool *tool, const void *data, size_t len);
void fake_tool_newsource(struct fake_tool *tool, const char *definition, const char *type,
			 const char *uuid);
void fake_tool_open_report(struct fake_tool *tool);
/* A packet of len bytes made from number, which is also its time in microseconds. */
void fake_tool_packet(struct fake_tool *tool, uint32_t number, uint32_t len);
void fake_tool_end(struct fake_tool *tool);

/* Lets the receiver read and write once, as a loop would. Returns whether it did anything. */
bool fake_tool_turn(struct fake_tool *tool);
/* Takes in what was sent to the tool. */
void fake_tool_hear(struct fake_tool *tool);

#endif
