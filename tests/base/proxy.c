/* The PROXY protocol: what is a header, and what is none. */
#include "proxy.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static struct proxy p;

/* What a line of version 1 says: "FROM PORT TO PORT", "unknown" or "no". */
static int v1(const char *line, const char *want)
{
  char said[2 * IP_TEXT + 20] = "no", from[IP_TEXT], to[IP_TEXT];

  if (proxy_v1(line, strlen(line), &p)) {
    if (!p.known) snprintf(said, sizeof said, "unknown");
    else {
      ip_format(&p.from, from);
      ip_format(&p.to, to);
      snprintf(said, sizeof said, "%s %u %s %u", from, p.from_port, to, p.to_port);
    }
  }
  return !strcmp(said, want);
}

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V2(bytes) proxy_v2(bytes, sizeof bytes - 1, &p)
#define FOUR "\xc0\0\2\1" "\xcb\0\x71\2" "\x1f\x90" "\0\x19"
#define SIX "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1" "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2" "\0\1" "\xff\xff"

static int from_is(const char *address, unsigned int port)
{
  char text[IP_TEXT];

  ip_format(&p.from, text);
  return p.known && !strcmp(text, address) && p.from_port == port;
}

static int again(const char *from, const char *to)
{
  struct proxy made = { .known = 1, .from_port = 4711, .to_port = 25 };
  char header[PROXY_MADE], text[IP_TEXT];
  size_t len;

  if (!ip_scan(from, strlen(from), &made.from) || !ip_scan(to, strlen(to), &made.to)) return 0;
  len = proxy_make(&made, header);
  if (!proxy_v2(header, len, &p) || !p.known || p.to_port != 25) return 0;
  ip_format(&p.to, text);
  return from_is(from, 4711) && !strcmp(text, to);
}

int main(void)
{
  char header[PROXY_MADE], large[PROXY_V2 + 5000] = SIG "\x21\x11\x10\1";
  struct proxy none = { 0 };

  ok(v1("PROXY TCP4 192.0.2.1 203.0.113.2 8080 25\r\n", "192.0.2.1 8080 203.0.113.2 25"), "IPv4, version 1");
  ok(v1("PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n", "2001:db8::1 0 2001:db8::2 65535"), "IPv6");
  ok(v1("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:203.0.113.2 1 2\r\n", "192.0.2.1 1 203.0.113.2 2"), "IPv4 within it");
  ok(v1("PROXY UNKNOWN\r\n", "unknown") && v1("PROXY UNKNOWN ffff:f...f x 65536\r\n", "unknown"), "unknown, whatever is behind it");
  ok(v1("PROXY TCP4 192.0.2.1 203.0.113.2 8080 65536\r\n", "no") && v1("PROXY TCP4 192.0.2.1 203.0.113.2 08 25\r\n", "no") &&
     v1("PROXY TCP4 192.0.2.1 203.0.113.2 -1 25\r\n", "no"), "numbers that are no ports");
  ok(v1("PROXY TCP4 192.0.2.1 203.0.113.2 8080\r\n", "no") && v1("PROXY TCP4 192.0.2.1 203.0.113.2 1 2 3\r\n", "no") &&
     v1("PROXY TCP4 192.0.2.1 203.0.113.2 1 2 \r\n", "no") && v1("PROXY TCP4  192.0.2.1 203.0.113.2 1 2\r\n", "no"), "words that lack, or are too many");
  ok(v1("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", "no") && v1("PROXY TCP6 192.0.2.1 203.0.113.2 1 2\r\n", "no"), "the other family");
  ok(v1("PROXY TCP4 192.0.2.1 203.0.113.2 8080 25\n", "no") && v1("PROXY UNKNOWN\r", "no") && v1("PROXY\r\n", "no") &&
     v1("proxy UNKNOWN\r\n", "no") && v1("PROXY UDP4 192.0.2.1 203.0.113.2 1 2\r\n", "no") &&
     v1("PROXY UNKNOWN x\rx\r\n", "no"), "half a line, and others");
  ok(V2(SIG "\x21\x11\0\xc" FOUR) && from_is("192.0.2.1", 8080), "IPv4, version 2");
  ok(V2(SIG "\x21\x21\0\x24" SIX) && from_is("2001:db8::1", 1), "IPv6");
  ok(V2(SIG "\x21\x11\0\x10" FOUR "\4\0\1x") && from_is("192.0.2.1", 8080), "with something behind the addresses");
  ok(V2(SIG "\x20\x11\0\xc" FOUR) && !p.known && V2(SIG "\x20\0\0\0") && !p.known, "a proxy that speaks for itself");
  ok(V2(SIG "\x21\0\0\0") && !p.known && V2(SIG "\x21\x12\0\xc" FOUR) && !p.known && V2(SIG "\x21\x31\0\2xx") && !p.known,
     "and for somebody who is not on TCP");
  ok(!V2(SIG "\x21\x11\0\xb\xc0\0\2\1" "\xcb\0\x71\2" "\x1f\x90" "\0") && !V2(SIG "\x21\x21\0\xc" FOUR), "addresses that are cut off");
  ok(!V2(SIG "\x22\x11\0\xc" FOUR) && !V2(SIG "\x11\x11\0\xc" FOUR) && !V2(SIG "\x21\x11\0\xd" FOUR) &&
     !V2("\r\n\r\n\1\r\nQUIT\n\x21\x11\0\xc" FOUR), "and what is no header");
  ok(proxy_rest(large) == -1, "nor is one too long");
  ok(again("192.0.2.1", "203.0.113.2") && again("2001:db8::1", "2001:db8::2"), "what we make is read again");
  ok(again("192.0.2.1", "2001:db8::2"), "also of two families");
  ok(proxy_make(&none, header) == 16 && V2(SIG "\x20\0\0\0") && !memcmp(header, SIG "\x20\0\0\0", 16), "and of nobody");
  return done_testing();
}
