#include "failover.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"
#include "tap.h"

static struct session s;
static struct upstreams list;
static char tried[64];
static const char *up;            /* the hosts that answer, a letter each */
static unsigned long replies[8], tries;

static int reach(struct session *session, unsigned long connect, unsigned long reply)
{
  stpcpy(tried + strlen(tried), session->to->host);
  replies[tries++ & 7] = reply;
  (void) connect;
  return strchr(up, *session->to->host) != 0;
}

/* Which were tried, and who is to have the mail? */
static void order(const char *answering, const char *want, const char *name)
{
  int r;

  up = answering;
  *tried = 0;
  tries = 0;
  r = failover(&s, &list, reach);
  stpcpy(tried + strlen(tried), r ? "!" : "?");
  ok(!strcmp(tried, want), name);
  if (strcmp(tried, want)) fprintf(stderr, "# %s\n", tried);
}

/* It was down so many seconds ago. */
static int aged(const char *key, uint64_t seconds)
{
  struct state state;
  struct cell cell;

  if (state_open(&state, "upstreams", 1024) != 1 || state_get(&state, key, strlen(key), 0, &cell) != 1) return 0;
  cell.last = (uint64_t) time(0) - seconds;
  return state_set(&state, &cell) == 1 && !close(state.fd);
}

int main(void)
{
  char dir[] = "/tmp/failover.XXXXXX";

  if (!mkdtemp(dir) || chdir(dir) || setenv("CM_HOME", "/dev/null", 1)) return 1;
  s.set.timeoutconnect = 30;
  s.set.timeoutremote = 200;
  list.count = 1;
  list.each[0].host = "a", list.each[1].host = "b", list.each[2].host = "c";
  list.each[0].port = list.each[1].port = list.each[2].port = "25";
  order("", "a?", "the only one is asked each time");
  order("", "a?", "and nothing is remembered of it");
  list.count = 3;
  order("c", "abc!", "where there is no place for it nothing is remembered");
  order("c", "abc!", "at all");
  if (setenv("CM_HOME", dir, 1)) return 1;
  order("abc", "a!", "the first that answers");
  order("c", "abc!", "or else the next");
  ok(replies[0] == 30 && replies[2] == 200, "who is not the last has less time to greet");
  order("abc", "c!", "who did not answer is not asked at once again");
  order("", "cab?", "but before nobody is");
  ok(s.to == list.each, "then it is the first that counts");
  ok(aged("a 25", 61) && aged("b 25", 61) && aged("c 25", 61), "(a minute passes)");
  order("", "abc?", "after a minute all are asked");
  ok(aged("b 25", 61), "(for one of them)");
  order("c", "bac!", "the moment of each is its own");
  order("abc", "c!", "and begins anew when it does not answer");
  ok(aged("a 25", 61), "(a minute passes)");
  order("abc", "a!", "one that answers again");
  order("abc", "a!", "is the first again");

  ok(!unlink("state/upstreams") && !rmdir("state") && !rmdir(dir), "(nothing is left)");
  return done_testing();
}
