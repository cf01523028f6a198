#include "mailbox.h"

#include <string.h>

#include "rfc2047.h"

#define LITERALMAX 256  /* bytes of a domain literal, read loosely */

/* Tokens that are not the character itself. */
enum { END = 256, ATOM, QUOTED, LITERAL, BAD };

struct comb {
  const char *at, *end;
  int token;
  stralloc text;     /* of an ATOM, QUOTED or LITERAL */
  stralloc address;  /* the one that may be coming */
  stralloc plain;    /* all tokens but BAD ones, without comments, quotes and needless blanks */
  int kept;          /* the last of them */
  stralloc *sure;
  int odd;           /* the grammar is broken */
  int nomem;
  int endless_quote, endless_comment, endless_literal;  /* the next one begins none either */
};

static int is_alnum(char c)
{
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c & (char) 0x80;
}

static int is_atext(char c)
{
  return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static int in_domain(char c)
{
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

static int is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void append(struct comb *s, stralloc *to, const char *bytes, size_t len)
{
  if (!stralloc_catb(to, bytes, len)) s->nomem = 1;
}

/* Behind the comment that begins at p, or 0: it does not end. */
static const char *comment(const char *p, const char *end)
{
  size_t depth = 0;

  for (; p < end; ++p) {
    if (*p == '\\') ++p;
    else if (*p == '(') ++depth;
    else if (*p == ')' && !--depth) return p + 1;
  }
  return 0;
}

static void skip_blanks(struct comb *s)
{
  const char *past;

  for (; s->at < s->end; s->at = past) {
    past = s->at + 1;
    if (is_blank(*s->at)) continue;
    if (*s->at != '(' || s->endless_comment) return;
    past = comment(s->at, s->end);
    if (past) continue;
    s->endless_comment = 1;
    return;
  }
}

/* A quoted string or a domain literal; text is what is inside. */
static int enclosed(struct comb *s, char close)
{
  const char *p;

  for (p = s->at + 1; p < s->end && *p != close; ++p) {
    if (*p == '\\' && p + 1 < s->end) ++p;
    if (*p == '\r' || *p == '\n') continue;
    if (*p) append(s, &s->text, p, 1);
    else s->odd = 1;
  }
  if (p >= s->end) {
    s->text.len = 0;
    return 0;
  }
  s->at = p + 1;
  return 1;
}

static int read_token(struct comb *s)
{
  const char *start;

  s->text.len = 0;
  skip_blanks(s);
  if (s->at == s->end) return END;
  for (start = s->at; s->at < s->end && is_atext(*s->at); ) ++s->at;
  if (s->at > start) {
    append(s, &s->text, start, (size_t) (s->at - start));
    return ATOM;
  }
  if (*start == '"' && !s->endless_quote) {
    if (enclosed(s, '"')) return QUOTED;
    s->endless_quote = 1;
  }
  if (*start == '[' && !s->endless_literal) {
    append(s, &s->text, "[", 1);
    if (enclosed(s, ']')) {
      append(s, &s->text, "]", 1);
      return LITERAL;
    }
    s->endless_literal = 1;
  }
  ++s->at;
  return *start && strchr(".@<>,:;", *start) ? *start : BAD;
}

static void next(struct comb *s)
{
  int before = s->kept;

  s->token = read_token(s);
  if (s->token == BAD) return;
  s->kept = s->token;
  if (s->token == '.' || s->token == '@') {
    char c = (char) s->token;

    append(s, &s->plain, &c, 1);
    return;
  }
  if (before != '.' && before != '@') append(s, &s->plain, " ", 1);
  append(s, &s->plain, s->text.s, s->text.len);
}

/* Words and dots into address: a local part, or a display name. How many words
 * stand apart; more than one is no local part. */
static size_t words(struct comb *s)
{
  size_t apart = 0;
  int before = 0;

  for (s->address.len = 0; s->token == ATOM || s->token == QUOTED || s->token == '.'; next(s)) {
    if (s->token == '.') {
      if (!before || before == '.') apart = 2;
      append(s, &s->address, ".", 1);
    } else {
      if (before != '.') ++apart;
      append(s, &s->address, s->text.s, s->text.len);
    }
    before = s->token;
  }
  return before == '.' ? 2 : apart;
}

static void domain(struct comb *s)
{
  size_t i, start = s->address.len;

  if (s->token == LITERAL) {
    append(s, &s->address, s->text.s, s->text.len);
    next(s);
    return;
  }
  for (;; next(s)) {
    if (s->token != ATOM) s->odd = 1;
    else append(s, &s->address, s->text.s, s->text.len);
    if (s->token == ATOM) next(s);
    if (s->token != '.') break;
    append(s, &s->address, ".", 1);
  }
  for (i = start; i < s->address.len; ++i) if (!in_domain(s->address.s[i])) s->odd = 1;
}

/* The rest of an address whose local part has been read. */
static void address(struct comb *s, size_t apart)
{
  if (apart != 1 || (s->address.len && *s->address.s == '\'')) s->odd = 1;
  append(s, &s->address, "@", 1);
  next(s);
  domain(s);
  append(s, s->sure, s->address.s, s->address.len);
  append(s, s->sure, "", 1);
}

static void route(struct comb *s)
{
  while (s->token == '@' || s->token == ',') {
    int hop = s->token == '@';

    next(s);
    if (hop) domain(s);
  }
  if (s->token == ':') next(s);
  else s->odd = 1;
}

static void angle(struct comb *s)
{
  size_t apart;

  next(s);
  if (s->token == '@' || s->token == ',') route(s);
  apart = words(s);
  if (s->token == '@') address(s, apart);
  else s->odd = 1;
  if (s->token == '>') next(s);
  else s->odd = 1;
}

/* Mailboxes and groups with commas between; a group's list ends at its ;. */
static void list(struct comb *s)
{
  int group = 0;
  size_t apart;

  for (;;) {
    while (s->token == ',' || (group && s->token == ';')) {
      if (s->token == ';') group = 0;
      next(s);
    }
    if (s->token == END) break;
    apart = words(s);
    if (s->token == '@') address(s, apart);
    else if (s->token == '<') angle(s);
    else if (s->token == ':' && !group && apart) {
      group = 1;
      next(s);
      continue;
    } else s->odd = 1;
    if (s->token == ',' || s->token == END || (group && s->token == ';')) continue;
    s->odd = 1;
    next(s);
  }
  if (group) s->odd = 1;
}

/* Behind the domain that begins at p, or p: none does. */
static const char *past_domain(const char *p, const char *end)
{
  const char *start = p, *close;
  size_t len = (size_t) (end - p);

  while (p < end && in_domain(*p)) ++p;
  if (p > start || !len || *p != '[') return p;
  close = memchr(p, ']', len < LITERALMAX ? len : LITERALMAX);
  return close && !memchr(p, 0, (size_t) (close - p)) ? close + 1 : p;
}

/* Whatever is on both sides of an @; if nothing that can be read is before it,
 * the domain alone. */
static int loose(const char *text, size_t len, stralloc *out)
{
  const char *end = text + len, *at, *from, *to;

  for (at = text; (at = memchr(at, '@', (size_t) (end - at))); ++at) {
    for (from = at; from > text && (is_atext(from[-1]) || from[-1] == '.'); ) --from;
    while (from < at && *from == '\'') ++from;
    to = past_domain(at + 1, end);
    if (to == at + 1) continue;
    if (!stralloc_catb(out, from, (size_t) (to - from)) || !stralloc_0(out)) return 0;
  }
  return 1;
}

static size_t count(const char *bytes, size_t len, char c)
{
  size_t i, n = 0;

  for (i = 0; i < len; ++i) n += bytes[i] == c;
  return n;
}

/* The value on one line, as RFC 5322 unfolds it. 0 bytes go too: some readers drop them. */
static int unfold(const char *value, size_t len, stralloc *line)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if (value[i] && value[i] != '\r' && value[i] != '\n' && !stralloc_append(line, value + i))
      return 0;
  return 1;
}

/* Every reading that does not follow the grammar; ats: @ that the grammar has seen. */
static int readings(const struct comb *s, const char *value, size_t len, size_t ats,
                    stralloc *maybe)
{
  static stralloc line, decoded;

  line.len = decoded.len = 0;
  if (!unfold(value, len, &line)) return 0;
  if (s->odd || count(line.s, line.len, '@') != ats)
    if (!loose(line.s, line.len, maybe) || !loose(s->plain.s, s->plain.len, maybe)) return 0;
  if (!memmem(line.s, line.len, "=?", 2)) return 1;
  if (!rfc2047_decode(line.s, line.len, &decoded)) return 0;
  if (!s->odd && count(decoded.s, decoded.len, '@') == ats) return 1;
  return loose(decoded.s, decoded.len, maybe);
}

int mailbox_scan(const char *value, size_t len, stralloc *sure, stralloc *maybe)
{
  static struct comb s;
  size_t start = sure->len, ats;

  s.at = value;
  s.end = value + len;
  s.sure = sure;
  s.plain.len = 0;
  s.token = s.kept = s.odd = s.endless_quote = s.endless_comment = s.endless_literal = 0;
  next(&s);
  list(&s);
  ats = sure->len > start ? count(sure->s + start, sure->len - start, 0) : 0;
  if (s.nomem || !readings(&s, value, len, ats, maybe)) return 0;
  if (!s.odd) return 1;
  if (!stralloc_catb(maybe, sure->s + start, sure->len - start)) return 0;
  sure->len = start;
  return 1;
}
