/* roundcut FILE: a run of cm-fetch for the account in this directory, on a disk that keeps no more
 * than it has to: FILE says how much of the journal is safe from a loss of power, its inode
 * and its bytes, and nothing is really brought to the disk. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "journal.h"
#include "log.h"
#include "round.h"
#include "stream.h"

static int safe = -1;

/* In the place of the C library's. */
int fsync(int fd)
{
  char line[64];
  struct stat st;
  int n;

  if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) return 0;
  n = snprintf(line, sizeof line, "%20llu %20llu\n", (unsigned long long) st.st_ino, (unsigned long long) st.st_size);
  return pwrite(safe, line, (size_t) n, 0) == n ? 0 : -1;
}

int main(int argc, char **argv)
{
  static struct account a;
  static struct journal j;
  stralloc trouble = { 0 }, name = { 0 };

  if (argc != 2) return ROUND_CALL;
  safe = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  stream_signals(0);
  if (safe == -1 || !account_read(&a, &trouble) || !round_mailbox(&a, &name)) return ROUND_CALL;
  if (journal_open(&j, name.s, 0, &trouble) != 1) {
    log_event("trouble", "-", trouble.len ? trouble.s : "another run has this account");
    return ROUND_TROUBLE;
  }
  if (j.damaged) log_event("trouble", "-", "lines of the journal were damaged");
  return round_make(&a, &j, 0);
}
