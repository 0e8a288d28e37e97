#include "http/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "support/suite.h"

enum { BEGIN = 1, ABORT = 2, PARAMS = 4, STDIN = 5, DATA = 8, GET_VALUES = 9, BODY_MAX = 1000 };

static struct buf request;

static void
setup(void)
{
	request = BUF_INIT(1 << 20);
}

static void
teardown(void)
{
	buf_release(&request);
}

static void
add_record(unsigned type, unsigned id, struct str content, unsigned padding)
{
	const unsigned char header[8] = { 1, (unsigned char)type, (unsigned char)(id >> 8),
		(unsigned char)id, (unsigned char)(content.len >> 8), (unsigned char)content.len,
		(unsigned char)padding, 0 };
	const char zeros[255] = { 0 };

	buf_add_bytes(&request, header, sizeof(header));
	buf_add(&request, content);
	buf_add_bytes(&request, zeros, padding);
}

static void
add_begin(unsigned role)
{
	const char content[8] = { (char)(role >> 8), (char)role, 1, 0, 0, 0, 0, 0 };

	add_record(BEGIN, 1, (struct str){ content, sizeof(content) }, 0);
}

static enum scan
scan_all(void)
{
	ck_assert(buf_ok(&request));
	return scan_request(buf_str(&request), BODY_MAX);
}

static const struct str pairs = { "\x01\x02Xvv\x02\x00"
	                          "BB\x80\x00\x00\x01\x80\x00\x00\x01Xc",
	19 };

static void
add_request(struct str params, struct str body)
{
	add_begin(1);
	add_record(PARAMS, 1, params, 3);
	add_record(PARAMS, 1, STR(""), 0);
	if (body.len > 0)
		add_record(STDIN, 1, body, 5);
	add_record(STDIN, 1, STR(""), 0);
}

START_TEST(scan_is_complete_at_the_last_byte_and_not_before)
{
	add_request(pairs, STR("a body"));
	ck_assert_int_eq(scan_all(), SCAN_COMPLETE);
	for (size_t len = 0; len < request.len; len++)
		ck_assert_int_eq(
		    scan_request(str_slice(buf_str(&request), 0, len), BODY_MAX), SCAN_INCOMPLETE);
}
END_TEST

START_TEST(scan_follows_pairs_across_records)
{
	add_begin(1);
	for (size_t i = 0; i < pairs.len; i++)
		add_record(PARAMS, 1, str_slice(pairs, i, i + 1), (unsigned)i);
	add_record(PARAMS, 1, STR(""), 255);
	add_record(STDIN, 1, STR(""), 7);
	ck_assert_int_eq(scan_all(), SCAN_COMPLETE);
}
END_TEST

START_TEST(scan_refuses_a_byte_after_the_request)
{
	add_request(pairs, STR(""));
	buf_add_char(&request, '\x01');
	ck_assert_int_eq(scan_all(), SCAN_BAD);
}
END_TEST

START_TEST(scan_refuses_other_types_at_any_place)
{
	static const unsigned types[] = { 0, ABORT, 3, 6, 7, DATA, GET_VALUES, 10, 11, 255 };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		buf_reset(&request);
		add_record(types[i], 1, STR("01234567"), 0);
		ck_assert_int_eq(scan_all(), SCAN_BAD);

		buf_reset(&request);
		add_begin(1);
		add_record(types[i], 1, STR(""), 0);
		ck_assert_int_eq(scan_all(), SCAN_BAD);

		buf_reset(&request);
		add_begin(1);
		add_record(PARAMS, 1, pairs, 0);
		add_record(PARAMS, 1, STR(""), 0);
		add_record(STDIN, 1, STR("x"), 0);
		add_record(types[i], 1, STR(""), 0);
		ck_assert_int_eq(scan_all(), SCAN_BAD);
	}
}
END_TEST

START_TEST(scan_refuses_types_out_of_order)
{
	add_record(PARAMS, 1, pairs, 0);
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	buf_reset(&request);
	add_begin(1);
	add_record(STDIN, 1, STR(""), 0);
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	buf_reset(&request);
	add_begin(1);
	add_begin(1);
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	buf_reset(&request);
	add_begin(1);
	add_record(PARAMS, 1, STR(""), 0);
	add_record(PARAMS, 1, pairs, 0);
	ck_assert_int_eq(scan_all(), SCAN_BAD);
}
END_TEST

START_TEST(scan_refuses_another_version_id_or_role)
{
	add_request(pairs, STR(""));
	request.ptr[0] = 2;
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	ck_assert_int_eq(scan_request(str_slice(buf_str(&request), 0, 1), BODY_MAX), SCAN_BAD);
	request.ptr[0] = 1;
	request.ptr[3] = 0;
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	request.ptr[3] = 2;
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	for (unsigned role = 0; role < 600; role++) {
		buf_reset(&request);
		add_begin(role);
		ck_assert_int_eq(scan_all(), role == 1 ? SCAN_INCOMPLETE : SCAN_BAD);
	}
}
END_TEST

#define BYTES(literal)                                                                             \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

