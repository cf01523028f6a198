/* popload PORT SESSIONS SECONDS: read the mailboxes u1, u2 ... of a POP3 server at
 * 127.0.0.1:PORT, each in a session of its own process, message by message and
 * again from the first, until the time is over; with 0 seconds all of them once.
 * Prints messages=, bytes=,
 * errors= and seconds=. A message counts when its final dot has come. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct count {
  unsigned long messages, bytes, errors;
};

static char buffer[65536];
static size_t at, end;
static int fd;

static double now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static int fill(void)
{
  ssize_t r = recv(fd, buffer, sizeof buffer, 0);

  at = 0;
  end = r > 0 ? (size_t) r : 0;
  return r > 0;
}

/* One line; its first byte and up to 30 more into text. 1 or 0. */
static int line(char text[32])
{
  size_t n = 0;

  for (;;) {
    if (at == end && !fill()) return 0;
    if (n < 31) text[n++] = buffer[at];
    if (buffer[at++] == '\n') break;
  }
  text[n] = 0;
  return 1;
}

static int say(const char *command, char text[32])
{
  size_t len = strlen(command);

  return send(fd, command, len, MSG_NOSIGNAL) == (ssize_t) len && line(text) && *text == '+';
}

/* The lines behind +OK up to the dot alone: their bytes, or 0. */
static unsigned long message(void)
{
  static const char dot[] = "\r\n.\r\n";
  unsigned long bytes = 0;
  size_t seen = 2;
  const char *p;

  for (;;) {
    if (at == end && !fill()) return 0;
    if (!seen) {
      p = memchr(buffer + at, '\r', end - at);
      if (!p) p = buffer + end;
      bytes += (unsigned long) (p - buffer) - at;
      at = (size_t) (p - buffer);
      if (at == end) continue;
    }
    seen = buffer[at] == dot[seen] ? seen + 1 : buffer[at] == '\r' ? 1 : 0;
    ++at;
    ++bytes;
    if (seen == 5) return bytes;
  }
}

static int enter(const char *port, int number)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  const struct timeval limit = { 20, 0 };
  const int on = 1;
  char command[64], text[32];

  to.sin_port = htons((unsigned short) strtoul(port, 0, 10));
  fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  at = end = 0;
  snprintf(command, sizeof command, "USER u%d\r\n", number);
  return connect(fd, (struct sockaddr *) &to, sizeof to) == 0 && line(text) && say(command, text) &&
         say("PASS p\r\n", text);
}

static void session(const char *port, int number, double until, struct count *count)
{
  char command[64], text[32];
  unsigned long n, all, bytes;

  const int once = until == 0;

  do {
    if (!enter(port, number) || !say("STAT\r\n", text)) {
      ++count->errors;
      close(fd);
      return;
    }
    all = strtoul(text + 4, 0, 10);
    for (n = 1; n <= all && (once || now() < until); ++n) {
      snprintf(command, sizeof command, "RETR %lu\r\n", n);
      if (!say(command, text) || !(bytes = message())) {
        ++count->errors;
        break;
      }
      ++count->messages;
      count->bytes += bytes;
    }
    say("QUIT\r\n", text);
    close(fd);
  } while (now() < until);
}

int main(int argc, char **argv)
{
  int i, sessions = argc == 4 ? (int) strtol(argv[2], 0, 10) : 0;
  double begin = now(), until;
  struct count *counts, sum = { 0, 0, 0 };

  if (sessions < 1) return 100;
  until = strtod(argv[3], 0);
  if (until > 0) until += begin;
  counts = mmap(0, sizeof *counts * (size_t) sessions, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (counts == MAP_FAILED) return 111;
  for (i = 0; i < sessions; ++i)
    if (fork() == 0) {
      session(argv[1], i + 1, until, counts + i);
      _exit(0);
    }
  while (wait(0) > 0) ;
  for (i = 0; i < sessions; ++i) {
    sum.messages += counts[i].messages;
    sum.bytes += counts[i].bytes;
    sum.errors += counts[i].errors;
  }
  printf("messages=%lu bytes=%lu errors=%lu seconds=%.4f\n", sum.messages, sum.bytes, sum.errors, now() - begin);
  return 0;
}
