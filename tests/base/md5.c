/* md5 against the examples of RFC 1321 and 1939, and each length about a block against
 * what md5sum says of the digests of all of them. */
#include "tap.h"

#include <string.h>

#include "md5.h"

static int is(const char *text, const char *digest)
{
  char hex[MD5_HEX];

  md5_hex(text, strlen(text), hex);
  return !strcmp(hex, digest);
}

int main(void)
{
  static char text[200], all[200 * (MD5_HEX - 1) + 1];
  char hex[MD5_HEX];
  size_t n;

  ok(is("", "d41d8cd98f00b204e9800998ecf8427e"), "nothing");
  ok(is("abc", "900150983cd24fb0d6963f7d28e17f72"), "abc");
  ok(is("message digest", "f96b697d7cb7938d525a2f31aaf161d0"), "message digest");
  ok(is("12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "57edf4a22be3c955ac49da2e2107b67a"), "80 digits");
  ok(is("<1896.697170952@dbc.mtview.ca.us>tanstaaf", "c4c9334bac560ecc979e58001b3e22fb"), "APOP as RFC 1939 has it");
  memset(text, 'a', sizeof text);
  for (n = 0; n < sizeof text; ++n) md5_hex(text, n, all + n * (MD5_HEX - 1));
  md5_hex(all, sizeof all - 1, hex);
  ok(!strcmp(hex, "49f6cc3eb4491fe05535571716f39a67"), "each length");
  return done_testing();
}
