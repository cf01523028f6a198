/* The readings of a parameter. */

#include "rfc2231.h"

#include <string.h>

#include "tap.h"

static struct readings got;

/* The readings of "name" in value, joined by | in the order found. */
static void reads(const char *value, const char *want, const char *name)
{
  static stralloc all;
  size_t i;
  int ran;

  readings_clear(&got);
  ran = rfc2231_param(value, strlen(value), "name", &got);
  all.len = 0;
  for (i = 0; i < got.count; ++i) {
    if (i) stralloc_cats(&all, "|");
    stralloc_catb(&all, got.text.s + got.list[i].at, got.list[i].len);
  }
  if (!got.count) stralloc_cats(&all, "none");
  ok(ran && all.len == strlen(want) && !memcmp(all.s, want, all.len), name);
  if (all.len != strlen(want) || memcmp(all.s, want, all.len))
    printf("# want %s\n# got  %.*s\n", want, (int) all.len, all.s);
}

static void noticed(unsigned int want, const char *name)
{
  ok((got.noticed & 7) == want, name);
  if ((got.noticed & 7) != want) printf("# want %u, got %u\n", want, got.noticed);
}

static void word(const char *value, const char *want, const char *name)
{
  static stralloc out;

  ok(rfc2231_word(value, strlen(value), &out) && out.len == strlen(want) &&
     !memcmp(out.s, want, out.len), name);
  if (out.len != strlen(want)) printf("# got %.*s\n", (int) out.len, out.s);
}

static void grammar(void)
{
  reads(" attachment", "none", "no parameters");
  noticed(0, "nothing odd in that");
  reads(" a/b; name=x.exe", "x.exe", "a token");
  noticed(0, "nothing odd in a token");
  reads(" a/b;name=x.exe", "x.exe", "no blank is needed");
  noticed(0, "nothing odd in a missing blank");
  reads(" a/b; name=\"x y.exe\"; other=1", "x y.exe", "a quoted string");
  noticed(0, "nothing odd in a quoted string");
  reads(" a/b;\r\n\tNAME =\r\n \"x\"", "x", "case and folds do not matter");
  reads(" a/b; name=\"\"", "", "an empty name is a reading");
  reads(" a/b (c); (name=no) name=x", "x", "comments");
  reads(" a/b; name=(is) x (it)", "x|(is) x (it)", "who knows no comments");
  reads(" a/b; name=\"a\\\"b.exe\"", "a\"b.exe|a\\|a\\b.exe", "a quoted pair, and who knows none");
  reads(" a/b; name=\"a;b.zip\"", "a;b.zip|a", "a ; in a quoted string");
  reads(" a/b; rename=x; name2=y; name=z", "z", "only this name");
  reads(" a/b; name=\"(x).zip\"", "(x).zip", "no comment in a quoted string");
  noticed(0, "nothing odd in brackets in a quoted string");
}

static void against(void)
{
  reads(" a/b; name=my file.exe; x=y", "my|my file.exe", "blanks without quotes");
  noticed(READINGS_ODD, "blanks without quotes are odd");
  reads(" a/b name=x.exe", "x.exe", "a missing ;");
  noticed(READINGS_ODD, "a missing ; is odd");
  reads(" a/b; other=\"1\" name=x.exe", "x.exe", "a missing ; between parameters");
  reads(" a/b; name=x.e(.txt)xe", "x.e|x.e(.txt)xe|x.exe", "a comment within a name");
  reads(" a/b; na(me=x.txt; )me=x.exe", "x.exe", "a comment within the name of a parameter");
  reads(" a/b; name=x;.exe", "x|x;.exe", "a ; that no parameter follows");
  reads(" a/b; name=x\\;.exe; size=1", "x\\|x\\;.exe", "a ; behind a backslash");
  reads("name=x.exe; a/b", "x.exe|x.exe; a/b", "a parameter in place of the type");
  reads(" ;name=x.exe", "x.exe", "a missing type");
  reads(" a/b; name=\"x.exe", "x.exe", "a missing quote");
  noticed(READINGS_ODD, "a missing quote is odd");
  reads(" a/b; name=\"a\".exe", "a|a.exe", "text behind the quote");
  reads(" a/b; name=a\".exe\"", "a\".exe\"|a.exe", "a quote inside a token");
  reads(" a/b;;; ; name=x", "x", "empty parameters");
  reads(" a/b; name; name=x", "x", "a parameter without a value");
  reads(" a/b; name=x; name=\"y\"", "x|y", "two of them");
  noticed(READINGS_TWICE, "two of them are noticed");
  reads(" a/b; x=\"1; name=x.exe\"", "x.exe", "who cuts at every ; sees more");
  reads(" a/b; name=\"a.e\r\n xe\"", "a.e xe|a.exe", "a fold inside a quoted string");
  reads(" a/b; name=a.e\r\n xe", "a.e|a.e xe|a.exe", "a fold inside a token");
  reads(" a/b; (name=x", "none", "an open comment");
}

