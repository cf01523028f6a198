/* One event a line, whatever is in it. */
#include "log.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "utf8.h"

static char got[8192];

/* What is logged of this text. */
static int gives(const char *text, size_t len, const char *want)
{
  int fd = memfd_create("log", 0), old = dup(2);
  ssize_t n;

  dup2(fd, 2);
  log_text("event", "1.a", "<", text, len);
  dup2(old, 2);
  close(old);
  n = pread(fd, got, sizeof got - 1, 0);
  got[n > 0 ? n : 0] = 0;
  close(fd);
  return !want || !strcmp(got, want);
}

int main(void)
{
  static char text[9000];

  ok(gives("plain", 5, "event 1.a < plain\n"), "an event, its id, a mark, the text");
  ok(gives("a\nb\r\0\x1b\\", 7, "event 1.a < a\\x0ab\\x0d\\x00\\x1b\\x5c\n"), "controls and backslashes are written out");
  ok(gives("gr\xc3\xbcn", 5, "event 1.a < gr\xc3\xbcn\n"), "UTF-8 stays");
  ok(gives("\x9b" "2J\xc2\x9b\xff", 6, "event 1.a < \\x9b2J\\xc2\\x9b\\xff\n"), "but no control of the upper set, and no other byte");
  ok(gives("\xe2\x80\xae", 3, "event 1.a < \\xe2\\x80\\xae\n"), "and nothing that turns the direction");
  ok(gives("\xc3", 1, "event 1.a < \\xc3\n"), "half a character is a byte");
  memset(text, 'x', sizeof text);
  ok(gives(text, sizeof text, 0) && strlen(got) <= LOG_MAX && strlen(got) > LOG_MAX - 10 &&
     got[strlen(got) - 1] == '\n', "a long line is cut and still a line");
  ok(utf8_length("\xed\xa0\x80", 3) == 0 && utf8_length("\xc0\xaf", 2) == 0 && utf8_length("\xf4\x90\x80\x80", 4) == 0 &&
     utf8_length("\xf0\x9f\x98\x80", 4) == 4, "surrogates, overlong forms and what is above Unicode are no characters");
  return done_testing();
}
