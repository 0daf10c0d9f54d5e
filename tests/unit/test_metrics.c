/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The counters as Prometheus text: a strict reader of the format understands all of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "capture_common/metrics.h"

static const struct record_classifier classes = { .names = { "data", "beacons", "management" } };

static struct metrics_source sources[2];
static struct metrics metrics;
static char text[64 << 10];

static int setup(void **state)
{
	(void)state;
	sources[0] = (struct metrics_source){
		.name = "roof", .uuid = "01234567-0000-0000-0000-123456789abc",
		.server = "192.0.2.7 port 3501", .classes = &classes,
		.account = { .connected = true,
			     .backlog = { .captured = 100, .delivered = 90, .in_memory = 3,
					  .lost = { { 4, 3, 0, 0 } } },
			     .session = { .connections = 2 } },
	};
	sources[1] = (struct metrics_source){
		.name = "cellar", .uuid = "x", .server = "",
		.account = { .source = { .kernel_dropped = UINT64_MAX } },
	};
	metrics = (struct metrics){
		.program = "kismet_cap_pcapfile", .version = "1.0", .type = "pcapfile",
		.start_time_s = 1795356301, .resident_bytes = 4096, .clock_steps = 1,
		.sources = sources, .n_sources = 2,
	};
	return 0;
}

static const char *print(void)
{
	size_t len = metrics_print(&metrics, text, sizeof(text));

	assert_int_equal(len, strlen(text));
	return text;
}

static void assert_line(const char *line)
{
	const char *at = strstr(text, line);

	if (!at || (at > text && at[-1] != '\n') || at[strlen(line)] != '\n')
		fail_msg("no line %s in\n%s", line, text);
}

/* --- a reader --- */

#define FAMILIES_MAX 100
#define SAMPLES_MAX 1000

struct reader {
	char name[100];			/* of the family being told */
	const char *seen[FAMILIES_MAX];
	const char *samples[SAMPLES_MAX];
	size_t n_seen, n_samples;
	bool help, type, counter;
};

static size_t name_length(const char *p)
{
	size_t n = 0;

	assert_true(isalpha((unsigned char)*p) || *p == '_');
	while (isalnum((unsigned char)p[n]) || p[n] == '_')
		n++;
	return n;
}

/* name="value" with escapes; returns what follows. */
static const char *read_label(const char *p)
{
	p += name_length(p);
	assert_int_equal(*p++, '=');
	assert_int_equal(*p++, '"');
	for (; *p != '"'; p++) {
		assert_true(*p && (unsigned char)*p >= 0x20);
		if (*p == '\\') {
			p++;
			assert_true(*p == '\\' || *p == '"' || *p == 'n');
		}
	}
	return p + 1;
}

static const char *read_labels(const char *p)
{
	if (*p != '{')
		return p;
	do {
		p = read_label(p + 1);
	} while (*p == ',');
	assert_int_equal(*p, '}');
	return p + 1;
}

static void read_sample(struct reader *r, char *line)
{
	char *value = (char *)(uintptr_t)read_labels(line + name_length(line));
	size_t n = name_length(line), len = strlen(value);

	assert_int_equal(n, strlen(r->name));
	assert_memory_equal(line, r->name, n);
	assert_true(r->help && r->type);
	assert_int_equal(*value, ' ');
	assert_true(len > 1 && strspn(value + 1, "0123456789") == len - 1);
	assert_true(!r->counter || memcmp(line + n - 6, "_total", 6) == 0);
	assert_true(r->counter || memcmp(line + n - 6, "_total", 6) != 0);
	*value = '\0';
	for (size_t i = 0; i < r->n_samples; i++)
		assert_string_not_equal(r->samples[i], line);
	assert_true(r->n_samples < SAMPLES_MAX);
	r->samples[r->n_samples++] = line;
}

