#include "header.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct header header;

/* Does a message in memory, in two pieces, read like one from a file? */
static int taken(const char *bytes, size_t first, size_t len, int result)
{
  static struct header h;

  return header_take(&h, bytes, first, bytes + first, len - first) == result &&
         (result != 1 || (h.end == header.end && h.body == header.body && h.raw.len >= h.body &&
                          !memcmp(h.raw.s, bytes, h.raw.len)));
}

static int from_bytes(const char *bytes, size_t len)
{
  int result, fd = memfd_create("message", 0);
  size_t i, step = len < 100 ? 1 : len / 3;

  if (fd == -1 || write(fd, bytes, len) != (ssize_t) len || lseek(fd, 0, SEEK_SET)) return -2;
  result = header_read(&header, fd);
  close(fd);
  for (i = 0; i <= len; i += step)
    if (!taken(bytes, i, len, result)) return -3;
  return result;
}

/* The message, one byte in each read. */
static int in_drops(const char *text)
{
  int result, pipes[2], status;

  if (pipe(pipes) == -1) return -2;
  if (!fork()) {
    for (; *text; ++text) if (write(pipes[1], text, 1) != 1) _exit(1);
    _exit(0);
  }
  close(pipes[1]);
  result = header_read(&header, pipes[0]);
  close(pipes[0]);
  wait(&status);
  return result;
}

/* "name=value|..." of the message's fields, unfolded. */
static const char *fields(const char *text)
{
  static stralloc all, line;
  struct field f = { 0 };

  all.len = 0;
  if (from_bytes(text, strlen(text)) != 1) return "unread";
  while (header_next(&header, &f))
    if (!stralloc_catb(&all, f.name, f.namelen) || !stralloc_cats(&all, "=") ||
        !field_unfold(&f, &line) || !stralloc_catb(&all, line.s, line.len) ||
        !stralloc_cats(&all, "|")) return "memory";
  return stralloc_0(&all) ? all.s : "memory";
}

/* Where the header ends and the body begins, and nothing is lost between. */
static int splits(const char *text, size_t end, size_t body)
{
  return from_bytes(text, strlen(text)) == 1 && header.end == end && header.body == body;
}

static int sized(size_t len, int last)
{
  static char big[HEADER_MAX + 20000];

  memset(big, 'x', sizeof big);
  memcpy(big, "Subject: ", 9);
  if (last) memcpy(big + len, "\n\n", 2);
  return from_bytes(big, last ? len + 2 : len);
}

int main(void)
{
  struct field f = { 0 };

  ok(!strcmp(fields("A: 1\r\nB:2\r\n\r\nC: 3\r\n"), "A=1|B=2|"), "fields end at the empty line");
  ok(!strcmp(fields("A: 1\nB:2\n\nC: 3\n"), "A=1|B=2|"), "lines may end in LF alone");
  ok(!strcmp(fields("A: one\r\n two\r\n\tthree\r\nB: x\r\n\r\n"), "A=one two\tthree|B=x|"),
     "a folded value becomes one line");
  ok(!strcmp(fields("A : 1\nB \t: 2\n\n"), "A=1|B=2|"),
     "blanks before the colon are not the name's");
  ok(!strcmp(fields("A:\n\n"), "A=|") && !strcmp(fields("A: \t \r\n\r\n"), "A=|"),
     "a value may be empty");
  ok(!strcmp(fields("A: b:c: \t\n\n"), "A=b:c:|"), "blanks behind a value go, colons in it stay");
  ok(!strcmp(fields("From joe Thu Jan  1\nA: 1\n\n"), "A=1|"), "the line of an mbox is no field");
  ok(!strcmp(fields("From joe Thu\n Jan  1\n : 2\nA: 1\n\n"), "A=1|"), "nor is what continues it");
  ok(!strcmp(fields("From : joe\nA: 1\n\n"), "From=joe|A=1|") && !strcmp(fields("From \t:joe\n\n"), "From=joe|"),
     "unless it is a field with blanks before its colon");
  ok(!strcmp(fields("A: 1\nFrom joe Thu\nB: 1\n\n"), "A=1|"), "but only the first line may be one");
  ok(!strcmp(fields("A: 1"), "A=1|"), "the last line needs no ending");
  ok(!strcmp(fields(""), "") && header.end == 0 && header.body == 0,
     "an empty message has no fields");
  ok(!strcmp(fields(" A: 1\n\n"), ""), "a header does not begin with a folded line");

  ok(splits("A: 1\r\n\r\nbody", 6, 8), "the empty line belongs to neither");
  ok(splits("A: 1\nbody\n", 5, 5), "a line that is no field begins the body");
  ok(splits("\nbody\n", 0, 1), "a header may be empty");
  ok(splits("A: 1\n\r", 5, 5), "CR alone is no empty line");
  ok(splits("A: 1\n: 2\n\n", 5, 5), "a field without a name is none");
  ok(splits("A\303\251: 2\n\n", 0, 0), "a name is ASCII");

  ok(in_drops("A: 1\r\n x\r\nB: 2\r\n\r\nbody") == 1 && header.end == 16 && header.body == 18,
     "reads may be as short as they like");
  ok(sized(HEADER_MAX - 100, 1) == 1, "a header just below the limit is read");
  ok(sized(HEADER_MAX + 10000, 1) == 0 && sized(HEADER_MAX + 10000, 0) == 0,
     "a header above it is refused");
  ok(header_read(&header, -1) == -1 && errno == EBADF, "an unreadable message is an error");

  ok(from_bytes("FroM: x\n\n", 9) == 1 && header_next(&header, &f) && field_is(&f, "from") &&
     !field_is(&f, "fro") && !field_is(&f, "from:"), "names are compared whole, in any case");
  ok(f.len == 8 && f.start == header.raw.s && f.valuelen == 3, "a field knows all its bytes");
  return done_testing();
}
