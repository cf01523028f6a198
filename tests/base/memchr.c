/* memchr as the small static programs have it: base/memchr.c, or the C library's. */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

/* Not what the compiler knows of memchr. */
static void *(*volatile find)(const void *, int, size_t) = memchr;

static const char *simply(const char *s, char c, size_t n)
{
  for (; n; ++s, --n)
    if (*s == c) return s;
  return 0;
}

/* Each beginning, each length, the byte at each place, before the beginning and behind the
 * end too, in memory behind which there is none. */
static int all(char *edge)
{
  char *s;
  size_t n, at;

  for (s = edge - 80; s <= edge; ++s)
    for (n = 0; n <= (size_t) (edge - s); ++n)
      for (at = 0; at < 80; ++at) {
        edge[(long) at - 80] = '\n';
        if (find(s, '\n', n) != simply(s, '\n', n)) return 0;
        edge[(long) at - 80] = 'x';
      }
  return 1;
}

int main(void)
{
  long page = sysconf(_SC_PAGESIZE);
  char *p = mmap(0, (size_t) page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  if (p == MAP_FAILED || mprotect(p + page, (size_t) page, PROT_NONE)) return 111;
  memset(p, 'x', (size_t) page);
  ok(all(p + page), "the byte is found wherever it is, and no other is read as one of them");
  memcpy(p, "a\377b\377", 4);
  ok(find(p, '\377', 4) == p + 1 && find(p, -1, 4) == p + 1, "the first of two, above 127 and as an int below 0");
  ok(find(p, 256 + 'b', 4) == p + 2, "only the lowest byte of what is wanted counts");
  ok(!find(p + page, 'x', 0), "of no bytes none is touched");
  return done_testing();
}
