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
  finds("<body onload = x>", COMB_HANDLER, "a handler");
  finds("<img src=x/onerror=x>", COMB_HANDLER, "a handler behind a slash");
  finds("<svg><x onanimationstart=y>", COMB_HANDLER, "any handler");
  finds("<p>one=two on=three</p> once=x", 0, "no handler");
  finds("<a href=\"x?only=1\">", 0, "no handler in an address");
  finds("<img src=\"data:image/png;base64,AA\">", 0, "a picture");
  finds("<a href=\"data:application/octet-stream;base64,AA\">", COMB_DATA, "a program");
  finds("<a href=\"data:text/html,x\">", COMB_DATA, "a page");
  finds("data: application/x", 0, "prose");
  finds("<a href=\"java&#115;cript:x\">", COMB_SCRIPT, "a script in an address with a reference");
  finds("<a href=\"&#x6a;avascript&colon;x\">", COMB_SCRIPT, "in sixteens, and named");
  finds("<a href=\"java&#0000115cript:x\">", COMB_SCRIPT, "with zeros, and without its end");
  finds("<a href=\"java&Tab;scr\tipt\n:x\">", COMB_SCRIPT, "with what is taken out of an address");
  finds("<a title=\">\" href=\"java&#115;cript:x\">", COMB_SCRIPT, "behind a sign that ends no tag");
  finds("<p>java &amp; scripts: x &#115;", 0, "references in text");
  finds("<a href=\"d&#97;ta:text&sol;html,x\">", COMB_DATA, "a page with references");
  finds("<iframe srcdoc=\"&lt;script>x\">", COMB_SCRIPT, "a page in an attribute");
  finds("<p>&lt;script&gt; is a tag", 0, "text about scripts");
  finds("<s:svg><s:script>", COMB_SCRIPT, "a script with a prefix");
  finds("<scripts><x:scripting>", 0, "other names");
  finds("<office:scripts/><a b=\"x:script\">", 0, "a word with a prefix");
  finds("<script\fsrc=x>", COMB_SCRIPT, "a script with a form feed behind it");
  finds("<img\fonerror=x>", COMB_HANDLER, "a handler behind one");
  finds("<script id=json>", COMB_SCRIPT, "a script that has the word json");
  finds("<script id=a type=application/json>", COMB_SCRIPT, "a type that may not be the script's");
  finds("<!ENTITY x \"&#60;script>\">", COMB_SCRIPT, "an entity with a script");
  finds("begin 644 x\n", COMB_FILE, "uuencode in the first line");
  finds("x\n=ybegin line=1", COMB_FILE, "yEnc");
  finds("x begin 644 x\n", 0, "not at the beginning of a line");
  return done_testing();
}
