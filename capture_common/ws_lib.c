/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads libwebsockets when it is first needed. */
#define WS_LIB_TABLE_ONLY
#include "capture_common/ws_lib.h"

#ifdef WS_LIB_SONAME
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct ws_lib ws_lib;

#define ROW(name) { #name, offsetof(struct ws_lib, name) },

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	WS_LIB_LWS(ROW)
	WS_LIB_OPENSSL(ROW)
};

/* Names are looked for in what the library was linked with as well: that is where OpenSSL is. It
 * stays loaded until the program ends. */
static int find_functions(void *library, struct err *e)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *found = dlsym(library, functions[i].name);

		if (!found)
			return err_set(e, ERR_UNSUPPORTED, WS_LIB_SONAME " has no %s(): it is not "
				       "the one that this program was built for",
				       functions[i].name);
		memcpy((char *)&ws_lib + functions[i].offset, &found, sizeof(found));
	}
	return 0;
}

int ws_lib_load(struct err *e)
{
	static void *library;

	if (library)
		return 0;
	void *opened = dlopen(WS_LIB_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!opened)
		return err_set(e, ERR_UNSUPPORTED, "a WebSocket needs libwebsockets, which cannot "
			       "be loaded (%.150s): install it, or use tcp://", dlerror());
	if (find_functions(opened, e) < 0) {
		dlclose(opened);
		return -1;
	}
	library = opened;
	return 0;
}
#else
int ws_lib_load(struct err *e)
{
	(void)e;
	return 0;
}
#endif
