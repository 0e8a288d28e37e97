#include <string.h>
#include <unistd.h>

#include "base/key_index.h"
#include "base/key_use.h"
#include "support/scratch.h"
#include "support/suite.h"

#define KEY32 "0123456789abcdef0123456789abcdef"
#define CHECKSUM "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct key_index
three(void)
{
	struct key_index index = { .serial = 7,
		.n = 3,
		.entry = { { .kid = "old",
		               .alg = KEY_HS256,
		               .state = KEY_RETIRED,
		               .is_key_file = true,
		               .serial = 5,
		               .made_at = 1,
		               .active_at = 2,
		               .retired_at = 1764547200000,
		               .lifetime_ms = 2592000000,
		               .checksum = CHECKSUM },
		    { .kid = "now_-1",
		        .alg = KEY_ES256,
		        .state = KEY_ACTIVE,
		        .serial = 5,
		        .checksum = CHECKSUM },
		    { .kid = "then",
		        .alg = KEY_RS256,
		        .state = KEY_NEXT,
		        .serial = 7,
		        .checksum = CHECKSUM } } };

	return index;
}

static enum rc
parse(struct key_index *index, struct key_index *ret)
{
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX), why = BUF_INIT(256);
	enum rc rc;

	key_index_render(index, &text);
	ck_assert(buf_ok(&text));
	rc = key_index_parse(buf_str(&text), ret, &why);
	ck_assert(rc == RC_OK || why.len > 0);
	buf_release(&text);
	buf_release(&why);
	return rc;
}

static void
refused(const char *text)
{
	struct key_index index = { .serial = -1 };
	struct buf why = BUF_INIT(256);

	ck_assert_msg(
	    key_index_parse(str_from(text), &index, &why) == RC_CONFIG, "%s was taken", text);
	ck_assert_uint_gt(why.len, 0);
	ck_assert_int_eq(index.serial, -1);
	buf_release(&why);
}

START_TEST(key_index_gives_back_what_it_was_given)
{
	struct key_index index = three(), got;

	ck_assert_rc(parse(&index, &got), RC_OK);
	ck_assert_int_eq(got.serial, 7);
	ck_assert_uint_eq(got.n, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct key_entry *a = &index.entry[i], *b = &got.entry[i];

		ck_assert_str_eq(a->kid, b->kid);
		ck_assert_str_eq(a->checksum, b->checksum);
		ck_assert(a->alg == b->alg && a->state == b->state);
		ck_assert(a->is_key_file == b->is_key_file && a->serial == b->serial);
		ck_assert(a->made_at == b->made_at && a->active_at == b->active_at);
		ck_assert(a->retired_at == b->retired_at && a->lifetime_ms == b->lifetime_ms);
	}
	ck_assert_ptr_eq(key_index_in_state(&got, KEY_ACTIVE), &got.entry[1]);
	ck_assert_ptr_eq(key_index_find(&got, STR("then")), &got.entry[2]);
	ck_assert_ptr_null(key_index_find(&got, STR("the")));
	ck_assert_ptr_null(key_index_find(&got, STR("THEN")));
}
END_TEST

START_TEST(key_index_has_one_active_key_and_one_next_at_most)
{
	struct key_index index = three(), got;

	index.n = 2;
	ck_assert_rc(parse(&index, &got), RC_OK);
	ck_assert_ptr_null(key_index_in_state(&got, KEY_NEXT));
	index.n = 1;
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index = three();
	index.entry[2].state = KEY_ACTIVE;
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index = three();
	index.entry[0].state = KEY_NEXT;
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index = three();
	memcpy(index.entry[2].kid, "old", 4);
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index = three();
	index.entry[2].serial = 8;
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index = three();
	index.entry[1].is_key_file = true; /* and no HS256 */
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
	index.entry[1].alg = KEY_HS256; /* a second one */
	ck_assert_rc(parse(&index, &got), RC_CONFIG);
}
END_TEST

