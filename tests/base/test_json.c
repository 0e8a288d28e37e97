#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

/* Through a copy of exactly that size, so that a sanitizer sees every byte read too far. */
static enum rc
parse(struct str text, struct json **ret)
{
	char *copy = malloc(text.len == 0 ? 1 : text.len);
	enum rc rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text.ptr, text.len);
	rc = json_parse((struct str){ copy, text.len }, ret);
	free(copy);
	return rc;
}

static bool
is_json(struct str text)
{
	struct json *doc = NULL;
	enum rc rc = parse(text, &doc);

	ck_assert(rc == RC_OK || (rc == RC_SYNTAX && doc == NULL));
	json_free(doc);
	return rc == RC_OK;
}

START_TEST(json_takes_every_form_of_the_grammar)
{
	static const char *const good[] = {
		"{}",
		"[]",
		"null",
		"true",
		"false",
		"\"\"",
		"0",
		"-0",
		"-1",
		"10",
		"1.5",
		"0.0",
		"1e5",
		"1E+5",
		"1e-5",
		"-0.5e00",
		"1e400",
		"-1e400",
		"1e-400",
		" \t\r\n[ ]\t\r\n ",
		"{\"a\":1,\"b\":[true,null,{\"a\":2}]}",
		"{ \"a\" : 1 , \"b\" : 2 }",
		"{\"\":1}",
		"[[],{},[]]",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
		"\"\\u0001\"",
		"\"\\u00e4\\u20AC\"",
		"\"\\ud83d\\ude00\"",
		"\"\\uDBFF\\uDFFF\"",
		"\"\xf0\x9f\x98\x80\"",
		"\"\x7f\"",
		"\"\\\\u0000\"",
		"\"\xef\xbf\xbf\"",
		"\"\xe2\x80\xa8\"",
		"{\"a\":1,\"A\":2}",
		"[\"a\",\"a\"]",
		"{\"a\":{\"a\":{\"a\":1}}}",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(is_json(str_from(good[i])), "refused: %s", good[i]);
}
END_TEST

START_TEST(json_refuses_what_the_grammar_does_not_have)
{
	static const char *const bad[] = {
		/* Nothing, too little, too much. */
		"",
		" ",
		"{",
		"}",
		"[",
		"]",
		"[1",
		"{\"a\"",
		"{\"a\":",
		"{\"a\":1",
		"\"",
		"\"a",
		"\"\\",
		"\"\\u",
		"\"\\u00",
		"1 2",
		"{} {}",
		"[] x",
		"nullx",
		"null,",
		"[1]]",
		"{}}",
		"true false",
		/* Commas and colons. */
		"[,]",
		"[1,]",
		"[,1]",
		"[1,,2]",
		"[1 2]",
		"{,}",
		"{\"a\":1,}",
		"{,\"a\":1}",
		"{\"a\" 1}",
		"{\"a\"::1}",
		"{\"a\":1 \"b\":2}",
		"{\"a\",1}",
		"{1:1}",
		"{a:1}",
		"{null:1}",
		"{'a':1}",
		"[1:2]",
		":",
		",",
		/* Words. */
		"nul",
		"NULL",
		"True",
		"tru",
		"fals",
		"NaN",
		"nan",
		"Infinity",
		"-Infinity",
		"inf",
		"undefined",
		"[NaN]",
		"[-NaN]",
		"'a'",
		"a",
		/* Numbers. */
		"01",
		"-01",
		"00",
		"-",
		"+1",
		".5",
		"5.",
		"1.e5",
		"1e",
		"1e+",
		"1E-",
		"0x10",
		"1_0",
		"- 1",
		"--1",
		"1.5.5",
		"1e5.5",
		"0e",
		"[1.]",
		"\xef\xbc\x91",
		/* Strings. */
		"\"\\x41\"",
		"\"\\a\"",
		"\"\\'\"",
		"\"\\0\"",
		"\"\\U0041\"",
		"\"\\u00g0\"",
		"\"\\u 041\"",
		"\"\n\"",
		"\"\t\"",
		"\"\x1f\"",
		"\"\\\n\"",
		/* Blanks that are none. */
		"\x0c[]",
		"\x0b[]",
		"\xc2\xa0[]",
		"[]\xe2\x80\xa8",
		"[]\x0c",
		/* Comments, byte order marks. */
		"[] // x",
		"/* x */ []",
		"# x\n[]",
		"\xef\xbb\xbf[]",
		"\xef\xbb\xbf",
		"\xff\xfe[\0]\0",
		"[\xef\xbb\xbf]",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_json(str_from(bad[i])), "taken: %s", bad[i]);
}
END_TEST

START_TEST(json_refuses_nul_and_lone_surrogates)
{
	static const char *const bad[] = { "\"\\u0000\"", "\"a\\u0000b\"", "{\"\\u0000\":1}",
		"\"\\ud800\"", "\"\\udbff\"", "\"\\udc00\"", "\"\\udfff\"", "\"\\ud800x\"",
		"\"\\ud800\\n\"", "\"\\ud800\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800\\u0041\"",
		"\"\\ud800\\udc0\"", "\"\\uD800\\\"", "{\"\\udead\":1}",
		"[\"\\ud83d\\ude00\\ude00\"]" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_json(str_from(bad[i])), "taken: %s", bad[i]);
	ck_assert(!is_json((struct str){ "\"a\0b\"", 5 }));
	ck_assert(!is_json((struct str){ "[]\0", 3 }));
	ck_assert(!is_json((struct str){ "\0[]", 3 }));
	ck_assert(!is_json((struct str){ "[1\0]", 4 }));
}
END_TEST

START_TEST(json_refuses_malformed_utf8)
{
	static const char *const bad[] = { "\"\x80\"", "\"\xc3\"", "\"\xc0\x80\"",
		"\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xff\"", "\"\xe2\x82\"",
		"{\"\xe4\":1}", "[\xe4]", "\xe4", "\"\xe2\x82", "\"\\\xe4\"" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_json(str_from(bad[i])), "taken: %zu", i);
}
END_TEST

START_TEST(json_refuses_duplicate_members_however_they_are_written)
{
	static const char *const bad[] = { "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":3}",
		"{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}", "{\"/\":1,\"\\/\":2}",
		"{\"\xc3\xa4\":1,\"\\u00E4\":2}", "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\uDE00\":2}",
		"[[{\"a\":{\"b\":1,\"b\":1}}]]", "{\"x\":[1,{\"a\":null,\"a\":null}]}" };
	struct buf many = BUF_INIT(65536);

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!is_json(str_from(bad[i])), "taken: %s", bad[i]);
	for (int n = 1; n < 40; n++) {
		buf_reset(&many);
		buf_add(&many, STR("{\"last\":0"));
		for (int i = 0; i < n; i++)
			buf_printf(&many, ",\"m%d\":%d", (i * 7) % 41, i);
		ck_assert_msg(is_json((struct str){ many.ptr, many.len }) == false, "no end");
		buf_add_char(&many, '}');
		ck_assert_msg(is_json(buf_str(&many)), "%d members", n);
		buf_truncate(&many, many.len - 1);
		buf_add(&many, STR(",\"last\":0}"));
		ck_assert_msg(!is_json(buf_str(&many)), "%d members", n);
	}
	buf_release(&many);
}
END_TEST

