/* Login of HTTP. */
#include "net/http_login.h"

#include "base/arena.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define LINE_MOST   (64 * 1024)
#define NONCES_MOST 10000 /* so many challenges are kept in memory, then the login counts as refused */

struct login_hash {
	const char *name; /* in a challenge */
	const EVP_MD *(*method)(void);
};

/* Best first. */
static const struct login_hash hashes[] = {
	{ "SHA-256", EVP_sha256 },
	{ "MD5", EVP_md5 },
};

void http_login_init(struct http_login *login, const char *user, const char *secret, bool bearer,
		     struct arena *arena)
{
	*login = (struct http_login){ .user = user, .secret = secret ? secret : "", .arena = arena };
	if (bearer && secret)
		login->scheme = LOGIN_BEARER;
	else if (user)
		login->scheme = LOGIN_BASIC;
}

/* ---- the line ------------------------------------------------------------------------------ */

static void add_base64(struct buf *line, const struct buf *data)
{
	unsigned char out[128];
	size_t at, part;

	for (at = 0; at < data->size; at += part) {
		part = data->size - at < 90 ? data->size - at : 90; /* a multiple of 3 */
		EVP_EncodeBlock(out, (const unsigned char *)data->data + at, (int)part);
		buf_adds(line, (const char *)out);
	}
}

static void add_basic(const struct http_login *login, struct buf *line)
{
	struct buf pair;

	buf_init(&pair, LINE_MOST);
	buf_addf(&pair, "%s:%s", login->user, login->secret);
	buf_adds(line, "Authorization: Basic ");
	add_base64(line, &pair);
	OPENSSL_cleanse(pair.data, pair.size);
	buf_free(&pair);
}

/* The hash of `text` in hexadecimal; empties `text`. */
static void hash_text(const struct login_hash *hash, struct buf *text, char hex[2 * EVP_MAX_MD_SIZE + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!EVP_Digest(text->data, text->size, bytes, &size, hash->method(), NULL))
		size = 0; /* MD5 can be forbidden on a machine: the server will refuse what comes out */
	str_hex(hex, bytes, size);
	OPENSSL_cleanse(text->data, text->size);
	buf_clear(text);
}

static void add_quoted(struct buf *line, const char *name, const char *value)
{
	buf_addf(line, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(line, '\\');
		buf_addc(line, *value);
	}
	buf_addc(line, '"');
}

/* RFC 7616 3.4. */
static void add_digest(struct http_login *login, const char *method, const char *target, struct buf *line)
{
	struct login_digest *digest = &login->digest;
	const struct login_hash *hash = digest->hash;
	char user[2 * EVP_MAX_MD_SIZE + 1], request[2 * EVP_MAX_MD_SIZE + 1];
	char response[2 * EVP_MAX_MD_SIZE + 1], own[33];
	unsigned char bytes[16];
	struct buf text;

	if (RAND_bytes(bytes, sizeof bytes) != 1)
		memset(bytes, 0, sizeof bytes); /* OpenSSL without randomness has no TLS either */
	str_hex(own, bytes, sizeof bytes);
	digest->count++;
	buf_init(&text, LINE_MOST);
	buf_addf(&text, "%s:%s:%s", login->user, digest->realm, login->secret);
	hash_text(hash, &text, user);
	if (digest->session) {
		buf_addf(&text, "%s:%s:%s", user, digest->nonce, own);
		hash_text(hash, &text, user);
	}
	buf_addf(&text, "%s:%s", method, target);
	hash_text(hash, &text, request);
	if (digest->qop)
		buf_addf(&text, "%s:%s:%08x:%s:auth:%s", user, digest->nonce, digest->count, own, request);
	else
		buf_addf(&text, "%s:%s:%s", user, digest->nonce, request);
	hash_text(hash, &text, response);
	buf_free(&text);

	buf_adds(line, "Authorization: Digest ");
	add_quoted(line, "username", login->user);
	add_quoted(line, ", realm", digest->realm);
	add_quoted(line, ", nonce", digest->nonce);
	add_quoted(line, ", uri", target);
	buf_addf(line, ", algorithm=%s%s, response=\"%s\"", hash->name, digest->session ? "-sess" : "",
		 response);
	if (digest->opaque)
		add_quoted(line, ", opaque", digest->opaque);
	if (digest->qop)
		buf_addf(line, ", qop=auth, nc=%08x", digest->count);
	if (digest->qop || digest->session)
		buf_addf(line, ", cnonce=\"%s\"", own);
}

void http_login_line(struct http_login *login, const char *method, const char *target, struct buf *line)
{
	switch (login->scheme) {
	case LOGIN_NONE:
		break;
	case LOGIN_BASIC:
		add_basic(login, line);
		break;
	case LOGIN_DIGEST:
		add_digest(login, method, target, line);
		break;
	case LOGIN_BEARER:
		buf_addf(line, "Authorization: Bearer %s", login->secret);
		break;
	}
}

/* ---- challenges ----------------------------------------------------------------------------- */

