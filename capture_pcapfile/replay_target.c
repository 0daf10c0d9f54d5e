/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which file a source definition means, what kind of file it is, and its UUID. */
#include "capture_pcapfile/replay_target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_pcapfile/pcapfile_source.h"
#include "protocol/bytes.h"
#include "protocol/checksum.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Replaces %XX by the byte; what is no such thing stays. False when there is none. */
static bool percent_decode(const char *in, char *out)
{
	bool any = false;
	int high, low;

	while (*in) {
		high = in[0] == '%' ? hex_digit(in[1]) : -1;
		low = high >= 0 ? hex_digit(in[2]) : -1;
		if (low >= 0 && high + low > 0) {
			*out++ = (char)(high * 16 + low);
			in += 3;
			any = true;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return any;
}

static int find_kind(struct replay_target *t)
{
	struct stat st;

	if (strcmp(t->path, "-") == 0) {
		t->kind = REPLAY_STDIN;
		t->shown = "standard input";
		return 0;
	}
	if (stat(t->path, &st) < 0)
		return -1;
	t->kind = S_ISREG(st.st_mode) ? REPLAY_FILE :
		  S_ISFIFO(st.st_mode) ? REPLAY_FIFO : REPLAY_DEVICE;
	return 0;
}

static bool is_absent(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ENAMETOOLONG;
}

/* Tries another reading of the path; restores it when there is no such file either. */
static int find_decoded(struct replay_target *t)
{
	char *literal = t->path;
	char *decoded = malloc(strlen(literal) + 1);
	int errnum = errno;

	if (decoded && is_absent(errnum) && percent_decode(literal, decoded)) {
		t->path = decoded;
		if (find_kind(t) == 0) {
			t->shown = decoded;
			free(literal);
			return 0;
		}
		t->path = literal;
	}
	free(decoded);
	errno = errnum;
	return -1;
}

/* Standard input is told apart by the host, because the name is the same everywhere. */
static void make_uuid(struct replay_target *t)
{
	char name[1 + 256] = "-";
	const char *text = t->path;
	uint8_t tail[6] = { 0 };

	if (t->kind == REPLAY_STDIN) {
		gethostname(name + 1, sizeof(name) - 2);
		text = name;
	}
	put_be32(tail + 2, checksum(text, strlen(text)));
	uuid_make(t->uuid, PCAPFILE_PROGRAM, tail);
}

static int find_uuid(struct replay_target *t, const struct srcdef *def, struct err *e)
{
	struct text given = srcdef_get(def, "uuid");

	if (!given.s)
		make_uuid(t);
	else if (!uuid_normalize(t->uuid, given))
		return err_set(e, ERR_USAGE, "uuid=%.*s is not a UUID", TEXT_ARG(given));
	return 0;
}

int replay_target_find(struct replay_target *t, const struct srcdef *def, struct err *e)
{
	struct text given = srcdef_get(def, "path");
	const bool by_option = given.len > 0;

	memset(t, 0, sizeof(*t));
	if (!by_option)
		given = def->interface;
	if (given.len == 0)
		return err_set(e, ERR_USAGE, "the definition names no capture file");
	t->path = malloc(given.len + 1);
	if (!t->path)
		return err_set(e, ERR_NO_MEMORY, "out of memory");
	memcpy(t->path, given.s, given.len);
	t->path[given.len] = '\0';
	t->shown = t->path;
	if (find_kind(t) < 0 && (by_option || find_decoded(t) < 0)) {
		err_sys(e, errno, "open %s", t->path);
		if (is_absent(errno))
			e->code = ERR_NOT_FOUND;
		return -1;
	}
	return find_uuid(t, def, e);
}

void replay_target_free(struct replay_target *t)
{
	free(t->path);
	t->path = NULL;
}
