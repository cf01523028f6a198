#include "print.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "copy.h"

static char waiting[8192];
static size_t used;
static int trouble;

static void flush(void)
{
  if (!trouble && used && copy_write(1, waiting, used) == -1) trouble = errno;
  used = 0;
}

void print_bytes(const char *bytes, size_t len)
{
  size_t n;

  for (; len; bytes += n, len -= n) {
    if (used == sizeof waiting) flush();
    n = sizeof waiting - used < len ? sizeof waiting - used : len;
    memcpy(waiting + used, bytes, n);
    used += n;
  }
}

void print_internal(const char *word, ...)
{
  va_list words;

  va_start(words, word);
  for (; word; word = va_arg(words, const char *)) print_bytes(word, strlen(word));
  va_end(words);
}

int print_end(void)
{
  int failed;

  flush();
  failed = trouble;
  trouble = 0;
  errno = failed;
  return failed ? -1 : 1;
}
