/* What is found in text, in whatever pieces it comes. */

#include "comb.h"

#include <string.h>

#include "tap.h"

static void finds(const char *text, unsigned int want, const char *name)
{
  struct comb whole, pieces;
  size_t i;

  comb_begin(&whole);
  comb_feed(&whole, text, strlen(text));
  comb_begin(&pieces);
  for (i = 0; text[i]; ++i) comb_feed(&pieces, text + i, 1);
  ok(whole.found == want && pieces.found == want, name);
}

int main(void)
{
  finds("hello", 0, "text");
  finds("<p>x</p><SCRIPT>", COMB_SCRIPT, "a script");
  finds("<script src=x>", COMB_SCRIPT, "a script elsewhere");
  finds("<<script>", COMB_SCRIPT, "a script behind a sign");
  finds("<script type=\"application/ld+json\">", 0, "data that is called a script");
  finds("<a href=JavaScript:x>", COMB_SCRIPT, "a script in an address");
  finds("<body onload = x>", COMB_SCRIPT, "a handler");
  finds("<img src=x/onerror=x>", COMB_SCRIPT, "a handler behind a slash");
  finds("<svg><x onanimationstart=y>", COMB_SCRIPT, "any handler");
  finds("<p>one=two on=three</p> once=x", 0, "no handler");
  finds("<a href=\"x?only=1\">", 0, "no handler in an address");
  finds("<img src=\"data:image/png;base64,AA\">", 0, "a picture");
  finds("<a href=\"data:application/octet-stream;base64,AA\">", COMB_DATA, "a program");
  finds("<a href=\"data:text/html,x\">", COMB_DATA, "a page");
  finds("data: application/x", 0, "prose");
  finds("begin 644 x\n", COMB_FILE, "uuencode in the first line");
  finds("x\n=ybegin line=1", COMB_FILE, "yEnc");
  finds("x begin 644 x\n", 0, "not at the beginning of a line");
  return done_testing();
}
