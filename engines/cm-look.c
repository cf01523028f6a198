/* cm-look: what attachments really are, and what is inside them. For
 * cm-filter-attach, which judges; this program only tells, cm-look(8). It reads
 * what strangers wrote with large libraries, and therefore has nothing but the
 * files it was given. */

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine.h"
#include "inside.h"
#include "look.h"
#include "magic.h"
#include "stage.h"

#define MEMORY (512ul << 20)  /* address space, with the libraries */

static __attribute__((noreturn)) void usage(void)
{
  stage_die("usage: cm-look FD NAME [FD NAME]...");
}

/* The number of an open regular file. */
static int descriptor(const char *text)
{
  unsigned long fd;
  struct stat st;

  if (!*text || text[scan_ulong(text, &fd)] || fd < 3 || fd > 65535) usage();
  if (fstat((int) fd, &st) == -1 || !S_ISREG(st.st_mode)) stage_die("not an open file: ", text);
  return (int) fd;
}

/* Close what is neither 0 to 2 nor given. */
static void close_others(int argc, char **argv)
{
  unsigned long fd, next, low = 3;
  int i;

  for (;; low = next + 1) {
    next = 65536;
    for (i = 1; i < argc; i += 2) {
      scan_ulong(argv[i], &fd);
      if (fd >= low && fd < next) next = fd;
    }
    if (next > low) syscall(SYS_close_range, low, next == 65536 ? ~0u : next - 1, 0);
    if (next == 65536) return;
  }
}

int main(int argc, char **argv)
{
  int i;

  stage_begin("cm-look", 1);
  if (argc < 3 || argc % 2 == 0) usage();
  for (i = 1; i < argc; i += 2) descriptor(argv[i]);
  close_others(argc, argv);
  signal(SIGXFSZ, SIG_IGN);
  /* Names of entries become UTF-8; times are of no interest. */
  if (!setlocale(LC_CTYPE, "C.UTF-8")) stage_die("unable to use the locale C.UTF-8");
  setenv("TZ", "UTC0", 1);
  if (magic_prepare() == -1) stage_diesys("unable to open the database of libmagic");
  look_start();
  if (confine(MEMORY, LOOK_BYTES + 1, 2 * LOOK_SECONDS) == -1)
    stage_diesys("unable to confine myself");

  for (i = 1; i < argc; i += 2) {
    look_section(argv[i]);
    inside_attachment(descriptor(argv[i]), argv[i + 1], strlen(argv[i + 1]));
    look_section_end();
  }
  look_end();
  return 0;
}
