#include "heard.h"

#include <string.h>

#include "clock.h"

#define LONGEST 1800000  /* milliseconds for the whole answer to one command */
#define REST 1048576     /* bytes of a text that is too large that are read, and as many as it may have */

/* The reader has said what is wrong. */
static int lost(struct imapc *c)
{
  return imapc_fail(c, c->answer.trouble);
}

/* Texts ------------------------------------------------------------------------- */

/* Capabilities, one word after the other; the list is a new one. 1 or 0. */
static int offered(struct imapc *c, const char *s, const char *end)
{
  static const struct { const char *word; unsigned int flags; } known[] = {
    { "STARTTLS", IMAPC_STARTTLS }, { "SASL-IR", IMAPC_SASLIR }, { "LOGINDISABLED", IMAPC_NOLOGIN },
    { "UIDPLUS", IMAPC_UIDPLUS }, { "MOVE", IMAPC_MOVE }, { "IDLE", IMAPC_IDLE },
    { "IMAP4REV2", IMAPC_UIDPLUS | IMAPC_MOVE | IMAPC_IDLE | IMAPC_SASLIR },
  };
  const char *word;
  size_t i, n;

  c->offers = IMAPC_KNOWN;
  c->auth.len = 0;
  for (; s < end; s = word + n) {
    for (word = s; word < end && *word == ' '; ++word) ;
    for (n = 0; word + n < end && word[n] != ' '; ++n) ;
    for (i = 0; i < sizeof known / sizeof *known; ++i)
      if (n == strlen(known[i].word) && !case_diffb(word, n, known[i].word)) c->offers |= known[i].flags;
    if (n > 5 && n < 40 && !case_diffb(word, 5, "AUTH=") && c->auth.len < IMAPC_AUTH &&
        (!stralloc_cats(&c->auth, " ") || !stralloc_catb(&c->auth, word + 5, n - 5))) return 0;
  }
  return 1;
}

/* UIDVALIDITY may not become another one while we are there. 1 or 0. */
static int valid(struct imapc *c, const char *s, const char *end)
{
  unsigned long long value;
  struct answer number = { .word = s, .len = (size_t) (end - s) };

  if (!token_number(&number, &value) || !value || value > 4294967295) {
    c->trouble = "numbers its folder in an odd way";
    return 0;
  }
  if (c->validity && c->validity != value) {
    c->trouble = "numbers its letters anew meanwhile";
    return 0;
  }
  c->validity = (unsigned long) value;
  return 1;
}

/* What stands in brackets at the beginning of a text, RFC 9051, 7.1. 1 or 0. */
static int coded(struct imapc *c, const char *s, const char *end)
{
  const char *close, *word;
  size_t i;

  c->code[0] = 0;
  if (s == end || *s != '[' || !(close = memchr(s, ']', (size_t) (end - s)))) return 1;
  for (word = ++s; s < close && *s != ' '; ++s) ;
  for (i = 0; i < sizeof c->code - 1 && word + i < s; ++i)
    c->code[i] = (char) (word[i] >= 'a' && word[i] <= 'z' ? word[i] - 'a' + 'A' : word[i]);
  c->code[i] = 0;
  if (s < close) ++s;
  if (!strcmp(c->code, "CAPABILITY") && !offered(c, s, close)) {
    c->trouble = "cannot be spoken with: out of memory";
    return 0;
  }
  if (!strcmp(c->code, "READ-ONLY")) c->readonly = 1;
  if (!strcmp(c->code, "READ-WRITE")) c->readonly = 0;
  return strcmp(c->code, "UIDVALIDITY") || valid(c, s, close);
}

