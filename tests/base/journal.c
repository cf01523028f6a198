/* journal: what is read again is what was written, whatever has become of the file. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal.h"

#define BOX "pop3 pop.example.net joe "
static stralloc trouble;

/* What was brought to the disk, in this order: f, a file; d, a directory; r, a new name. */
static char calls[64];
static int broken;  /* nothing can be */

static int did(char what)
{
  size_t n = strlen(calls);

  if (n < sizeof calls - 1) calls[n] = what;
  return 1;
}

/* In the place of the C library's. */
int fsync(int fd)
{
  struct stat st;

  did(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? 'd' : 'f');
  errno = EIO;
  return broken ? -1 : (int) syscall(SYS_fsync, fd);
}

int renameat(int from, const char *old, int to, const char *new)
{
  did('r');
  return (int) syscall(SYS_renameat2, from, old, to, new, 0U);
}

/* Were it these since the last time? */
static int were(const char *expected)
{
  int same = !strcmp(calls, expected);

  if (!same) fprintf(stderr, "# %s, not %s\n", calls, expected);
  memset(calls, 0, sizeof calls);
  return same;
}

/* Another process, as it were: what is only in memory is gone. */
static void close_journal(struct journal *j)
{
  close(j->fd);
  close(j->dir);
}

/* Its state; -1: there is no such letter. */
static int state(const struct journal *j, const char *name)
{
  const struct note *n = journal_find(j, name);

  return n ? (int) n->state : -1;
}

static int open_journal(struct journal *j)
{
  return journal_open(j, BOX, 0, &trouble);
}

static void put(struct journal *j, const char *name, enum journal_state s)
{
  struct note *n = journal_note(j, name);

  if (!n) exit(111);
  memset(n->hash, 0xa5, sizeof n->hash);
  n->size = 1234;
  if (journal_write(j, n, s) != 1) exit(111);
}

static void append(const void *bytes, size_t len)
{
  int fd = open("journal", O_WRONLY | O_APPEND | O_CLOEXEC);

  if (fd == -1 || write(fd, bytes, len) != (ssize_t) len) exit(111);
  close(fd);
}

static off_t size(void)
{
  struct stat st;

  return stat("journal", &st) == -1 ? -1 : st.st_size;
}

static size_t contents(char to[4096])
{
  int fd = open("journal", O_RDONLY | O_CLOEXEC);
  ssize_t n = read(fd, to, 4096);

  if (n < 100 || n == 4096) exit(111);
  close(fd);
  return (size_t) n;
}

static void again(void)
{
  static struct journal j, other;
  static const char *const names[] = { "- gone", "- going", "- sent", "- refused", "- left", "- large", "- part",
                                       "- part a@example.net", "- part b@example.net" };
  size_t i;
  int same = 1;

  ok(open_journal(&j) == 1 && size() > 0, "a journal is begun");
  for (i = 0; i < JOURNAL_STATES; ++i) put(&j, names[i], (enum journal_state) i);
  ok(journal_commit(&j) == 1, "and brought to the disk");
  ok(open_journal(&other) == 0, "it is locked");
  close(other.dir);
  close_journal(&j);
  ok(open_journal(&j) == 1 && !j.damaged, "another process reads it");
  for (i = 0; i < JOURNAL_STATES; ++i) same &= state(&j, names[i]) == (int) i;
  ok(same, "and each state");
  ok(journal_find(&j, "- sent")->size == 1234 && journal_find(&j, "- sent")->hash[15] == 0xa5, "with size and hash");
  put(&j, "- sent", JOURNAL_GONE);
  close_journal(&j);
  ok(open_journal(&j) == 1 && state(&j, "- sent") == JOURNAL_GONE, "the last line counts");
  close_journal(&j);
}

/* A line of ours, twice; then what none is. */
static void damaged(void)
{
  static struct journal j;
  static char all[4096], more[70000];
  size_t whole = contents(all), i;
  const char *line = (const char *) memchr(all, '\n', whole) + 1;

  append(line, whole - (size_t) (line - all));
  ok(open_journal(&j) == 1 && !j.damaged && state(&j, "- sent") == JOURNAL_GONE, "lines that stand there twice do no harm");
  close_journal(&j);
  append("\0\0\0\0\n", 5);
  memset(more, 'x', sizeof more);
  append(more, sizeof more);
  append("\n", 1);
  append(line, 20);
  append("\n\n", 2);
  append(line, 30);
  ok(open_journal(&j) == 1 && j.damaged == 5, "zeros, endless, torn and empty lines do not count");
  ok(state(&j, "- left") == JOURNAL_LEFT && state(&j, "- part a@example.net") == JOURNAL_GIVEN, "and the others do");
  ok(faccessat(AT_FDCWD, "journal.bad", F_OK, 0) == 0 && size() < (off_t) whole, "the file is kept aside, and a clean one begun");
  put(&j, "- new", JOURNAL_SENT);
  close_journal(&j);
  ok(open_journal(&j) == 1 && !j.damaged && state(&j, "- new") == JOURNAL_SENT && state(&j, "- left") == JOURNAL_LEFT,
     "which goes on");
  close_journal(&j);
  for (whole = contents(all), i = 0; i < 60; ++i) {
    if (truncate("journal", 0) == -1) break;
    append(all, whole - 1 - i);
    if (open_journal(&j) != 1) break;
    close_journal(&j);
    if (state(&j, "- left") != JOURNAL_LEFT || state(&j, "- new") != -1) break;
  }
  ok(i == 60, "cut off at whatever byte of its last line it has the others");
  for (i = 0; i < 60; ++i) {
    if (truncate("journal", 0) == -1) break;
    all[whole - 2 - i] ^= 1;
    append(all, whole);
    all[whole - 2 - i] ^= 1;
    if (open_journal(&j) != 1) break;
    close_journal(&j);
    if (state(&j, "- left") != JOURNAL_LEFT || state(&j, "- new") != -1) break;
  }
  ok(i == 60, "nor does that line count if one bit is another, whichever");
}