/* HELP begins a family, TYPE follows, and no family is told of twice. */
static void read_help(struct reader *r, char *line)
{
	size_t n = name_length(line);

	assert_int_equal(line[n], ' ');
	assert_true(strlen(line + n) > 5);
	line[n] = '\0';
	for (size_t i = 0; i < r->n_seen; i++)
		assert_string_not_equal(r->seen[i], line);
	assert_true(n < sizeof(r->name) && r->n_seen < FAMILIES_MAX);
	r->seen[r->n_seen++] = line;
	memcpy(r->name, line, n + 1);
	assert_memory_equal(line, "kismet_cap_", 11);
	r->help = true;
	r->type = false;
}

static void read_type(struct reader *r, const char *line)
{
	size_t n = name_length(line);

	assert_true(r->help && !r->type);
	assert_true(n == strlen(r->name) && memcmp(line, r->name, n) == 0);
	r->type = true;
	r->counter = strcmp(line + n, " counter") == 0;
	assert_true(r->counter || strcmp(line + n, " gauge") == 0);
}

static size_t read_all(char *at)
{
	struct reader r = { .n_seen = 0 };
	char *end;

	for (; *at; at = end + 1) {
		end = strchr(at, '\n');
		assert_non_null(end);
		*end = '\0';
		if (strncmp(at, "# HELP ", 7) == 0)
			read_help(&r, at + 7);
		else if (strncmp(at, "# TYPE ", 7) == 0)
			read_type(&r, at + 7);
		else
			read_sample(&r, at);
	}
	return r.n_samples;
}

/* --- tests --- */

static void strict_reader_understands_it(void **state)
{
	(void)state;
	print();
	assert_true(read_all(text) > 60);
}

static void numbers_are_where_they_belong(void **state)
{
	(void)state;
	print();
	assert_line("kismet_cap_info{program=\"kismet_cap_pcapfile\",version=\"1.0\","
		    "type=\"pcapfile\"} 1");
	assert_line("kismet_cap_start_time_seconds 1795356301");
	assert_line("kismet_cap_resident_memory_bytes 4096");
	assert_line("kismet_cap_clock_steps_total 1");
#define ROOF "{source=\"roof\",uuid=\"01234567-0000-0000-0000-123456789abc\""
	assert_line("kismet_cap_server_info" ROOF ",server=\"192.0.2.7 port 3501\"} 1");
	assert_line("kismet_cap_connected" ROOF "} 1");
	assert_line("kismet_cap_connected{source=\"cellar\",uuid=\"x\"} 0");
	assert_line("kismet_cap_records_total" ROOF ",state=\"captured\"} 100");
	assert_line("kismet_cap_records_total" ROOF ",state=\"delivered\"} 90");
	assert_line("kismet_cap_records_waiting" ROOF ",where=\"memory\"} 3");
	assert_line("kismet_cap_connections_total" ROOF "} 2");
	assert_line("kismet_cap_source_packets_total{source=\"cellar\",uuid=\"x\","
		    "state=\"kernel_dropped\"} 18446744073709551615");
}

static void losses_have_reason_and_class(void **state)
{
	(void)state;
	print();
	assert_line("kismet_cap_records_lost_total" ROOF ",reason=\"memory_full\","
		    "class=\"data\"} 4");
	assert_line("kismet_cap_records_lost_total" ROOF ",reason=\"memory_full\","
		    "class=\"beacons\"} 3");
	assert_line("kismet_cap_records_lost_total" ROOF ",reason=\"disk_failed\","
		    "class=\"messages\"} 0");
	assert_line("kismet_cap_records_lost_total{source=\"cellar\",uuid=\"x\","
		    "reason=\"too_long\",class=\"packets\"} 0");
}

