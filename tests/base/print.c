/* Text for descriptor 1, whole or told of. */
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

int main(void)
{
  static char much[30000], got[60000];
  int stdout_ = dup(1), file = memfd_create("out", 0), full = open("/dev/full", O_WRONLY), ended, kept, error;
  ssize_t len;

  memset(much, 'x', sizeof much);
  fflush(stdout);
  dup2(file, 1);
  print("one ", "two ", "");
  print_bytes("three\0four", 6);
  print_bytes(much, sizeof much);
  print("end\n");
  ended = print_end();
  len = pread(file, got, sizeof got, 0);
  dup2(full, 1);
  print_bytes(much, sizeof much);
  print("a");
  kept = print_end();
  error = errno;
  dup2(stdout_, 1);

  ok(ended == 1 && len == 14 + 30000 + 4 && !memcmp(got, "one two three\0xxx", 17) && !memcmp(got + len - 6, "xxend\n", 6),
     "words and bytes are written in order");
  ok(kept == -1 && error == ENOSPC, "a write that failed in the middle is told at the end");
  ok(print_end() == 1, "once");
  return done_testing();
}
