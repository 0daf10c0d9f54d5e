/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture that gen wrote, mapped, and where its records begin. */
#include "tests/bench/expected.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/radiotap_file.h"

static bool map_file(struct expected *e, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *mem = MAP_FAILED;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && st.st_size > RADIOTAP_FILE_HEAD)
		mem = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		return false;
	e->file = mem;
	e->size = (size_t)st.st_size;
	return true;
}

bool expected_open(struct expected *e, const char *path)
{
	uint64_t room = 0;
	size_t at = RADIOTAP_FILE_HEAD;

	*e = (struct expected){ 0 };
	if (!map_file(e, path))
		return false;
	while (at + RADIOTAP_FILE_RECORD <= e->size) {
		if (e->count == room) {
			room = room ? room * 2 : 65536;
			e->at = realloc(e->at, room * sizeof(*e->at));
			if (!e->at)
				return false;
		}
		e->at[e->count++] = at;
		at += RADIOTAP_FILE_RECORD + get_le32(e->file + at + 8);
	}
	return true;
}

bool expected_matches(const struct expected *e, uint64_t n, const struct wire_packet *p)
{
	if (n >= e->count)
		return false;
	const uint8_t *record = e->file + e->at[n];

	return p->time_s == get_le32(record) && p->time_us == get_le32(record + 4) &&
	       p->data.len == get_le32(record + 8) && p->orig_len == get_le32(record + 12) &&
	       p->dlt == get_le32(e->file + 20) &&
	       memcmp(record + RADIOTAP_FILE_RECORD, p->data.at, p->data.len) == 0;
}
