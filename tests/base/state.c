/* state: cells that many processes write, files that are none, and kill -9. */
#include "tap.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "digits.h"
#include "disk.h"
#include "state.h"

#define FILE_ "state/test"
static struct state s;
static struct cell c;

static int get(const char *key, uint64_t since)
{
  return state_get(&s, key, strlen(key), since, &c);
}

static int add(const char *key)
{
  if (get(key, 0) == -1) return -1;
  if (!c.first) c.first = 100;
  c.last = 200;
  ++c.count[0];
  return state_set(&s, &c);
}

static unsigned int counted(const char *key)
{
  int r = get(key, 0);

  if (r == -1) return 999999;
  state_leave(&s, &c);
  return r ? c.count[0] : 0;
}

static const char *numbered(const char *prefix, unsigned long n)
{
  static char key[80];

  *digits(stpcpy(key, prefix), n, 10, 1) = 0;
  return key;
}

static int reopen(void)
{
  close(s.fd);
  return state_open(&s, "test", 1024);
}

static void plain(void)
{
  struct stat st;
  unsigned long i, found;
  int good = 1;

  ok(state_open(&s, "test", 1024) == 1 && stat(disk_path(FILE_), &st) == 0 && st.st_size == 4096 + 65536 &&
     st.st_blocks * 512 >= st.st_size, "a file is made, with all of its room");
  ok((st.st_mode & 07777) == 0600, "for nobody else");
  ok(get("a", 0) == 0 && !c.first && !c.last && !c.count[0], "a key that is new has an empty cell");
  c.first = 1;
  c.last = 5000000000;
  c.count[STATE_COUNTS - 1] = 4000000000;
  ok(state_set(&s, &c) == 1 && reopen() == 1 && get("a", 0) == 1 && c.first == 1 && c.last == 5000000000 &&
     c.count[STATE_COUNTS - 1] == 4000000000 && !c.count[0], "what was set is there");
  state_leave(&s, &c);
  ok(get("a", 5000000000) == 1, "until it is too old");
  state_leave(&s, &c);
  ok(get("a", 5000000001) == 0 && !c.count[STATE_COUNTS - 1], "then it is not");
  state_leave(&s, &c);
  ok(get("A", 0) == 0, "another key is another one");
  state_leave(&s, &c);
  ok(state_get(&s, "a\0b", 3, 0, &c) == 0, "a key may hold any byte");
  state_leave(&s, &c);

  for (i = 0; i < 400; ++i) good &= add(numbered("k", i)) == 1;
  for (i = found = 0; i < 400; ++i) found += counted(numbered("k", i)) == 1;
  ok(good && found > 390, "a file that is not half full keeps nearly all");
  for (i = 0; i < 20000; ++i) good &= add(numbered("flood", i)) == 1;
  ok(good && stat(disk_path(FILE_), &st) == 0 && st.st_size == 4096 + 65536, "it never grows");
  /* One bucket, told from the others by how it is asked for. */
  for (i = 0; i < 100000 && (get(numbered("x", i), 0), state_leave(&s, &c), c.bucket); ++i) ;
  get(numbered("x", i), 0);
  c.last = 9000000000;
  state_set(&s, &c);
  for (i = 0; i < 20000; ++i) good &= add(numbered("more", i)) == 1;
  for (i = found = 0; i < 100000 && !found; ++i) {
    found = get(numbered("x", i), 0) == 1 && c.last == 9000000000;
    state_leave(&s, &c);
  }
  ok(good && found, "the one used longest ago makes room");
}

static int broken(const char *what, off_t size, off_t at, const char *bytes, size_t len)
{
  int fd, good;

  unlinkat(AT_FDCWD, disk_path(FILE_ ".bad"), 0);
  reopen();
  add("kept");
  fd = open(disk_path(FILE_), O_RDWR);
  good = fd != -1 && (size == -1 || !ftruncate(fd, size)) && (!len || pwrite(fd, bytes, len, at) == (ssize_t) len);
  close(fd);
  good &= reopen() == 1 && counted("kept") == 0 && add("new") == 1 && counted("new") == 1;
  good &= faccessat(AT_FDCWD, disk_path(FILE_ ".bad"), F_OK, 0) == 0;
  if (!good) printf("# %s: %s\n", what, strerror(errno));
  return good;
}

