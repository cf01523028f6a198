/* quota: what goes from a store, what never does, and what a dead process left. */
#include "tap.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>

#include "disk.h"
#include "digits.h"
#include "home.h"
#include "id.h"
#include "quota.h"
#include "store.h"
#include "stored.h"

#define DAY 86400UL
static int dir, mail;
static struct quota q;
static struct swept s;

/* The id of a message that came so many seconds before the test: the same one
 * however slowly it runs. */
static const char *id(unsigned long ago, unsigned int n)
{
  static unsigned long began;
  static char text[ID_SIZE];
  char *at;

  if (!began) began = (unsigned long) time(0);
  at = digits(text, began - ago, 10, 10);
  at = stpcpy(at, ".000000.1.");
  *stpcpy(digits(at, n, 16, 1), ".00000000") = 0;
  return text;
}

static int keep(const char *name)
{
  struct store e = { .id = name, .port = "mx", .verdict = "accept/redirect", .stage = "spam",
                     .reason = "5.7.1 no\\x", .sender = "a b@x", .recipients = "c@x\nd\t@x\n" };

  lseek(mail, 0, SEEK_SET);
  return store_keep(dir, &q, mail, &e);
}

static int count(const char *suffix)
{
  struct storedid *e;
  long n = stored_ids(dir, &e), i, found = 0;

  for (i = 0; i < n; ++i) found += *suffix == 'm' ? e[i].message : *suffix == 'e' ? e[i].envelope : 1;
  free(e);
  return (int) found;
}

static void fresh(struct quota limits)
{
  struct storedid *e;
  long n = stored_ids(dir, &e), i;

  for (i = 0; i < n; ++i) stored_remove(dir, e[i].id);
  free(e);
  unlinkat(dir, "usage", 0);
  q = limits;
}

static int lines(void)
{
  const char *at = disk_read("log/ledger");
  int n = 0;

  while ((at = strstr(at, " expired from the store: "))) ++n, ++at;
  return n;
}

static void limits(void)
{
  static char oldest[ID_SIZE];
  unsigned int i;
  int good;

  fresh((struct quota) { .files = 3, .ledger = 1 });
  stpcpy(oldest, id(10, 0));
  for (good = 1, i = 0; i < 5; ++i) good &= keep(id(10, i)) == 1;
  ok(good && count("m") == 3 && count("e") == 3 && stored_open(dir, oldest, ".eml") == -1,
     "at the limit of files the oldest goes for a new one");
  ok(lines() == 2 && strstr(disk_read("log/ledger"), " mx accept/redirect 26 spam <a\\x20b@x> <c@x>,<d\\x09@x> "
     "expired from the store: 5.7.1 no\\x5cx\n"), "and the ledger tells of each");

  fresh((struct quota) { .size = 60 });
  for (good = 1, i = 0; i < 5; ++i) good &= keep(id(10, i)) == 1;
  ok(good && count("m") == 2 && lines() == 2, "at the limit of bytes, too; without a ledger nothing is told");
  q.size = 25;
  ok(keep(id(1, 9)) == -1 && errno == EDQUOT && count("m") == 2, "a message above the limit moves nothing");

  fresh((struct quota) { .files = 2, .age = 1000 });
  ok(keep(id(5000, 1)) == 1 && keep(id(10, 2)) == 1 && keep(id(10, 3)) == 1 && count("m") == 2 &&
     keep(id(10, 4)) == -1 && errno == EDQUOT && count("m") == 2 && count("e") == 2,
     "nothing goes before its least age: the store is full");
  ok(!strcmp(disk_list("store/tmp"), ""), "and nothing of the message is left");
  fresh((struct quota) { .files = 2, .age = 1000 });
  ok(keep(id(5000, 1)) == 1 && keep(id(10, 1)) == 1 && stored_remove(dir, id(10, 1)) == 1 &&
     keep(id(10, 2)) == 1 && keep(id(10, 3)) == 1 && count("m") == 2, "one that was deleted makes room");

  fresh((struct quota) { .days = 2 });
  ok(keep(id(3 * DAY, 1)) == 1 && keep(id(DAY, 2)) == 1 && quota_sweep(dir, &q, &s) == 1 && s.gone == 1 &&
     s.files == 1 && s.bytes == 26 && count("a") == 1, "after its days a message goes");
  ok(keep("9999999999.000000.1.1.00000000") == 1 && quota_sweep(dir, &q, &s) == 1 && s.files == 2,
     "one from the future is young");
}

static void counter(void)
{
  unsigned int i;
  int good = 1, fd;

  fresh((struct quota) { .files = 10, .age = 1000 });
  for (i = 0; i < 10; ++i) good &= keep(id(10, i)) == 1;
  if (good) ok(keep(id(10, 77)) == -1, "ten are ten");
  fd = openat(dir, "usage", O_WRONLY | O_TRUNC);
  good = write(fd, "00000000000000000099 00000000000000000000 99999999999999999999\n", 63) == 63;
  ok(good && stored_remove(dir, id(10, 3)) == 1 && keep(id(10, 78)) == 1 && keep(id(10, 79)) == -1,
     "a counter that is wrong is counted anew before anybody is refused");
  good = !ftruncate(fd, 30) && stored_remove(dir, id(10, 4)) == 1 && keep(id(10, 80)) == 1;
  ok(good && keep(id(10, 81)) == -1, "as is one that was cut");
  good = pwrite(fd, "\0\xff garbage", 10, 0) == 10 && keep(id(10, 82)) == -1 && errno == EDQUOT;
  ok(good, "or is none");
  close(fd);
}

