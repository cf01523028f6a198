#include "holder.h"

#include <errno.h>
#include <iconv.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "pass.h"

#define SPACE (1ul << 20)  /* bytes of temporary files besides those of the messages */

/* Descriptor 2 and one more are all that is ours. */
static void close_others(int kept)
{
  if (kept > 3) syscall(SYS_close_range, 3, kept - 1, 0);
  syscall(SYS_close_range, kept + 1, ~0u, 0);
}

static void note(int channel, char kind, pid_t pid, unsigned int serial, const char *text)
{
  struct note n = { kind, pid, serial, "" };

  snprintf(n.text, sizeof n.text, "%s", text);
  pass_send(channel, &n, sizeof n, -1);
}

/* The bytes of address space that we have now. */
static unsigned long space_taken(void)
{
  unsigned long pages = 0;
  char text[64] = "";
  FILE *f = fopen("/proc/self/statm", "re");

  if (f && fgets(text, sizeof text, f)) pages = strtoul(text, 0, 10);
  if (f) fclose(f);
  return pages * (unsigned long) sysconf(_SC_PAGESIZE);
}

static void scan(int channel)
{
  char answer[CLAM_ANSWER], kind;
  unsigned char digest[CLAM_DIGEST];
  int fd;

  while (pass_receive(channel, &kind, 1, &fd) == 1 && fd != -1) {
    if (kind == JOB_SCAN) {
      clam_scan(fd, answer);
      if (pass_send(channel, answer, strlen(answer), -1) == -1) break;
    } else if (pass_send(channel, digest, clam_digest(fd, digest) ? sizeof digest : 1, -1) == -1) break;
    close(fd);
  }
}

/* The C library loads a module for each character set, which a scanner cannot
 * any more: those that mail has are loaded before, for what libclamav wants them
 * converted to. */
static const char *const names[] = {
  "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7",
  "ISO-8859-8", "ISO-8859-9", "ISO-8859-10", "ISO-8859-11", "ISO-8859-13", "ISO-8859-14", "ISO-8859-15",
  "ISO-8859-16", "CP1250", "CP1251", "CP1252", "CP1253", "CP1254", "CP1255", "CP1256", "CP1257", "CP1258",
  "KOI8-R", "KOI8-U", "SHIFT_JIS", "CP932", "EUC-JP", "ISO-2022-JP", "GB2312", "GBK", "GB18030", "BIG5",
  "EUC-KR", "CP949", "ISO-2022-KR", "TIS-620", "CP437", "CP850", "CP852", "CP866", "MACINTOSH", "UTF-7",
  "UNICODE"
};
#define NAMES (sizeof names / sizeof *names)

static iconv_t kept[2 * NAMES];

static void load_charsets(void)
{
  size_t i;

  for (i = 0; i < NAMES; ++i) {
    kept[2 * i] = iconv_open("UTF-16BE", names[i]);
    kept[2 * i + 1] = iconv_open("UTF-8", names[i]);
  }
}

static void free_charsets(void)
{
  size_t i;

  for (i = 0; i < 2 * NAMES; ++i)
    if (kept[i] != (iconv_t) -1) iconv_close(kept[i]);
}

/* Be a scanner. The engine is not freed: that would touch all of it. */
static void scanner(int channel, pid_t daemon, const char *directory, const struct holder_settings *s)
{
  char text[80];
  unsigned int how;

  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != daemon) _exit(0);
  close_others(channel);
  clam_confined();
  if (confine_to(directory, space_taken() + s->memory, s->limits.total + SPACE, &how) == -1) {
    snprintf(text, sizeof text, "unable to confine a scanner: %s", strerror(errno));
    pass_send(channel, text, strlen(text), -1);
    _exit(111);
  }
  snprintf(text, sizeof text, "%u", how);
  if (pass_send(channel, text, strlen(text), -1) == 1) scan(channel);
  _exit(0);
}

void holder_run(int channel, const char *directory, const struct holder_settings *s)
{
  struct pollfd p = { channel, POLLIN, 0 };
  char text[CLAM_ANSWER], both[2 * CLAM_ANSWER];
  unsigned int serial;
  pid_t daemon = getppid(), pid;
  int fd, r;

  signal(SIGTERM, SIG_DFL);
  signal(SIGHUP, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  /* too large a file is an error then */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_others(channel);
  if (!clam_load(s->databases, s->count, &s->limits, text)) {
    note(channel, NOTE_FAILED, 0, 0, text);
    exit(0);
  }
  load_charsets();
  snprintf(both, sizeof both, "%s\n%s", clam_version(), text);
  note(channel, NOTE_LOADED, 0, 0, both);
  for (;;) {
    r = poll(&p, 1, (int) s->check * 1000);
    if (r == 0 && clam_changed()) note(channel, NOTE_CHANGED, 0, 0, "");
    if (r <= 0) continue;
    if (pass_receive(channel, &serial, sizeof serial, &fd) <= 0) break;
    if (fd == -1) continue;
    /* The scanner's parent is ours, which knows then how it ended. */
    pid = (pid_t) syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (!pid) scanner(fd, daemon, directory, s);
    note(channel, NOTE_FORKED, pid, serial, pid == -1 ? strerror(errno) : "");
    close(fd);
  }
  free_charsets();
  clam_free();
  exit(0);
}
