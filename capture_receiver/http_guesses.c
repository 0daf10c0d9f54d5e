/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long failed logins wait. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_receiver/http_auth.h"

#define ADDRESSES 256
#define FIRST_MS 1000
#define MAX_MS 30000
#define FORGET_NS (UINT64_C(600) * 1000000000)

struct guesser {
	char address[64];		/* "": free */
	uint32_t next_ms;
	uint64_t last_ns;
};

struct http_guesses {
	struct guesser all[ADDRESSES];
};

struct http_guesses *http_guesses_new(struct err *e)
{
	struct http_guesses *g = calloc(1, sizeof(*g));

	if (!g)
		err_sys(e, ENOMEM, "failed logins");
	return g;
}

void http_guesses_free(struct http_guesses *g)
{
	free(g);
}

/* An address longer than the field is known by its beginning. */
static bool is_of(const struct guesser *g, const char *address)
{
	return strncmp(g->address, address, sizeof(g->address) - 1) == 0;
}

static struct guesser *find(struct http_guesses *g, const char *address)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		if (g->all[i].address[0] && is_of(&g->all[i], address))
			return &g->all[i];
	}
	return NULL;
}

/* A free place, or that of the address that was quiet for longest. */
static struct guesser *take_place(struct http_guesses *g, const char *address)
{
	struct guesser *best = &g->all[0];

	for (size_t i = 0; i < ADDRESSES && best->address[0]; i++) {
		if (!g->all[i].address[0] || g->all[i].last_ns < best->last_ns)
			best = &g->all[i];
	}
	memset(best, 0, sizeof(*best));
	snprintf(best->address, sizeof(best->address), "%s", address);
	return best;
}

uint32_t http_guesses_failed_ms(struct http_guesses *g, const char *address, uint64_t now_ns)
{
	struct guesser *who = find(g, address);
	uint32_t ms;

	if (!who)
		who = take_place(g, address);
	if (who->next_ms == 0 || now_ns - who->last_ns > FORGET_NS)
		who->next_ms = FIRST_MS;
	who->last_ns = now_ns;
	ms = who->next_ms;
	who->next_ms = ms * 2 < MAX_MS ? ms * 2 : MAX_MS;
	return ms;
}

void http_guesses_good(struct http_guesses *g, const char *address)
{
	struct guesser *who = find(g, address);

	if (who)
		memset(who, 0, sizeof(*who));
}