/* It may look like anything, even like a literal. */
int heard_text(struct imapc *c)
{
  const char *s = c->answer.at, *end = c->answer.last;
  size_t i;

  while (s < end && *s == ' ') ++s;
  if (!stralloc_copyb(&c->text, s, end - s > IMAPC_TEXT ? IMAPC_TEXT : (size_t) (end - s)) || !stralloc_0(&c->text)) {
    c->trouble = "cannot be spoken with: out of memory";
    return 0;
  }
  for (i = 0; i + 1 < c->text.len; ++i)
    if (c->text.s[i] < 32 || c->text.s[i] == 127) c->text.s[i] = '?';
  return coded(c, s, end);
}

/* Letters ----------------------------------------------------------------------- */

static int odd(struct imapc *c)
{
  return imapc_fail(c, "sent what is no answer");
}

static int number(struct imapc *c, unsigned long long least, unsigned long long most, unsigned long long *value)
{
  enum token t = token_next(&c->answer);

  if (t == TOKEN_LOST) return lost(c);
  return t == TOKEN_ATOM && token_number(&c->answer, value) && *value >= least && *value <= most ? 1 : odd(c);
}

static int flags(struct imapc *c, struct imapc_letter *l)
{
  enum token t;

  if (token_next(&c->answer) != TOKEN_OPEN) return odd(c);
  while ((t = token_next(&c->answer)) == TOKEN_ATOM)
    if (token_is(&c->answer, "\\Deleted")) l->deleted = 1;
  return t == TOKEN_CLOSE ? 1 : odd(c);
}

/* The bytes of a literal, as they come; of one that is too large, nothing. */
static int literal(struct imapc *c, struct imapc_letter *l)
{
  const char *bytes;
  ssize_t n;

  if (c->most && c->answer.literal > c->most) {
    c->large.uid = l->uid;
    c->large.size = c->answer.literal;
    if (c->answer.literal > c->most * 2 + REST) return imapc_fail(c, "sends a letter that is too large");
    l->has |= LETTER_LARGE;
  }
  while ((n = token_take(&c->answer, &bytes)) > 0)
    if (!(l->has & LETTER_LARGE) && !c->body(c->with, bytes, (size_t) n)) return imapc_fail(c, c->trouble);
  return n == 0 ? 1 : lost(c);
}

static int body(struct imapc *c, struct imapc_letter *l)
{
  enum token t = token_next(&c->answer);

  if (l->has & (LETTER_TEXT | LETTER_NIL)) return imapc_fail(c, "sent two letters for one");
  if (!c->body) return imapc_fail(c, "sent a letter that nobody asked for");
  l->has |= LETTER_TEXT;
  switch (t) {
    case TOKEN_LOST: return lost(c);
    case TOKEN_LITERAL: return literal(c, l);
    case TOKEN_STRING: return c->body(c->with, c->answer.word, c->answer.len) ? 1 : imapc_fail(c, c->trouble);
    case TOKEN_ATOM:
      if (!token_is(&c->answer, "NIL")) return odd(c);
      l->has ^= LETTER_TEXT | LETTER_NIL;
      return 1;
    default: return odd(c);
  }
}

/* One thing that is said of a letter, behind its name. */
static int attribute(struct imapc *c, struct imapc_letter *l)
{
  unsigned long long value;

  if (token_is(&c->answer, "UID")) {
    if (number(c, 1, 4294967295, &value) == -1) return -1;
    if (l->has & LETTER_UID && l->uid != value) return odd(c);
    l->has |= LETTER_UID;
    l->uid = (unsigned long) value;
    return 1;
  }
  if (token_is(&c->answer, "RFC822.SIZE")) {
    l->has |= LETTER_SIZE;
    return number(c, 0, ~0ULL, &l->size);
  }
  if (token_is(&c->answer, "FLAGS")) {
    l->has |= LETTER_FLAGS;
    return flags(c, l);
  }
  if (token_is(&c->answer, "BODY[]")) return body(c, l);
  return token_skip(&c->answer) == 1 ? 1 : lost(c);
}

