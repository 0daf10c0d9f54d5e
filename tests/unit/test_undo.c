/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Undoing on a small system of a few interfaces: all that is ours is put back, the last change
 * first, and nothing else is touched. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture_common/log.h"
#include "capture_linux_wifi/undo.h"

#define STATION 2
#define MONITOR 6

/* --- a system --- */

struct interface {
	const char *name;		/* NULL: it is gone */
	uint32_t ifindex, flags, type, wiphy;
	bool wifi;
	uint16_t arphrd;
};

static struct interface interfaces[4];
static char calls[512];			/* what was changed: "del wlan0mon, up wlan0" */
static const char *failing;		/* the kind of call that fails, with that code */
static enum err_code failing_code;
static bool type_wants_up;		/* a driver that sets types only while up */

static int record(const char *call, const char *what, struct err *e)
{
	size_t used = strlen(calls);

	snprintf(calls + used, sizeof(calls) - used, "%s%s %s", used ? ", " : "", call, what);
	return failing && strcmp(call, failing) == 0 ? err_set(e, failing_code, "the cause") : 0;
}

static struct interface *by_ifindex(uint32_t ifindex)
{
	for (size_t i = 0; i < 4; i++) {
		if (interfaces[i].name && interfaces[i].ifindex == ifindex)
			return &interfaces[i];
	}
	return NULL;
}

static void tell_link(const struct interface *f, struct rtnl_link *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", f->name);
	out->ifindex = f->ifindex;
	out->flags = f->flags;
	out->arphrd = f->arphrd;
}

static int get_link(void *self, uint32_t ifindex, struct rtnl_link *out, struct err *e)
{
	const struct interface *f = by_ifindex(ifindex);

	(void)self;
	if (failing && strcmp(failing, "find") == 0)
		return err_set(e, failing_code, "the cause");
	if (!f)
		return err_set(e, ERR_NOT_FOUND, "no %u", (unsigned)ifindex);
	tell_link(f, out);
	return 0;
}

static int find_link(void *self, const char *name, struct rtnl_link *out, struct err *e)
{
	(void)self;
	if (failing && strcmp(failing, "find") == 0)
		return err_set(e, failing_code, "the cause");
	for (size_t i = 0; i < 4; i++) {
		struct interface *f = &interfaces[i];

		/* "other" is an alternative name of the first one. */
		if (!f->name || (strcmp(f->name, name) != 0 && (i || strcmp(name, "other") != 0)))
			continue;
		tell_link(f, out);
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND, "no %s", name);
}

static int get_iface(void *self, uint32_t ifindex, struct wifi_iface *out, struct err *e)
{
	const struct interface *f = by_ifindex(ifindex);

	(void)self;
	if (!f || !f->wifi)
		return err_set(e, ERR_NOT_FOUND, "no Wi-Fi");
	memset(out, 0, sizeof(*out));
	out->ifindex = ifindex;
	out->wiphy = f->wiphy;
	out->type = f->type;
	return 0;
}

static int list_ifaces(void *self, struct wifi_iface *out, size_t max, struct err *error)
{
	int n = 0;

	assert_true(max >= 4);
	if (failing && strcmp(failing, "list") == 0)
		return err_set(error, failing_code, "the cause");
	for (size_t i = 0; i < 4; i++) {
		if (interfaces[i].name && interfaces[i].wifi)
			get_iface(self, interfaces[i].ifindex, &out[n++], error);
	}
	return n;
}

static int get_wiphy(void *self, uint32_t wiphy, struct wiphy *out, struct err *error)
{
	(void)self;
	(void)error;
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "phy%u", (unsigned)wiphy);
	return 0;
}

static int set_up(void *self, uint32_t ifindex, bool up, struct err *e)
{
	struct interface *f = by_ifindex(ifindex);

	(void)self;
	assert_non_null(f);
	f->flags = up ? IFF_UP : 0;
	return record(up ? "up" : "down", f->name, e);
}

static int del_iface(void *self, uint32_t ifindex, struct err *e)
{
	struct interface *f = by_ifindex(ifindex);
	int result;

	(void)self;
	assert_non_null(f);
	result = record("del", f->name, e);
	f->name = NULL;
	return result;
}

