#include "hop.h"

#include <string.h>

#include "control.h"
#include "ip.h"
#include "pattern.h"

#define WORDMAX 255  /* bytes of a name that are looked at */

static int word(stralloc *to, const char *text, size_t len)
{
  size_t i;

  if (len > WORDMAX) len = WORDMAX;
  if (!stralloc_copyb(to, text, len) || !stralloc_0(to)) return 0;
  for (i = 0; i < len; ++i)
    if (to->s[i] < 33 || to->s[i] > 126) to->s[i] = '?';
  return 1;
}

static size_t until(const char *p, const char *end, const char *stops)
{
  const char *q = p;

  while (q < end && !strchr(stops, *q)) ++q;
  return (size_t) (q - p);
}

/* Behind the word `name` that stands between blanks, or 0. */
static const char *behind(const char *p, const char *end, const char *name)
{
  size_t n = strlen(name);

  for (; end - p > (long) n; ++p)
    if (*p == ' ' && !case_diffb(p + 1, n, name) && p + 1 + n < end && p[1 + n] == ' ') return p + 2 + n;
  return 0;
}

/* "from NAME (HELO HELO) (USER@IP) by", as qmail has it: the name is what the server found. */
static int qmail(struct hop *hop, const char *name, size_t len, const char *end)
{
  const char *helo = name + len + 7;

  return word(&hop->helo, helo, until(helo, end, ")")) &&
         ((len == 7 && !memcmp(name, "unknown", 7)) || word(&hop->host, name, len));
}

/* "from NAME ([IP] helo=HELO) by", or "from [IP] (helo=HELO) by", as Exim has it where the name
 * that it found is another one, or there is none. From behind the name; 1, or 0 without memory. */
static int exim(struct hop *hop, const char *name, size_t len, const char *end)
{
  const char *p = name + len, *stop;
  int found = end - p > 2 && p[2] == '[' && *name != '[';

  if (end - p < 2 || memcmp(p, " (", 2)) return 1;
  for (stop = p + until(p, end, ")"), ++p; stop - p > 6; p += 1 + until(p + 1, stop, " "))
    if (!memcmp(p + 1, "helo=", 5))
      return word(&hop->helo, p + 6, until(p + 6, stop, " ")) && (!found || word(&hop->host, name, len));
  return 1;
}

/* The first address between p and end, in brackets or parentheses, in *at and *len; it is not one
 * that the client called itself (Exim). Where it begins, bracket and all, or 0. */
static const char *address(const char *p, const char *end, const char **at, size_t *len)
{
  const char *begin, *user;
  struct ip ip;
  size_t n;

  for (; (p = p + until(p, end, "[(")) < end; ++p) {
    begin = p + 1;
    if (p[-1] == '=') continue;
    if (end - begin > 5 && !case_diffb(begin, 5, "IPv6:")) begin += 5;
    n = until(begin, end, "])");
    /* qmail puts a name of ident before it. */
    for (user = begin + n; user > begin && user[-1] != '@'; --user) ;
    *at = user;
    *len = n - (size_t) (user - begin);
    if (*len && ip_scan(*at, *len, &ip)) return p;
  }
  return 0;
}

/* "from HELO (NAME [IP]) by". What a client calls itself may look like an address, and counts as
 * one only where there is no other. */
static int client(struct hop *hop, const char *p, const char *end)
{
  const char *by = behind(p, end, "by"), *ip, *found, *begin, *behind_helo;
  size_t n, len;

  if (by) end = by - 3;
  if (end - p < 5 || case_diffb(p, 5, "from ")) return 1;
  p += 5;
  n = until(p, end, " ");
  if (!word(&hop->helo, p, n)) return 0;
  behind_helo = p + n;
  if (end - behind_helo > 7 && !case_diffb(behind_helo, 7, " (HELO ")) {
    if (!qmail(hop, p, n, end)) return 0;
    behind_helo += until(behind_helo, end, ")");
  } else if (!exim(hop, p, n, end)) return 0;
  found = address(behind_helo, end, &ip, &len);
  if (!found) found = address(p, end, &ip, &len);
  if (found && !word(&hop->ip, ip, len)) return 0;
  /* The name before it in the parentheses is what the server itself found. */
  begin = memchr(p, '(', (size_t) (end - p));
  if (hop->host.len || !found || !begin || begin >= found) return 1;
  n = until(begin + 1, found, " ");
  if (n && begin[1] != '[' && memchr(begin + 1, '.', n) && !memchr(begin + 1, '=', n)) return word(&hop->host, begin + 1, n);
  return 1;
}

/* "for <ADDRESS>" or "for ADDRESS;" */
const char *hop_target(const char *p, const char *end, size_t *len)
{
  const char *at = behind(p, end, "for");

  if (!at) return 0;
  if (at < end && *at == '<') ++at;
  *len = until(at, end, " ;>");
  return *len ? at : 0;
}

