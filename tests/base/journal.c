/* journal: what is read again is what was written, whatever has become of the file. */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"

#define BOX "pop3 pop.example.net joe "
static stralloc trouble;

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
  for (n = journal_next(&j, 0), i = 0; n; n = journal_next(&j, n)) i += n->state != JOURNAL_GONE;
  ok(journal_tidy(&j, BOX) == 1 && j.lines == i, "what was written over and over stands there once");
  close_journal(&j);
  ok(open_journal(&j) == 1 && state(&j, name) == JOURNAL_DENIED && state(&j, "- a") == JOURNAL_SENT, "behind that it can be read");
  close_journal(&j);
  ok(journal_open(&j, "pop3 pop.example.net jim ", 0, &trouble) == -1, "but not as that of another mailbox");
  close_journal(&j);
}

int main(void)
{
  char dir[] = "/tmp/cm-test.XXXXXX";

  if (!mkdtemp(dir) || chdir(dir) == -1) return 111;
  again();
  damaged();
  long_names();
  unlink("journal");
  unlink("journal.bad");
  unlink("journal.new");
  if (chdir("/") == -1 || rmdir(dir) == -1) return 111;
  return done_testing();
}