static int set_type(void *self, uint32_t ifindex, uint32_t type, struct err *e)
{
	struct interface *f = by_ifindex(ifindex);

	(void)self;
	assert_non_null(f);
	if (record("type", f->name, e) < 0)
		return -1;
	if (type_wants_up && !(f->flags & IFF_UP))
		return err_set(e, ERR_BUSY, "is down");
	f->type = type;
	return 0;
}

static int nm_set_managed(void *self, const char *interface, bool managed, struct err *e)
{
	(void)self;
	assert_true(managed);
	return record("managed", interface, e);
}

static int rfkill_set(void *self, const char *wiphy, bool blocked, struct err *e)
{
	(void)self;
	assert_true(blocked);
	return record("block", wiphy, e);
}

static struct wifi_system wifi = {
	.find_link = find_link, .get_link = get_link, .get_iface = get_iface,
	.list_ifaces = list_ifaces, .get_wiphy = get_wiphy, .set_up = set_up,
	.del_iface = del_iface, .set_type = set_type, .nm_set_managed = nm_set_managed,
	.rfkill_set_soft = rfkill_set,
};

/* --- around each test --- */

static char folder[64], said[1024];
static int old_stderr;
static struct undo u;
static struct err e;

static int setup(void **state)
{
	char path[96];

	(void)state;
	strcpy(folder, "/tmp/test_undo.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	interfaces[0] = (struct interface){ "wlan0", 3, 0, STATION, 1, true, 1 };
	interfaces[1] = (struct interface){ "wlan0mon", 12, IFF_UP, MONITOR, 1, true, 803 };
	interfaces[2] = (struct interface){ "eth0", 2, IFF_UP, 0, 0, false, 1 };
	interfaces[3] = (struct interface){ "hwsim0", 4, IFF_UP, 0, 0, false, 803 };
	calls[0] = '\0';
	failing = NULL;
	type_wants_up = false;
	memset(&e, 0, sizeof(e));
	undo_init(&u, &wifi);
	fflush(stderr);
	old_stderr = dup(2);
	snprintf(path, sizeof(path), "%s/.log", folder);
	close(2);
	return open(path, O_RDWR | O_CREAT | O_APPEND, 0600) == 2 ? 0 : -1;
}

/* What the log has now. */
static const char *log_text(void)
{
	ssize_t n = pread(2, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	return said;
}

/* The log has the words of a test that failed, too. */
static int teardown(void **state)
{
	char command[96];

	(void)state;
	dprintf(old_stderr, "%s", log_text());
	dup2(old_stderr, 2);
	close(old_stderr);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static void note(enum undo_kind kind, uint32_t ifindex, uint32_t value, const char *name)
{
	struct undo_step step = { .kind = kind, .ifindex = ifindex, .value = value };

	snprintf(step.name, sizeof(step.name), "%s", name);
	assert_int_equal(undo_note(&u, &step, &e), 0);
}

/* Undoes one step and looks at what that changed. */
static void assert_undone(enum undo_kind kind, uint32_t ifindex, uint32_t value, const char *name,
			  const char *expected)
{
	calls[0] = '\0';
	note(kind, ifindex, value, name);
	undo_all(&u);
	assert_string_equal(calls, expected);
	assert_int_equal(u.n, 0);
}

/* --- what is put back --- */

static void note_everything(void)
{
	note(UNDO_SOFT_BLOCK, 0, 0, "phy1");
	note(UNDO_MANAGED, 3, 0, "wlan0");
	note(UNDO_DELETE, 0, 1, "wlan0mon");
	note(UNDO_UP, 3, 0, "wlan0");
	note(UNDO_DOWN, 12, 0, "wlan0mon");
}

#define ALL_CALLS "down wlan0mon, up wlan0, del wlan0mon, managed wlan0, block phy1"

static void last_change_is_undone_first(void **state)
{
	(void)state;
	note_everything();
	undo_all(&u);
	assert_string_equal(calls, ALL_CALLS);
	assert_string_equal(log_text(), "");
}

static void switched_interface_becomes_what_it_was(void **state)
{
	(void)state;
	interfaces[0].type = MONITOR;
	interfaces[0].flags = IFF_UP;
	note(UNDO_UP, 3, 0, "wlan0");
	note(UNDO_TYPE, 3, STATION, "wlan0");
	note(UNDO_DOWN, 3, 0, "wlan0");
	undo_all(&u);
	assert_string_equal(calls, "down wlan0, type wlan0, up wlan0");
	assert_int_equal(interfaces[0].type, STATION);
	assert_int_equal(interfaces[0].flags, IFF_UP);
}

static void type_is_changed_while_down(void **state)
{
	(void)state;
	interfaces[0].type = MONITOR;
	interfaces[0].flags = IFF_UP;
	assert_undone(UNDO_TYPE, 3, STATION, "wlan0", "down wlan0, type wlan0, up wlan0");
	assert_string_equal(log_text(), "");
}

static void driver_that_wants_to_be_up_gets_its_way(void **state)
{
	(void)state;
	type_wants_up = true;
	interfaces[0].type = MONITOR;
	assert_undone(UNDO_TYPE, 3, STATION, "wlan0",
		      "type wlan0, up wlan0, type wlan0, down wlan0");
	assert_int_equal(interfaces[0].type, STATION);
	assert_string_equal(log_text(), "");
}

static void what_is_as_it_was_is_not_touched(void **state)
{
	(void)state;
	assert_undone(UNDO_DOWN, 3, 0, "wlan0", "");
	assert_undone(UNDO_UP, 12, 0, "wlan0mon", "");
	assert_undone(UNDO_TYPE, 3, STATION, "wlan0", "");
	assert_string_equal(log_text(), "");
}

static void forgotten_step_is_not_undone(void **state)
{
	(void)state;
	note(UNDO_UP, 3, 0, "wlan0");
	note(UNDO_DELETE, 0, 1, "wlan0mon");
	undo_forget(&u);
	undo_all(&u);
	assert_string_equal(calls, "up wlan0");
	undo_forget(&u);
	assert_int_equal(u.n, 0);
}

static void steps_have_an_end(void **state)
{
	struct undo_step step = { .kind = UNDO_UP, .name = "wlan0" };

	(void)state;
	for (int i = 0; i < UNDO_MAX_STEPS; i++)
		assert_int_equal(undo_note(&u, &step, &e), 0);
	assert_int_equal(undo_note(&u, &step, &e), -1);
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_int_equal(u.n, UNDO_MAX_STEPS);
}

/* --- what is left alone --- */

static void only_our_monitor_interface_is_deleted(void **state)
{
	(void)state;
	assert_undone(UNDO_DELETE, 11, 1, "wlan0mon", "");
	assert_undone(UNDO_DELETE, 0, 2, "wlan0mon", "");
	assert_undone(UNDO_DELETE, 0, 1, "wlan0", "");
	assert_undone(UNDO_DELETE, 0, 0, "eth0", "");
	assert_undone(UNDO_DELETE, 0, 0, "hwsim0", "");
	assert_string_equal(log_text(), "");
	assert_undone(UNDO_DELETE, 12, 1, "wlan0mon", "del wlan0mon");
}

static void what_is_gone_is_left_alone_in_silence(void **state)
{
	(void)state;
	interfaces[0].name = NULL;
	interfaces[1].name = NULL;
	note_everything();
	note(UNDO_TYPE, 3, STATION, "wlan0");
	undo_all(&u);
	assert_string_equal(calls, "block phy1");
	assert_string_equal(log_text(), "");
}

static void what_goes_at_that_moment_is_no_warning(void **state)
{
	static const char *const kinds[] = { "down", "up", "del", "managed", "block", "type" };

	(void)state;
	failing_code = ERR_NOT_FOUND;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		failing = kinds[i];
		interfaces[0] = (struct interface){ "wlan0", 3, 0, MONITOR, 1, true, 1 };
		interfaces[1] = (struct interface){ "wlan0mon", 12, IFF_UP, MONITOR, 1, true, 803 };
		note_everything();
		note(UNDO_TYPE, 3, STATION, "wlan0");
		undo_all(&u);
		assert_string_equal(log_text(), "");
	}
}

static void another_number_under_the_name_is_left_alone(void **state)
{
	(void)state;
	interfaces[0].type = MONITOR;
	assert_undone(UNDO_UP, 33, 0, "wlan0", "");
	assert_undone(UNDO_TYPE, 33, STATION, "wlan0", "");
	assert_undone(UNDO_MANAGED, 33, 0, "wlan0", "");
	assert_undone(UNDO_UP, 0, 0, "other", "");
	assert_string_equal(log_text(), "");
}

static void renamed_interface_is_put_back(void **state)
{
	(void)state;
	interfaces[0].name = "uplink";
	interfaces[0].type = MONITOR;
	interfaces[1].name = "ears";
	note(UNDO_MANAGED, 3, 0, "wlan0");
	note(UNDO_UP, 3, 0, "wlan0");
	note(UNDO_TYPE, 3, STATION, "wlan0");
	note(UNDO_DELETE, 0, 1, "wlan0mon");
	undo_set_ifindex(&u, 12);
	undo_all(&u);
	assert_string_equal(calls, "del ears, type uplink, up uplink, managed uplink");
	assert_int_equal(interfaces[0].type, STATION);
	assert_string_equal(log_text(), "");
}

static void interface_made_something_else_keeps_its_type(void **state)
{
	(void)state;
	interfaces[0].type = 3;		/* an access point */
	assert_undone(UNDO_TYPE, 3, STATION, "wlan0", "");
	assert_string_equal(log_text(), "");
}

static void no_journal_touches_other_than_wifi(void **state)
{
	(void)state;
	assert_undone(UNDO_DOWN, 2, 0, "eth0", "");
	assert_undone(UNDO_TYPE, 2, STATION, "eth0", "");
	assert_undone(UNDO_DOWN, 4, 0, "hwsim0", "down hwsim0");
}

/* --- what cannot be undone --- */

static void refusal_is_a_warning_and_the_rest_goes_on(void **state)
{
	static const char *const kinds[] = { "down", "up", "del", "managed", "block" };

	(void)state;
	failing_code = ERR_PERMISSION;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		failing = kinds[i];
		interfaces[0] = (struct interface){ "wlan0", 3, 0, STATION, 1, true, 1 };
		interfaces[1] = (struct interface){ "wlan0mon", 12, IFF_UP, MONITOR, 1, true, 803 };
		calls[0] = '\0';
		note_everything();
		undo_all(&u);
		assert_string_equal(calls, ALL_CALLS);
		assert_int_equal(u.n, 0);
		assert_non_null(strstr(log_text(), "the cause"));
		assert_int_equal(ftruncate(2, 0), 0);
	}
}

static void type_that_cannot_be_set_says_what_to_try(void **state)
{
	(void)state;
	failing = "type";
	failing_code = ERR_SYSTEM;
	interfaces[0].type = MONITOR;
	assert_undone(UNDO_TYPE, 3, STATION, "wlan0",
		      "type wlan0, up wlan0, type wlan0, down wlan0");
	assert_non_null(strstr(log_text(), "wlan0: cannot be made what it was"));
	assert_non_null(strstr(log_text(), "iw dev wlan0 set type"));
}

static void kernel_that_does_not_answer_is_a_warning(void **state)
{
	(void)state;
	failing = "find";
	failing_code = ERR_SYSTEM;
	assert_undone(UNDO_UP, 3, 0, "wlan0", "");
	assert_non_null(strstr(log_text(), "the cause"));
}

static void only_proof_that_nothing_changed_forgets_a_step(void **state)
{
	static const int proofs[] = { EPERM, EACCES, ENOENT, ENODEV, EEXIST, EINVAL, EOPNOTSUPP };
	static const int doubts[] = { EIO, ETIMEDOUT, EBUSY, EINTR, ENOMEM };

	(void)state;
	for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
		note(UNDO_UP, 3, 0, "wlan0");
		err_sys(&e, proofs[i], "wlan0");
		undo_refused(&u, &e);
		assert_int_equal(u.n, 0);
	}
	for (size_t i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		note(UNDO_UP, 3, 0, "wlan0");
		err_sys(&e, doubts[i], "wlan0");
		undo_refused(&u, &e);
		assert_int_equal(u.n, i + 1);
	}
	u.n = 0;
	note(UNDO_MANAGED, 3, 0, "wlan0");
	err_set(&e, ERR_SYSTEM, "NetworkManager does not answer");
	undo_refused(&u, &e);
	assert_int_equal(u.n, 1);
	err_set(&e, ERR_PERMISSION, "NetworkManager says no");
	undo_refused(&u, &e);
	assert_int_equal(u.n, 0);
}

