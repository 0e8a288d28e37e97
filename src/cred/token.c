#include "cred/token.h"

#include <errno.h>
#include <jwt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/log.h"
#include "cred/keyring.h"
#include "cred/token_key.h"

enum { IAT_AHEAD_MAX_S = 60 }; /* how far another machine's clock may be ahead */

static jwt_alg_t
jwt_alg(const struct token_key *key)
{
	static const jwt_alg_t algs[KEY_ALG__MAX] = { [KEY_HS256] = JWT_ALG_HS256,
		[KEY_ES256] = JWT_ALG_ES256,
		[KEY_RS256] = JWT_ALG_RS256 };

	return algs[token_key_alg(key)];
}

static bool
add_claims(jwt_t *jwt, const struct claims *claims, const char *roles)
{
	return jwt_add_grant_int(jwt, "iat", (long)claims->iat) == 0 &&
	       jwt_add_grant_int(jwt, "exp", (long)claims->exp) == 0 &&
	       jwt_add_grant_int(jwt, "rf_exp", (long)claims->rf_exp) == 0 &&
	       jwt_add_grant_int(jwt, "id", (long)claims->user_id) == 0 &&
	       jwt_add_grant_int(jwt, "rc", (long)claims->counter) == 0 &&
	       jwt_add_grant(jwt, "jti", claims->jti) == 0 && jwt_add_grant(jwt, "rls", roles) == 0;
}

enum rc
token_sign(
    const struct keyring *ring, const struct claims *claims, struct str roles, struct buf *ret)
{
	const struct token_key *key = keyring_signer(ring);
	const char *kid = keyring_signer_id(ring);
	struct str secret = token_key_private(key);
	char *roles_text = str_dup(roles), *text = NULL;
	enum rc rc = RC_SYSTEM;
	jwt_t *jwt = NULL;

	if (roles_text == NULL || jwt_new(&jwt) != 0 ||
	    jwt_set_alg(jwt, jwt_alg(key), (const unsigned char *)secret.ptr, (int)secret.len) !=
	        0 ||
	    (kid != NULL && jwt_add_header(jwt, "kid", kid) != 0) ||
	    !add_claims(jwt, claims, roles_text) || (text = jwt_encode_str(jwt)) == NULL) {
		log_error("cannot sign a token: %s", strerror(errno));
		goto out;
	}
	buf_add(ret, str_from(text));
	rc = buf_ok(ret) ? RC_OK : RC_SYSTEM;
out:
	if (text != NULL)
		sodium_memzero(text, strlen(text));
	free(text);
	jwt_free(jwt);
	free(roles_text);
	return rc;
}

/* Decodes one part of a token and parses it; NULL unless it is one JSON object. */
static struct json *
parse_part(struct str part)
{
	struct buf text = BUF_INIT(TOKEN_MAX);
	struct json *doc = NULL;
	size_t len;

	/* Room for the bytes: they are fewer than the characters, and replace them. */
	buf_add(&text, part);
	if (part.len > 0 && buf_ok(&text) &&
	    base64_decode_url(part, text.len, (unsigned char *)text.ptr, &len) == RC_OK &&
	    json_parse((struct str){ text.ptr, len }, &doc) == RC_OK &&
	    json_type(doc) != JSON_OBJECT) {
		json_free(doc);
		doc = NULL;
	}
	buf_release(&text);
	return doc;
}

/* RFC 8725 section 3.1: what the header says never chooses how it is checked: kid finds a key of
 * ours, and alg must be that key's. Nothing else but typ may stand there: no crit or b64 (RFC 7515
 * section 4.1.11, RFC 7797), no keys or their addresses (jwk, jku, x5u, x5c). NULL: no key. */
static const struct token_key *
find_key(const struct keyring *ring, const struct json *header)
{
	struct str alg = STR_NULL, kid = STR_NULL;
	const struct token_key *key;

	for (const struct json *at = json_first(header); at != NULL; at = json_next(at)) {
		struct str name = json_name(at);

		if (json_type(at) != JSON_STRING)
			return NULL;
		if (str_equal(name, STR("alg")))
			alg = json_string(at);
		else if (str_equal(name, STR("kid")))
			kid = json_string(at);
		else if (!str_equal(name, STR("typ")) ||
		         !str_equal_nocase(json_string(at), STR("JWT")))
			return NULL;
	}
	key = keyring_find(ring, kid);
	return key != NULL && str_equal(alg, str_from(key_alg_name(token_key_alg(key)))) ? key
	                                                                                 : NULL;
}

