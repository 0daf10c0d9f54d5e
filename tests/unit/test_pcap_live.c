/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets from an interface. What needs one takes a tap device with the link type of radiotap, in a
 * network namespace that this process makes for itself; that takes root. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "capture_common/log.h"
#include "capture_common/loop.h"
#include "capture_common/pcap_live.h"
#include "tests/lib/tap_device.h"

static struct err e;

/* Without an interface */

static void counters_go_on_when_they_wrap(void **state)
{
	uint64_t total = 0;
	uint32_t last = 0;

	(void)state;
	pcap_live_count(&total, &last, 0xfffffff0u);
	pcap_live_count(&total, &last, 0xfffffff0u);
	assert_int_equal(total, 0xfffffff0u);
	pcap_live_count(&total, &last, 0x10);
	assert_true(total == 0x100000010ull);
	pcap_live_count(&total, &last, 0xf);
	assert_true(total == 0x20000000full);
}

/* Without the right to capture, that comes first. */
static void missing_interface_is_named(void **state)
{
	struct pcap_live_config cfg = { .interface = "nosuch0" };

	(void)state;
	assert_null(pcap_live_open(&cfg, &e));
	assert_true(e.code == ERR_NOT_FOUND || e.code == ERR_PERMISSION);
	assert_non_null(strstr(e.text, "nosuch0"));
}

static int open_as_nobody(void)
{
	struct pcap_live_config cfg = { .interface = "lo" };

	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 2;
	if (pcap_live_open(&cfg, &e))
		return 3;
	return e.code == ERR_PERMISSION && strstr(e.text, "lo") && strstr(e.text, "root") ? 0 : 1;
}

static void without_the_right_to_capture_it_says_how_to_get_it(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (access("/sys/class/net/lo", F_OK) < 0) {
		print_message("there is no interface lo\n");
		skip();
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(open_as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* With one */

static int tap = -1;
static struct pcap_live *live;
static struct queue *queue;
static struct capture capture;

static int setup(void **state)
{
	(void)state;
	if (!tap_device_available())
		return 0;
	tap = tap_device_make("tap0", TAP_DEVICE_RADIOTAP);
	tap_device_set_up("tap0", true);
	queue = queue_new(QUEUE_MIN_BYTES, QUEUE_DROP_OLDEST, &e);
	assert_non_null(queue);
	capture = (struct capture){ .queue = queue };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pcap_live_close(live);
	live = NULL;
	queue_free(queue);
	queue = NULL;
	if (tap >= 0)
		close(tap);
	tap = -1;
	return 0;
}

static void open_live(int buffer_bytes)
{
	static const int dlts[] = { 105, 127, -1 };
	struct pcap_live_config cfg = { .interface = "tap0", .dlts = dlts,
					.buffer_bytes = buffer_bytes };

	live = pcap_live_open(&cfg, &e);
	if (!live)
		fail_msg("%s", e.text);
}

/* A beacon, or data, of len bytes with a number in it. */
static void send_frame(uint8_t fc0, uint8_t number, size_t len)
{
	uint8_t b[4096] = { 0, 0, 8, 0, 0, 0, 0, 0, fc0 };

	b[32] = number;
	assert_true(len >= 33 && len <= sizeof(b));
	assert_int_equal(write(tap, b, len), len);
}

/* Waits for what the tool would wait for; false after 10 s. */
static bool wait_for_more(const struct source_wait *wait)
{
	struct pollfd p = { .fd = wait->fd, .events = POLLIN };

	assert_true(wait->fd >= 0);
	if (wait->until_ns != LOOP_NEVER)
		return poll(&p, 1, 300) >= 0;
	return poll(&p, 1, 10000) > 0;
}

static enum source_read read_until(enum source_read last, size_t records)
{
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };
	struct queue_stats s;
	enum source_read r;

	for (;;) {
		r = pcap_live_read(live, &capture, &wait, &e);
		queue_get_stats(queue, &s);
		if (r == last && s.pushed >= records)
			return r;
		if (r == SOURCE_FAILED || (r == SOURCE_WAIT && !wait_for_more(&wait)))
			return r;
	}
}

static const struct msg_packet *next_packet(void)
{
	uint32_t number;

	return queue_take_packet(queue, &number);
}

static void frames_arrive_as_they_are(void **state)
{
	const struct msg_packet *p;

	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_dlt(live), 127);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	send_frame(0x80, 1, 100);
	send_frame(0x08, 2, 1500);
	assert_int_equal(read_until(SOURCE_WAIT, 2), SOURCE_WAIT);
	p = next_packet();
	assert_non_null(p);
	assert_int_equal(p->dlt, 127);
	assert_int_equal(p->len, 100);
	assert_int_equal(p->orig_len, 100);
	assert_memory_equal(p->data, "\0\0\x08\0\0\0\0\0\x80", 9);
	assert_int_equal(p->data[32], 1);
	assert_true(p->has_time);
	assert_true(p->time_us > 1500000000ull * 1000000u);
	p = next_packet();
	assert_non_null(p);
	assert_int_equal(p->len, 1500);
	assert_int_equal(p->data[32], 2);
	assert_null(next_packet());
}

static void nothing_passes_before_it_is_asked_for(void **state)
{
	const struct msg_packet *p;

	(void)state;
	tap_device_need();
	open_live(0);
	send_frame(0x80, 1, 100);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	send_frame(0x80, 2, 100);
	assert_int_equal(read_until(SOURCE_WAIT, 1), SOURCE_WAIT);
	p = next_packet();
	assert_non_null(p);
	assert_int_equal(p->data[32], 2);
	assert_null(next_packet());
}

static void filter_can_be_changed_and_taken_off(void **state)
{
	static const uint8_t expected[] = { 2, 3, 4 };
	struct bpf_program program;

	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_compile(live, "wlan type data", &program, &e), 0);
	assert_int_equal(pcap_live_filter(live, &program, &e), 0);
	pcap_freecode(&program);
	send_frame(0x80, 1, 100);
	send_frame(0x08, 2, 100);
	assert_int_equal(read_until(SOURCE_WAIT, 1), SOURCE_WAIT);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	send_frame(0x80, 3, 100);
	send_frame(0x08, 4, 100);
	assert_int_equal(read_until(SOURCE_WAIT, 3), SOURCE_WAIT);
	for (size_t i = 0; i < sizeof(expected); i++) {
		const struct msg_packet *p = next_packet();

		assert_non_null(p);
		assert_int_equal(p->data[32], expected[i]);
	}
	assert_null(next_packet());
}

