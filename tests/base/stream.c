/* Bounded lines and whole buffers with a deadline. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "tap.h"

static char buffer[64];
static int theirs;

/* A stream whose other end, theirs, has said this and perhaps closed. */
static struct stream said(int pipes, const char *text, int closed)
{
  struct stream s;
  int fd[2];

  if (pipes ? pipe(fd) : socketpair(AF_UNIX, SOCK_STREAM, 0, fd)) perror("pair");
  theirs = fd[1];
  if (write(theirs, text, strlen(text)) == -1) perror("write");
  if (closed) close(theirs);
  stream_begin(&s, fd[0], pipes ? -1 : fd[0], buffer, sizeof buffer, 30);
  stream_limit(&s, 30);
  return s;
}

static int line_is(struct stream *s, const char *want)
{
  char *line;
  size_t len;

  return stream_line(s, 40, &line, &len) == 1 && len == strlen(want) && !memcmp(line, want, len);
}

static int ends(struct stream *s)
{
  char *line;
  size_t len;

  return stream_line(s, 40, &line, &len);
}

/* Pieces that no buffer holds at once arrive whole and in order. */
static int in_pieces(int pipes)
{
  static char much[400000], got[400008];
  char one[] = "one", three[] = "three";
  struct iovec v[] = { { one, 3 }, { much, 0 }, { much, sizeof much }, { three, 5 } };
  struct stream s = said(pipes, "", 0);
  int fd[2];
  size_t n = 0;
  ssize_t r;

  memset(much, 'm', sizeof much);
  if (pipes) {
    if (pipe(fd)) return 0;
    s.out = fd[1];
    theirs = fd[0];
  }
  if (!fork()) _exit(stream_writev(&s, v, 4, 0) == 1 && s.sent == sizeof much + 8 ? 0 : 1);
  while (n < sizeof got && (r = read(theirs, got + n, sizeof got - n)) > 0) n += (size_t) r;
  return n == sizeof got && !memcmp(got, "onemmm", 6) && !memcmp(got + n - 8, "mmmthree", 8);
}

/* Bytes come, each in time, but never a line. */
static int drips(int pipes)
{
  struct stream s = said(pipes, "", 0);
  pid_t pid = fork();
  int code, i;

  if (!pid) {
    for (i = 0; i < 600 && write(theirs, "x", 1) == 1; ++i) usleep(100000);
    _exit(0);
  }
  s.whole = 250;
  code = ends(&s) == -1 && errno == ETIMEDOUT;
  kill(pid, SIGKILL);
  waitpid(pid, 0, 0);
  return code;
}

int main(void)
{
  static const char x[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";  /* 40 */
  struct stream s;
  char text[80];
  int pipes;
  off_t at = 2;
  int fd;

  for (pipes = 0; pipes < 2; ++pipes) {
    s = said(pipes, "one\r\ntwo\n\r\nhalf", 1);
    ok(line_is(&s, "one") && line_is(&s, "two") && line_is(&s, ""), "lines end in CRLF or LF");
    ok(ends(&s) == 0, "half a line before the end is none");
    s = said(pipes, x, 0);
    if (write(theirs, "\r\n", 2) != 2) perror("write");
    ok(line_is(&s, x), "a line of as many bytes as may be");
    s = said(pipes, x, 0);
    if (write(theirs, "x\n", 2) != 2) perror("write");
    ok(ends(&s) == -1 && errno == EMSGSIZE, "a longer one is refused");
    s = said(pipes, "no end", 0);
    s.deadline = clock_ms() + 50;
    ok(ends(&s) == -1 && errno == ETIMEDOUT, "half a line waits for the deadline and no longer");
  }

  s = said(0, "", 0);
  ok(!stream_pending(&s), "nothing is pending where nobody spoke");
  if (write(theirs, "x", 1) != 1) perror("write");
  ok(stream_pending(&s), "what nobody asked for is pending");
  s = said(0, "", 1);
  ok(stream_pending(&s), "so is the end");

  s = said(0, "", 0);
  ok(stream_present(&s) == 1, "who says nothing is there");
  s = said(0, "", 1);
  ok(stream_present(&s) == 0, "who has closed is gone");
  s = said(0, "STAT\r\nQUIT\r\n", 1);
  ok(stream_fill(&s) > 0 && stream_present(&s) == -1, "unless lines of his are still to be read");

  ok(drips(0) && drips(1), "what comes in drops has to be whole in time, too");
  ok(in_pieces(0) && in_pieces(1), "pieces go out one behind the other, however often it takes");

  s = said(0, "", 0);
  ok(stream_write(&s, "abc", 3, 0) == 1 && read(theirs, text, sizeof text) == 3 && s.sent == 3, "bytes go out and are counted");
  fd = memfd_create("x", 0);
  if (write(fd, "0123456789", 10) != 10) perror("write");
  ok(stream_sendfile(&s, fd, &at, 5) == 1 && read(theirs, text, sizeof text) == 5 && !memcmp(text, "23456", 5) && at == 7,
     "bytes of a file go out by the kernel");
  s.deadline = clock_ms() + 50;
  while (stream_write(&s, buffer, sizeof buffer, 0) == 1) ;
  ok(errno == ETIMEDOUT, "a reader that does not read ends at the deadline");
  s = said(0, "", 1);
  ok(stream_write(&s, "x", 1, 0) == -1 && errno == EPIPE, "a reader that is gone is an error and no signal");
  s = said(0, "x\n", 0);
  stream_stopped = 1;
  ok(line_is(&s, "x"), "SIGTERM leaves a stream alone that does not stop");
  s = said(0, "x\n", 0);
  s.stops = 1;
  ok(ends(&s) == -1 && errno == EINTR, "and ends the reads of one that does");

  return done_testing();
}