/* Three parts in canonical base64url, so that a token has one text only. */
static enum rc
check_structure(const struct keyring *ring, struct str token, const struct token_key **ret_key,
    struct json **ret_payload)
{
	unsigned char signature[TOKEN_SIGNATURE_MAX];
	struct str header_text, payload_text, rest = token;
	struct json *header = NULL, *payload = NULL;
	const struct token_key *key;
	enum rc rc = RC_TOKEN_BAD;
	size_t len = 0;

	if (token.len > TOKEN_MAX || !str_cut(&rest, '.', &header_text) ||
	    !str_cut(&rest, '.', &payload_text) || rest.ptr == NULL || rest.len == 0)
		return RC_TOKEN_BAD;
	if ((header = parse_part(header_text)) == NULL || (key = find_key(ring, header)) == NULL)
		goto out;
	if (base64_decode_url(rest, sizeof(signature), signature, &len) != RC_OK ||
	    len != token_key_signature_len(key))
		goto out;
	if ((payload = parse_part(payload_text)) == NULL)
		goto out;
	*ret_key = key;
	*ret_payload = payload;
	payload = NULL;
	rc = RC_OK;
out:
	json_free(header);
	json_free(payload);
	return rc;
}

static enum rc
check_signature(const struct token_key *key, struct str token)
{
	struct buf text = BUF_INIT(TOKEN_MAX);
	struct str secret = token_key_public(key);
	enum rc rc = RC_SYSTEM;
	jwt_t *jwt = NULL;
	int error;

	buf_add(&text, token);
	if (!buf_ok(&text)) {
		log_error("no memory to check a token");
		goto out;
	}
	error =
	    jwt_decode(&jwt, buf_text(&text), (const unsigned char *)secret.ptr, (int)secret.len);
	if (error == ENOMEM)
		log_error("no memory to check a token");
	else if (error == 0 && jwt_get_alg(jwt) == jwt_alg(key))
		rc = RC_OK;
	else
		rc = RC_TOKEN_BAD;
out:
	jwt_free(jwt);
	buf_release(&text);
	return rc;
}

bool
token_is_timely(const struct claims *claims, int64_t now_s)
{
	return (!claims->has_nbf || claims->nbf <= now_s) && claims->iat <= now_s + IAT_AHEAD_MAX_S;
}

/* A claim that may be missing, but not be anything else than a whole number. */
static bool
read_int(const struct json *payload, const char *name, int64_t *ret, unsigned *missing)
{
	const struct json *value = json_member(payload, name);

	if (value != NULL)
		return json_type(value) == JSON_NUMBER && json_int(value, ret) == RC_OK;
	(*missing)++;
	return true;
}

static bool
read_jti(const struct json *payload, struct claims *claims, unsigned *missing)
{
	const struct json *value = json_member(payload, "jti");
	struct str jti;

	if (value == NULL) {
		(*missing)++;
		return true;
	}
	if (json_type(value) != JSON_STRING)
		return false;
	jti = json_string(value);
	if (jti.len == 0 || jti.len >= sizeof(claims->jti))
		return false;
	memcpy(claims->jti, jti.ptr, jti.len);
	return true;
}

/* Types, then times, then presence: a token that is wrong and incomplete is wrong. */
static enum rc
read_claims(const struct json *payload, int64_t now_s, struct claims *ret)
{
	const struct json *roles = json_member(payload, "rls");
	struct claims claims = { 0 };
	unsigned missing = 0, optional = 0, no_nbf = 0;

	if (!read_int(payload, "nbf", &claims.nbf, &no_nbf) ||
	    !read_int(payload, "iat", &claims.iat, &missing) ||
	    !read_int(payload, "exp", &claims.exp, &missing) ||
	    !read_int(payload, "rf_exp", &claims.rf_exp, &missing) ||
	    !read_int(payload, "id", &claims.user_id, &missing) ||
	    !read_int(payload, "rc", &claims.counter, &optional) ||
	    !read_jti(payload, &claims, &missing) || claims.counter < 0 ||
	    (json_member(payload, "id") != NULL && claims.user_id <= 0) ||
	    (roles != NULL && json_type(roles) != JSON_STRING))
		return RC_TOKEN_BAD;
	claims.has_nbf = no_nbf == 0;
	if (!token_is_timely(&claims, now_s))
		return RC_TOKEN_BAD;
	if (missing > 0 || roles == NULL)
		return RC_CLAIM_MISSING;
	*ret = claims;
	return RC_OK;
}

enum rc
token_check(const struct keyring *ring, struct str token, int64_t now_s, struct claims *ret)
{
	const struct token_key *key = NULL;
	struct json *payload = NULL;
	enum rc rc;

	if ((rc = check_structure(ring, token, &key, &payload)) == RC_OK &&
	    (rc = check_signature(key, token)) == RC_OK)
		rc = read_claims(payload, now_s, ret);
	json_free(payload);
	return rc;
}