/* The field that counts, on one line; as far as now is known. */
static int counts(struct hop *hop, const struct header *header, const struct field *f, const stralloc *line)
{
  hop->helo.len = hop->ip.len = hop->host.len = 0;
  hop->end = (size_t) (f->start + f->len - header->raw.s);
  return client(hop, line->s, line->s + line->len);
}

/* Rules ----------------------------------------------------------------------- */

/* The words behind the first pattern for this account; len 0: there are none. */
static int rule(const char *account, const char **words, size_t *len)
{
  static stralloc rules;
  static int read;
  const char *line;
  size_t at = 0, n, first;

  *len = 0;
  if (!read && control_read("control/hops", &rules) == -1) return 0;
  read = 1;
  while (control_next(&rules, &at, &line, &n, 0)) {
    first = until(line, line + n, " \t");
    if (!pattern_match(line, first, account, strlen(account))) continue;
    *words = line + first;
    *len = n - first;
    break;
  }
  return 1;
}

/* The next of the words. 1 or 0. */
static int next(const char **words, size_t *len, const char **text, size_t *n)
{
  while (*len && (**words == ' ' || **words == '\t')) ++*words, --*len;
  *text = *words;
  *n = until(*words, *words + *len, " \t");
  *words += *n;
  *len -= *n;
  return *n > 0;
}

/* Is the field of a server that the words name? */
static int ours(const char *words, size_t len, const char *p, const char *end)
{
  const char *by = behind(p, end, "by"), *text;
  size_t n;

  if (!by && end - p > 3 && !case_diffb(p, 3, "by ")) by = p + 3;
  while (by && next(&words, &len, &text, &n))
    if (pattern_match(text, n, by, until(by, end, " ;("))) return 1;
  return 0;
}

/* A field on one line, with one blank between words: most are folded with tabs. */
static int words_of(const struct field *f, stralloc *line)
{
  size_t i, n = 0;

  if (!field_unfold(f, line)) return 0;
  for (i = 0; i < line->len; ++i) {
    if (line->s[i] == '\t') line->s[i] = ' ';
    if (line->s[i] != ' ' || (n && line->s[n - 1] != ' ')) line->s[n++] = line->s[i];
  }
  line->len = n;
  return 1;
}

/* Which Received field of the recipient's own servers is the first that was
 * written, counted from the top? By number, or the last of those on top by names. */
static int deepest(const struct header *header, const char *words, size_t len, struct hop *hop)
{
  stralloc line = { 0 };
  struct field f = { 0 };
  unsigned long depth = 0, count = 0;
  const char *text, *rest = words;
  size_t restlen = len, n;
  int ok = 1;

  if (next(&rest, &restlen, &text, &n)) control_scan(text, n, &depth);
  while (ok && header_next(header, &f)) {
    if (!field_is(&f, "Received")) continue;
    if (!words_of(&f, &line)) ok = 0;
    else if (depth ? ++count < depth : ours(words, len, line.s, line.s + line.len)) {
      if (!depth) ok = counts(hop, header, &f, &line);
    } else {
      if (depth) ok = counts(hop, header, &f, &line);
      break;
    }
  }
  stralloc_free(&line);
  return ok;
}

int hop_helo(const struct header *header, const char *ip, stralloc *helo)
{
  static struct hop hop;
  static stralloc line;
  struct field f = { 0 };
  struct ip a, b;
  int ok = 1;

  hop.helo.len = hop.ip.len = hop.host.len = 0;
  while (ok && !hop.helo.len && header_next(header, &f))
    if (field_is(&f, "Received")) ok = words_of(&f, &line) && client(&hop, line.s, line.s + line.len);
  if (hop.ip.len && ip_scan(hop.ip.s, hop.ip.len - 1, &a) && ip_scan(ip, strlen(ip), &b) && a.len == b.len &&
      !memcmp(a.bytes, b.bytes, a.len)) return ok && stralloc_copy(helo, &hop.helo);
  return ok && stralloc_copys(helo, "") && stralloc_0(helo);
}

static int sender(const struct header *header, struct hop *hop)
{
  stralloc line = { 0 };
  struct field f = { 0 };
  size_t n;
  int ok = 1;

  while (header_next(header, &f)) {
    if (!field_is(&f, "Return-Path")) continue;
    ok = field_unfold(&f, &line);
    if (ok && line.len > 1 && *line.s == '<') {
      n = until(line.s + 1, line.s + line.len, ">");
      ok = word(&hop->sender, line.s + 1, n);
    }
    break;
  }
  stralloc_free(&line);
  return ok;
}

int hop_find(const struct header *header, const char *account, struct hop *hop)
{
  const char *words = "";
  size_t len;

  hop->sender.len = hop->helo.len = hop->host.len = hop->ip.len = 0;
  hop->end = 0;
  if (!rule(account, &words, &len) || !sender(header, hop) || (len && !deepest(header, words, len, hop))) return 0;
  if (!hop->sender.len && !stralloc_0(&hop->sender)) return 0;
  if (!hop->helo.len && !stralloc_0(&hop->helo)) return 0;
  if (!hop->host.len && !stralloc_0(&hop->host)) return 0;
  return hop->ip.len || stralloc_0(&hop->ip);
}