static void damage(void)
{
  int fd, good, i;
  char byte;

  ok(broken("empty", 0, 0, "", 0), "an empty file is put aside and made anew");
  ok(broken("short", 4096 + 65535, 0, "", 0), "as is one that was cut");
  ok(broken("long", 4096 + 65537, 0, "", 0), "or is too long");
  ok(broken("magic", -1, 0, "x", 1), "or is something else");
  ok(broken("version", -1, 16, "\2", 1), "or of another version");
  ok(broken("cells", -1, 20, "\200", 1), "or of other cells");
  ok(broken("buckets", -1, 24, "\0\0\0\0\0\0\0\1", 8), "or says that it is larger");
  ok(broken("secret", -1, 33, "\0\0\0\0", 4), "or has another secret");

  reopen();
  add("cell");
  get("cell", 0);
  state_leave(&s, &c);
  fd = open(disk_path(FILE_), O_RDWR);
  for (good = 1, i = 0; i < 64; ++i) {
    off_t at = (off_t) (4096 + (c.bucket * STATE_BUCKET + c.place) * 64 + (unsigned int) i);

    good &= pread(fd, &byte, 1, at) == 1;
    byte ^= 1;
    good &= pwrite(fd, &byte, 1, at) == 1 && counted("cell") == 0;
    byte ^= 1;
    good &= pwrite(fd, &byte, 1, at) == 1 && counted("cell") == 1;
  }
  ok(good, "a cell of which a bit is wrong is not there, and no other cell is");
  ok(!ftruncate(fd, 4096) && get("cell", 0) == -1 && errno == EIO, "one that is cut while it is open is an error");
  close(fd);
  ok(reopen() == 1 && add("cell") == 1, "and the next open mends it");

  unlinkat(AT_FDCWD, disk_path(FILE_), 0);
  good = symlink("/dev/zero", disk_path(FILE_));
  ok(!good && reopen() == -1 && errno == ELOOP, "a symbolic link is not followed");
  unlinkat(AT_FDCWD, disk_path(FILE_), 0);
  ok(state_open(&s, "../x", 1024) == -1 && errno == EINVAL && state_open(&s, "x", 1023) == -1 && errno == EINVAL &&
     state_open(&s, "x", 1UL << 40) == -1 && errno == EINVAL, "a path is no name, and sizes have bounds");
}

static void full(void)
{
  signal(SIGXFSZ, SIG_IGN);
  unlinkat(AT_FDCWD, disk_path(FILE_), 0);
  unlinkat(AT_FDCWD, disk_path(FILE_ ".bad"), 0);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 20000, RLIM_INFINITY });
  ok(reopen() == -1 && !strcmp(disk_list("state"), ""), "on a full disk none is made, and nothing left");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY });
  ok(reopen() == 1 && add("a") == 1, "later it is");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 10, RLIM_INFINITY });
  ok(add("a") == -1, "a cell that cannot be written is an error");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY });
  ok(counted("a") == 1 && add("a") == 1 && counted("a") == 2, "and stays as it was, unlocked");
}

static void crowd(void)
{
  unsigned int p, i;
  int status, good = 1;

  reopen();
  for (p = 0; p < 8; ++p)
    if (!fork()) {
      good = reopen() == 1;
      for (i = 0; i < 500; ++i) good &= add("together") == 1 && add(numbered("own", i % 3)) == 1;
      _exit(!good);
    }
  for (p = 0; p < 8; ++p) good &= wait(&status) != -1 && !status;
  ok(good && counted("together") == 4000, "eight processes count to 4000 together");
  ok(counted("own0") + counted("own1") + counted("own2") == 4000, "and others beside them");
}

/* Killed again and again while it counts: never more than was added, never a
 * count that nobody wrote, and nothing stays locked. */