static bool
is_json_nested(size_t depth, const char *open, const char *inner, const char *close)
{
	struct buf text = BUF_INIT(1 << 20);
	bool ok;

	for (size_t i = 0; i < depth; i++)
		buf_add(&text, str_from(open));
	buf_add(&text, str_from(inner));
	for (size_t i = 0; i < depth; i++)
		buf_add(&text, str_from(close));
	ok = is_json(buf_str(&text));
	buf_release(&text);
	return ok;
}

START_TEST(json_takes_32_levels_and_no_more)
{
	ck_assert(is_json_nested(32, "[", "", "]"));
	ck_assert(!is_json_nested(33, "[", "", "]"));
	ck_assert(is_json_nested(32, "{\"a\":", "1", "}"));
	ck_assert(!is_json_nested(33, "{\"a\":", "1", "}"));
	ck_assert(is_json_nested(16, "[{\"a\":", "\"x\"", "}]"));
	ck_assert(!is_json_nested(16, "[{\"a\":", "[]", "}]"));
	ck_assert(!is_json_nested(100000, "[", "", "]"));
	ck_assert(!is_json_nested(100000, "[", "", ""));
}
END_TEST

START_TEST(json_takes_numbers_of_63_bytes_and_no_more)
{
	char number[65];

	memset(number, '7', sizeof(number));
	ck_assert(is_json((struct str){ number, JSON_NUMBER_MAX }));
	ck_assert(!is_json((struct str){ number, JSON_NUMBER_MAX + 1 }));
}
END_TEST

START_TEST(json_int_takes_whole_numbers_that_a_double_keeps)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = { { "0", 0 }, { "-0", 0 }, { "1", 1 }, { "-7", -7 }, { "1.0", 1 },
		{ "1e2", 100 }, { "4294967296", 4294967296 }, { "-2147483649", -2147483649 },
		{ "9007199254740991", 9007199254740991 },
		{ "-9007199254740991", -9007199254740991 } };
	static const char *const bad[] = { "1.5", "-0.1", "9007199254740992", "9007199254740993",
		"-9007199254740992", "9223372036854775807", "18446744073709551616", "1e400",
		"-1e400", "1e16", "\"1\"", "true", "null", "[]", "{}" };
	struct json *doc;
	int64_t value;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_rc(parse(str_from(good[i].text), &doc), RC_OK);
		ck_assert_rc(json_int(doc, &value), RC_OK);
		ck_assert_int_eq(value, good[i].value);
		json_free(doc);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_rc(parse(str_from(bad[i]), &doc), RC_OK);
		ck_assert_msg(json_int(doc, &value) == RC_SYNTAX, "taken: %s", bad[i]);
		json_free(doc);
	}
}
END_TEST

