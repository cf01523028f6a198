#include "zone.h"

#include <string.h>

#include "dns.h"

static const struct {
  const char *word;
  enum zone_kind kind;
  const char *codes;  /* where the word says none */
} kinds[] = {
  { "white:",  ZONE_WHITE,   "127.0.0-254.0-254" },
  { "rhs:",    ZONE_DOMAIN,  "127.0.0-1.2-254" },
  { "sender:", ZONE_SENDER,  "127.0.0-1.2-254" },
  { "from:",   ZONE_FROM,    "127.0.0-1.2-254" },
  { "helo:",   ZONE_HELO,    "127.0.0-1.2-254" },
  { "",        ZONE_ADDRESS, "127.0.0.2-254" }
};

/* A number or FIRST-LAST, up to 255. Behind it, or 0. */
static const char *read_range(const char *p, unsigned long *first, unsigned long *last)
{
  size_t len = scan_ulong(p, first);

  if (!len || len > 3 || *first > 255) return 0;
  p += len;
  *last = *first;
  if (*p != '-') return p;
  len = scan_ulong(++p, last);
  return len && len <= 3 && *last <= 255 && *first <= *last ? p + len : 0;
}

/* Four ranges with dots between. Behind them, or 0: that is no code. *fits: is
 * the answer in all of them? */
static const char *read_code(const char *p, const unsigned char answer[4], int *fits)
{
  unsigned long first, last;
  size_t i;

  for (*fits = 1, i = 0; i < 4; ++i) {
    if (i && *p++ != '.') return 0;
    p = read_range(p, &first, &last);
    if (!p) return 0;
    if (answer[i] < first || answer[i] > last) *fits = 0;
  }
  return p;
}

/* Codes with commas between. 1: one fits; 0: none; -1: they are none. */
static int read_codes(const char *codes, const unsigned char answer[4])
{
  const char *p = codes;
  int fits, any = 0;

  for (;; ++p) {
    p = read_code(p, answer, &fits);
    if (!p) return -1;
    any |= fits;
    if (*p != ',') break;
  }
  return *p && *p != '*' ? -1 : any;
}

int zone_read(const char *word, struct zone *zone)
{
  static const unsigned char nothing[4];
  size_t i = 0, len;
  const char *star, *codes;
  unsigned long weight = 1;
  int negative = 0;

  while (strncmp(word, kinds[i].word, strlen(kinds[i].word))) ++i;
  zone->kind = kinds[i].kind;
  zone->codes = kinds[i].codes;
  word += strlen(kinds[i].word);
  len = strcspn(word, "=*");
  codes = word[len] == '=' ? word + len + 1 : 0;
  if (codes) zone->codes = codes;
  star = strchr(word + len, '*');
  if (star) {
    negative = star[1] == '-';
    star += 1 + negative;
    i = scan_ulong(star, &weight);
    if (!i || star[i] || weight > ZONE_WEIGHT || zone->kind == ZONE_WHITE) return 0;
  }
  zone->weight = negative ? -(long) weight : (long) weight;
  if (read_codes(zone->codes, nothing) == -1 || !memchr(word, '.', len)) return 0;
  return dns_name(word, len, &zone->name);
}

int zone_lists(const struct zone *zone, const char answer[4])
{
  unsigned char a[4];

  memcpy(a, answer, sizeof a);
  if (a[0] != 127 || (a[1] == 255 && a[2] == 255)) return -1;
  return read_codes(zone->codes, a) == 1;
}