static void killed(void)
{
  unsigned int round, before, after;
  struct timespec moment = { 0, 0 };
  int good = 1, status;
  pid_t pid;

  for (round = 0; round < 200; ++round) {
    before = counted("victim");
    pid = fork();
    if (!pid) {
      if (reopen() != 1) _exit(1);
      for (;;) add("victim");
    }
    moment.tv_nsec = 100000 * (1 + round % 17);
    nanosleep(&moment, 0);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    after = counted("victim");
    good &= after >= before && after < 999999;
  }
  ok(good, "kill -9 in the middle of counting, 200 times: every count is one that was written");

  pid = fork();
  if (!pid) {
    reopen();
    get("held", 0);
    kill(getpid(), SIGSTOP);
    _exit(0);
  }
  waitpid(pid, &status, WUNTRACED);
  ok(get("held", 0) == -1 && errno == EBUSY, "a process that holds a bucket for good is an error, in time");
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  ok(add("held") == 1, "until it dies");
}

/* Take a slot of the key in a process of its own, which then stops. Its id, or 0. */
static pid_t holder(const char *key, unsigned int most)
{
  pid_t pid = fork();
  int status;

  if (!pid) {
    if (reopen() != 1 || state_slot(&s, key, strlen(key), most) != 1) _exit(1);
    kill(getpid(), SIGSTOP);
    _exit(0);
  }
  waitpid(pid, &status, WUNTRACED);
  return WIFSTOPPED(status) ? pid : 0;
}

static int taken(const char *key, unsigned int most)
{
  int r;

  reopen();
  r = state_slot(&s, key, strlen(key), most);
  return r == -1 ? -1 : !r;
}

static void slots(void)
{
  pid_t pids[20];
  unsigned int i;
  int good = 1, status;

  reopen();
  ok(taken("k", 0) == 1, "of no slots none can be had");
  for (i = 0; i < 20; ++i) good &= (pids[i] = holder("k", 20)) != 0;
  ok(good && taken("k", 20) == 1, "of twenty slots twenty processes have each one, and then there is none");
  ok(taken("k", 21) == 0 && taken("l", 1) == 0, "of another size or key there is");
  ok(add("k") == 1, "and cells are not in the way");
  kill(pids[7], SIGKILL);
  waitpid(pids[7], &status, 0);
  ok(taken("k", 20) == 0, "that of a process which is killed is free at once");
  ok(state_slot(&s, "k", 1, 20) == 1 && state_slot(&s, "k", 1, 20) == 1 && taken("k", 20) == 0,
     "who opens the state anew has given back its own");
  for (i = 0; i < 20; ++i)
    if (i != 7) {
      kill(pids[i], SIGKILL);
      waitpid(pids[i], &status, 0);
    }
}

/* All cells are found, and what is damaged is none. */
static void walk(void)
{
  unsigned int i, found = 0, sum = 0;
  unsigned long at = 0;
  int r;

  unlinkat(AT_FDCWD, disk_path(FILE_), 0);
  reopen();
  ok(state_next(&s, &at, &c) == 0, "an empty state has no cell");
  for (i = 0; i < 100; ++i) {
    get(numbered("w", i), 0);
    c.first = 1;
    c.last = 2;
    c.count[1] = i;
    state_set(&s, &c);
  }
  for (at = 0; (r = state_next(&s, &at, &c)) == 1; sum += c.count[1]) found += c.first == 1 && c.last == 2;
  ok(r == 0 && found == 100 && sum == 4950, "all that were set are found, each once");
}

/* Many make the file at once. */
static void race(void)
{
  unsigned int p, round;
  int good = 1, status;

  for (round = 0; round < 30; ++round) {
    unlinkat(AT_FDCWD, disk_path(FILE_), 0);
    for (p = 0; p < 6; ++p)
      if (!fork()) _exit(!(reopen() == 1 && add("race") == 1));
    for (p = 0; p < 6; ++p) good &= wait(&status) != -1 && !status;
    good &= reopen() == 1 && counted("race") == 6;
  }
  ok(good, "of many that make it one wins");
}

int main(void)
{
  disk_setup();
  disk_begin(0);
  s.fd = -1;
  plain();
  damage();
  full();
  crowd();
  killed();
  slots();
  walk();
  race();
  disk_remove();
  return done_testing();
}
