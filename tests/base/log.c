/* One event a line, whatever is in it. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"
#include "utf8.h"

static char got[16384];

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

/* All that is in the pipe. */
static const char *drained(int fd)
{
  ssize_t n;
  size_t len = 0;

  while ((n = read(fd, got + len, sizeof got - 1 - len)) > 0) len += (size_t) n;
  got[len] = 0;
  return got;
}

/* A reader that does not read, one that is gone, a disk that is full. */
static void blocked(void)
{
  static char junk[2 * LOG_MAX];
  int old = dup(2), p[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  long long began;

  memset(junk, '-', sizeof junk);
  ok(pipe(p) == 0 && fcntl(p[1], F_SETPIPE_SZ, sizeof junk) == sizeof junk && fcntl(p[0], F_SETFL, O_NONBLOCK) == 0 &&
     write(p[1], junk, sizeof junk) == sizeof junk, "a pipe that is full");
  dup2(p[1], 2);
  began = clock_ms();
  log_event("event", "1.a", "one");
  ok(clock_ms() - began >= LOG_PATIENCE - 100 && log_dropped() == 1, "row 86b: its reader has some seconds, then the line is dropped");
  began = clock_ms();
  log_event("event", "1.a", "two");
  log_event("event", "1.a", "three");
  ok(log_dropped() == 3, "row 86b: and further ones");
  ok(clock_ms() - began < LOG_PATIENCE, "row 86b: without waiting again");
  ok(!strchr(drained(p[0]), 'e'), "row 86b: nothing of them is in the pipe");
  log_event("event", "1.a", "four");
  ok(!strcmp(drained(p[0]), "dropped - 3\nevent 1.a four\n"), "row 86b: how many there were is said before the next one");
  ok(log_dropped() == 0, "row 86b: once");
  ok(!(fcntl(p[1], F_GETFL) & O_NONBLOCK), "row 86b: others who write there wait as they did");

  close(p[0]);
  log_event("event", "1.a", "five");
  ok(log_dropped() == 1, "row 86b: without a reader it is dropped at once");
  dup2(full, 2);
  log_event("event", "1.a", "six");
  ok(log_dropped() == 2, "row 86b: on a full disk, too");
  dup2(null, 2);
  ok(log_dropped() == 0, "row 86b: and it is said where there is room again");
  dup2(old, 2);
  close(old);
  close(null);
  close(full);
  close(p[1]);
}

int main(void)
{
  signal(SIGPIPE, SIG_IGN);
  blocked();  /* first: what descriptor 2 is, is learned once */
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