/* --- with a journal --- */

static void take_journal(void)
{
	struct journal *j = journal_take(folder, "phy1", &e);

	assert_non_null(j);
	undo_set_journal(&u, j);
}

static bool journal_is_there(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/phy1", folder);
	return access(path, F_OK) == 0;
}

static void journal_goes_when_all_is_undone(void **state)
{
	(void)state;
	take_journal();
	note_everything();
	assert_true(journal_is_there());
	undo_all(&u);
	assert_false(journal_is_there());
	assert_string_equal(calls, ALL_CALLS);
}

/* As a process that is killed; it noted one step before it had its journal. */
static void die(bool forget)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		note(UNDO_SOFT_BLOCK, 0, 0, "phy1");
		take_journal();
		note(UNDO_UP, 3, 0, "wlan0");
		if (forget)
			undo_forget(&u);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void next_one_undoes_what_a_killed_process_left(void **state)
{
	(void)state;
	die(false);
	assert_true(journal_is_there());
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "up wlan0, block phy1");
	assert_non_null(strstr(log_text(), "phy1: "));
	assert_false(journal_is_there());
	assert_int_equal(undo_leftovers(&wifi, folder), 0);
}

static void forgotten_step_leaves_the_journal_too(void **state)
{
	(void)state;
	die(true);
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "block phy1");
}