START_TEST(key_index_holds_16_keys)
{
	struct key_index index = three(), got;
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX);
	static const char more[] = ",{\"kid\":\"q\",\"alg\":\"HS256\",\"state\":\"retired\","
	                           "\"in_key_file\":false,\"serial\":1,\"made_at\":0,"
	                           "\"active_at\":0,\"retired_at\":0,\"lifetime_ms\":0,"
	                           "\"checksum\":\"" CHECKSUM "\"}]}";

	for (index.n = 3; index.n < KEY_INDEX_KEYS_MAX; index.n++) {
		struct key_entry *entry = &index.entry[index.n];

		*entry = index.entry[0];
		entry->is_key_file = false;
		memset(entry->kid, 'a' + (int)index.n, KEY_ID_MAX);
	}
	ck_assert_rc(parse(&index, &got), RC_OK);
	ck_assert_uint_eq(strlen(got.entry[15].kid), KEY_ID_MAX);
	key_index_render(&index, &text);
	buf_truncate(&text, text.len - 2);
	buf_add(&text, str_from(more));
	refused(buf_text(&text));
	buf_release(&text);
}
END_TEST

#define ENTRY(kid, rest)                                                                           \
	"{\"serial\":1,\"keys\":[{\"kid\":" kid ",\"in_key_file\":false,\"serial\":1,"             \
	"\"active_at\":0,\"retired_at\":0,\"lifetime_ms\":0,\"checksum\":\"" CHECKSUM "\"" rest    \
	"}]}"
#define REST ",\"alg\":\"HS256\",\"state\":\"active\",\"made_at\":0"

START_TEST(key_index_refuses_what_it_did_not_write)
{
	static const char *const texts[] = { "", "{}", "[]", "null", "{\"serial\":1,\"keys\":{}}",
		"{\"serial\":1,\"keys\":[]}", "{\"serial\":1,\"keys\":[{}]}",
		"{\"serial\":1,\"keys\":[1]}", ENTRY("1", REST), ENTRY("\"\"", REST),
		ENTRY("\"-a\"", REST), ENTRY("\"../a\"", REST), ENTRY("\"a/b\"", REST),
		ENTRY("\"a.b\"", REST), ENTRY("\"a'\"", REST), ENTRY("\"\xc3\xa4\"", REST),
		ENTRY(
		    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\"", REST),
		ENTRY("\"a\"", ",\"alg\":\"none\",\"state\":\"active\",\"made_at\":0"),
		ENTRY("\"a\"", ",\"alg\":\"hs256\",\"state\":\"active\",\"made_at\":0"),
		ENTRY("\"a\"", ",\"alg\":\"HS256\",\"state\":\"Active\",\"made_at\":0"),
		ENTRY("\"a\"", ",\"alg\":\"HS256\",\"state\":\"active\",\"made_at\":\"0\""),
		ENTRY("\"a\"", ",\"alg\":\"HS256\",\"state\":\"active\",\"made_at\":-1"),
		ENTRY("\"a\"", ",\"alg\":\"HS256\",\"state\":\"active\""),
		ENTRY("\"a\"", REST) "x" };
	struct buf why = BUF_INIT(256);
	struct key_index index;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(texts[i]);
	ck_assert_rc(key_index_parse(STR(ENTRY("\"a\"", REST)), &index, &why), RC_OK);
	buf_release(&why);
}
END_TEST

