/* libowfat as this machine has it: one assertion for each of its functions that
 * the suite calls. tests/base/owfat.t sees that none is left out. */

#include "owfat.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define pure
#include <cdb.h>
#include <cdb_make.h>
#undef pure

#include "tap.h"

static int is(const stralloc *s, const char *text)
{
  return s->len == strlen(text) && !memcmp(s->s, text, s->len);
}

static void strallocs(void)
{
  stralloc s, t = { 0 };
  size_t i;
  int good = 1;

  stralloc_init(&s);
  ok(!s.s && !s.len, "stralloc_init makes an empty one");
  ok(stralloc_copys(&s, "one") && is(&s, "one") && stralloc_copys(&s, "") && is(&s, ""),
     "stralloc_copys");
  ok(stralloc_copyb(&s, "a\0b", 3) && s.len == 3 && !memcmp(s.s, "a\0b", 3), "stralloc_copyb");
  ok(stralloc_copys(&t, "two") && stralloc_copy(&s, &t) && is(&s, "two") && s.s != t.s,
     "stralloc_copy");
  ok(stralloc_cats(&s, "-three") && is(&s, "two-three"), "stralloc_cats");
  ok(stralloc_catb(&s, "xyz", 2) && is(&s, "two-threexy") && stralloc_catb(&s, 0, 0) &&
     is(&s, "two-threexy"),
     "stralloc_catb");
  ok(stralloc_cat(&s, &t) && is(&s, "two-threexytwo"), "stralloc_cat");
  ok(stralloc_append(&t, "!") && is(&t, "two!"), "stralloc_append appends one byte");
  ok(stralloc_0(&t) && t.len == 5 && !t.s[4], "stralloc_0 appends a 0 byte");
  ok(stralloc_ready(&t, 1000) && t.len == 5 && !memcmp(t.s, "two!", 5),
     "stralloc_ready keeps what is there");
  ok(stralloc_readyplus(&t, 5000) && t.len == 5 && memset(t.s + t.len, 1, 5000),
     "stralloc_readyplus makes room behind it");
  for (t.len = i = 0; i < 100000; ++i) good &= stralloc_append(&t, &"0123456789"[i % 10]);
  for (i = 0; i < 100000; ++i) good &= t.s[i] == (char) ('0' + i % 10);
  ok(good && t.len == 100000, "a string may grow byte by byte");
  ok(!stralloc_readyplus(&t, SIZE_MAX) && t.len == 100000,
     "more room than there can be is refused");
  stralloc_free(&s);
  stralloc_free(&t);
  ok(!t.s, "stralloc_free lets go");
}

static void numbers(void)
{
  stralloc s = { 0 };
  char digits[FMT_ULONG];
  unsigned long n = 5;

  ok(stralloc_number(&s, 1234567890) && is(&s, "1234567890"), "stralloc_number writes digits");
  ok(fmt_ulong(digits, ULONG_MAX) == 20 && !memcmp(digits, "18446744073709551615", 20) &&
     fmt_ulong(digits, 0) == 1 && *digits == '0' && fmt_ulong(0, 100) == 3, "fmt_ulong");
  ok(scan_ulong("42x", &n) == 2 && n == 42, "scan_ulong gives the number and its length");
  ok(!scan_ulong("x", &n) && !scan_ulong("", &n) && !scan_ulong("-1", &n), "or no length");
  ok(scan_ulong("99999999999999999999", &n) < 20, "and not all of what does not fit");
  stralloc_free(&s);
}

static void strings(void)
{
  char text[] = "ABC-\303\204";

  ok(!byte_diff("a\0b", 3, "a\0b") && byte_diff("a\0b", 3, "a\0c") && byte_diff("\377", 1, "\1") &&
     !byte_diff("a", 0, "b"), "byte_diff");
  ok(byte_chr("abcabc", 6, 'c') == 2 && byte_chr("abc", 3, 'x') == 3, "byte_chr");
  ok(str_copy(text, "xyz") == 3 && !strcmp(text, "xyz"), "str_copy");
  memcpy(text, "AbZ@[\303\204", 7);
  case_lowerb(text, 7);
  ok(!memcmp(text, "abz@[\303\204", 7), "case_lowerb knows the letters of ASCII only");
  ok(!case_diffb("FROM", 4, "from") && case_diffb("FROM", 4, "fron") && case_diffb("@", 1, "`") &&
     !case_diffb("x", 0, "y"), "case_diffb");
  ok(!case_diffs("From", "FROM") && case_diffs("From", "FROMs") && case_diffs("a", ""),
     "case_diffs");
}