START_TEST(scan_refuses_pairs_that_do_not_fill_the_parameters)
{
	static const struct str bad[] = {
		BYTES("\x01"),                 /* no length of the value */
		BYTES("\x01\x02"),             /* no name */
		BYTES("\x01\x02Xv"),           /* half a value */
		BYTES("\x80\x00\x00"),         /* half a length */
		BYTES("\x00\x01v"),            /* an empty name */
		BYTES("\xff\xff\xff\xff\x01"), /* makes libfcgi abort */
		BYTES("\x01\xff\xff\xff\xff"),
		BYTES("\x80\x00\xa0\x01\x00"), /* one over the limit */
		BYTES("\x01\x80\x00\xa0\x01"),
		BYTES("\x03\x01X=Yv"),   /* would be read as X */
		BYTES("\x02\x01X\x00v"), /* would be cut */
		BYTES("\x01\x02Xv\x00"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&request);
		add_request(bad[i], STR(""));
		ck_assert_msg(scan_all() == SCAN_BAD, "bad parameters %zu are taken", i);
	}
}
END_TEST

/* One pair that fills len bytes. */
static void
add_filled_request(size_t len)
{
	struct buf params = BUF_INIT(1 << 17);
	size_t value_len = len - 6;

	buf_add_bytes(&params, "\x01\x80", 2);
	buf_add_char(&params, (char)(value_len >> 16));
	buf_add_char(&params, (char)(value_len >> 8));
	buf_add_char(&params, (char)value_len);
	while (params.len < len)
		buf_add_char(&params, 'A');
	add_request(buf_str(&params), STR(""));
	buf_release(&params);
}

START_TEST(scan_takes_parameters_to_the_limit_in_bytes)
{
	add_filled_request(SCAN_PARAMS_MAX);
	ck_assert_int_eq(scan_all(), SCAN_COMPLETE);
	buf_reset(&request);
	add_filled_request(SCAN_PARAMS_MAX + 1);
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	/* Known from the header: the rest isn't waited for. */
	ck_assert_int_eq(scan_request(str_slice(buf_str(&request), 0, 24), BODY_MAX), SCAN_BAD);
}
END_TEST

START_TEST(scan_takes_parameters_to_the_limit_in_number)
{
	struct buf params = BUF_INIT(1 << 16);

	for (size_t i = 0; i < SCAN_PARAMS_COUNT_MAX; i++)
		buf_add_bytes(&params, "\x01\x00N", 3);
	add_request(buf_str(&params), STR(""));
	ck_assert_int_eq(scan_all(), SCAN_COMPLETE);
	buf_add_bytes(&params, "\x01\x00N", 3);
	buf_reset(&request);
	add_request(buf_str(&params), STR(""));
	ck_assert_int_eq(scan_all(), SCAN_BAD);
	buf_release(&params);
}
END_TEST

START_TEST(scan_tells_a_body_beyond_the_limit_before_it_is_there)
{
	static const char zeros[BODY_MAX];

	add_begin(1);
	add_record(PARAMS, 1, pairs, 0);
	add_record(PARAMS, 1, STR(""), 0);
	add_record(STDIN, 1, (struct str){ zeros, BODY_MAX }, 0);
	add_record(STDIN, 1, STR(""), 0);
	ck_assert_int_eq(scan_all(), SCAN_COMPLETE);
	buf_truncate(&request, request.len - 8);
	ck_assert_int_eq(scan_all(), SCAN_INCOMPLETE);
	add_record(STDIN, 1, STR("x"), 0);
	ck_assert_int_eq(scan_all(), SCAN_TOO_LARGE);
	buf_truncate(&request, request.len - 1);
	ck_assert_int_eq(scan_all(), SCAN_TOO_LARGE);
}
END_TEST

/* No reading beyond the bytes whatever they are: the sanitizers watch over a copy of that size. */
START_TEST(scan_survives_any_change_of_a_request)
{
	char *copy;

	add_request(pairs, STR("body"));
	for (size_t at = 0; at < request.len; at++) {
		for (unsigned byte = 0; byte < 256; byte += 3) {
			copy = malloc(request.len);
			ck_assert_ptr_nonnull(copy);
			memcpy(copy, request.ptr, request.len);
			copy[at] = (char)byte;
			(void)scan_request((struct str){ copy, request.len }, BODY_MAX);
			free(copy);
		}
	}
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("scan");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, scan_is_complete_at_the_last_byte_and_not_before);
	tcase_add_test(tests, scan_follows_pairs_across_records);
	tcase_add_test(tests, scan_refuses_a_byte_after_the_request);
	tcase_add_test(tests, scan_refuses_other_types_at_any_place);
	tcase_add_test(tests, scan_refuses_types_out_of_order);
	tcase_add_test(tests, scan_refuses_another_version_id_or_role);
	tcase_add_test(tests, scan_refuses_pairs_that_do_not_fill_the_parameters);
	tcase_add_test(tests, scan_takes_parameters_to_the_limit_in_bytes);
	tcase_add_test(tests, scan_takes_parameters_to_the_limit_in_number);
	tcase_add_test(tests, scan_tells_a_body_beyond_the_limit_before_it_is_there);
	tcase_add_test(tests, scan_survives_any_change_of_a_request);
	return suite_run();
}
