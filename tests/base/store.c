/* store_put: what it stores, and that no fault leaves half of it. */
#include "tap.h"

#include <sys/resource.h>
#include <signal.h>

#include "disk.h"
#include "store.h"

#define ID "1763726850.123456.1.1.0000000"
#define HASH "e874e5572b0b2d67a8732cab2e8dbde43289c56bfe94f4c2dfdc03232a80781d"
static const char mail[] = "Subject: x\r\n\r\n.\r\n\0body\r\n";
static struct store entry = {
  .id = ID "0", .port = "mx", .verdict = "accept/redirect", .stage = "virus",
  .reason = "5.7.1 EICAR\nfound", .sender = "", .recipients = "b@example.net\n\"c d\"@example.net\n",
};

static int put(void)
{
  static int fd = -1;

  if (fd == -1) {
    fd = open(disk_path("mail"), O_RDWR | O_CREAT, 0600);
    if (write(fd, mail, sizeof mail) != sizeof mail) return 0;
  }
  lseek(fd, 0, SEEK_SET);
  return store_put(fd, &entry);
}

static int is_mail(const char *name)
{
  return !memcmp(disk_read(name), mail, sizeof mail);
}

int main(void)
{
  struct stat st;
  int i, good, fd;

  disk_setup();
  disk_begin(0);
  ok(put() == 1, "a message is stored");
  ok(is_mail("store/" ID "0.eml"), "byte by byte");
  ok(strstr(disk_read("store/" ID "0.env"), "Z\nid " ID "0\nport mx\nverdict accept/redirect\n"
            "stage virus\nreason 5.7.1 EICAR\\x0afound\nsender \nrecipient b@example.net\n"
            "recipient \"c d\"@example.net\nsize 25\n"
            "sha256 " HASH "\nend\n") != 0, "with all that is known about it, one thing a line");
  ok(!strcmp(disk_log, "ddfflldu" "u"), "files are synced before they are linked, the directory after");
  ok(!strcmp(disk_list("store/tmp"), ""), "nothing is left in tmp");
  ok(stat(disk_path("store/" ID "0.eml"), &st) == 0 && (st.st_mode & 07777) == 0600 &&
     stat(disk_path("store/" ID "0.env"), &st) == 0 && (st.st_mode & 07777) == 0600 &&
     stat(disk_path("store"), &st) == 0 && (st.st_mode & 07777) == 0700, "nobody else may read it");

  ok(put() == -1 && errno == EEXIST && is_mail("store/" ID "0.eml") &&
     !strcmp(disk_list("store"), ID "0.eml " ID "0.env tmp usage "), "an id that is there is left alone");

  entry.id = ID "1";
  for (good = 1, i = 1; i <= 5; ++i) {
    disk_begin(i);
    good &= put() == -1 && errno == EIO && !strcmp(disk_list("store"), ID "0.eml " ID "0.env tmp usage ") &&
            !strcmp(disk_list("store/tmp"), "");
  }
  ok(good, "each sync and link that fails is an error and leaves nothing");
  disk_begin(0);
  ok(put() == 1, "after which it can be stored");

  entry.id = ID "2";
  signal(SIGXFSZ, SIG_IGN);
  good = !setrlimit(RLIMIT_FSIZE, &(struct rlimit) { 10, RLIM_INFINITY }) && put() == -1 && errno == EFBIG;
  ok(!setrlimit(RLIMIT_FSIZE, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY }) && good &&
     !strcmp(disk_list("store/tmp"), "") && !strstr(disk_list("store"), ID "2"), "a full disk leaves nothing");

  fd = open("/dev/null", O_RDONLY);
  ok(store_put(fd, &entry) == -1 && errno == EIO && !strstr(disk_list("store"), ID "2"),
     "an empty message is an error");
  ok(store_put(99, &entry) == -1 && errno == EBADF && !strstr(disk_list("store"), ID "2"),
     "a message that cannot be read is an error");

  if (symlink("/dev/null", disk_path("store/" ID "2.env")) ||
      symlink("/dev/null", disk_path("store/" ID "3.eml")) ||
      symlink("../../mail", disk_path("store/tmp/" ID "4.eml")))
    return 1;
  ok(put() == -1 && errno == EEXIST, "row 73: a planted .env is not followed");
  entry.id = ID "3";
  ok(put() == -1 && errno == EEXIST && !strstr(disk_list("store"), ID "3.env"),
     "row 73: nor is a planted .eml");
  entry.id = ID "4";
  ok(put() == -1 && errno == EEXIST && is_mail("mail"), "row 73: nor is one in tmp");

  entry.id = "../../../../etc/cron.d/x";
  ok(put() == -1 && errno == EINVAL, "an id that is a path is refused");

  disk_remove();
  return done_testing();
}
