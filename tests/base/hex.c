/* Hexadecimal digits. */
#include "hex.h"

#include <string.h>

#include "tap.h"

static int gives(const char *text, const char *want)
{
  static stralloc out;

  out.len = 0;
  return hex_unescape(text, strlen(text), &out) && out.len == strlen(want) && !memcmp(out.s, want, out.len);
}

int main(void)
{
  int c, digits = 0;

  for (c = 0; c < 256; ++c) digits += hex_digit((char) c) >= 0;
  ok(digits == 22 && hex_digit('9') == 9 && hex_digit('a') == 10 && hex_digit('F') == 15, "22 bytes are digits");
  ok(hex_byte("fF") == 255 && hex_byte("g0") == -1 && hex_byte("0 ") == -1, "two digits are a byte");
  ok(gives("a%41%7ab", "aAzb"), "%XX is decoded");
  ok(gives("100%, %4, %zz%", "100%, %4, %zz%"), "another % stays");
  ok(gives("%%41%2541", "%A%41"), "and nothing is decoded twice");
  return done_testing();
}