/* Each number of the account is told, and none twice: all different ones are there. */
static void no_number_is_forgotten(void **state)
{
	struct account *a = &sources[0].account;
	uint64_t *numbers[] = {
		&a->backlog.captured, &a->backlog.recovered, &a->backlog.delivered,
		&a->backlog.unconfirmed, &a->backlog.in_memory, &a->backlog.on_disk,
		&a->backlog.disk_bytes, &a->queue.resent, &a->session.connections,
		&a->session.data_frames, &a->session.bytes_sent, &a->session.cut_packets,
		&a->session.cut_bytes, &a->session.uncarried, &a->hopper.hops, &a->hopper.late,
		&a->hopper.refused, &a->source.received, &a->source.kernel_dropped,
		&a->source.device_dropped, &a->source.filtered, &a->source.not_passed_on,
		&a->source.recorded.packets, &a->source.recorded.bytes, &a->source.recorded.files,
		&a->source.recorded.dropped, &a->source.recorded.not_packets,
		&a->source.recorded.removed_files, &a->messages_dropped, &a->gaps,
	};
	char value[32];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = 770000 + i;
	print();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		snprintf(value, sizeof(value), "} %zu\n", 770000 + i);
		const char *at = strstr(text, value);

		if (!at)
			fail_msg("number %zu is missing", i);
		assert_null(strstr(at + 1, value));
	}
}

static void names_that_would_break_the_format_are_escaped(void **state)
{
	(void)state;
	sources[0].name = "a\"b\\c\nd\x1b[31m";
	print();
	assert_non_null(strstr(text, "source=\"a\\\"b\\\\c\\nd?[31m\""));
	read_all(text);
}

static void program_without_sources_tells_of_itself(void **state)
{
	(void)state;
	metrics.n_sources = 0;
	metrics.resident_bytes = 0;
	print();
	assert_null(strstr(text, "resident"));
	assert_int_equal(read_all(text), 3);
}

static void short_buffer_gets_the_beginning(void **state)
{
	static char small[sizeof(text)];
	size_t len = metrics_print(&metrics, text, sizeof(text));

	(void)state;
	assert_int_equal(metrics_print(&metrics, NULL, 0), len);
	for (size_t size = 1; size <= len + 1; size += size < 300 ? 1 : 97) {
		memset(small, '#', sizeof(small));
		assert_int_equal(metrics_print(&metrics, small, size), len);
		size_t expected = size <= len ? size - 1 : len;

		assert_int_equal(strlen(small), expected);
		assert_memory_equal(small, text, expected);
		assert_int_equal(small[size], '#');
	}
}

/* Readers of the format refuse a file with a single bad byte. */
static void names_are_utf_8_whatever_they_are(void **state)
{
	static const char *const names[][2] = {
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa1",
		  "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa1" },
		{ "caf\xe9", "caf?" },			/* Latin-1 */
		{ "\xc0\xaf", "??" },			/* longer than it need be */
		{ "\xe0\x9f\xbf", "???" },
		{ "\xed\xa0\x80", "???" },		/* half of a pair */
		{ "\xf4\x90\x80\x80", "????" },		/* behind the last one */
		{ "x\xe2\x82", "x??" },			/* ends too early */
		{ "\xff\xfe", "??" },
	};
	char line[200];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sources[1].name = names[i][0];
		print();
		snprintf(line, sizeof(line), "kismet_cap_connected{source=\"%s\",uuid=\"x\"} 0",
			 names[i][1]);
		assert_line(line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(strict_reader_understands_it, setup),
		cmocka_unit_test_setup(numbers_are_where_they_belong, setup),
		cmocka_unit_test_setup(losses_have_reason_and_class, setup),
		cmocka_unit_test_setup(no_number_is_forgotten, setup),
		cmocka_unit_test_setup(names_that_would_break_the_format_are_escaped, setup),
		cmocka_unit_test_setup(names_are_utf_8_whatever_they_are, setup),
		cmocka_unit_test_setup(program_without_sources_tells_of_itself, setup),
		cmocka_unit_test_setup(short_buffer_gets_the_beginning, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
