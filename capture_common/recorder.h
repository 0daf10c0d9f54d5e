/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what a source captures to pcapng files on the sensor itself, with or without a server:
 * --write. Files are written by a worker thread; when the disk is slower than the radio, packets
 * are left out of the file and counted; only a source that can wait is asked to. Loop thread of
 * the process that has the source: it sees packets first, and may write where the one that talks
 * to the network may not. */
#ifndef CAPTURE_COMMON_RECORDER_H
#define CAPTURE_COMMON_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture_common/err.h"
#include "capture_common/loop.h"
#include "capture_common/strlist.h"
#include "protocol/msg.h"

/* Of the command line. Rotation: the next file begins when any of the limits is reached. */
struct recorder_options {
	char *path;		/* FILE, or "-" for standard output; NULL: no recording */
	uint64_t max_bytes;	/* of a file, at least RECORDER_FILE_MIN; 0: no limit */
	uint64_t max_seconds;
	uint64_t max_packets;
	/* The oldest beyond so many are removed, those of earlier runs, too; 0: none. */
	uint64_t keep_files;
	const struct strlist *sources;	/* definitions: these are not written over; or NULL */
};

struct recorder_files;

struct recorder_config {
	struct loop *loop;
	const struct recorder_options *options;
	const char *program;	/* "kismet_cap_linux_wifi 1.0": shb_userappl */
	const char *tag;	/* put into the file's name when several sources write; or NULL */
	/* Opened before, with rights that this process does not have any more; taken over in any
	 * case. NULL: opened here. */
	struct recorder_files *files;
	bool alone;		/* there is no server */
	bool waits;		/* the source can wait for the disk: see recorder_has_room() */
	/* None of them is called from within a function here, and each may be NULL: nobody reads
	 * the pipe any more, nothing is recorded from now on; what waits may be offered again. */
	void (*over)(void *user);
	void (*room)(void *user);
	void *user;
};

struct recorder_stats {
	uint64_t packets, bytes, files;		/* written, over all files */
	uint64_t dropped;		/* the disk was too slow, or refused; or it was over */
	/* Not written: records that are no packets; packets of more than RECORDER_PACKET_MAX bytes,
	 * or of a 17th link type. */
	uint64_t not_packets;
	uint64_t removed_files;			/* rotated away */
	bool broken;				/* the disk refuses; tried again every 5 s */
	bool over;				/* nobody reads the pipe any more */
};

/* A file for each few packets, each brought to the disk, would be slower than any radio. */
#define RECORDER_FILE_MIN ((uint64_t)64 << 10)
#define RECORDER_PACKET_MAX ((uint32_t)112 << 10)

struct recorder;

/* What cannot be, found before anything is opened: standard output for several sources, and the
 * like. No path is fine. recorder_new() checks that, too. Returns 0 or -1. */
int recorder_check(const struct recorder_options *o, size_t n_sources, struct err *e);

/* Whether two tags come to the same in names of files, where most characters are replaced. */
bool recorder_same_file_tag(const char *a, const char *b);

/* Opens the first file: a path that cannot be written is found here. With limits, files are called
 * stem_00001_20261122140501.pcapng, by number and UTC, and the next one begins with the first
 * packet behind a limit; numbers go on where an earlier run left off. An existing FILE without
 * limits is replaced, once there is a source. */
struct recorder *recorder_new(const struct recorder_config *cfg, struct err *e);
/* Writes out everything, and waits for that: the counts are final, and what comes later is left
 * out. A pipe that nobody reads is waited for a second only. No callbacks any more. */
void recorder_finish(struct recorder *r);
/* Does so, too, if that was not done, and logs what was recorded. A file without packets stays: it
 * is a valid one; none is left when there was no source. NULL is fine. */
void recorder_free(struct recorder *r);

/* What is known of the source once it is open: an interface of the file. Copied. The file begins
 * with the first call. */
void recorder_interface(struct recorder *r, const char *name, const char *hardware);
/* Whether recorder_packet() would take it, or leave it out for good: false only if the source can
 * wait, and the disk is slow, not broken. room() follows. */
bool recorder_has_room(struct recorder *r, const struct msg_packet *p);
void recorder_packet(struct recorder *r, const struct msg_packet *p);
void recorder_data(struct recorder *r, const struct msg_data *d);
/* Packets are on the disk soon, not only after a second. */
void recorder_flush(struct recorder *r);
void recorder_get_stats(const struct recorder *r, struct recorder_stats *out);

#endif