/* What the function writes to descriptors 1 and 2, and how it ends. */
static int prints(void (*say)(void), const char *text, int code)
{
  static char got[300];
  int out = memfd_create("out", 0), status = -1;
  pid_t pid = fork();
  ssize_t n;

  if (!pid) {
    dup2(out, 1);
    dup2(out, 2);
    say();
    _exit(0);
  }
  if (pid == -1 || waitpid(pid, &status, 0) != pid || lseek(out, 0, SEEK_SET)) return 0;
  n = read(out, got, sizeof got);
  close(out);
  return WIFEXITED(status) && WEXITSTATUS(status) == code &&
         n == (ssize_t) strlen(text) && !memcmp(got, text, (size_t) n);
}

static void say_carp(void) { errmsg_iam("cm-test"); carp("unable to ", "x"); }
static void say_carpsys(void) { errmsg_iam("cm-test"); errno = ENOENT; carpsys("unable to ", "x"); }
static void say_die(void) { errmsg_iam("cm-test"); die(111, "unable to ", "x"); }
static void say_diesys(void) { errmsg_iam("cm-test"); errno = EACCES; diesys(100, "not ", "x"); }

static void messages(void)
{
  fflush(stdout);
  ok(prints(say_carp, "cm-test: unable to x\n", 0), "carp and errmsg_iam");
  fflush(stdout);
  ok(prints(say_carpsys, "cm-test: unable to x: No such file or directory\n", 0),
     "carpsys names the error");
  fflush(stdout);
  ok(prints(say_die, "cm-test: unable to x\n", 111), "die ends with the code");
  fflush(stdout);
  ok(prints(say_diesys, "cm-test: not x: Permission denied\n", 100), "diesys does both");
}

static int put(struct cdb_make *make, const char *key, const char *value)
{
  return cdb_make_add(make, (const unsigned char *) key, strlen(key),
                      (const unsigned char *) value, strlen(value)) != -1;
}

static int finds(const char *map, size_t size, const char *key, const char *value)
{
  struct cdb c = { .map = (char *) (uintptr_t) map, .size = (uint32) size, .fd = -1 };

  return cdb_findnext(&c, (const unsigned char *) key, strlen(key)) == 1 &&
     c.dlen == strlen(value) &&
         !memcmp(map + c.dpos, value, c.dlen);
}

static void databases(void)
{
  static struct cdb_make make, other;
  struct cdb none = { .fd = -1 };
  char map[4000];
  int fd = memfd_create("cdb", 0), good = fd >= 0;
  ssize_t n;

  good &= cdb_make_start(&make, fd) != -1 && put(&make, "one", "first") && put(&make, "two", "") &&
          put(&make, "one", "again");
  ok(good && cdb_make_finish(&make) != -1, "cdb_make_start, cdb_make_add and cdb_make_finish");
  n = lseek(fd, 0, SEEK_SET) ? -1 : read(fd, map, sizeof map);
  ok(n > 2048 && n < 4000 && finds(map, (size_t) n, "one", "first") &&
     finds(map, (size_t) n, "two", ""),
     "cdb_findnext finds the first of a key");
  none.map = map;
  none.size = (uint32) n;
  ok(cdb_hash((const unsigned char *) "ab", 2) == ((5381U * 33 ^ 'a') * 33 ^ 'b'),
     "cdb_hash is that of the format");
  ok(!cdb_findnext(&none, (const unsigned char *) "three", 5), "and what is not there not");
  none.size = 100;
  none.loop = 0;
  ok(cdb_findnext(&none, (const unsigned char *) "one", 3) == -1, "and tells what is cut short");
  close(fd);
  ok(cdb_make_start(&other, -1) == -1, "a list that cannot be written is told");
}

int main(void)
{
  strallocs();
  numbers();
  strings();
  messages();
  databases();
  return done_testing();
}
