/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long failed logins wait. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture_receiver/http_auth.h"

#define ADDRESSES 256
#define FIRST_MS 1000
#define MAX_MS 30000
#define FORGET_NS (UINT64_C(600) * 1000000000)

struct guesser {
	char address[HTTP_GUESSES_ADDRESS];	/* "": free */
	uint32_t next_ms;
	unsigned waiting;		/* answers */
	uint64_t last_ns;
};

struct http_guesses {
	struct guesser all[ADDRESSES];
	unsigned waiting;
};

_Static_assert(HTTP_GUESSES_WAIT_ALL < ADDRESSES, "none for which answers wait is pushed out");

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

static bool is_better_place(const struct guesser *g, const struct guesser *best)
{
	return g->waiting == 0 && (!best || !g->address[0] || g->last_ns < best->last_ns);
}

/* A free place, or that of the address that was quiet for longest. */
static struct guesser *take_place(struct http_guesses *g, const char *address)
{
	struct guesser *best = NULL;

	for (size_t i = 0; i < ADDRESSES && (!best || best->address[0]); i++) {
		if (is_better_place(&g->all[i], best))
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

bool http_guesses_wait(struct http_guesses *g, const char *address)
{
	struct guesser *who = find(g, address);

	if (!who || who->waiting >= HTTP_GUESSES_WAIT || g->waiting >= HTTP_GUESSES_WAIT_ALL)
		return false;
	who->waiting++;
	g->waiting++;
	return true;
}

void http_guesses_waited(struct http_guesses *g, const char *address)
{
	struct guesser *who = find(g, address);

	assert(who && who->waiting > 0);
	who->waiting--;
	g->waiting--;
}

/* --- addresses --- */

/* Without port, brackets and zone. */
static void copy_host(const char *peer, char out[HTTP_GUESSES_ADDRESS])
{
	const char *end;

	peer += *peer == '[';
	end = peer + (strchr(peer, ']') ? strcspn(peer, "%]") : strcspn(peer, ":"));
	snprintf(out, HTTP_GUESSES_ADDRESS, "%.*s", (int)(end - peer), peer);
}

void http_guesses_address(const char *peer, char out[HTTP_GUESSES_ADDRESS])
{
	struct in6_addr a;

	copy_host(peer, out);
	if (inet_pton(AF_INET6, out, &a) != 1)
		return;
	if (IN6_IS_ADDR_V4MAPPED(&a)) {
		inet_ntop(AF_INET, &a.s6_addr[12], out, HTTP_GUESSES_ADDRESS);
		return;
	}
	memset(&a.s6_addr[8], 0, 8);
	inet_ntop(AF_INET6, &a, out, HTTP_GUESSES_ADDRESS);
}