/* As a process that is killed after those steps. */
static void die_after(const struct undo_step *steps, size_t n)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		take_journal();
		for (size_t i = 0; i < n; i++)
			assert_int_equal(undo_note(&u, &steps[i], &e), 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct undo_step listened[] = {
	{ UNDO_SOFT_BLOCK, 0, 0, "phy1" }, { UNDO_UP, 3, 0, "wlan0" },
	{ UNDO_TYPE, 3, STATION, "wlan0" }, { UNDO_DOWN, 3, 0, "wlan0" },
};

/* A process that made wlan0 a monitor, and then was killed. */
static void die_listening(void)
{
	interfaces[0].type = MONITOR;
	interfaces[0].flags = IFF_UP;
	interfaces[1].name = NULL;
	die_after(listened, 4);
}

static void what_could_not_be_undone_is_tried_again_later(void **state)
{
	static const enum err_code codes[] = { ERR_PERMISSION, ERR_BUSY, ERR_SYSTEM };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		failing = "type";
		failing_code = codes[i];
		die_listening();
		assert_int_equal(undo_leftovers(&wifi, folder), 1);
		assert_true(journal_is_there());
		assert_non_null(strstr(log_text(), "phy1: not all is put back"));
		assert_null(strstr(log_text(), "phy1: put back"));
		assert_int_equal(interfaces[0].type, MONITOR);
		failing = NULL;
		calls[0] = '\0';
		assert_int_equal(undo_leftovers(&wifi, folder), 1);
		assert_string_equal(calls, "down wlan0, type wlan0, up wlan0");
		assert_int_equal(interfaces[0].type, STATION);
		assert_false(journal_is_there());
		assert_non_null(strstr(log_text(), "phy1: put back"));
		assert_int_equal(ftruncate(2, 0), 0);
	}
}

