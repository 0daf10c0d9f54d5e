/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the link that an endpoint asks for. */
#include "capture_common/dialer.h"

#include <errno.h>

#ifdef HAVE_LWS
#include "capture_common/link_ws.h"
#include "capture_common/ws_service.h"

int dialer_check(const struct endpoint *ep, struct err *e)
{
	return endpoint_is_ws(ep) ? ws_service_check(ep->host, e) : 0;
}

static struct link *ws_link(struct dialer *d, const struct endpoint *ep,
			    const struct link_events *events, struct err *e)
{
	if (!d->ws)
		d->ws = ws_service_new(d->access, e);
	if (!d->ws)
		return NULL;
	struct link *l = link_ws_new(d->ws, d->loop, d->access, ep, d->via, events);

	if (!l)
		err_sys(e, ENOMEM, "connecting");
	return l;
}

void dialer_end(struct dialer *d)
{
	ws_service_free(d->ws);
	d->ws = NULL;
}
#else
int dialer_check(const struct endpoint *ep, struct err *e)
{
	if (!endpoint_is_ws(ep))
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "%s needs a WebSocket, and this build was made without "
		       "libwebsockets; use tcp://HOST:%d, or build with libwebsockets-dev",
		       ep->host, ENDPOINT_TCP_PORT);
}

static struct link *ws_link(struct dialer *d, const struct endpoint *ep,
			    const struct link_events *events, struct err *e)
{
	(void)d;
	(void)events;
	dialer_check(ep, e);
	return NULL;
}

void dialer_end(struct dialer *d)
{
	(void)d;
}
#endif

struct link *dialer_link(struct dialer *d, const struct endpoint *ep,
			 const struct link_events *events, struct err *e)
{
	struct link *l;

	if (endpoint_is_ws(ep))
		return ws_link(d, ep, events, e);
	if (d->via)
		l = link_via_new(d->via, d->loop, ep->host, ep->port, events);
	else
		l = link_tcp_new(d->loop, ep->host, ep->port, events);
	if (!l)
		err_sys(e, ENOMEM, "connecting");
	return l;
}