static void cut_frames_keep_their_length_on_air(void **state)
{
	struct bpf_insn insn = { .code = BPF_RET | BPF_K, .k = 40 };
	struct bpf_program program = { .bf_len = 1, .bf_insns = &insn };
	const struct msg_packet *p;

	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_filter(live, &program, &e), 0);
	send_frame(0x08, 1, 1000);
	assert_int_equal(read_until(SOURCE_WAIT, 1), SOURCE_WAIT);
	p = next_packet();
	assert_non_null(p);
	assert_int_equal(p->len, 40);
	assert_int_equal(p->orig_len, 1000);
}

static void filter_that_makes_no_sense_is_quoted(void **state)
{
	struct bpf_program program;

	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_compile(live, "wlan type nonsense", &program, &e), -1);
	assert_int_equal(e.code, ERR_USAGE);
	assert_non_null(strstr(e.text, "\"wlan type nonsense\""));
	assert_non_null(strstr(e.text, "tap0"));
}

/* A program that only looks like one; afterwards nothing passes. */
static void filter_that_the_kernel_refuses_is_an_error(void **state)
{
	struct bpf_insn insns[] = { { BPF_LD | BPF_MEM, 0, 0, 3 }, { BPF_RET | BPF_K, 0, 0, 99 } };
	struct bpf_program program = { .bf_len = 2, .bf_insns = insns };
	struct source_wait wait = { .fd = -1, .until_ns = LOOP_NEVER };

	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	assert_int_equal(pcap_live_filter(live, &program, &e), -1);
	assert_non_null(strstr(e.text, "tap0"));
	send_frame(0x80, 1, 100);
	assert_int_equal(pcap_live_read(live, &capture, &wait, &e), SOURCE_WAIT);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	send_frame(0x80, 2, 100);
	assert_int_equal(read_until(SOURCE_WAIT, 1), SOURCE_WAIT);
	assert_int_equal(next_packet()->data[32], 2);
}

