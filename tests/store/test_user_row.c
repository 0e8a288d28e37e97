#include <stdio.h>
#include <string.h>

#include "store/rows.h"
#include "support/database.h"
#include "support/scratch.h"
#include "support/suite.h"

static char email[] = "Ann@Example.com", phone[] = "+1777", first[] = "Ann", last[] = "B\xc3\xb6hm";
static char roles[] = "admin,x", hash[] = "$argon2id$hash";

static struct user
ann(void)
{
	return (struct user){ .email = email,
		.phone = phone,
		.first_name = first,
		.last_name = last,
		.roles = roles,
		.is_active = true,
		.phone_verified = true,
		.last_login_at = 1,
		.created_at = 2,
		.updated_at = 3,
		.password = hash };
}

static const struct user_keys ann_keys = {
	.email_key = { "ann@example.com", 15 },
	.phone_key = { "+1777", 5 },
};

static int64_t
add(struct user user, struct user_keys keys)
{
	struct db *db = database_db();
	int64_t id = 0;

	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(user_row_insert(db, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(db), RC_OK);
	return id;
}

START_TEST(user_row_insert_keeps_every_member)
{
	struct db *db = database_db();
	struct user user = { 0 };
	int64_t id = add(ann(), ann_keys);

	ck_assert_int_eq(id, 1);
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(user_row_get(db, id, &user), RC_OK);
	ck_assert_int_eq(user.id, id);
	ck_assert_str_eq(user.email, email);
	ck_assert_str_eq(user.phone, phone);
	ck_assert_str_eq(user.first_name, first);
	ck_assert_str_eq(user.last_name, last);
	ck_assert_str_eq(user.roles, roles);
	ck_assert_str_eq(user.password, hash);
	ck_assert(user.is_active && user.phone_verified);
	ck_assert_int_eq(user.last_login_at, 1);
	ck_assert_int_eq(user.created_at, 2);
	ck_assert_int_eq(user.updated_at, 3);
	user_release(&user);
	ck_assert_rc(user_row_by_email(db, STR("ann@example.com"), &user), RC_OK);
	user_release(&user);
	ck_assert_rc(user_row_by_email(db, STR("Ann@example.com"), &user), RC_NONE);
	ck_assert_rc(user_row_by_phone(db, STR("+1777"), &user), RC_OK);
	user_release(&user);
	ck_assert_rc(user_row_get(db, id + 1, &user), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_keeps_null_from_empty)
{
	struct db *db = database_db();
	struct user user = { .email = email }, got = { 0 };
	int64_t id = add(user, (struct user_keys){ .email_key = STR("a") });

	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(user_row_get(db, id, &got), RC_OK);
	ck_assert_ptr_null(got.phone);
	ck_assert_ptr_null(got.first_name);
	ck_assert_ptr_null(got.last_name);
	ck_assert_ptr_null(got.password);
	ck_assert_str_eq(got.roles, "");
	ck_assert(!got.is_active && !got.phone_verified);
	user_release(&got);
	db_rollback(db);
}
END_TEST

START_TEST(user_row_insert_refuses_taken_keys_and_the_transaction_goes_on)
{
	struct db *db = database_db();
	struct user user = ann();
	struct user_keys keys = ann_keys;
	int64_t id = add(ann(), ann_keys);

	ck_assert_rc(db_begin_write(db), RC_OK);
	keys.phone_key = STR_NULL;
	ck_assert_rc(user_row_insert(db, &user, keys, &id), RC_TAKEN);
	keys.email_key = STR("other");
	keys.phone_key = ann_keys.phone_key;
	ck_assert_rc(user_row_insert(db, &user, keys, &id), RC_TAKEN);
	keys.phone_key = STR_NULL;
	ck_assert_rc(user_row_insert(db, &user, keys, &id), RC_OK);
	/* Without a phone, or with one that many may have, nothing is taken. */
	keys.email_key = STR("third");
	ck_assert_rc(user_row_insert(db, &user, keys, &id), RC_OK);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_update_writes_members_and_keys)
{
	struct db *db = database_db();
	struct user user = ann(), got = { 0 };
	struct user_keys keys = ann_keys;
	int64_t other;

	user.id = add(ann(), ann_keys);
	other = database_add_user("taken");
	user.first_name = NULL;
	user.phone = NULL;
	user.phone_verified = false;
	user.updated_at = 9;
	keys.email_key = STR("new");
	keys.phone_key = STR_NULL;
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(user_row_update(db, &user, keys), RC_OK);
	ck_assert_rc(user_row_by_email(db, STR("new"), &got), RC_OK);
	ck_assert_ptr_null(got.first_name);
	ck_assert_ptr_null(got.phone);
	ck_assert(!got.phone_verified);
	ck_assert_int_eq(got.updated_at, 9);
	ck_assert_str_eq(got.password, hash);
	user_release(&got);
	ck_assert_rc(user_row_by_phone(db, ann_keys.phone_key, &got), RC_NONE);
	keys.email_key = STR("taken");
	ck_assert_rc(user_row_update(db, &user, keys), RC_TAKEN);
	/* Kept, whatever is given. */
	keys.keeps_email_key = true;
	ck_assert_rc(user_row_update(db, &user, keys), RC_OK);
	ck_assert_rc(user_row_by_email(db, STR("new"), &got), RC_OK);
	user_release(&got);
	user.id = other + 1;
	ck_assert_rc(user_row_update(db, &user, keys), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_setters_change_their_column_and_need_a_row)
{
	struct db *db = database_db();
	int64_t id = add(ann(), ann_keys);
	struct user user = { 0 };

	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(user_row_set_password(db, id, STR("h2"), 10), RC_OK);
	ck_assert_rc(user_row_set_roles(db, id, STR(""), 11), RC_OK);
	ck_assert_rc(user_row_set_active(db, id, false, 12), RC_OK);
	ck_assert_rc(user_row_set_last_login(db, id, 13), RC_OK);
	ck_assert_rc(user_row_get(db, id, &user), RC_OK);
	ck_assert_str_eq(user.password, "h2");
	ck_assert_str_eq(user.roles, "");
	ck_assert(!user.is_active);
	ck_assert_int_eq(user.updated_at, 12);
	ck_assert_int_eq(user.last_login_at, 13);
	user_release(&user);
	ck_assert_rc(user_row_set_password(db, id, STR_NULL, 14), RC_OK);
	ck_assert_rc(user_row_get(db, id, &user), RC_OK);
	ck_assert_ptr_null(user.password);
	user_release(&user);
	ck_assert_rc(user_row_set_password(db, id + 1, STR("h"), 1), RC_NONE);
	ck_assert_rc(user_row_set_roles(db, id + 1, STR("h"), 1), RC_NONE);
	ck_assert_rc(user_row_set_active(db, id + 1, true, 1), RC_NONE);
	ck_assert_rc(user_row_set_last_login(db, id + 1, 1), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_verify_phone_marks_whoever_has_it)
{
	struct db *db = database_db();
	struct user user = ann(), got = { 0 };
	int64_t id;

	user.phone_verified = false;
	id = add(user, ann_keys);
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(user_row_verify_phone(db, STR("+1778"), 5), RC_OK);
	ck_assert_rc(user_row_get(db, id, &got), RC_OK);
	ck_assert(!got.phone_verified);
	user_release(&got);
	ck_assert_rc(user_row_verify_phone(db, STR("+1777"), 5), RC_OK);
	ck_assert_rc(user_row_get(db, id, &got), RC_OK);
	ck_assert(got.phone_verified);
	ck_assert_int_eq(got.updated_at, 5);
	user_release(&got);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_verify_shared_phone_marks_all_who_have_it_without_a_key)
{
	const struct user_keys keyless[] = { { .email_key = STR("a") }, { .email_key = STR("b") } };
	struct db *db = database_db();
	struct user user = ann(), got = { 0 };
	int64_t ids[3];
	size_t i;

	user.phone_verified = false;
	ids[0] = add(user, ann_keys);
	ids[1] = add(user, keyless[0]);
	ids[2] = add(user, keyless[1]);
	ck_assert_rc(db_begin_write(db), RC_OK);
	ck_assert_rc(user_row_verify_shared_phone(db, STR("+1777"), 5), RC_OK);
	for (i = 0; i < 3; i++) {
		ck_assert_rc(user_row_get(db, ids[i], &got), RC_OK);
		ck_assert(got.phone_verified == (i > 0));
		user_release(&got);
	}
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_list_pages_by_id)
{
	struct db *db = database_db();
	struct user users[3];
	size_t n = 9, i;

	for (i = 0; i < 5; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "u%zu", i);
		(void)database_add_user(name);
	}
	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(user_row_list(db, 0, 3, users, &n), RC_OK);
	ck_assert_uint_eq(n, 3);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(users[i].id, (int64_t)i + 1);
		user_release(&users[i]);
	}
	ck_assert_rc(user_row_list(db, 3, 3, users, &n), RC_OK);
	ck_assert_uint_eq(n, 2);
	user_release(&users[0]);
	user_release(&users[1]);
	ck_assert_rc(user_row_list(db, 5, 3, users, &n), RC_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_rc(db_commit(db), RC_OK);
}
END_TEST

START_TEST(user_row_sample_password_draws_every_user_who_has_one)
{
	struct db *db = database_db();
	struct buf got = BUF_INIT(200);
	size_t seen[3] = { 0 }, i;

	ck_assert_rc(db_begin_read(db), RC_OK);
	ck_assert_rc(user_row_sample_password(db, 7, &got), RC_NONE);
	ck_assert_rc(db_commit(db), RC_OK);
	for (i = 0; i < 4; i++) {
		char name[8], password[8];
		struct user user = ann();
		struct user_keys keys = { .phone_key = STR_NULL };

		(void)snprintf(name, sizeof(name), "u%zu", i);
		(void)snprintf(password, sizeof(password), "h%zu", i);
		keys.email_key = str_from(name);
		user.password = i == 3 ? NULL : password;
		(void)add(user, keys);
	}
	ck_assert_rc(db_begin_read(db), RC_OK);
	for (i = 0; i < 64; i++) {
		ck_assert_rc(user_row_sample_password(db, (uint64_t)i << 58, &got), RC_OK);
		ck_assert_uint_eq(got.len, 2);
		seen[got.ptr[1] - '0']++;
	}
	ck_assert_rc(user_row_sample_password(db, UINT64_MAX, &got), RC_OK);
	ck_assert_text(buf_str(&got), "h0");
	ck_assert_uint_ge(seen[0], 16);
	ck_assert_uint_ge(seen[1], 16);
	ck_assert_uint_ge(seen[2], 16);
	got.max = 1;
	ck_assert_rc(user_row_sample_password(db, 0, &got), RC_LIMIT);
	ck_assert_rc(db_commit(db), RC_OK);
	buf_release(&got);
}
END_TEST

int
main(void)
{
	TCase *tests = suite_case("user_row");

	tcase_add_checked_fixture(tests, database_make, database_remove);
	tcase_add_test(tests, user_row_insert_keeps_every_member);
	tcase_add_test(tests, user_row_keeps_null_from_empty);
	tcase_add_test(tests, user_row_insert_refuses_taken_keys_and_the_transaction_goes_on);
	tcase_add_test(tests, user_row_update_writes_members_and_keys);
	tcase_add_test(tests, user_row_setters_change_their_column_and_need_a_row);
	tcase_add_test(tests, user_row_verify_phone_marks_whoever_has_it);
	tcase_add_test(tests, user_row_verify_shared_phone_marks_all_who_have_it_without_a_key);
	tcase_add_test(tests, user_row_list_pages_by_id);
	tcase_add_test(tests, user_row_sample_password_draws_every_user_who_has_one);
	return suite_run();
}
