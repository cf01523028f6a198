/* sha256 against the examples of FIPS 180-4, and however the bytes come in. */
#include "tap.h"

#include <string.h>

#include "sha256.h"

static const char *of(const char *data, size_t len, size_t piece, unsigned int times)
{
  static char hex[SHA256_HEX];
  struct sha256 h;
  size_t at, n;

  sha256_begin(&h);
  for (; times; --times)
    for (at = 0; at < len; at += n) {
      n = len - at < piece ? len - at : piece;
      sha256_add(&h, data + at, n);
    }
  sha256_endhex(&h, hex);
  return hex;
}

static void examples(void)
{
  static char text[1000], whole[SHA256_HEX];
  size_t i, n;
  int good = 1;

  ok(!strcmp(of("abc", 3, 3, 1), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "abc");
  ok(!strcmp(of("", 0, 1, 1), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), "nothing");
  ok(!strcmp(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 56, 1),
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"), "two blocks");
  ok(!strcmp(of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu", 112, 112, 1),
             "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"), "112 bytes");
  memset(text, 'a', sizeof text);
  ok(!strcmp(of(text, 1000, 1000, 1000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
     "a million times a");

  for (n = 0; n < 200; ++n) {
    memcpy(whole, of(text, n, 200, 1), sizeof whole);
    for (i = 1; i < 140; ++i) good &= !strcmp(of(text, n, i, 1), whole);
  }
  ok(good, "pieces of any length give the same");
}

int main(void)
{
  char first[SHA256_HEX];

  /* By the second time enough was done for the processor to be asked. */
  examples();
  examples();
  memcpy(first, of("both ways", 9, 9, 99), sizeof first);
  sha256_plainly = 1;
  ok(!strcmp(of("both ways", 9, 9, 99), first), "the processor's own instructions give the same");
  examples();
  return done_testing();
}
