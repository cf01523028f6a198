#include "target.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "pattern.h"

enum { RECIPIENTS = 100, ADDRESS = 254 };

#define BLANKS " \t"

/* Where nothing else is said: what final servers write, the surest first. */
static const char usual[] = "X-Envelope-To\nEnvelope-To\nX-Original-To\nDelivered-To\nReceived\n";

/* The next word of the line. Its length, or 0. */
static size_t word(const char **at, const char *end)
{
  size_t n = 0;

  while (*at < end && strchr(BLANKS, **at)) ++*at;
  while (*at + n < end && !strchr(BLANKS, (*at)[n])) ++n;
  return n;
}

static int is_address(const char *text, size_t len)
{
  size_t i;

  for (i = 0; i < len; ++i)
    if ((unsigned char) text[i] <= 32 || text[i] == 127 || strchr("<>,;", text[i])) return 0;
  return len <= ADDRESS && len > 2 && memchr(text + 1, '@', len - 2);
}

static int has(const stralloc *to, const char *address, size_t len)
{
  const char *at = to->s, *end = at + to->len, *nl;

  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if ((size_t) (nl - at) == len && !case_diffb(at, len, address)) return 1;
  }
  return 0;
}

/* Of several names for one person each is written to once. */
static int add(stralloc *to, const char *address, size_t len, const char *domain, size_t domainlen)
{
  static stralloc whole;

  if (!stralloc_copyb(&whole, address, len) || !stralloc_catb(&whole, domain, domainlen)) return -1;
  if (!is_address(whole.s, whole.len) || has(to, whole.s, whole.len)) return 1;
  return stralloc_cat(to, &whole) && stralloc_append(to, "\n") ? 1 : -1;
}

/* control/addresses: PATTERN ADDRESS..., the first that fits; @DOMAIN leaves what stands
 * before the at. */
static int mapped(stralloc *to, const char *address, size_t len)
{
  static stralloc map;
  static int known;
  const char *line, *at, *end, *local = memchr(address, '@', len);
  size_t pos = 0, n, linelen;
  int r = 1;

  if (!known && control_read("control/addresses", &map) == -1) return -1;
  known = 1;
  while (control_next(&map, &pos, &line, &linelen, 0)) {
    at = line;
    end = line + linelen;
    n = word(&at, end);
    if (!pattern_match(at, n, address, len)) continue;
    for (at += n; r == 1 && (n = word(&at, end)); at += n)
      r = *at == '@' ? add(to, address, (size_t) (local - address), at, n) : add(to, at, n, "", 0);
    return r;
  }
  return add(to, address, len, "", 0);
}

/* Is it one of ours, as control/recipients says? */
static int is_ours(const struct account *a, const char *address, size_t len)
{
  const char *line;
  size_t at = 0, n;

  while (control_next(&a->recipients, &at, &line, &n, 0))
    if (pattern_match(line, n, address, len)) return 1;
  return 0;
}

/* Addresses of a field's value, between commas, in angle brackets or without. */
static int listed(const struct account *a, const char *text, size_t len, const char *prefix, size_t prefixlen, stralloc *to)
{
  const char *end = text + len, *next, *at;
  size_t n;
  int r = 1;

  for (; r == 1 && text < end; text = next + 1) {
    next = memchr(text, ',', (size_t) (end - text));
    if (!next) next = end;
    at = memchr(text, '<', (size_t) (next - text));
    if (at) {
      const char *close = memchr(at, '>', (size_t) (next - at));

      n = close ? (size_t) (close - ++at) : 0;
    } else {
      at = text;
      n = word(&at, next);
    }
    if (prefixlen && n > prefixlen && !case_diffb(at, prefixlen, prefix)) at += prefixlen, n -= prefixlen;
    if (is_address(at, n) && is_ours(a, at, n)) r = mapped(to, at, n);
  }
  return r;
}

/* What the recipient's own servers have written stands on top: behind the Received field
 * that counts everything is the sender's word. */
static const char *trusted(const struct header *header, const struct hop *hop)
{
  struct field f = { 0 };

  if (hop->end) return header->raw.s + hop->end;
  while (header_next(header, &f))
    if (field_is(&f, "Received")) break;
  return f.start ? f.start + f.len : header->raw.s;
}

static int from_field(const struct account *a, const struct header *header, const struct hop *hop, const char *name,
                      size_t namelen, const char *prefix, size_t prefixlen, stralloc *to)
{
  static stralloc line;
  const char *end = trusted(header, hop), *target;
  struct field f = { 0 };
  int r = 1;

  while (r == 1 && header_next(header, &f) && f.start < end) {
    if (f.namelen != namelen || case_diffb(f.name, namelen, name)) continue;
    if (!field_unfold(&f, &line)) return -1;
    if (namelen != 8 || case_diffb(name, 8, "Received")) r = listed(a, line.s, line.len, prefix, prefixlen, to);
    else if (f.start + f.len == end && (target = hop_target(line.s, line.s + line.len, &line.len)))
      r = listed(a, target, line.len, "", 0, to);
  }
  return r;
}

static int from_header(const struct account *a, const struct header *header, const struct hop *hop, stralloc *to)
{
  static stralloc fields;
  const char *line, *at, *prefix;
  size_t pos = 0, len, n, prefixlen;
  int r = 1, named = control_next(&a->fields, &pos, &line, &len, 0);

  pos = 0;
  if (!stralloc_copys(&fields, named ? a->fields.s : usual)) return -1;
  while (r == 1 && !to->len && control_next(&fields, &pos, &line, &len, 0)) {
    at = line;
    n = word(&at, line + len);
    prefix = at + n;
    prefixlen = word(&prefix, line + len);
    r = from_field(a, header, hop, at, n, prefix, prefixlen, to);
  }
  return r;
}

int target_find(const struct account *a, const struct header *header, const struct hop *hop, stralloc *to)
{
  int r = 1;

  errno = ENOMEM;
  to->len = 0;
  if (!a->multidrop) r = add(to, a->recipient.s, strlen(a->recipient.s), "", 0);
  else if ((r = from_header(a, header, hop, to)) == 1 && !to->len && *a->fallback.s)
    r = add(to, a->fallback.s, strlen(a->fallback.s), "", 0);
  if (r == -1 || !stralloc_0(to)) return -1;
  return --to->len > 0;
}
