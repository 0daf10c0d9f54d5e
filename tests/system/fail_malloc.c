/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For LD_PRELOAD: the FAIL_NTH-th allocation since main() fails, and with FAIL_FROM=1 all that
 * follow, too. The file FAIL_NOTE is made when it happens. For the C library of GNU. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);

typedef int main_fn(int, char **, char **);

static main_fn *real_main;
static long nth, calls;
static bool from;
static char note[256];

static bool fails(void)
{
	long call = nth > 0 ? __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) : -1;

	if (call < nth || nth <= 0 || (call > nth && !from))
		return false;
	if (call == nth)
		close(open(note, O_WRONLY | O_CREAT, 0666));
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

static int armed_main(int argc, char **argv, char **env)
{
	const char *text = getenv("FAIL_NOTE");

	if (text && strlen(text) < sizeof(note)) {
		strcpy(note, text);
		text = getenv("FAIL_FROM");
		from = text && *text == '1';
		text = getenv("FAIL_NTH");
		nth = text ? atol(text) : 0;
	}
	unsetenv("LD_PRELOAD");		/* for what the program starts */
	return real_main(argc, argv, env);
}

int __libc_start_main(main_fn *run, int argc, char **argv, void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void),
		    void *) = NULL;

	*(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
	real_main = run;
	return real(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}