static bool is_token(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

static const char *skip_blank(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

/* A token or a quoted string (RFC 9110 5.6) into `value`, unquoted; NULL if there is none. */
static const char *read_value(const char *at, struct buf *value)
{
	buf_clear(value);
	if (*at == '"') {
		for (at++; *at && *at != '"'; at++) {
			if (*at == '\\' && at[1])
				at++;
			if ((unsigned char)*at < ' ' && *at != '\t')
				return NULL; /* it could not be sent back */
			buf_addc(value, *at);
		}
		return *at == '"' ? at + 1 : NULL;
	}
	/* A token68 has more in it than a token: '/', and '=' at its end. */
	while (is_token(*at) || *at == '/' || *at == '=')
		buf_addc(value, *at++);
	return value->size ? at : NULL;
}

static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word), n;

	for (; *list; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == length && !str_ncasecmp(list, word, n))
			return true;
	}
	return false;
}

/* What the challenges of one 401 offer. */
struct offer {
	bool basic, stale;
	bool other; /* a parameter that is not understood makes this Digest challenge useless */
	bool open;  /* inside a challenge for Digest */
	struct login_digest digest; /* the one that is being read */
	struct login_digest best;   /* nonce NULL: none */
};

/* A challenge for Digest is read to its end. */
static void offer_close(struct offer *offer)
{
	struct login_digest *digest = &offer->digest;

	if (offer->open && !offer->other && digest->realm && digest->nonce) {
		if (!digest->hash)
			digest->hash = &hashes[sizeof hashes / sizeof *hashes - 1];
		if (!offer->best.nonce || digest->hash < offer->best.hash)
			offer->best = *digest;
	}
	offer->open = offer->other = false;
	*digest = (struct login_digest){ 0 };
}

static void offer_scheme(struct offer *offer, const char *name, size_t length)
{
	offer_close(offer);
	if (length == 5 && !str_ncasecmp(name, "Basic", 5))
		offer->basic = true;
	offer->open = length == 6 && !str_ncasecmp(name, "Digest", 6);
}

static void digest_algorithm(struct offer *offer, const char *value)
{
	size_t length = strlen(value);

	offer->digest.session = length > 5 && !str_casecmp(value + length - 5, "-sess");
	if (offer->digest.session)
		length -= 5;
	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
		if (strlen(hashes[i].name) == length && !str_ncasecmp(hashes[i].name, value, length))
			offer->digest.hash = &hashes[i];
	offer->other |= !offer->digest.hash;
}

static void offer_parameter(struct offer *offer, const char *name, size_t length, const char *value,
			    struct arena *arena)
{
	struct login_digest *digest = &offer->digest;
	const struct {
		const char *name;
		char **value;
	} texts[] = { { "realm", &digest->realm },
		      { "nonce", &digest->nonce },
		      { "opaque", &digest->opaque } };

	if (!offer->open)
		return;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (length == strlen(texts[i].name) && !str_ncasecmp(name, texts[i].name, length))
			*texts[i].value = arena_str(arena, value);
	if (length == 9 && !str_ncasecmp(name, "algorithm", 9))
		digest_algorithm(offer, value);
	if (length == 5 && !str_ncasecmp(name, "stale", 5))
		offer->stale = !str_casecmp(value, "true");
	if (length == 3 && !str_ncasecmp(name, "qop", 3)) {
		digest->qop = list_has(value, "auth");
		offer->other |= !digest->qop; /* auth-int: the body would have to be read twice */
	}
}

/* RFC 9110 11.6.1: schemes and parameters in one list, told apart only by the '='. */
static void read_challenges(const char *at, struct offer *offer, struct arena *arena)
{
	struct buf value;

	buf_init(&value, LINE_MOST);
	while (at && *at) {
		const char *name = at, *behind;

		if (!is_token(*at)) {
			at++;
			continue;
		}
		while (is_token(*at))
			at++;
		behind = skip_blank(at);
		if (*behind == '=') {
			size_t length = (size_t)(at - name);

			at = read_value(skip_blank(behind + 1), &value);
			if (at)
				offer_parameter(offer, name, length, value.data, arena);
		} else {
			offer_scheme(offer, name, (size_t)(at - name));
		}
	}
	offer_close(offer);
	buf_free(&value);
}

bool http_login_again(struct http_login *login, unsigned generation, const char *challenges)
{
	struct offer offer = { 0 };
	struct login_digest *digest = &login->digest;
	bool fresh;

	if (login->scheme != LOGIN_BASIC && login->scheme != LOGIN_DIGEST)
		return false;
	if (login->generation > NONCES_MOST)
		return false;
	read_challenges(challenges, &offer, login->arena);
	if (!offer.best.nonce)
		return false;
	/* Basic was refused where it is known: the password is wrong, and is not tried in another way. */
	if (login->scheme == LOGIN_BASIC && offer.basic)
		return false;
	/* Made from what has been replaced since, the request says nothing about the password. */
	if (generation != login->generation)
		return true;
	fresh = !digest->nonce || strcmp(digest->nonce, offer.best.nonce) != 0;
	if (login->scheme == LOGIN_DIGEST && !(fresh && (offer.stale || login->accepted)))
		return false;
	*digest = offer.best;
	login->scheme = LOGIN_DIGEST;
	login->generation++;
	return true;
}