static void litter(void)
{
  char name[60];
  struct utimbuf old = { time(0) - 2 * (time_t) DAY, time(0) - 2 * (time_t) DAY };
  int good;

  fresh((struct quota) { .files = 0 });
  stpcpy(stpcpy(name, id(10, 1)), ".eml");
  good = keep(id(10, 1)) == 1 && !unlinkat(dir, name, 0);
  close(open(disk_path("store/tmp/1700000000.000000.1.1.00000000.eml"), O_CREAT | O_WRONLY, 0600));
  good &= !utime(disk_path("store/tmp/1700000000.000000.1.1.00000000.eml"), &old);
  close(open(disk_path("store/tmp/1700000001.000000.1.1.00000000.env"), O_CREAT | O_WRONLY, 0600));
  close(open(disk_path("store/1700000000.000000.1.1.00000000.env"), O_CREAT | O_WRONLY, 0600));
  close(open(disk_path("store/README"), O_CREAT | O_WRONLY, 0600));
  ok(good && quota_sweep(dir, &q, &s) == 1 && s.litter == 2 && s.gone == 0,
     "what a dead process left is swept after a day");
  ok(!strcmp(disk_list("store/tmp"), "1700000001.000000.1.1.00000000.env ") && count("e") == 1,
     "but not what may still be at work");
  ok(strstr(disk_list("store"), "README") != 0, "nor what is not ours");
}

/* Eight processes, each putting and counting. */
static void crowd(void)
{
  unsigned int p, i;
  int good = 1, status;

  fresh((struct quota) { .files = 1000 });
  for (p = 0; p < 8; ++p)
    if (!fork()) {
      mail = open(disk_path("mail"), O_RDONLY);
      for (i = 0; i < 50; ++i) good &= keep(id(10, 1000 * p + i)) == 1;
      _exit(!good);
    }
  for (p = 0; p < 8; ++p) good &= wait(&status) != -1 && !status;
  ok(good && count("m") == 400 && !memcmp(disk_read("store/usage"), "00000000000000000400 ", 21),
     "many processes count right");
}

static void reading(void)
{
  static struct stored r;
  char name[60];
  int fd;

  fresh((struct quota) { .files = 0 });
  keep(id(10, 1));
  ok(stored_read(dir, id(10, 1), &r) == 1 && !strcmp(r.sender, "a b@x") && !strcmp(r.reason, "5.7.1 no\\x") &&
     !strcmp(r.recipients.s, "c@x\nd\t@x\n") && r.size == 26 && !strcmp(r.port, "mx"), "an envelope is read back");
  fd = stored_open(dir, id(10, 1), ".eml");
  ok(stored_verify(fd, &r) == 1 && lseek(fd, 0, SEEK_CUR) == 0, "its message is what was stored");
  close(fd);
  stpcpy(stpcpy(name, id(10, 1)), ".eml");
  fd = openat(dir, name, O_RDWR);
  ok(pwrite(fd, "X", 1, 3) == 1 && stored_verify(fd, &r) == 0, "one that was changed is not");
  lseek(fd, 0, SEEK_SET);
  ok(!ftruncate(fd, 5) && stored_verify(fd, &r) == 0, "nor one that was cut");
  close(fd);
  stpcpy(stpcpy(name, id(10, 1)), ".env");
  fd = openat(dir, name, O_RDWR);
  ok(!ftruncate(fd, lseek(fd, 0, SEEK_END) - 1) && stored_read(dir, id(10, 1), &r) == -1 && errno == EBADMSG,
     "an envelope without its end is none");
  close(fd);
  ok(stored_read(dir, id(99, 1), &r) == 0, "there may be none");
  ok(stored_read(dir, "../../../../etc/passwd", &r) == -1 && errno == EINVAL, "a path is no id");
  stpcpy(stpcpy(name, id(10, 7)), ".eml");
  ok(symlinkat("/etc/passwd", dir, name) == 0 && stored_open(dir, id(10, 7), ".eml") == -1,
     "a symbolic link is not followed");
}

int main(void)
{
  disk_setup();
  disk_begin(0);
  dir = home_open("store");
  mail = open(disk_path("mail"), O_RDWR | O_CREAT, 0600);
  if (write(mail, "Subject: x\r\n\r\nbody\r\nbody\r\n", 26) != 26) return 1;
  limits();
  counter();
  litter();
  crowd();
  reading();

  fresh((struct quota) { .files = 2 });
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 0, RLIM_INFINITY });
  signal(SIGXFSZ, SIG_IGN);
  ok(quota_take(dir, &q, 10) == 1 && quota_take(dir, &q, 10) == 1, "a counter that cannot be written stops no mail");
  setrlimit(RLIMIT_FSIZE, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY });

  if (chdir(disk_path("")) || mkdir("control", 0700)) return 1;
  ok(quota_read(&q) == 1 && q.files == QUOTA_FILES && q.age == QUOTA_AGE && !q.days && !q.size && q.ledger,
     "the limits of the quarantine have defaults");
  close(open("control/storesize", O_CREAT | O_WRONLY, 0600));
  dir = open("control/storesize", O_WRONLY);
  ok(write(dir, "100m\n", 5) == 5 && quota_read(&q) == 1 && q.size == 100UL << 20, "control files set them");
  ok(!ftruncate(dir, 0) && pwrite(dir, "x", 1, 0) == 1 && quota_read(&q) == -1 && errno == EINVAL,
     "one that is no number is an error");
  disk_remove();
  return done_testing();
}
