#include "upstream.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>

static struct upstreams all;
static stralloc trouble;

static int put(const char *text)
{
  int fd = open("control/upstream", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  int good = fd >= 0 && copy_write(fd, text, strlen(text)) == 1;

  close(fd);
  return good;
}

static void refused(const char *text, const char *want, const char *name)
{
  ok(put(text) && !upstream_read(&all, &trouble) && !strcmp(trouble.s, want), name);
  if (trouble.s && strcmp(trouble.s, want)) fprintf(stderr, "# %s\n", trouble.s);
}

static int is(const struct upstream *u, int kind, const char *host, const char *port)
{
  return u->kind == kind && !strcmp(u->host, host) &&
         (port ? u->port && !strcmp(u->port, port) : !u->port);
}

int main(void)
{
  char dir[] = "/tmp/upstream.XXXXXX";
  const struct upstream *u = all.each;

  if (!mkdtemp(dir) || chdir(dir) || setenv("CM_HOME", dir, 1) || mkdir("control", 0700)) return 1;
  ok(!upstream_read(&all, &trouble) && !strcmp(trouble.s, "control/upstream: there is no such file, or nothing in it"),
     "a missing file is an error");
  refused("# nobody\n\n", "control/upstream: there is no such file, or nothing in it", "so is one without a line");
  ok(put("smtp 127.0.0.1 25") && upstream_read(&all, &trouble) && all.count == 1 &&
     is(u, UPSTREAM_SMTP, "127.0.0.1", "25") && u->tls == UPSTREAM_TLS_NO && u->client == UPSTREAM_CLIENT_NO,
     "a server");
  ok(put("# two\n smtp\ta.example  25 \n\nsmtp b.example submission tls=no client=no\r\n") && upstream_read(&all, &trouble) &&
     all.count == 2 && is(u, UPSTREAM_SMTP, "a.example", "25") && is(u + 1, UPSTREAM_SMTP, "b.example", "submission"),
     "two, in their order");
  ok(put("smtp a 25\nqueue prog tls=must x\n") && upstream_read(&all, &trouble) && all.count == 2 && !u[1].host &&
     !strcmp(u[1].program[0], "prog") && !strcmp(u[1].program[1], "tls=must") && !strcmp(u[1].program[2], "x") &&
     !u[1].program[3] && !strcmp(upstream_name(u), "a") && !strcmp(upstream_name(u + 1), "prog"),
     "all words behind a queue are the program's");

  refused("smtp a 25\nsmpt b 25\n", "control/upstream:2: write smtp HOST PORT, smtps HOST PORT, lmtp HOST PORT, "
          "lmtp PATH or queue PROGRAM ARGUMENTS", "an unknown kind names file and line");
  refused("\nsmtp a\n", "control/upstream:2: smtp and smtps want HOST PORT behind them", "no port");
  refused("smtp a tls=may\n", "control/upstream:1: smtp and smtps want HOST PORT behind them", "an option is no port");
  refused("smtp a 65536\n", "control/upstream:1: smtp and smtps want HOST PORT behind them", "no port has this number");
  refused("smtp /run/x 25\n", "control/upstream:1: smtp and smtps want HOST PORT behind them", "only lmtp knows paths");
  refused("lmtp run/x\n", "control/upstream:1: lmtp wants HOST PORT or /PATH behind it", "a path begins at /");
  refused("queue\n", "control/upstream:1: queue wants a program behind it", "a queue without a program");
  refused("smtp a 25 fast\n", "control/upstream:1: unknown word: fast", "an unknown word");
  refused("smtp a 25 tls=perhaps\n", "control/upstream:1: write tls=no, tls=may, tls=must or tls=verify, not tls=perhaps",
          "an unknown value");
  refused("smtp a 25 client=yes\n",
          "control/upstream:1: write client=no, client=xclient, client=xforward or client=proxy, not client=yes", "another");
  refused("smtps a 465 tls=may\n", "control/upstream:1: smtps is TLS always: leave out tls=, or write tls=verify",
          "smtps without TLS");
  refused("queue a\nsmtp a 25\n", "control/upstream:2: behind a queue no other is ever tried: make it the last",
          "what is never tried is a mistake");
  refused("smtp a 1\nsmtp a 2\nsmtp a 3\nsmtp a 4\nsmtp a 5\nsmtp a 6\nsmtp a 7\nsmtp a 8\nsmtp a 9\n",
          "control/upstream:9: too many upstreams", "there is a limit");
  ok(put("smtp a 25 client=proxy\nlmtp /run/l client=xclient\n") && upstream_read(&all, &trouble) &&
     u->client == UPSTREAM_CLIENT_PROXY && u[1].client == UPSTREAM_CLIENT_XCLIENT, "who hears of the client");
  ok(put("lmtp h 24\nlmtp /run/l recipients=20\n") && upstream_read(&all, &trouble) && all.count == 2 &&
     is(u, UPSTREAM_LMTP, "h", "24") && u->most == 1 && is(u + 1, UPSTREAM_LMTP, "/run/l", 0) && u[1].most == 20,
     "LMTP by TCP, and at a local socket");
  refused("smtp a 25 recipients=0\n", "control/upstream:1: write a number behind recipients=, not recipients=0",
          "nobody is no number of recipients");

  ok(!unlink("control/upstream") && !rmdir("control") && !rmdir(dir), "(nothing is left)");
  return done_testing();
}
