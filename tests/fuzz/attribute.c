/* What XCLIENT and XFORWARD say, and what a server offers of them: values are printable
 * and of their kind, only of attributes that the command has, and say the same when they
 * are written and read once more.
 * modules: smtpproxy/attribute.c smtpproxy/xtext.c */

#include "attribute.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ip.h"
#include "xtext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static void value(enum attribute which, const stralloc *v)
{
  struct ip ip;
  size_t i;

  must(v->s && v->len <= 255 && strlen(v->s) == v->len);
  for (i = 0; i < v->len; ++i) must(v->s[i] > 32 && v->s[i] < 127);
  if (!v->len) return;
  if (which == ATTRIBUTE_ADDR || which == ATTRIBUTE_DESTADDR) must(ip_scan(v->s, v->len, &ip));
  if (which == ATTRIBUTE_PORT || which == ATTRIBUTE_DESTPORT) must(v->len < 6 && atol(v->s) < 65536);
  if (which == ATTRIBUTE_PROTO) must(!case_diffs(v->s, "SMTP") || !case_diffs(v->s, "ESMTP"));
  if (which == ATTRIBUTE_SOURCE) must(!case_diffs(v->s, "LOCAL") || !case_diffs(v->s, "REMOTE"));
}

/* " NAME=VALUE" for each that was given. */
static void write_anew(const struct attributes *a, stralloc *line)
{
  static const char unknown[] = "[UNAVAILABLE]";
  unsigned int i;

  line->len = 0;
  for (i = 0; i < ATTRIBUTES; ++i) {
    if (!(a->given >> i & 1)) continue;
    must(attribute_names(1u << i, line) && stralloc_cats(line, "="));
    must(a->value[i].len ? xtext_encode(line, a->value[i].s, a->value[i].len) : stralloc_cats(line, unknown));
  }
}

static void command(const char *args, size_t len, unsigned int has)
{
  static struct attributes a, b;
  static stralloc line;
  unsigned int i;

  if (!attribute_read(args, len, has, &a)) return;
  must(a.given && !(a.given & ~has));
  for (i = 0; i < ATTRIBUTES; ++i)
    if (a.given >> i & 1) value(i, a.value + i);
  write_anew(&a, &line);
  must(attribute_read(line.s, line.len, has, &b) && a.given == b.given);
  for (i = 0; i < ATTRIBUTES; ++i)
    if (a.given >> i & 1) must(a.value[i].len == b.value[i].len && !memcmp(a.value[i].s, b.value[i].s, a.value[i].len));
}

static void offer(const char *words, size_t len)
{
  static stralloc text, names;
  unsigned int has;

  must(stralloc_copys(&text, " ") && stralloc_catb(&text, words, len));
  has = attribute_offered(&text);
  must(has < 1u << ATTRIBUTES);
  names.len = 0;
  must(attribute_names(has, &names) && attribute_offered(&names) == has);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *exact = malloc(size ? size : 1);

  must(exact != 0);
  memcpy(exact, data, size);
  command(exact, size, ATTRIBUTE_XCLIENT);
  command(exact, size, ATTRIBUTE_XFORWARD);
  offer(exact, size);
  free(exact);
  return 0;
}
