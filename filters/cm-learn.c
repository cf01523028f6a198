/* cm-learn: gives stored messages to those that learn what spam is, works off
 * the spool of the traps, and looks after SpamAssassin's Bayes database. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bayes.h"
#include "learner.h"
#include "mails.h"
#include "owfat.h"
#include "print.h"
#include "progress.h"
#include "trap.h"

enum { WRONG = 100, TROUBLE = 111 };

enum {
  INAROW = 10,     /* failures after which nobody seems to be there */
  KEPT   = 604800  /* seconds that a trap's message may wait for somebody who learns */
};

static const char usage[] =
  "usage: cm-learn spam|ham|forget [-c COMMAND] FILE... | -t | check|expire [-c COMMAND] [BAYES]";

static unsigned long learned, failed, skipped, inarow;
static int trap;

static const char *digits(unsigned long n)
{
  static char text[FMT_ULONG + 1];

  text[fmt_ulong(text, n)] = 0;
  return text;
}

static void tell(const char *file, unsigned long number, const char *what)
{
  progress_end();
  if (number) carp(file, ", message ", digits(number), ": ", what);
  else carp(file, ": ", what);
}

/* A trap's message is gone when it is learned, and one day in any case. */
static void forget(const char *file, int done)
{
  struct stat st;

  if (!done && (stat(file, &st) == -1 || st.st_mtime + KEPT > time(0))) return;
  if (!done) tell(file, 0, "given up");
  if (unlink(file) == -1) carpsys("unable to remove ", file);
}

static void take(int fd, off_t size, const char *file, unsigned long number)
{
  static stralloc why;
  int done = 1;

  if (inarow >= INAROW) return;
  if (!size || size > TRAP_LEARN) {
    ++skipped;
    tell(file, number, size ? "too large to learn from" : "empty");
  } else if ((done = learner_teach(fd, &why))) {
    ++learned;
    inarow = 0;
  } else {
    ++failed;
    tell(file, number, why.len ? why.s : "out of memory");
    if (++inarow == INAROW) tell(file, number, "giving up: nothing is learned any more");
  }
  if (trap) forget(file, done);
  progress_show("learned", learned);
}

static int end(const char *as)
{
  progress_end();
  print("learned ", digits(learned), " as ", as);
  if (failed) print(", failed ", digits(failed));
  if (skipped) print(", skipped ", digits(skipped));
  print("\n");
  if (print_end() == -1) diesys(TROUBLE, "unable to write");
  return failed ? TROUBLE : 0;
}

static void find_learners(const char *verb)
{
  switch (learner_read(verb)) {
    case -1: diesys(TROUBLE, "unable to use control/learn");
    case 0: die(TROUBLE, "nobody learns ", verb, ": control/learn has no line for it");
  }
}

static int learn(const char *verb, char **args)
{
  int given = 0;

  for (; *args && !strcmp(*args, "-c"); args += 2, given = 1)
    if (!args[1] || !learner_add(args[1], strlen(args[1]))) die(WRONG, usage);
  if (!*args) die(WRONG, usage);
  if (!given) find_learners(verb);
  for (; *args; ++args)
    if (mails_walk(*args, take) == -1) {
      tell(*args, 0, strerror(errno));
      ++failed;
    }
  return end(verb);
}

static int work_off(void)
{
  const char *spool;

  switch (trap_open(&spool)) {
    case -1:
      if (errno == ENOENT) return 0;
      diesys(TROUBLE, "unable to read the spool");
    case 0: die(TROUBLE, "another one is at work");
  }
  trap = 1;
  find_learners("spam");
  if (mails_walk(spool, take) == -1) diesys(TROUBLE, "unable to read the spool");
  trap_clean();
  return learned || failed || skipped ? end("spam") : 0;
}

static int look_after(const char *verb, char **args)
{
  const char *command = "sa-learn";

  if (*args && !strcmp(*args, "-c")) {
    if (!args[1]) die(WRONG, usage);
    command = args[1];
    args += 2;
  }
  if (*args && args[1]) die(WRONG, usage);
  return *verb == 'c' ? bayes_check(command, *args) : bayes_expire(command, *args);
}

int main(int argc, char **argv)
{
  const char *verb = argc > 1 ? argv[1] : "";

  errmsg_iam("cm-learn");
  if (!strcmp(verb, "spam") || !strcmp(verb, "ham") || !strcmp(verb, "forget")) return learn(verb, argv + 2);
  if (!strcmp(verb, "-t") && argc == 2) return work_off();
  if (!strcmp(verb, "check") || !strcmp(verb, "expire")) return look_after(verb, argv + 2);
  die(WRONG, usage);
}
