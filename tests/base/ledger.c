/* ledger_deleted: what its line says, and that it is on disk. */
#include "tap.h"

#include "disk.h"
#include "ledger.h"

static struct ledger entry = {
  .id = "1763726850.123456.1.1.00000000", .port = "mx", .verdict = "accept/delete",
  .sender = "a@example.org", .recipients = "b@example.net\nc@example.net\n",
  .stage = "virus", .reason = "5.7.1 EICAR found", .size = 4711,
};

/* The line behind its time. */
static const char *text(void)
{
  const char *line = disk_read("log/ledger");

  return strlen(line) > 24 ? line + 24 : line;
}

int main(void)
{
  static char many[300000];
  struct stat st;
  int i, good;

  disk_setup();
  disk_begin(0);
  ok(ledger_deleted(&entry) == 1, "a deletion is recorded");
  ok(!strcmp(text(), " 1763726850.123456.1.1.00000000 mx accept/delete 4711 virus <a@example.org> "
             "<b@example.net>,<c@example.net> deleted by policy: 5.7.1 EICAR found\n"),
     "the line says all");
  ok(!strcmp(disk_log, "dfd"), "home, file and directory are synced, in this order");
  ok(stat(disk_path("log/ledger"), &st) == 0 && (st.st_mode & 07777) == 0600 &&
     stat(disk_path("log"), &st) == 0 && (st.st_mode & 07777) == 0700, "nobody else may read it");

  for (good = 1, i = 1; i <= 2; ++i) {
    disk_begin(i);
    good &= ledger_deleted(&entry) == -1 && errno == EIO && disk_calls == i;
  }
  ok(good, "a sync that fails is an error and is not tried again");

  unlink(disk_path("log/ledger"));
  disk_begin(0);
  entry.sender = "";
  entry.recipients = "\"x y>,<z\"@example.net";
  entry.reason = "5.7.1 a \\ and\r\n2026 forged \x9b""1m";
  ledger_deleted(&entry);
  ok(strstr(text(), " <> <\"x\\x20y\\x3e,\\x3cz\"@example.net> deleted by policy: "
            "5.7.1 a \\x5c and\\x0d\\x0a2026 forged \\x9b1m\n") != 0,
     "nothing in it breaks the line or its words");

  unlink(disk_path("log/ledger"));
  for (i = 0; i < 5000; ++i) memcpy(many + 21 * i, "somebody@example.net\n", 22);
  entry.recipients = many;
  ok(ledger_deleted(&entry) == 1 && strlen(disk_read("log/ledger")) > 5000 * 22, "no recipient is left out");

  unlink(disk_path("log/ledger"));
  if (symlink("/dev/null", disk_path("log/ledger"))) return 1;
  ok(ledger_deleted(&entry) == -1, "row 73: a symbolic link is not followed");
  unlink(disk_path("log/ledger"));
  if (mkdir(disk_path("log/ledger"), 0700)) return 1;
  ok(ledger_deleted(&entry) == -1 && errno == EISDIR, "a file that cannot be written is an error");
  setenv("CM_HOME", "/nonexistent", 1);
  ok(ledger_deleted(&entry) == -1 && errno == ENOENT, "a missing home is an error");

  disk_remove();
  return done_testing();
}