static void next_capture_takes_over_what_could_not_be_undone(void **state)
{
	(void)state;
	failing = "type";
	failing_code = ERR_BUSY;
	die_listening();
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_null(journal_take(folder, "phy1", &e));
	assert_int_equal(e.code, ERR_SYSTEM);
	assert_int_equal(undo_inherit(&u, folder, "phy1", &e), 0);
	assert_null(journal_take(folder, "phy1", &e));
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(u.n, 1);
	note(UNDO_UP, 3, 0, "wlan0");
	failing = NULL;
	calls[0] = '\0';
	interfaces[0].flags = 0;
	undo_all(&u);
	assert_string_equal(calls, "up wlan0, down wlan0, type wlan0, up wlan0");
	assert_false(journal_is_there());
}

static void orderly_end_keeps_what_it_could_not_undo(void **state)
{
	(void)state;
	take_journal();
	failing = "del";
	failing_code = ERR_BUSY;
	note_everything();
	undo_all(&u);
	interfaces[1] = (struct interface){ "wlan0mon", 12, IFF_UP, MONITOR, 1, true, 803 };
	assert_true(journal_is_there());
	failing = NULL;
	calls[0] = '\0';
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "del wlan0mon");
	assert_false(journal_is_there());
}

static void radio_that_was_repaired_by_hand_stays_in_use(void **state)
{
	(void)state;
	die_listening();
	interfaces[0].type = STATION;
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "");
	assert_int_equal(interfaces[0].flags, IFF_UP);
	assert_false(journal_is_there());
}