START_TEST(json_gives_values_by_their_exact_names)
{
	struct json *doc;
	const struct json *value;

	ck_assert_rc(
	    parse(STR("{\"Email\":\"x\",\"email\":\"a\\u00e4\\ud83d\\ude00\\n\",\"n\":null,"
	              "\"t\":true,\"f\":false,\"l\":[1,\"two\",[]],\"o\":{}}"),
	        &doc),
	    RC_OK);
	ck_assert_int_eq(json_type(doc), JSON_OBJECT);
	ck_assert_uint_eq(json_count(doc), 7);
	ck_assert_text(json_string(json_member(doc, "email")), "a\xc3\xa4\xf0\x9f\x98\x80\n");
	ck_assert_text(json_string(json_member(doc, "Email")), "x");
	ck_assert_ptr_null(json_member(doc, "EMAIL"));
	ck_assert_int_eq(json_type(json_member(doc, "n")), JSON_NULL);
	ck_assert(json_bool(json_member(doc, "t")) && !json_bool(json_member(doc, "f")));
	ck_assert_int_eq(json_type(json_member(doc, "o")), JSON_OBJECT);
	ck_assert_ptr_null(json_first(json_member(doc, "o")));
	value = json_member(doc, "l");
	ck_assert_int_eq(json_type(value), JSON_ARRAY);
	ck_assert_ptr_null(json_member(value, "0"));
	ck_assert_uint_eq(json_count(value), 3);
	value = json_next(json_first(value));
	ck_assert_text(json_string(value), "two");
	ck_assert_ptr_null(json_next(json_next(value)));
	value = json_first(doc);
	ck_assert_text(json_name(value), "Email");
	ck_assert_text(json_name(json_next(value)), "email");
	json_free(doc);
	json_free(NULL);
}
END_TEST

START_TEST(json_out_puts_commas_and_escapes)
{
	struct buf text = BUF_INIT(1024);
	struct json_out out = json_out_to(&text);
	struct json *doc;

	json_out_object(&out, NULL);
	json_out_int(&out, "id", INT64_MIN);
	json_out_array(&out, "roles");
	json_out_string(&out, NULL, STR("admin"));
	json_out_object(&out, NULL);
	json_out_end(&out);
	json_out_bool(&out, NULL, false);
	json_out_end(&out);
	json_out_array(&out, "none");
	json_out_end(&out);
	json_out_null(&out, "a\"b");
	json_out_string(&out, "absent", STR_NULL);
	json_out_string(&out, "empty", STR(""));
	json_out_string(&out, "text", STR("\"\\/\b\t\n\v\f\r\x01\x1f\x7f\xc3\xa4"));
	json_out_end(&out);
	ck_assert(buf_ok(&text));
	ck_assert_text(buf_str(&text), "{\"id\":-9223372036854775808,\"roles\":[\"admin\",{},false]"
	                               ",\"none\":[],\"a\\\"b\":null,"
	                               "\"absent\":null,\"empty\":\"\",\"text\":\"\\\"\\\\/"
	                               "\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f"
	                               "\x7f\xc3\xa4\"}");
	ck_assert_rc(parse(buf_str(&text), &doc), RC_OK);
	ck_assert_text(
	    json_string(json_member(doc, "text")), "\"\\/\b\t\n\v\f\r\x01\x1f\x7f\xc3\xa4");
	json_free(doc);
	buf_release(&text);
}
END_TEST

START_TEST(json_out_fails_the_buffer_over_malformed_text)
{
	struct buf text = BUF_INIT(1024);
	struct json_out out = json_out_to(&text);

	json_out_string(&out, NULL, STR("a\xff"));
	ck_assert(!buf_ok(&text));
	buf_release(&text);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("json");

	tcase_add_test(tests, json_takes_every_form_of_the_grammar);
	tcase_add_test(tests, json_refuses_what_the_grammar_does_not_have);
	tcase_add_test(tests, json_refuses_nul_and_lone_surrogates);
	tcase_add_test(tests, json_refuses_malformed_utf8);
	tcase_add_test(tests, json_refuses_duplicate_members_however_they_are_written);
	tcase_add_test(tests, json_takes_32_levels_and_no_more);
	tcase_add_test(tests, json_takes_numbers_of_63_bytes_and_no_more);
	tcase_add_test(tests, json_int_takes_whole_numbers_that_a_double_keeps);
	tcase_add_test(tests, json_gives_values_by_their_exact_names);
	tcase_add_test(tests, json_out_puts_commas_and_escapes);
	tcase_add_test(tests, json_out_fails_the_buffer_over_malformed_text);
	return suite_run();
}
