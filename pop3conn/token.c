#include "token.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "owfat.h"

static int fail(struct answer *a, const char *trouble)
{
  a->trouble = trouble;
  return -1;
}

static int lost(struct answer *a, ssize_t r)
{
  if (r == 0) return fail(a, "closed the connection");
  return fail(a, errno == ETIMEDOUT ? "did not answer in time" : errno == EMSGSIZE ? "sent an endless line" :
                 errno == EINTR ? "is left, for this program is told to end" : "lost the connection");
}

/* 1, or -1: there was time enough. */
static int wait_for(struct answer *a)
{
  long long left = a->end ? a->end - clock_about() : 0;

  if (a->end && left <= 0) return fail(a, "takes too long");
  stream_limit(a->stream, a->end && left < (long long) a->seconds * 1000 ? (unsigned long) (left / 1000 + 1) : a->seconds);
  return 1;
}

int token_waits(const struct answer *a)
{
  const struct stream *s = a->stream;

  return s->pos < s->len && memchr(s->buffer + s->pos, '\n', s->len - s->pos);
}

static int line(struct answer *a)
{
  size_t len;
  int r;

  if (++a->pieces > TOKEN_PIECES) return fail(a, "sent an endless answer");
  if (wait_for(a) == -1) return -1;
  r = stream_line(a->stream, TOKEN_LINE, &a->at, &len);
  if (r != 1) return lost(a, r);
  a->last = a->at + len;
  return 1;
}

int token_begin(struct answer *a)
{
  a->pieces = 0;
  a->literal = 0;
  a->word = "";
  a->len = 0;
  return line(a);
}

/* Behind the quote; backslashes are taken out where they stand. */
static enum token quoted(struct answer *a)
{
  char *to = a->at;

  for (a->word = to; a->at < a->last && *a->at != '"'; ++a->at) {
    if (*a->at == '\\' && ++a->at == a->last) break;
    *to++ = *a->at;
  }
  a->len = (size_t) (to - a->word);
  if (a->at == a->last) return fail(a, "sent half a word");
  ++a->at;
  return TOKEN_STRING;
}

/* Behind the brace, up to the end of the line. */
static enum token literal(struct answer *a)
{
  const char *from = a->at;

  for (a->literal = 0; a->at < a->last && *a->at >= '0' && *a->at <= '9' && a->at - from < 18; ++a->at)
    a->literal = a->literal * 10 + (unsigned int) (*a->at - '0');
  if (a->at == from || a->last - a->at != 1 || *a->at != '}') return fail(a, "sent what is no answer");
  a->at = a->last;
  return TOKEN_LITERAL;
}

/* In the name of a part, as BODY[HEADER.FIELDS (TO)], all in brackets belongs to the word;
 * in a flag a bracket is a sign like any other. */
static int names_part(const struct answer *a)
{
  size_t n = (size_t) (a->at - a->word);

  return (n == 4 && !case_diffb(a->word, 4, "BODY")) || (n >= 6 && !case_diffb(a->word, 6, "BINARY"));
}

static enum token atom(struct answer *a)
{
  int brackets = 0;

  for (a->word = a->at; a->at < a->last; ++a->at) {
    if ((unsigned char) *a->at < 32) return fail(a, "sent what is no answer");
    if (!brackets && memchr(" (){\"", *a->at, 5)) break;
    if (*a->at == '[') brackets |= names_part(a);
    if (*a->at == ']') brackets = 0;
  }
  a->len = (size_t) (a->at - a->word);
  return a->len ? TOKEN_ATOM : fail(a, "sent what is no answer");
}

enum token token_next(struct answer *a)
{
  /* The line behind a literal goes on with what it had begun. */
  if (a->literal) return fail(a, "sent what was not taken");
  while (a->at < a->last && *a->at == ' ') ++a->at;
  if (a->at == a->last) return TOKEN_END;
  switch (*a->at) {
    case '(': ++a->at; return TOKEN_OPEN;
    case ')': ++a->at; return TOKEN_CLOSE;
    case '"': ++a->at; return quoted(a);
    case '{': ++a->at; return literal(a);
    default: return atom(a);
  }
}

ssize_t token_take(struct answer *a, const char **bytes)
{
  struct stream *s = a->stream;
  size_t n;
  ssize_t r;

  if (!a->literal) return line(a) == 1 ? 0 : -1;
  if (s->pos == s->len) {
    if (wait_for(a) == -1) return -1;
    r = stream_fill(s);
    if (r <= 0) return lost(a, r);
  }
  n = s->len - s->pos;
  if (n > a->literal) n = (size_t) a->literal;
  *bytes = s->buffer + s->pos;
  s->pos += n;
  a->literal -= n;
  return (ssize_t) n;
}

static int drop(struct answer *a)
{
  const char *bytes;
  ssize_t r;

  if (a->literal > TOKEN_SKIPPED) return fail(a, "sent too much that nobody asked for");
  do r = token_take(a, &bytes); while (r > 0);
  return r == 0 ? 1 : -1;
}

/* Over one word, or to the end. */
static int pass(struct answer *a, int all)
{
  unsigned int depth = 0;

  do
    switch (token_next(a)) {
      case TOKEN_LOST: return -1;
      case TOKEN_END: return all && !depth ? 1 : fail(a, "sent half an answer");
      case TOKEN_LITERAL:
        if (drop(a) == -1) return -1;
        break;
      case TOKEN_OPEN:
        if (++depth > TOKEN_DEPTH) return fail(a, "nests too deeply");
        break;
      case TOKEN_CLOSE:
        if (!depth--) return fail(a, "sent what is no answer");
        break;
      default: break;
    }
  while (all || depth);
  return 1;
}

int token_skip(struct answer *a)
{
  return pass(a, 0);
}

int token_finish(struct answer *a)
{
  return pass(a, 1);
}

int token_number(const struct answer *a, unsigned long long *value)
{
  size_t i;

  *value = 0;
  for (i = 0; i < a->len; ++i) {
    if (a->word[i] < '0' || a->word[i] > '9' || i == 18) return 0;
    *value = *value * 10 + (unsigned int) (a->word[i] - '0');
  }
  return a->len > 0;
}

int token_is(const struct answer *a, const char *word)
{
  size_t n = strlen(word);

  return a->len == n && !case_diffb(a->word, n, word);
}
