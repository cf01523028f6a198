/* Character sets that do not write ASCII as ASCII. */

#include "charset.h"

#include <string.h>

#include "tap.h"

static void says(const char *charset, const char *text, size_t len, const char *want)
{
  static stralloc out;

  out.len = 0;
  ok(charset_cat(charset, strlen(charset), text, len, &out) && out.len == strlen(want) &&
     !memcmp(out.s, want, out.len), charset);
}

int main(void)
{
  says("utf-8", "a.exe", 5, "a.exe");
  says("iso-8859-1", "\xe9", 1, "\xc3\xa9");
  says("Windows-1252", "\x80", 1, "\xe2\x82\xac");
  says("utf-7", "a+AC4-exe+-", 11, "a.exe+");
  says("utf-7", "a+AC4", 5, "a.");
  says("utf-16", "\xff\xfe" "a\0.\0", 6, "a.");
  says("utf-16", "\xfe\xff\0a\0.", 6, "a.");
  says("utf-16le", "a\0.\0", 4, "a.");
  says("utf-16be", "\0a\0.", 4, "a.");
  says("utf-16be", "\xd8\x3d\xde\x00", 4, "\xf0\x9f\x98\x80");
  says("utf-16", "a", 1, "");
  says("utf-32be", "\0\0\0a\0\0\0.", 8, "a.");
  says("cp037", "\x81\x4b\x85\xa7\x85", 5, "a.exe");
  says("koi8-r", "\xc1.exe", 5, "\xc1.exe");
  says("u", "a", 1, "a");
  return done_testing();
}
