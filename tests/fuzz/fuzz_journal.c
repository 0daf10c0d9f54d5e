/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Journals of radios: what is read has names that stay where they belong, and prints as a line that
 * reads back as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_linux_wifi/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int ok)
{
	if (!ok)
		abort();
}

static void check_step(const struct undo_step *step)
{
	static struct undo_step again[UNDO_MAX_STEPS];
	char text[256] = "kismet_cap_linux_wifi 1 b 1\n", boot_id[40];
	size_t len = strlen(text), n;
	int pid;

	check(step->kind <= UNDO_SOFT_BLOCK && step->name[0] && !strchr(step->name, '/'));
	check(memchr(step->name, '\0', sizeof(step->name)) != NULL);
	len += journal_print_step(step, text + len, sizeof(text) - len);
	check(len < sizeof(text));
	check(journal_parse(text, len, boot_id, &pid, again, &n) == 0 && n == 1);
	check(memcmp(step, &again[0], sizeof(*step)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct undo_step steps[UNDO_MAX_STEPS];
	char boot_id[40];
	size_t n;
	int pid;

	if (journal_parse((const char *)data, size, boot_id, &pid, steps, &n) < 0) {
		check(n == 0);
		return 0;
	}
	check(n <= UNDO_MAX_STEPS && pid >= 0 && boot_id[0] && strlen(boot_id) < sizeof(boot_id));
	for (size_t i = 0; i < n; i++)
		check_step(&steps[i]);
	return 0;
}
