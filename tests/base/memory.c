/* What is remembered of messages: records that are added, found again, torn and damaged, and
 * files that are written anew. */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct memory m;
static off_t places[8];
static unsigned char uids[8];
static int walked;

static void take(void *with, const struct memo *memo, off_t at)
{
  (void) with;
  uids[walked & 7] = *memo->uid;
  places[walked++ & 7] = at;
}

/* A new look at the file: how many records are there? */
static int look(unsigned long limit)
{
  if (m.fd > 0) close(m.fd);
  memory_begin(&m, "host", "110", "user", limit);
  walked = 0;
  return memory_walk(&m, take, 0) == 1 ? walked : -1;
}

static off_t add(unsigned char uid, const char *text, unsigned long days)
{
  struct memo memo = { .kind = MEMO_WHOLE, .textlen = strlen(text), .size = 7 };

  memset(memo.uid, uid, sizeof memo.uid);
  return memory_add(&m, &memo, text, -1, days);
}

static int says(off_t at, const char *text)
{
  char got[100];
  struct memo memo;
  off_t from;

  return memory_get(&m, at, &memo) && memory_text(&m, at, &memo, &from) && memo.textlen == strlen(text) &&
         pread(m.fd, got, sizeof got, from) >= (ssize_t) memo.textlen && !memcmp(got, text, strlen(text));
}

/* Turn a bit of the file. */
static void damage(off_t at)
{
  char c;

  if (pread(m.fd, &c, 1, at) != 1) abort();
  c ^= 1;
  if (pwrite(m.fd, &c, 1, at) != 1) abort();
}

int main(void)
{
  char dir[] = "/tmp/cm-memory.XXXXXX", name[100], other[100];
  off_t keep[3];
  struct stat st;

  if (!mkdtemp(dir) || chdir(dir)) return 111;
  setenv("CM_HOME", dir, 1);
  ok(look(100000) == 0 && m.fd == -1 && stat("state/pop3", &st) == 0, "nothing is remembered at first, and no file made");
  ok(add(1, "one", 0) && add(2, "two two", 0) && add(1, "again", 0), "records are added");
  ok(look(100000) == 3 && uids[0] == 1 && uids[1] == 2 && uids[2] == 1, "and found in their order");
  ok(says(places[0], "one") && says(places[1], "two two") && says(places[2], "again"), "with their texts");
  snprintf(name, sizeof name, "state/pop3/%s", m.name);
  ok(!stat(name, &st) && (st.st_mode & 0777) == 0600, "that nobody else may read");
  snprintf(other, sizeof other, "%s", m.name);
  memory_begin(&m, "host", "110", "user2", 100000);
  ok(strcmp(other, m.name) && memory_walk(&m, take, 0) == 1 && m.fd == -1, "another user has another file");
  memory_begin(&m, "host1", "10", "user", 100000);
  ok(strcmp(other, m.name), "so has the same on another port");

  look(100000);
  keep[0] = places[1]; keep[1] = 0; keep[2] = places[2];
  ok(memory_keep(&m, keep, 3) && keep[1] == 0 && says(keep[0], "two two") && says(keep[2], "again"), "what is kept is written anew");
  ok(look(100000) == 2 && uids[0] == 2 && uids[1] == 1, "and the rest is gone");

  damage(places[1] + 144);
  ok(!says(places[1], "again") && says(places[0], "two two"), "a damaged text is not given out");
  ok(look(100000) == 2 && add(3, "three", 0) && look(100000) == 3, "and what stands behind it is still found");
  damage(places[1] + 20);
  ok(look(100000) == 1, "a damaged record is the end");
  ok(add(4, "four", 0) && look(100000) == 2 && uids[1] == 4 && says(places[1], "four"), "where the next one is put");
  if (truncate(name, places[1] + 146)) abort();
  ok(look(100000) == 1, "a torn one is not there");
  errno = 0;
  look(300);
  ok(!add(5, "five", 0) && errno == ENOSPC && look(100000) == 1, "above the limit nothing is added");

  {
    struct memory old = m;

    old.fd = dup(m.fd);
    keep[0] = places[0];
    ok(memory_keep(&m, keep, 1), "one session writes the file anew");
    m = old;
    ok(!add(6, "six", 0) && errno == ESTALE, "and one that has the old one adds nothing to it");
    ok(!memory_keep(&m, places, 1), "nor puts it back");
  }
  ok(look(100000) == 1 && says(places[0], "two two"), "and what was written stays");
  if (m.fd > 0) close(m.fd);
  memory_begin(&m, "host", "110", "user3", 100000);
  {
    struct timespec long_ago[2] = { { 1000000, 0 }, { 1000000, 0 } };

    if (utimensat(AT_FDCWD, name, long_ago, 0)) abort();
  }
  ok(add(7, "seven", 30) && stat(name, &st) == -1 && errno == ENOENT, "a file that nobody asked about goes when another is made");
  snprintf(name, sizeof name, "state/pop3/%s", m.name);
  unlink(name);
  if (rmdir("state/pop3") || rmdir("state") || chdir("/") || rmdir(dir)) perror(dir);
  return done_testing();
}
