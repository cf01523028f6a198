/* The maildir module: names, and what reaches the disk in which order. */
#include "tap.h"

#include "disk.h"
#include "maildir.h"

static int base;

static int named(const char *address, const char *name)
{
  char dir[MAILDIR_DIR];

  return maildir_name(address, dir) && !strcmp(dir, name);
}

static int begin(struct maildir *m)
{
  int fd = maildir_begin(m);

  return fd != -1 && write(fd, "mail\n", 5) == 5 ? fd : -1;
}

/* Deliver as cm-maildir does. 1 or -1. */
static int deliver(const char *dir)
{
  struct maildir m = { .base = base };
  int fd, result;

  memcpy(m.dir, dir, strlen(dir) + 1);
  if (maildir_make(base, dir) == -1) return -1;
  fd = begin(&m);
  if (fd == -1) return -1;
  result = maildir_finish(fd);
  if (result == 1) result = fsync(base) == -1 ? -1 : 1;
  if (result == 1) result = maildir_show(&m);
  if (result == 1) result = maildir_sync(&m);
  if (result == -1) maildir_undo(&m);
  return result;
}

int main(void)
{
  struct maildir one = { .base = 0, .dir = "a@b" }, two;
  char dir[MAILDIR_DIR], address[300];
  struct stat st;
  int i, fd, good;

  ok(named("Some.Body+x_y=z-1@Example.NET", "some.body+x_y=z-1@example.net"), "a plain address names its maildir");
  ok(named("..", "%2e.") && named(".", "%2e") && named("../../etc/passwd", "%2e.%2f..%2fetc%2fpasswd") &&
     named("/", "%2f"), "an address is never a path");
  ok(named("a b@c", "a%20b@c") && named("\"%2e\"@c", "%22%252e%22@c") && named("\xc3\xbc@c", "%c3%bc@c") &&
     named("a\nb", "a%0ab"), "every other byte is encoded");
  memset(address, 'a', sizeof address);
  address[200] = 0;
  good = maildir_name(address, dir);
  address[200] = 'a', address[201] = 0;
  ok(good && strlen(dir) == 200 && !maildir_name(address, dir), "a name has 200 bytes at most");
  memset(address, ' ', 70);
  address[67] = 0;
  ok(!maildir_name(address, dir) && !maildir_name("", dir), "an address that is empty or too long encoded has none");

  disk_setup();
  base = open(disk_home, O_RDONLY | O_DIRECTORY);
  disk_begin(0);
  ok(deliver("a@b") == 1 && !strcmp(disk_log, "dfdlud"),
     "maildir, file and its directory are synced, the message linked in between");
  ok(!strcmp(disk_list(""), "a@b ") && !strcmp(disk_list("a@b"), "cur new tmp ") &&
     !strcmp(disk_list("a@b/tmp"), ""), "nothing else is left");
  ok(stat(disk_path("a@b/new"), &st) == 0 && (st.st_mode & 07777) == 0700, "nobody else may read it");
  disk_begin(0);
  ok(deliver("a@b") == 1 && !strcmp(disk_log, "fdlud"), "the second delivery makes nothing");

  for (good = 1, i = 1; i <= 6; ++i) {
    disk_begin(i);
    if (deliver("b@b") == 1) continue;
    good &= errno == EIO && (!strcmp(disk_list(""), "a@b ") ||
            (!strcmp(disk_list(""), "a@b b@b ") && !strcmp(disk_list("b@b/new"), "") &&
             !strcmp(disk_list("b@b/tmp"), "")));
    disk_remove_below("b@b");
  }
  ok(good, "each sync and link that fails is an error and leaves nothing");

  disk_begin(0);
  one.base = base;
  two = one;
  ok((fd = begin(&one)) != -1 && begin(&two) != -1 && strcmp(one.name, two.name), "two messages have two names");
  ok(!strncmp(one.name, "tmp/", 4) && !strchr(one.name + 4, '/') && !strchr(one.name, ':'),
     "a name has no / and no :");
  ok(maildir_finish(fd) == 1 && maildir_show(&one) == 1 && !strncmp(one.name, "new/", 4),
     "shown, the message is in new");
  memcpy(two.name, one.name, sizeof one.name);
  memcpy(two.name, "tmp", 3);
  ok(maildir_show(&two) == -1 && !strncmp(two.name, "tmp/", 4), "what is not in tmp cannot be shown");
  fd = openat(base, "a@b", O_RDONLY | O_DIRECTORY);
  ok(!linkat(fd, one.name, fd, two.name, 0) && maildir_show(&two) == -1 && errno == EEXIST,
     "a message of the same name is not replaced");

  fd = maildir_spool(base);
  ok(fd != -1 && write(fd, "x", 1) == 1 && fstat(fd, &st) == 0 && !st.st_nlink && !strcmp(disk_list(""), "a@b b@b "),
     "a spool has no name");

  disk_remove();
  return done_testing();
}
