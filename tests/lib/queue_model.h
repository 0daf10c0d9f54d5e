/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record queue and a plain list beside it, which must agree after each operation: numbers, order,
 * contents, counts. What a queue drops is seen from what is gone; whether that was right is for the
 * test to say. */
#ifndef TESTS_LIB_QUEUE_MODEL_H
#define TESTS_LIB_QUEUE_MODEL_H

#include "capture_common/queue.h"
#include "tests/lib/prng.h"

/* A record with everything that it points to in one block of memory. */
struct sample {
	struct record r;
	uint8_t *bytes;
	size_t len;
};

struct sample *sample_new(size_t room);
void sample_free(struct sample *s);
/* Appends random bytes. */
void sample_packet(struct sample *s, struct prng *rnd, uint32_t len);
void sample_message(struct sample *s, struct prng *rnd, uint32_t len);
/* present: a bit for each of the parts; the length of each is random up to max. */
#define SAMPLE_PARTS 11
void sample_data(struct sample *s, struct prng *rnd, unsigned present, uint32_t max);
struct sample *sample_random(struct prng *rnd, size_t queue_bytes);
size_t sample_size(const struct sample *s);		/* in the queue */
int sample_push(struct queue *q, const struct sample *s);
void sample_expect(const struct record *got, const struct sample *want);

/* By link type: 0 modulo 4 bulk, 1 repeatable with the rest as its key, otherwise plain. */
extern const struct record_classifier sample_classes;
enum record_class sample_class(const struct sample *s, uint64_t *key);

#define MODEL_MAX 8192

struct model {
	struct queue *q;
	struct prng rnd;
	struct sample *kept[MODEL_MAX];		/* oldest first */
	size_t n, sent;
	uint32_t number;			/* of the next one pushed */
	struct queue_stats stats;
	bool jumps;				/* numbers have gaps: model_step() */
	/* Called with a push that was taken, while the list is as before: gone[i] tells what went
	 * from it; and so may s itself. NULL: nothing may go. */
	void (*gone)(const struct model *m, const bool *gone, const struct sample *s, bool s_gone);
};

void model_begin(struct model *m, uint64_t seed, enum queue_full policy, uint32_t first_number);
void model_end(struct model *m);
/* One random operation, and everything compared. */
void model_step(struct model *m);
/* The single ones. The sample is the model's then. */
int model_push(struct model *m, struct sample *s);
void model_send(struct model *m, size_t n);
void model_release(struct model *m, uint32_t mark);
void model_rewind(struct model *m);
void model_check(struct model *m, bool contents);

#endif
