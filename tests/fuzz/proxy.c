/* The header of a proxy, versions 1 and 2: what is understood of it are addresses of one
 * family and ports, and the header that we make of them says the same. The input is
 * taken for a line, for a header, and for what follows the signature of one. */

#include "proxy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

static int same(const struct ip *a, const struct ip *b)
{
  return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static void sound(const struct proxy *p)
{
  struct proxy again;
  char header[PROXY_MADE];
  size_t len = proxy_make(p, header);

  must(len >= PROXY_V2 && len <= sizeof header && proxy_rest(header) == (int) len - PROXY_V2);
  must(proxy_v2(header, len, &again) && again.known == p->known);
  if (!p->known) return;
  must((p->from.len == 4 || p->from.len == 16) && (p->to.len == 4 || p->to.len == 16));
  must(p->from_port < 65536 && p->to_port < 65536);
  must(same(&p->from, &again.from) && same(&p->to, &again.to));
  must(p->from_port == again.from_port && p->to_port == again.to_port);
}

static void line(const char *text, size_t size)
{
  char anew[PROXY_V1 + 1], from[IP_TEXT], to[IP_TEXT];
  struct proxy p, q;
  int n, six;

  if (size < PROXY_FIRST || !proxy_v1(text, size, &p)) return;
  must(size <= PROXY_V1 && !memcmp(text, "PROXY ", 6) && text[size - 2] == '\r' && text[size - 1] == '\n');
  must(!memchr(text, 0, size) && memchr(text, '\n', size) == text + size - 1);
  sound(&p);
  if (!p.known) return;
  six = text[9] == '6';
  must(six || (p.from.len == 4 && p.to.len == 4));
  ip_format(&p.from, from);
  ip_format(&p.to, to);
  n = snprintf(anew, sizeof anew, "PROXY TCP%c %s%s %s%s %u %u\r\n", text[9], six && p.from.len == 4 ? "::ffff:" : "", from,
               six && p.to.len == 4 ? "::ffff:" : "", to, p.from_port, p.to_port);
  must(n > 0 && n <= PROXY_V1 && proxy_v1(anew, (size_t) n, &q) && q.known && same(&p.from, &q.from) &&
       same(&p.to, &q.to) && p.from_port == q.from_port && p.to_port == q.to_port);
}

static void header(const char *text, size_t size)
{
  struct proxy p;
  int rest;

  if (size < PROXY_V2 || (rest = proxy_rest(text)) < 0) return;
  must(rest <= PROXY_REST);
  if (size < PROXY_V2 + (size_t) rest) return;
  must(!proxy_v2(text, PROXY_V2 + (size_t) rest - 1, &p));
  if (proxy_v2(text, PROXY_V2 + (size_t) rest, &p)) sound(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
  char *exact = malloc(size + PROXY_FIRST);

  must(exact != 0);
  memcpy(exact, data, size);
  line(exact, size);
  free(exact);
  exact = malloc(size + PROXY_FIRST);
  must(exact != 0);
  memcpy(exact, signature, PROXY_FIRST);
  memcpy(exact + PROXY_FIRST, data, size);
  header(exact, size + PROXY_FIRST);
  header(exact + PROXY_FIRST, size);
  free(exact);
  return 0;
}