static void extended(void)
{
  reads(" a/b; name*=utf-8''%e2%82%ac.exe", "\342\202\254.exe", "an extended value");
  reads(" a/b; name*=iso-8859-1'de'%fc.exe", "\303\274.exe", "an extended value in iso-8859-1");
  reads(" a/b; name*=x.ex%65", "x.exe", "an extended value without a character set");
  reads(" a/b; name*=''x%2eexe", "x.exe", "an extended value with an empty one");
  reads(" a/b; name*=utf-8''a%zz%4", "a%zz%4", "a % that encodes nothing stands for itself");
  reads(" a/b; name=a.txt; name*=utf-8''b.exe", "a.txt|b.exe", "plain and extended");
  reads(" a/b; name*0=a; name*1=\".e\"; name*2=xe", "a.exe", "segments");
  noticed(0, "nothing odd in segments");
  reads(" a/b; name*1=.exe; name*0=a", ".exea|a.exe", "segments in another order");
  reads(" a/b; name*0*=utf-8''%61; name*1=%2e; name*2*=ex%65", "a%2eexe", "extended and plain segments");
  reads(" a/b; name*0=a; name*2=.exe", "a.exe|a", "a gap");
  noticed(READINGS_ODD, "a gap is odd");
  reads(" a/b; name*1=a; name*2=.exe", "a.exe", "a missing first segment");
  reads(" a/b; name*0=a; name*1=.txt; name*1=.exe", "a.txt.exe|a.txt|a.exe", "a segment twice");
  noticed(READINGS_TWICE, "a segment twice is noticed");
  reads(" a/b; name*0=\"=?utf-8?Q?a\"; name*1=\".exe?=\"", "=?utf-8?Q?a.exe?=", "words stay encoded");
}

static void bounds(void)
{
  static stralloc many;
  size_t i;

  many.len = 0;
  stralloc_cats(&many, " a/b");
  for (i = 0; i < 99; ++i) stralloc_cats(&many, "; x=y");
  stralloc_cats(&many, "; name=x");
  stralloc_0(&many);
  reads(many.s, "x", "a hundred parameters are read");
  noticed(0, "a hundred parameters are allowed");
  many.len -= strlen("; name=x") + 1;
  stralloc_cats(&many, "; x=y; name=x");
  stralloc_0(&many);
  reads(many.s, "none", "of more the rest is not read");
  noticed(READINGS_OVER, "more are noticed");
  reads(" a/b; name*49=x", "x", "the fiftieth segment");
  reads(" a/b; name*50=x", "none", "the fifty-first segment");
  noticed(READINGS_OVER, "the fifty-first segment is noticed");
  reads(" a/b; name*99999999999999999999=x", "none", "an endless number");
  readings_clear(&got);
  for (i = 0; i < 70; ++i) readings_add(&got, (const char *) &i, 1);
  ok(got.count == READINGS_MAX && got.noticed & READINGS_OVER, "readings are bounded");
}

static void words(void)
{
  word(" Text/PLAIN; charset=x", "text/plain", "a type in lower case");
  word("\r\n text/plain\r\n", "text/plain", "a folded type");
  word(" text / plain ;x", "text/plain", "blanks round the slash");
  word(" (a(b)c) text(x)/plain", "text/plain", "comments");
  word(" \"attachment\"; x", "attachment", "quotes");
  word(" attachment filename=x", "attachment", "a missing ;");
  word("", "", "nothing");
  word(" ;", "", "nothing before the ;");
}

/* Changed bytes and prefixes: the sanitizer build sees an overrun. */
static void survives(void)
{
  static const char rich[] = " a/b (c); name*0*=\"utf-8'de'%41\\\"\"; name*1=b\r\n c; name=\"x;y\" z=1";
  char copy[sizeof rich];
  size_t cut, i, bad = 0;
  unsigned int seed = 2231;

  for (i = 0; i < 50000; ++i) {
    memcpy(copy, rich, sizeof rich);
    seed = seed * 1103515245 + 12345;
    cut = (seed >> 8) % sizeof rich;
    if (cut) copy[(seed >> 16) % cut] = ";=\"\\(*'%\r\n \0"[(seed >> 4) % 12];
    if (cut) copy[(seed >> 12) % cut] = ";=\"\\(*'%\r\n \0"[(seed >> 24) % 12];
    readings_clear(&got);
    bad += !rfc2231_param(copy, cut, "name", &got) || got.count > READINGS_MAX;
  }
  ok(!bad, "no mutilated value makes trouble");
}

int main(void)
{
  grammar();
  against();
  extended();
  bounds();
  words();
  survives();
  return done_testing();
}
