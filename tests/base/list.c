#include "list.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lookup.h"
#include "tap.h"
#include "verdict.h"

#define ROOM 8192

static struct list list;
static char whole[ROOM];
static size_t wholelen;

/* A file with these bytes, as a list. */
static int open_bytes(const char *bytes, size_t len)
{
  int result, fd = memfd_create("list", 0);

  if (fd == -1 || write(fd, bytes, len) != (ssize_t) len) return -2;
  result = list_open(&list, fd);
  return result;
}

static struct entry entry(const char *key, const char *value)
{
  struct entry e = { .key = key, .keylen = strlen(key), .value = value, .valuelen = strlen(value) };

  return e;
}

static int make(void)
{
  static const char *text[][2] = {
    { "joe@example.org", "reject/delete first" }, { "joe@example.org", "junk second" },
    { "@example.org", "junk at" }, { "example.org", "junk domain" },
    { "below.org", "junk below" }, { "<>", "junk empty" }, { "org", "junk top" },
    { "[127.0.0.1]", "junk literal" }, { "0.0.1]", "junk never" },
    { "x@a.test", "" }, { "k*@pattern.test", "junk star" }, { "k??@pattern.test", "junk marks" },
    { "@mx?.pattern.test", "junk at mark" }, { "*.dyn.test", "" }, { "long.test", "junk long" },
  };
  struct entry all[sizeof text / sizeof *text];
  size_t i;
  ssize_t n;
  int fd = memfd_create("list", 0);

  for (i = 0; i < sizeof text / sizeof *text; ++i) all[i] = entry(text[i][0], text[i][1]);
  if (fd == -1 || list_write(fd, all, i) != 1 || lseek(fd, 0, SEEK_SET)) return 0;
  n = read(fd, whole, sizeof whole);
  close(fd);
  wholelen = n > 0 ? (size_t) n : 0;
  return n > 0 && n < ROOM;
}

/* The value found for the address, "no" or "damaged". */
static const char *find(const char *address, size_t len)
{
  static char value[100];
  struct entry e;
  int found = list_find(&list, address, len, &e);

  if (found == -1) return "damaged";
  if (!found) return "no";
  if (e.valuelen >= sizeof value) return "long";
  memcpy(value, e.value, e.valuelen);
  value[e.valuelen] = 0;
  return value;
}

static int finds(const char *address, const char *value)
{
  return !strcmp(find(address, strlen(address)), value);
}

static void look_up(void)
{
  static char big[3000];

  ok(finds("joe@example.org", "reject/delete first"),
     "an address is found, its first entry counts");
  ok(finds("JOE@Example.ORG.", "reject/delete first"), "case and a last dot do not matter");
  ok(finds("ann@example.org", "junk at"), "then its @domain");
  ok(finds("ann@sub.example.org", "junk domain"),
     "@domain is not for the domains below, domain is");
  ok(finds("ann@below.org", "junk below") && finds("ann@a.b.below.org", "junk below"),
     "a domain is itself and everything below it");
  ok(finds("ann@notbelow.org", "junk top"), "a domain that ends alike is another one");
  ok(finds("a@b@example.org", "junk at"), "the last @ counts");
  ok(finds("", "junk empty"), "the empty sender is <>");
  ok(finds("x@[127.0.0.1]", "junk literal") && finds("x@[1.0.0.1]", "no"),
     "nothing is above a domain literal");
  ok(finds("x@a.test", ""), "a value may be empty");
  ok(finds("y@a.test", "no") && finds("example.org", "no") && finds("org", "no"),
     "what is not listed is not found, nor a domain that is no address");
  ok(finds(":patterns", "no") && finds("@", "no") && finds("...", "no") && finds("x@", "no"),
     "odd addresses are not found");
  ok(finds("kim@pattern.test", "junk star") && finds("KIM@pattern.test", "junk star"),
     "of the patterns the first that matches counts");
  ok(finds("a@mx1.pattern.test", "junk at mark") && finds("a@mx12.pattern.test", "no"),
     "a pattern that begins with @ is for domains");
  ok(finds("x@host.dyn.test", "") && finds("x@dyn.test", "no"), "a pattern may have no value");

  memset(big, 'a', sizeof big);
  memcpy(big + sizeof big - 10, "@long.test", 10);
  ok(!strcmp(find(big, sizeof big), "junk long"), "a long local part does not hide its domain");
  for (size_t i = 1; i < sizeof big - 10; i += 2) big[i] = '.';
  big[1] = '@';
  memcpy(big + sizeof big - 10, ".long.test", 10);
  ok(!strcmp(find(big, sizeof big), "junk long"),
     "a long domain does not hide the domain above it");
}

/* Must every change of that kind be noticed? The number of those that are not. */
static unsigned int shortened(void)
{
  unsigned int bad = 0;
  size_t len;

  for (len = 0; len < wholelen; ++len) if (open_bytes(whole, len)) ++bad;
  return bad;
}

static int zeros_or_noise(void)
{
  static char bytes[ROOM];
  size_t i;
  int result = open_bytes(bytes, sizeof bytes);

  srand(1);
  for (i = 0; i < sizeof bytes; ++i) bytes[i] = (char) rand();
  return result == 0 && open_bytes(bytes, sizeof bytes) == 0 && open_bytes(bytes, 2048) == 0;
}