static void long_names(void)
{
  static struct journal j;
  static char name[JOURNAL_NAME + 2];
  struct note *n;
  size_t i;

  memset(name, 'n', JOURNAL_NAME + 1);
  ok(open_journal(&j) == 1 && !journal_note(&j, name), "a name that is too long has no note");
  name[JOURNAL_NAME] = 0;
  put(&j, name, JOURNAL_DENIED);
  for (i = 0; i < 2000; ++i) put(&j, i % 2 ? "- a" : "- b", JOURNAL_SENT);
  close_journal(&j);
  if (open_journal(&j) != 1) exit(111);
  for (n = journal_next(&j, 0), i = 0; n; n = journal_next(&j, n)) i += n->state != JOURNAL_GONE;
  ok(journal_tidy(&j, BOX) == 1 && j.lines == i, "what was written over and over stands there once");
  close_journal(&j);
  ok(open_journal(&j) == 1 && state(&j, name) == JOURNAL_DENIED && state(&j, "- a") == JOURNAL_SENT, "behind that it can be read");
  close_journal(&j);
  ok(journal_open(&j, "pop3 pop.example.net jim ", 0, &trouble) == -1, "but not as that of another mailbox");
  close_journal(&j);
}

static int open_files(void)
{
  int fd, n = 0;

  for (fd = 0; fd < 100; ++fd) n += fcntl(fd, F_GETFD) != -1;
  return n;
}

/* What a loss of power would leave. */
static void on_disk(void)
{
  static struct journal j;
  size_t i;
  int files;

  were("");
  ok(open_journal(&j) == 1 && were("frd"), "a new journal is on the disk before it gets its name, and its name behind that");
  ok(journal_commit(&j) == 1 && were(""), "so there is nothing to be done for it");
  put(&j, "- one", JOURNAL_GOING);
  ok(were(""), "a line alone is not brought to the disk");
  ok(journal_commit(&j) == 1 && were("f") && journal_commit(&j) == 1 && were(""), "but when that is wanted, once");
  close_journal(&j);
  ok(open_journal(&j) == 1 && journal_commit(&j) == 1 && were("f"), "who reads it again does not rely on the run before");
  for (i = 0; i < 1000; ++i) put(&j, "- one", JOURNAL_SENT);
  files = open_files();
  ok(journal_tidy(&j, BOX) == 1 && were("frd") && journal_commit(&j) == 1 && were(""), "a shorter one is there as the first one was");
  ok(open_files() == files, "and the one before is closed");
  close_journal(&j);
  append("torn", 4);
  ok(open_journal(&j) == 1 && j.damaged == 1 && were("frd"), "and so is one in the place of one that is damaged");
  put(&j, "- one", JOURNAL_GOING);
  broken = 1;
  errno = 0;
  ok(journal_commit(&j) == -1 && errno == EIO, "a disk that fails is not taken for one that has it");
  broken = 0;
  i = (size_t) size();
  ok(journal_commit(&j) == -1 && journal_write(&j, journal_note(&j, "- one"), JOURNAL_SENT) == -1 && journal_tidy(&j, BOX) == -1 &&
     size() == (off_t) i, "nor is it asked again: nothing counts any more");
  close_journal(&j);
  unlink("journal");
}

/* What is no file of ours is not taken for one, nor for none. */
static void odd_files(void)
{
  static struct journal j;

  ok(open_journal(&j) == 1 && rename("journal", "other") == 0 && symlink("other", "journal") == 0, "a link to a journal");
  close_journal(&j);
  ok(open_journal(&j) == -1, "is none");
  close(j.dir);
  ok(unlink("journal") == 0 && rename("other", "journal") == 0 && truncate("journal", (1 << 28) + 1) == 0, "one above 256 MiB");
  ok(open_journal(&j) == -1 && strstr(trouble.s, strerror(EFBIG)), "is not read");
  close_journal(&j);
  unlink("journal");
}

int main(void)
{
  char dir[] = "/tmp/cm-test.XXXXXX";

  if (!mkdtemp(dir) || chdir(dir) == -1) return 111;
  on_disk();
  odd_files();
  again();
  damaged();
  long_names();
  unlink("journal");
  unlink("journal.bad");
  unlink("journal.new");
  if (chdir("/") == -1 || rmdir(dir) == -1) return 111;
  return done_testing();
}
