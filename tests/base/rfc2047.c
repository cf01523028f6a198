/* rfc2047_decode: what readers of mail show for a field. */

#include "rfc2047.h"

#include <string.h>

#include "tap.h"

static void says(const char *text, const char *want, const char *name)
{
  static stralloc out;

  out.len = 0;
  ok(rfc2047_decode(text, strlen(text), &out) && out.len == strlen(want) &&
     !memcmp(out.s, want, out.len), name);
  if (out.len != strlen(want) || memcmp(out.s, want, out.len))
    printf("# want %s\n# got  %.*s\n", want, (int) out.len, out.s);
}

/* A megabyte of beginnings without an end must not be searched for each. */
static void endless(void)
{
  static stralloc text, out;
  size_t i;
  int full = 1;

  for (i = 0; i < 150000; ++i) full = full && stralloc_cats(&text, "=?a?q?x");
  out.len = 0;
  ok(full && rfc2047_decode(text.s, text.len, &out) && out.len == text.len &&
     !memcmp(out.s, text.s, out.len), "words that never end cost no more than text");
}

/* Prefixes and changed bytes of a rich value: neither overrun (the sanitizer
 * build sees it) nor growth beyond three bytes for one. */
static void survives(void)
{
  static const char rich[] =
    "a =?iso-8859-1?B?/////w==?= =?utf-8*de?q?=c3=A4_=?=  =?x?Q?" "?= =?windows-1252?Q?=80?=";
  static stralloc out;
  char copy[sizeof rich];
  size_t cut, i, bad = 0;
  unsigned int seed = 2047;

  for (i = 0; i < 20000; ++i) {
    memcpy(copy, rich, sizeof rich);
    seed = seed * 1103515245 + 12345;
    cut = (seed >> 8) % sizeof rich;
    if (cut) copy[(seed >> 16) % cut] = "=?BQ_ \t*\0\377"[(seed >> 4) % 10];
    out.len = 0;
    bad += !rfc2047_decode(copy, cut, &out) || out.len > 3 * cut;
  }
  ok(!bad, "no mutilated value makes trouble");
}

int main(void)
{
  static stralloc out;

  says("plain text", "plain text", "text without words stays");
  says("", "", "nothing stays nothing");
  says("  two  blanks ", "  two  blanks ", "blanks stay");
  says("=?utf-8?Q?gr=C3=BCn?=", "gr\303\274n", "a Q word in utf-8");
  says("=?UTF-8?q?a_b?=", "a b", "an underscore is a blank, case does not matter");
  says("=?utf-8?B?Z3LDvG4=?=", "gr\303\274n", "a B word in utf-8");
  says("=?us-ascii?Q?plain?=", "plain", "a word in us-ascii");
  says("=?iso-8859-1?Q?gr=FCn?=", "gr\303\274n", "iso-8859-1 becomes UTF-8");
  says("=?windows-1252?Q?=80_=93x=94?=", "\342\202\254 \342\200\234x\342\200\235",
       "windows-1252 becomes UTF-8");
  says("=?koi8-r?B?8NLJ18XU?=", "\360\322\311\327\305\324", "another character set stays bytes");
  says("=?utf-8*de?Q?a?=", "a", "a language behind the character set is ignored");
  says("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab", "the blank between two words is gone");
  says("=?utf-8?Q?a?= \t  =?utf-8?B?Yg==?=", "ab", "more blanks between two words are gone");
  says("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c", "blanks between a word and text stay");
  says("=?utf-8?B?w7w=?= =?utf-8?B?w?= =?utf-8?B?7w=?=", "\303\274\357", "words are decoded one by one");
  says("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "\303\274", "a character may be split over two words");
  says("x=?utf-8?Q?a?=y", "xay", "a word inside text is decoded as readers do");
  says("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", "words without a blank between them");
  says("=?utf-8?Q?two words?=", "two words", "a blank in a word is let pass");
  says("=?utf-8?Q?a=4?= =?utf-8?Q?=zz?=", "a=4=zz", "an = that encodes nothing stands for itself");
  says("=?utf-8?B?Y W J?=", "ab", "junk in base64 is skipped");
  says("=?utf-8?B?YQ==Yg==?=", "ab", "padding does not end base64");
  says("=?utf-8?Q?" "?=", "", "a word may be empty");
  says("=?utf-8?Q?what?" "?=", "what?", "a question mark in a word");
  says("=?utf-8?X?a?=", "=?utf-8?X?a?=", "an unknown encoding stays as it is");
  says("=?utf-8?Q?open", "=?utf-8?Q?open", "an open word stays as it is");
  says("=?utf-8?Q?open?", "=?utf-8?Q?open?", "a word that lacks its last character stays");
  says("=??Q?a?=", "a", "a word without character set");
  says("=?a b=?Q?a?=", "a", "a character set of whatever bytes");
  says("=?a?b?=", "=?a?b?=", "a word without text stays");
  says("= =?= ?= ==", "= =?= ?= ==", "stray = and ? stay");
  out.len = 0;
  ok(rfc2047_decode("a\0=?x?Q?=00?=", 13, &out) && out.len == 3 && !memcmp(out.s, "a\0", 3),
     "NUL is a byte like others");
  endless();
  survives();
  return done_testing();
}