/* Look-ups and walks in lists with changed bytes stay inside them and end;
 * the sanitizers see to the first. Returns how many steps a walk took at most. */
static size_t mutilated(void)
{
  static char bytes[ROOM];
  struct entry e;
  size_t i, at, steps, most = 0;

  for (i = 0; i < 3000; ++i) {
    memcpy(bytes, whole, wholelen);
    bytes[(size_t) rand() % wholelen] = (char) rand();
    bytes[2048 + (size_t) rand() % (wholelen - 2048)] = (char) rand();
    if (open_bytes(bytes, wholelen) != 1) continue;
    list_find(&list, "kim@nothing.pattern.test", 24, &e);
    list_find(&list, "", 0, &e);
    for (at = steps = 0; list_next(&list, &at, &e) == 1; ) ++steps;
    if (steps > most) most = steps;
    munmap(list.map, list.size);
  }
  return most;
}

static int damaged_record(void)
{
  static char bytes[ROOM];
  struct entry e;
  size_t at = 0;
  int result;

  memcpy(bytes, whole, wholelen);
  memset(bytes + 2048 + 4, 0xff, 4);  /* the length of the first value */
  if (open_bytes(bytes, wholelen) != 1) return 0;
  result = list_get(&list, "joe@example.org", 15, &e);
  return result == -1 && finds("joe@example.org", "damaged") && list_next(&list, &at, &e) == -1;
}

/* The record of the collected patterns, made to reach beyond the file. */
static int damaged_patterns(void)
{
  static char bytes[ROOM];
  char *at;

  memcpy(bytes, whole, wholelen);
  at = memmem(bytes, wholelen, ":patterns", 9);
  if (!at) return 0;
  memset(at - 4, 0xff, 4);
  return open_bytes(bytes, wholelen) == 1 && finds("x@nowhere.test", "damaged") &&
         finds("y@below.org", "junk below");
}

static int means(const char *value, int verdict, const char *reason)
{
  struct entry e = entry("k", value);
  const char *text;
  size_t len;

  return list_verdict(&e, VERDICT_JUNK, &text, &len) == verdict &&
         len == strlen(reason) && !memcmp(text, reason, len);
}

static int key_is(const char *text, const char *want)
{
  char key[LIST_KEYMAX + 10];
  size_t len = strlen(text);

  memcpy(key, text, len);
  return list_key(key, len) == strlen(want) && !memcmp(key, want, strlen(want));
}

static int no_key(const char *const *text)
{
  for (; *text; ++text) if (!key_is(*text, "")) return 0;
  return 1;
}

static void keys(void)
{
  static const char *const odd[] = { "", ".", "...", ".example.org", "user@", ":patterns", "a b",
    "a\tb", "a\rb", "a\177b", "<a@b>", "a@b,c", "a;", "\"a\"@b", 0 };
  char most[LIST_KEYMAX + 1];

  ok(key_is("Joe@Example.ORG", "joe@example.org") && key_is("Example.org.", "example.org") &&
     key_is("@Example.org", "@example.org") && key_is("*@X?", "*@x?") && key_is("<>", "<>") &&
     key_is("\303\204@x", "\303\204@x"), "a key is lower case, without a last dot");
  ok(no_key(odd), "what can be no address, domain or pattern is no key");
  memset(most, 'a', sizeof most);
  ok(list_key(most, LIST_KEYMAX) == LIST_KEYMAX && !list_key(most, LIST_KEYMAX + 1),
     "a key has at most LIST_KEYMAX bytes");
}

int main(void)
{
  struct entry e;
  size_t at = 0, n = 0;

  ok(make(), "a list is written");
  ok(open_bytes(whole, wholelen) == 1, "and is one");
  look_up();
  while (list_next(&list, &at, &e) == 1) ++n;
  ok(n == 15, "a walk sees every entry, and not the collected patterns");
  ok(list_get(&list, ":patterns", 9, &e) == 1 && e.value[e.valuelen - 1] == '\n',
     "the collected patterns end with a newline");

  ok(!shortened(), "a list cut short anywhere is no list");
  memset(whole + wholelen, 0, 8);
  ok(!open_bytes(whole, wholelen + 1) && !open_bytes(whole, wholelen + 8),
     "nor is one with more behind it");
  ok(zeros_or_noise(), "nor are zeros or noise");
  ok(list_open(&list, -1) == -1, "a descriptor that is none is an error");
  ok(damaged_record(), "a record that does not fit is damage, not no");
  ok(damaged_patterns(), "nor is a list whose patterns are damaged without patterns");
  ok(mutilated() < ROOM, "changed bytes cost no more than the file has");

  ok(means("", VERDICT_JUNK, "") && means(" \t", VERDICT_JUNK, ""),
     "an empty value is the other verdict");
  ok(means("reject/delete", VERDICT_REJECT, "") &&
     means(" defer \t come  later ", VERDICT_DEFER, "come  later"),
     "a value is a verdict and a reason");
  ok(means("spam", -1, "") && means("reject/delete/for/ever/and/ever/and/ever/and/ever", -1, ""),
     "a value that begins with no verdict is none");
  keys();
  return done_testing();
}
