#include "idna.h"

#include <string.h>

#include "dns.h"
#include "utf8.h"

enum {
  BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 128,  /* RFC 3492, 5 */
  LETTERS = 63  /* of a label; in the DNS it would be no shorter */
};

/* Letters of full width are those of ASCII. */
static unsigned int lower(unsigned int c)
{
  if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
  if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
      (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f)) return c + 32;
  return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

/* The character that n bytes of UTF-8 are. */
static unsigned int character(const char *s, size_t n)
{
  unsigned int c = (unsigned char) *s;
  size_t i;

  if (n > 1) c &= 0x7fU >> n;
  for (i = 1; i < n; ++i) c = c << 6 | ((unsigned char) s[i] & 0x3f);
  return lower(c);
}

static int is_dot(unsigned int c)
{
  return c == '.' || c == 0x3002 || c == 0xff61;
}

/* Nobody sees it, so that a name with it looks like that without: hyphens and
 * spaces that are none, marks of direction, variants. No name has it (RFC 5892). */
static int is_unseen(unsigned int c)
{
  static const struct { unsigned int first, last; } ranges[] = {
    { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x180b, 0x180f }, { 0x200b, 0x200b },
    { 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }
  };
  size_t i;

  for (i = 0; i < sizeof ranges / sizeof *ranges; ++i)
    if (c >= ranges[i].first && c <= ranges[i].last) return 1;
  return 0;
}

/* RFC 3492, 6.1. */
static unsigned int adapt(unsigned int delta, unsigned int points, int first)
{
  unsigned int k = 0;

  delta = first ? delta / DAMP : delta / 2;
  for (delta += delta / points; delta > (BASE - TMIN) * TMAX / 2; k += BASE) delta /= BASE - TMIN;
  return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static int digit(stralloc *out, unsigned int value)
{
  char c = (char) (value < 26 ? 'a' + value : '0' + value - 26);

  return stralloc_append(out, &c);
}

/* One delta as a number of variable length. */
static int integer(stralloc *out, unsigned int delta, unsigned int bias)
{
  unsigned int k, t;

  for (k = BASE; ; k += BASE) {
    t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
    if (delta < t) return digit(out, delta);
    if (!digit(out, t + (delta - t) % (BASE - t))) return 0;
    delta = (delta - t) / (BASE - t);
  }
}

/* RFC 3492, 6.3; a label is so short that nothing overflows. 1, or 0 without memory. */
static int punycode(const unsigned int *label, size_t len, stralloc *out)
{
  unsigned int n = FIRST, delta = 0, bias = BIAS, next, done = 0, basic;
  size_t i;
  char c;

  for (i = 0; i < len; ++i) {
    if (label[i] >= FIRST) continue;
    c = (char) label[i];
    ++done;
    if (!stralloc_append(out, &c)) return 0;
  }
  basic = done;
  if (basic && !stralloc_append(out, "-")) return 0;
  for (; done < len; ++delta, ++n) {
    for (next = ~0U, i = 0; i < len; ++i)
      if (label[i] >= n && label[i] < next) next = label[i];
    delta += (next - n) * (done + 1);
    n = next;
    for (i = 0; i < len; ++i) {
      if (label[i] < n) ++delta;
      if (label[i] != n) continue;
      if (!integer(out, delta, bias)) return 0;
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
  }
  return 1;
}

static int add(const unsigned int *label, size_t len, stralloc *out)
{
  size_t i;
  char c;

  for (i = 0; i < len && label[i] < FIRST; ++i) ;
  if (i < len) return stralloc_cats(out, "xn--") && punycode(label, len, out);
  for (i = 0; i < len; ++i) {
    c = (char) label[i];
    if (!stralloc_append(out, &c)) return 0;
  }
  return 1;
}

int idna_name(const char *text, size_t len, stralloc *name)
{
  static stralloc plain;
  unsigned int label[LETTERS], c;
  size_t i, n, letters = 0;

  plain.len = 0;
  for (i = 0; i < len; i += n) {
    n = utf8_length(text + i, len - i);
    /* What is no UTF-8 is looked up as it is. */
    if (!n) return dns_name(text, len, name);
    c = character(text + i, n);
    if (is_unseen(c)) continue;
    if (!is_dot(c)) {
      if (letters == LETTERS) return 0;
      label[letters++] = c;
      continue;
    }
    if (!add(label, letters, &plain) || !stralloc_append(&plain, ".")) return -1;
    letters = 0;
  }
  if (!add(label, letters, &plain)) return -1;
  return dns_name(plain.s, plain.len, name);
}
