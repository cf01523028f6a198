/* The journal of cm-fetch with any bytes in it, behind a first line that is right, and instead of
 * one; lines between two blanks at their ends get the checksum that they need. Whatever stands
 * there: what was read is whole, and written anew it is read again as the same.
 * modules: pop3conn */

#include "journal.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)
#define BOX "pop3 x y "

static char memory[] = "/dev/shm/cm-fuzz.XXXXXX", disk[] = "/tmp/cm-fuzz.XXXXXX";
static char *name;
static int here, there = -1;  /* directories: that of whoever started us, and the account's */
static char first[200];
static size_t firstlen;

static void forget(struct journal *j)
{
  struct note *n, *next;
  size_t i;

  for (i = 0; i < j->slots; ++i)
    for (n = j->table[i]; n; n = next) {
      next = n->next;
      free(n);
    }
  free(j->table);
  if (j->fd != -1) close(j->fd);
  close(j->dir);
}

static void leave(void)
{
  unlinkat(there, "journal", 0);
  unlinkat(there, "journal.bad", 0);
  rmdir(name);
}

/* The first line that this mailbox's journal has. */
static void begin(void)
{
  static struct journal j;
  stralloc trouble = { 0 };
  ssize_t n;
  int fd;

  name = mkdtemp(memory);
  if (!name) name = mkdtemp(disk);
  here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  there = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  must(here != -1 && there != -1 && fchdir(there) == 0 && atexit(leave) == 0);
  must(journal_open(&j, BOX, 0, &trouble) == 1);
  forget(&j);
  fd = open("journal", O_RDONLY | O_CLOEXEC);
  n = read(fd, first, sizeof first);
  must(n > 0 && (size_t) n < sizeof first);
  firstlen = (size_t) n;
  close(fd);
}

/* What is between two newlines is a line of ours, if it ends with a blank. */
static void line(stralloc *to, const char *at, size_t len)
{
  struct sha256 h;
  char hex[SHA256_HEX];

  must(stralloc_catb(to, at, len));
  if (len < 2 || at[len - 1] != ' ') return;
  sha256_begin(&h);
  sha256_add(&h, at, len - 1);
  sha256_endhex(&h, hex);
  must(stralloc_catb(to, hex, 16));
}

static void file(const uint8_t *data, size_t size, int with)
{
  static stralloc all;
  const char *at = (const char *) data, *end = at + size, *nl;
  int fd = open("journal", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  must(stralloc_copyb(&all, first, with ? firstlen : 0));
  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    line(&all, at, (size_t) ((nl ? nl : end) - at));
    if (!nl) break;
    must(stralloc_append(&all, "\n"));
  }
  must(fd != -1 && (!all.len || write(fd, all.s, all.len) == (ssize_t) all.len));
  close(fd);
}

/* Each note of one stands in the other. */
static void same(const struct journal *one, const struct journal *other)
{
  const struct note *n, *as;

  for (n = journal_next(one, 0); n; n = journal_next(one, n)) {
    must(n->state < JOURNAL_STATES && strlen(n->name) <= JOURNAL_NAME);
    if (n->state == JOURNAL_GONE) continue;
    as = journal_find(other, n->name);
    must(as && as->state == n->state && as->time == n->time && as->size == n->size && !memcmp(as->hash, n->hash, sizeof n->hash));
  }
}

static void read_it(int with)
{
  static struct journal a, b;
  stralloc trouble = { 0 };
  int r = journal_open(&a, BOX, 0, &trouble), damaged = a.damaged > 0;

  must(r == 1 || r == -1);
  must(r == 1 || (trouble.len && !with));
  if (r == 1) {
    if (damaged) must(faccessat(there, "journal.bad", F_OK, 0) == 0);
    r = journal_open(&b, BOX, 1, &trouble);
    must(r == 1 && !b.damaged);
    same(&a, &b);
    same(&b, &a);
    forget(&b);
  }
  forget(&a);
  stralloc_free(&trouble);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (there == -1) begin();
  must(fchdir(there) == 0);
  file(data, size, 1);
  read_it(1);
  file(data, size, 0);
  read_it(0);
  must(fchdir(here) == 0);
  return 0;
}