static void what_was_not_read_in_time_is_counted(void **state)
{
	struct pcap_live_stats s;
	struct queue_stats q;

	(void)state;
	tap_device_need();
	open_live(1 << 16);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	pcap_live_get_stats(live, &s);
	assert_int_equal(s.kernel_dropped, 0);
	for (int i = 0; i < 2000; i++)
		send_frame(0x08, 0, 4000);
	pcap_live_get_stats(live, &s);
	assert_in_range(s.kernel_dropped, 1, 2000);
	assert_int_equal(s.received, 2000);
	assert_int_equal(read_until(SOURCE_WAIT, 2000 - s.kernel_dropped), SOURCE_WAIT);
	queue_get_stats(queue, &q);
	assert_int_equal(q.pushed + s.kernel_dropped, 2000);
}

/* What does not fit stays where it is: one packet here, the others in the kernel. */
static void queue_that_waits_costs_no_packets(void **state)
{
	struct source_wait wait;
	struct queue_stats q;
	uint32_t number;

	(void)state;
	tap_device_need();
	queue_free(queue);
	queue = queue_new(QUEUE_MIN_BYTES, QUEUE_WAIT, &e);
	assert_non_null(queue);
	capture.queue = queue;
	open_live(0);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	for (int i = 0; i < 100; i++)
		send_frame(0x08, 0, 4000);
	assert_int_equal(read_until(SOURCE_FULL, 0), SOURCE_FULL);
	queue_get_stats(queue, &q);
	assert_in_range(q.pushed, 1, 99);
	do {
		while (queue_take_packet(queue, &number))
			;
		queue_release(queue, queue_mark(queue));
		pcap_live_read(live, &capture, &wait, &e);
		queue_get_stats(queue, &q);
	} while (q.pushed < 100);
	assert_int_equal(q.pushed, 100);
	assert_int_equal(q.refused + q.dropped[RECORD_PLAIN], 0);
}

static void interface_taken_down_ends_it(void **state)
{
	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	assert_int_equal(read_until(SOURCE_WAIT, 0), SOURCE_WAIT);
	tap_device_set_up("tap0", false);
	assert_int_equal(read_until(SOURCE_FAILED, 0), SOURCE_FAILED);
	assert_non_null(strstr(e.text, "tap0"));
	assert_non_null(strstr(e.text, "down"));
}

static void interface_pulled_out_ends_it(void **state)
{
	(void)state;
	tap_device_need();
	open_live(0);
	assert_int_equal(pcap_live_pass(live, &e), 0);
	assert_int_equal(read_until(SOURCE_WAIT, 0), SOURCE_WAIT);
	close(tap);
	tap = -1;
	assert_int_equal(read_until(SOURCE_FAILED, 0), SOURCE_FAILED);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_non_null(strstr(e.text, "tap0"));
}

static void interface_that_is_down_is_not_opened(void **state)
{
	struct pcap_live_config cfg = { .interface = "tap0" };

	(void)state;
	tap_device_need();
	tap_device_set_up("tap0", false);
	assert_null(pcap_live_open(&cfg, &e));
	assert_non_null(strstr(e.text, "tap0"));
	assert_non_null(strstr(e.text, "down"));
}

static void unwanted_link_type_is_named(void **state)
{
	static const int dlts[] = { 1, 105, -1 };
	struct pcap_live_config cfg = { .interface = "tap0", .dlts = dlts };

	(void)state;
	tap_device_need();
	assert_null(pcap_live_open(&cfg, &e));
	assert_int_equal(e.code, ERR_UNSUPPORTED);
	assert_non_null(strstr(e.text, "IEEE802_11_RADIO (127)"));
	assert_non_null(strstr(e.text, "EN10MB or IEEE802_11"));
}

#define WITH_TAP(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_go_on_when_they_wrap),
		cmocka_unit_test(missing_interface_is_named),
		cmocka_unit_test(without_the_right_to_capture_it_says_how_to_get_it),
		WITH_TAP(frames_arrive_as_they_are),
		WITH_TAP(nothing_passes_before_it_is_asked_for),
		WITH_TAP(filter_can_be_changed_and_taken_off),
		WITH_TAP(cut_frames_keep_their_length_on_air),
		WITH_TAP(filter_that_makes_no_sense_is_quoted),
		WITH_TAP(filter_that_the_kernel_refuses_is_an_error),
		WITH_TAP(what_was_not_read_in_time_is_counted),
		WITH_TAP(queue_that_waits_costs_no_packets),
		WITH_TAP(interface_taken_down_ends_it),
		WITH_TAP(interface_pulled_out_ends_it),
		WITH_TAP(interface_that_is_down_is_not_opened),
		WITH_TAP(unwanted_link_type_is_named),
	};

	return cmocka_run_group_tests(tests, tap_device_group_setup, NULL);
}