static int fetched(struct imapc *c)
{
  struct imapc_letter l = { 0 };
  enum token t = token_next(&c->answer);

  if (t != TOKEN_OPEN) return t == TOKEN_LOST ? lost(c) : odd(c);
  while ((t = token_next(&c->answer)) == TOKEN_ATOM)
    if (attribute(c, &l) == -1) return -1;
  if (t == TOKEN_LOST) return lost(c);
  if (t != TOKEN_CLOSE || token_next(&c->answer) != TOKEN_END) return odd(c);
  return !c->letter || c->letter(c->with, &l) ? 1 : imapc_fail(c, c->trouble);
}

/* Answers ----------------------------------------------------------------------- */

/* "* 5 EXISTS" and the like. */
static int counted(struct imapc *c, unsigned long long value)
{
  struct answer *a = &c->answer;
  enum token t = token_next(a);

  if (value > 4294967295 || t != TOKEN_ATOM) return t == TOKEN_LOST ? lost(c) : odd(c);
  if (token_is(a, "FETCH")) return fetched(c);
  if (token_is(a, "EXISTS")) {
    if (value > c->exists) c->news = 1;
    c->exists = (unsigned long) value;
  }
  if (token_is(a, "EXPUNGE") && c->exists) --c->exists;
  return token_finish(a) == 1 ? 1 : lost(c);
}

static int goodbye(struct imapc *c)
{
  if (!heard_text(c)) return imapc_fail(c, c->trouble);
  return c->leaving ? 1 : imapc_fail(c, "says goodbye");
}

/* What the server says by itself, behind the star. 1 or -1. */
static int by_itself(struct imapc *c)
{
  struct answer *a = &c->answer;
  unsigned long long value;
  enum token t;

  if (++c->untagged > IMAPC_UNTAGGED) return imapc_fail(c, "says too much");
  t = token_next(a);
  if (t != TOKEN_ATOM) return t == TOKEN_LOST ? lost(c) : odd(c);
  if (token_number(a, &value)) return counted(c, value);
  if (token_is(a, "OK") || token_is(a, "NO") || token_is(a, "BAD")) return heard_text(c) ? 1 : imapc_fail(c, c->trouble);
  if (token_is(a, "BYE")) return goodbye(c);
  if (token_is(a, "CAPABILITY")) return offered(c, a->at, a->last) ? 1 : imapc_fail(c, "cannot be spoken with: out of memory");
  return token_finish(a) == 1 ? 1 : lost(c);
}

/* Behind a tag, which must be that of the oldest command. */
static int tagged(struct imapc *c)
{
  struct answer *a = &c->answer;
  unsigned long long value;
  int r;

  if (a->len < 2 || *a->word != 'A') return odd(c);
  ++a->word;
  --a->len;
  if (!token_number(a, &value) || c->answered == c->sent || value != c->answered + 1)
    return imapc_fail(c, "answered what was not asked");
  if (token_next(a) != TOKEN_ATOM) return odd(c);
  r = token_is(a, "OK") ? IMAPC_OK : token_is(a, "NO") || token_is(a, "BAD") ? IMAPC_NO : IMAPC_LOST;
  if (r == IMAPC_LOST) return odd(c);
  ++c->answered;
  c->untagged = 0;
  a->end = 0;
  return heard_text(c) ? r : imapc_fail(c, c->trouble);
}

int heard_next(struct imapc *c)
{
  struct answer *a = &c->answer;

  if (!imapc_isopen(c)) return IMAPC_LOST;
  if (!a->end) a->end = clock_about() + LONGEST;
  if (token_begin(a) == -1) return lost(c);
  if (a->at < a->last && *a->at == '+') {
    if (c->answered == c->sent) return imapc_fail(c, "spoke without being asked");
    ++a->at;
    return heard_text(c) ? IMAPC_MORE : imapc_fail(c, c->trouble);
  }
  switch (token_next(a)) {
    case TOKEN_LOST: return lost(c);
    case TOKEN_ATOM: break;
    default: return odd(c);
  }
  if (!token_is(a, "*")) return tagged(c);
  return by_itself(c) == 1 ? IMAPC_ITSELF : IMAPC_LOST;
}
