/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source of kismet_cap_pcapfile: finds, opens and closes what is replayed. */
#include "capture_pcapfile/pcapfile_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_common/log.h"
#include "capture_pcapfile/linktype.h"
#include "capture_pcapfile/replay.h"
#include "capture_pcapfile/replay_target.h"

/* A capture that was opened, as far as it is known. */
struct opened {
	struct file_bytes *file;
	struct capture_reader *reader;
	bool started;			/* the format is known */
};

static void opened_free(struct opened *o)
{
	capture_reader_free(o->reader);
	if (o->file)
		byte_source_free(file_bytes_stream(o->file));
}

/* Opens the file and reads its beginning, as far as that is there already. */
static int open_capture(struct opened *o, const struct replay_target *t, bool follow,
			struct err *e)
{
	enum reader_status status;

	memset(o, 0, sizeof(*o));
	o->file = file_bytes_open(t->path, follow, e);
	if (!o->file)
		return -1;
	o->reader = capture_reader_new(file_bytes_stream(o->file), e);
	if (!o->reader)
		goto failed;
	status = capture_reader_start(o->reader, e);
	o->started = status == READER_OK;
	if (o->started || status == READER_NOT_YET || status == READER_BUSY)
		return 0;
	err_wrap(e, "%s", t->shown);
failed:
	opened_free(o);
	return -1;
}

static int probe_target(const struct replay_target *t, bool follow, struct err *e)
{
	struct opened o;

	switch (t->kind) {
	case REPLAY_FIFO:
	case REPLAY_STDIN:
		/* Looking inside would take something out. */
		return 0;
	case REPLAY_DEVICE:
		return err_set(e, ERR_DATA, "%s is not a regular file", t->path);
	case REPLAY_FILE:
		break;
	}
	if (open_capture(&o, t, follow, e) < 0)
		return -1;
	opened_free(&o);
	return 0;
}

static int probe(const struct srcdef *def, struct source_info *info, struct err *e)
{
	struct replay_options options;
	struct replay_target t;
	int rc = replay_target_find(&t, def, e);

	if (rc < 0 && e->code == ERR_NOT_FOUND)
		e->text[0] = '\0';	/* most likely no file was meant at all */
	if (rc == 0)
		rc = replay_options_read(&options, def, e);
	if (rc == 0)
		rc = probe_target(&t, options.follow, e);
	if (rc == 0)
		memcpy(info->uuid, t.uuid, sizeof(info->uuid));
	replay_target_free(&t);
	return rc;
}

static void fill_info(struct source_info *info, const struct replay_target *t,
		      const struct replay_options *options, const struct opened *o)
{
	const char *name;

	memcpy(info->uuid, t->uuid, sizeof(info->uuid));
	info->exit_at_end = options->exit_at_end;
	info->has_dlt = o->started || options->has_dlt;
	if (!o->started) {
		info->dlt = options->dlt;
		snprintf(info->message, sizeof(info->message),
			 "%.160s opened for replay, nothing has come yet", t->shown);
		return;
	}
	info->dlt = options->has_dlt ? options->dlt : capture_reader_dlt(o->reader);
	name = dlt_name(info->dlt);
	snprintf(info->message, sizeof(info->message),
		 "%.160s opened for replay: %s, link type %u%s%s%s", t->shown,
		 capture_reader_format(o->reader), (unsigned)info->dlt, name ? " (" : "",
		 name ? name : "", name ? ")" : "");
}

static void warn_of_options(const struct srcdef *def, const struct replay_options *o)
{
	if (o->realtime && srcdef_get(def, "pps").s)
		log_warn("source definition: pps= is without effect beside realtime=");
	if (!o->realtime && (srcdef_get(def, "speed").s || srcdef_get(def, "maxgap").s))
		log_warn("source definition: speed= and maxgap= are without effect without "
			 "realtime=true");
}

static struct replay *open_replay(const struct srcdef *def, const struct replay_target *t,
				  struct source_info *info, struct err *e)
{
	struct text name = srcdef_get(def, "name");
	struct replay *p = NULL;
	struct replay_options options;
	struct opened o;

	if (replay_options_read(&options, def, e) < 0 ||
	    open_capture(&o, t, options.follow, e) < 0)
		return NULL;
	if (options.loops > 1 && !file_bytes_can_rewind(o.file)) {
		err_set(e, ERR_USAGE, "%s: loop= needs a file that can be read again",
			t->shown);
	} else {
		p = malloc(sizeof(*p));
		if (!p)
			err_set(e, ERR_NO_MEMORY, "no memory for a replay");
	}
	if (!p) {
		opened_free(&o);
		return NULL;
	}
	warn_of_options(def, &options);
	fill_info(info, t, &options, &o);
	replay_init(p, &options, name.len > 0 ? name : text_of(t->shown), o.file, o.reader);
	return p;
}

static void *open_source(const struct srcdef *def, struct source_info *info, struct err *e)
{
	struct replay_target t;
	struct replay *p = NULL;

	if (replay_target_find(&t, def, e) == 0)
		p = open_replay(def, &t, info, e);
	replay_target_free(&t);
	return p;
}

static enum source_read read_source(void *self, struct capture *c, struct source_wait *wait,
				    struct err *e)
{
	return replay_read(self, c, wait, e);
}

static void close_source(void *self)
{
	replay_finish(self);
	free(self);
}

const struct source_ops pcapfile_ops = {
	.probe = probe,
	.open = open_source,
	.read = read_source,
	.close = close_source,
};
