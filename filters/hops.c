#include "hops.h"

#include <string.h>
#include <strings.h>

#include "trusted.h"

static int is_blank(char c)
{
  return c == ' ' || c == '\t';
}

/* Is what stands before text[at] the name a client gave itself: helo=[...] or (HELO [...])? */
static int is_helo(const char *text, size_t at)
{
  const char *word;

  if (at < 5) return 0;
  word = text + at - 5;
  return (!strncasecmp(word, "helo", 4) || !strncasecmp(word, "ehlo", 4)) &&
         (word[4] == '=' || word[4] == ' ');
}

static int scan(const char *text, size_t len, struct ip *ip)
{
  if (len > 5 && !strncasecmp(text, "IPv6:", 5)) {
    text += 5;
    len -= 5;
  }
  return ip_scan(text, len, ip);
}

/* The part of a Received field that says from where: up to "by" outside comments. */
static size_t from_part(const char *line, size_t len)
{
  size_t i, depth = 0;

  for (i = 0; i < len; ++i) {
    if (line[i] == '\\') ++i;
    else if (line[i] == '(') ++depth;
    else if (line[i] == ')') depth -= !!depth;
    else if (!depth && is_blank(line[i]) && len - i > 3 &&
             !strncasecmp(line + i + 1, "by", 2) && is_blank(line[i + 3])) break;
  }
  return i < len ? i : len;
}

/* The address of the host that a field Received, on one line, is from, as the
 * one who wrote it saw it, not as that host called itself. 1, or 0: none.
 * Writers put what they saw into the comment, in brackets or alone; outside of
 * it, and sometimes first in it, stands what the client said. So brackets in the
 * comment count before the rest of it, before brackets outside; of several, the
 * last. */
static int from(const char *line, size_t len, struct ip *ip)
{
  enum { NONE, OUTSIDE, ALONE, BRACKETS } rank, best = NONE;
  const char *close, *last;
  struct ip found;
  size_t i, start = 0, depth = 0;

  if (len < 5 || strncasecmp(line, "from", 4) || !is_blank(line[4])) return 0;
  len = from_part(line, len);
  last = memrchr(line, ']', len);
  for (i = 4; i < len; ++i) {
    rank = NONE;
    if (line[i] == '(') ++depth;
    if (line[i] == '(' || line[i] == ' ' || line[i] == '@') start = i + 1;
    if (line[i] == '[' && line + i < last) {
      close = memchr(line + i, ']', len - i);
      start = i + 1;
      if (!is_helo(line, i)) rank = depth ? BRACKETS : OUTSIDE;
      i = (size_t) (close - line);
    } else if (line[i] == ')') {
      if (depth && !is_helo(line, start)) rank = ALONE;
      depth -= !!depth;
    }
    if (rank >= best && rank && scan(line + start, i - start, &found)) {
      best = rank;
      *ip = found;
    }
  }
  return best != NONE;
}

static int add(const struct ip *ip, struct ip *hops, int count)
{
  int i;

  if (ip_private(ip) || trusted_has(ip) || count == HOPS_MAX) return count;
  for (i = 0; i < count; ++i)
    if (hops[i].len == ip->len && !memcmp(hops[i].bytes, ip->bytes, ip->len)) return count;
  hops[count] = *ip;
  return count + 1;
}

int hops_read(const struct header *header, const struct ip *client, enum hops_which which,
              struct ip hops[HOPS_MAX])
{
  static stralloc line;
  struct field field = { 0 };
  struct ip ip;
  int count = client ? add(client, hops, 0) : 0;

  while (header_next(header, &field)) {
    if (!field_is(&field, "Received")) continue;
    line.len = 0;
    if (!field_unfold(&field, &line)) return -1;
    if (from(line.s, line.len, &ip)) count = add(&ip, hops, count);
  }
  if (which == HOPS_LAST_ONLY && count > 1) count = 1;
  if (which == HOPS_ALL_BUT_FIRST && count > 1) --count;
  return count;
}
