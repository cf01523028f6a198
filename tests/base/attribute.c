/* What XCLIENT and XFORWARD say, and xtext. */
#include "attribute.h"

#include <string.h>

#include "tap.h"
#include "xtext.h"

static struct attributes a;

static int reads(const char *args, enum attribute which, const char *want)
{
  return attribute_read(args, strlen(args), ATTRIBUTE_XCLIENT, &a) && a.given >> which & 1 && !strcmp(a.value[which].s, want);
}

static int fails(const char *args)
{
  return !attribute_read(args, strlen(args), ATTRIBUTE_XCLIENT, &a);
}

static int both(const char *plain, size_t len, const char *coded)
{
  stralloc out = { 0 }, in = { 0 };

  return xtext_encode(&out, plain, len) && out.len == strlen(coded) && !memcmp(out.s, coded, out.len) &&
         xtext_decode(&in, coded, strlen(coded)) && in.len == len && !memcmp(in.s, plain, len);
}

int main(void)
{
  stralloc names = { 0 };

  ok(both("joe", 3, "joe") && both("a+b=c d\r\n\0\xff", 11, "a+2Bb+3Dc+20d+0D+0A+00+FF"), "xtext, both ways");
  ok(xtext_decode(&names, "a+2b", 4) && !xtext_decode(&names, "a+2", 3) && !xtext_decode(&names, "a+2x", 4) &&
     !xtext_decode(&names, "a b", 3) && !xtext_decode(&names, "\xff", 1), "and what is none");
  ok(reads("ADDR=192.0.2.1", ATTRIBUTE_ADDR, "192.0.2.1") && reads("addr=IPV6:2001:DB8:0::1", ATTRIBUTE_ADDR, "2001:db8::1") &&
     reads("DESTADDR=::ffff:192.0.2.1", ATTRIBUTE_DESTADDR, "192.0.2.1"), "addresses come in one form");
  ok(reads("NAME=[UNAVAILABLE]  ADDR=[TEMPUNAVAIL]", ATTRIBUTE_ADDR, "") && a.given == 3, "or are not known");
  ok(reads("PORT=4711 DESTPORT=25 PROTO=ESMTP", ATTRIBUTE_PORT, "4711"), "ports, protocols");
  ok(reads("NAME=a+20b+0Ac+3D+00d", ATTRIBUTE_NAME, "a?b?c=?d"), "names become printable");
  ok(reads("LOGIN=", ATTRIBUTE_LOGIN, ""), "and may be empty");
  ok(fails("") && fails("  ") && fails("ADDR") && fails("=x") && fails("ADDR=x") && fails("ADDR=") && fails("PORT=65536") &&
     fails("PORT=-1") && fails("PORT=2k") && fails("PROTO=HTTP") && fails("NAME=+0"), "malformed");
  ok(fails("NAME=a NAME=b") && fails("IDENT=x") && fails("ADDR=192.0.2.1 WHAT=x"), "twice, of the other command, and unknown");
  ok((names.len = 0, attribute_names(ATTRIBUTE_XFORWARD, &names)) && names.len == 39 &&
     !memcmp(names.s, " NAME ADDR PORT PROTO HELO IDENT SOURCE", 39), "what XFORWARD has");
  return done_testing();
}