START_TEST(key_index_reads_the_text_that_it_lists_and_no_other)
{
	struct key_entry entry = { .kid = "abc", .alg = KEY_HS256 };
	struct buf text = BUF_INIT(KEY_FILE_MAX), why = BUF_INIT(4096);
	const char *dir = scratch_dir();

	key_index_checksum(STR(KEY32), entry.checksum);
	(void)scratch_file("abc.key", KEY32 "\n", 0600);
	ck_assert_rc(key_index_read_key(&entry, dir, "/none", &text, &why), RC_OK);
	ck_assert_text(buf_str(&text), KEY32);
	(void)scratch_file("abc.key", "1123456789abcdef0123456789abcdef\n", 0600);
	ck_assert_rc(key_index_read_key(&entry, dir, "/none", &text, &why), RC_CONFIG);
	ck_assert(str_contains(buf_str(&why), STR("abc.key\" is not the key that")));
	(void)scratch_file("abc.key", KEY32 "\n", 0644);
	ck_assert_rc(key_index_read_key(&entry, dir, "/none", &text, &why), RC_CONFIG);
	ck_assert_int_eq(unlink(scratch_path("abc.key")), 0);
	ck_assert_rc(key_index_read_key(&entry, dir, "/none", &text, &why), RC_CONFIG);
	entry.is_key_file = true;
	buf_reset(&text);
	ck_assert_rc(
	    key_index_read_key(&entry, dir, scratch_file("token.key", KEY32, 0640), &text, &why),
	    RC_OK);
	ck_assert_text(buf_str(&text), KEY32);
	buf_release(&text);
	buf_release(&why);
}
END_TEST

START_TEST(key_index_is_read_whole_or_not_at_all)
{
	struct key_index index = three(), got;
	struct buf text = BUF_INIT(KEY_INDEX_TEXT_MAX), why = BUF_INIT(4096);
	const char *dir = scratch_dir();

	ck_assert_rc(key_index_read(dir, &got, &why), RC_NONE);
	ck_assert_rc(key_index_read(scratch_path("none"), &got, &why), RC_NONE);
	ck_assert_uint_eq(why.len, 0);
	key_index_render(&index, &text);
	(void)scratch_file("index", buf_text(&text), 0640);
	ck_assert_rc(key_index_read(dir, &got, &why), RC_OK);
	ck_assert_uint_eq(got.n, 3);
	(void)scratch_file("index", buf_text(&text), 0644);
	ck_assert_rc(key_index_read(dir, &got, &why), RC_CONFIG);
	buf_truncate(&text, text.len - 1);
	(void)scratch_file("index", buf_text(&text), 0600);
	ck_assert_rc(key_index_read(dir, &got, &why), RC_CONFIG);
	buf_release(&text);
	buf_release(&why);
}
END_TEST

START_TEST(key_use_knows_who_has_an_older_index)
{
	const char *dir = scratch_dir();
	int none = -1, three_fd = -1, five = -1;
	bool is_older = true;

	/* Nothing has run here. */
	ck_assert_rc(key_use_is_older(dir, 1, &is_older), RC_OK);
	ck_assert(!is_older);
	ck_assert_rc(key_use_hold(dir, 0, &none), RC_OK);
	ck_assert_rc(key_use_hold(dir, 3, &three_fd), RC_OK);
	ck_assert_rc(key_use_hold(dir, 5, &five), RC_OK);
	ck_assert_rc(key_use_is_older(dir, 0, &is_older), RC_OK);
	ck_assert(!is_older);
	ck_assert_rc(key_use_is_older(dir, 1, &is_older), RC_OK);
	ck_assert(is_older);
	ck_assert_int_eq(close(none), 0);
	ck_assert_rc(key_use_is_older(dir, 3, &is_older), RC_OK);
	ck_assert(!is_older);
	ck_assert_rc(key_use_is_older(dir, 4, &is_older), RC_OK);
	ck_assert(is_older);
	ck_assert_int_eq(close(three_fd), 0);
	ck_assert_rc(key_use_is_older(dir, 5, &is_older), RC_OK);
	ck_assert(!is_older);
	ck_assert_int_eq(close(five), 0);
	ck_assert_rc(key_use_is_older(dir, INT64_C(1) << 40, &is_older), RC_OK);
	ck_assert(!is_older);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("key_index");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, key_index_gives_back_what_it_was_given);
	tcase_add_test(tests, key_index_has_one_active_key_and_one_next_at_most);
	tcase_add_test(tests, key_index_holds_16_keys);
	tcase_add_test(tests, key_index_refuses_what_it_did_not_write);
	tcase_add_test(tests, key_index_reads_the_text_that_it_lists_and_no_other);
	tcase_add_test(tests, key_index_is_read_whole_or_not_at_all);
	tcase_add_test(tests, key_use_knows_who_has_an_older_index);
	return suite_run();
}