static void radio_that_nobody_uses_is_blocked_again(void **state)
{
	(void)state;
	/* What the steps themselves bring up is no use. */
	die_listening();
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "down wlan0, type wlan0, up wlan0, block phy1");
	/* Neither is another radio's interface that is up. */
	calls[0] = '\0';
	interfaces[0].wiphy = 2;
	die_after(listened, 1);
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "block phy1");
}

/* The last step brought it up while it was no monitor yet, as some drivers want it. */
static void what_is_a_monitor_until_now_is_taken_down(void **state)
{
	static const struct undo_step steps[] = {
		{ UNDO_DOWN, 3, 0, "wlan0" }, { UNDO_TYPE, 3, STATION, "wlan0" },
	};

	(void)state;
	interfaces[0].type = MONITOR;
	interfaces[0].flags = IFF_UP;
	die_after(steps, 2);
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "down wlan0, type wlan0, up wlan0, down wlan0");
}

static void what_cannot_be_judged_stays_for_later(void **state)
{
	(void)state;
	failing = "list";
	failing_code = ERR_SYSTEM;
	die_after(listened, 1);
	assert_int_equal(undo_leftovers(&wifi, folder), 1);
	assert_string_equal(calls, "");
	assert_true(journal_is_there());
}

static void full_disk_is_one_warning(void **state)
{
	struct rlimit old, small;
	const char *first;
	int log_file = dup(2), ends[2];
	ssize_t n;

	(void)state;
	take_journal();
	note(UNDO_SOFT_BLOCK, 0, 0, "phy1");
	/* The log goes to where the limit does not count. */
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], 2);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 100;		/* more than the first line */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 8; i++)
		note(UNDO_UP, 3, 0, "wlan0");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	dup2(log_file, 2);
	close(log_file);
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	said[n > 0 ? n : 0] = '\0';
	first = strstr(said, "changes cannot be noted");
	assert_non_null(first);
	assert_null(strstr(first + 1, "changes cannot be noted"));
	undo_all(&u);
	assert_string_equal(calls, "up wlan0, block phy1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_change_is_undone_first),
		TEST(switched_interface_becomes_what_it_was),
		TEST(type_is_changed_while_down),
		TEST(driver_that_wants_to_be_up_gets_its_way),
		TEST(what_is_as_it_was_is_not_touched),
		TEST(forgotten_step_is_not_undone),
		TEST(steps_have_an_end),
		TEST(only_our_monitor_interface_is_deleted),
		TEST(what_is_gone_is_left_alone_in_silence),
		TEST(what_goes_at_that_moment_is_no_warning),
		TEST(another_number_under_the_name_is_left_alone),
		TEST(renamed_interface_is_put_back),
		TEST(interface_made_something_else_keeps_its_type),
		TEST(no_journal_touches_other_than_wifi),
		TEST(refusal_is_a_warning_and_the_rest_goes_on),
		TEST(type_that_cannot_be_set_says_what_to_try),
		TEST(kernel_that_does_not_answer_is_a_warning),
		TEST(only_proof_that_nothing_changed_forgets_a_step),
		TEST(journal_goes_when_all_is_undone),
		TEST(next_one_undoes_what_a_killed_process_left),
		TEST(forgotten_step_leaves_the_journal_too),
		TEST(what_could_not_be_undone_is_tried_again_later),
		TEST(next_capture_takes_over_what_could_not_be_undone),
		TEST(orderly_end_keeps_what_it_could_not_undo),
		TEST(radio_that_was_repaired_by_hand_stays_in_use),
		TEST(radio_that_nobody_uses_is_blocked_again),
		TEST(what_is_a_monitor_until_now_is_taken_down),
		TEST(what_cannot_be_judged_stays_for_later),
		TEST(full_disk_is_one_warning),
	};

	log_init("test_undo", LOG_LEVEL_INFO);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
