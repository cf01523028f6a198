/* What is inside of signed data, whole and in pieces, and what is none. */

#include "pkcs7.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

#define HEAD "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x00" \
             "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80"

/* The result and what is copied. */
static void gives(const char *der, size_t len, int want, const char *content, const char *name)
{
  char out[64];
  int fd = memfd_create("der", MFD_CLOEXEC), to = memfd_create("content", MFD_CLOEXEC), result;
  ssize_t n;

  if (pwrite(fd, der, len, 0) != (ssize_t) len) return;
  result = pkcs7_content(fd, to);
  n = pread(to, out, sizeof out, 0);
  ok(result == want && (want != 1 || (n == (ssize_t) strlen(content) && !memcmp(out, content, (size_t) n))), name);
  close(fd);
  close(to);
}

#define is(der, want, content, name) gives(der, sizeof der - 1, want, content, name)

int main(void)
{
  is(HEAD "\x04\x05hello", 1, "hello", "a string");
  is(HEAD "\x24\x80\x04\x03hel\x04\x02lo\0\0", 1, "hello", "a string of strings, to a mark");
  is(HEAD "\x24\x07\x04\x03hel\x04\x00", 1, "hel", "a string of strings, by its length");
  is(HEAD "\x04\x81\x05hello", 1, "hello", "a long form of a length");
  is(HEAD "\x04\x50hello", 1, "hello", "a string cut short: what is there is there");
  is(HEAD, 0, "", "nothing inside");
  is("\x30\x03\x02\x01\x05", 0, "", "another structure");
  is("", 0, "", "nothing");
  is(HEAD "\x24\x80\x24\x80\x24\x80\x24\x80\x24\x80\x24\x80\x04\x01x", 0, "", "too deep");
  return done_testing();
}
