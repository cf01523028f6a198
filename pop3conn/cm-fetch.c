/* cm-fetch: fetches the letters of mailboxes, has them filtered, hands them to the mail
 * server, and deletes only what that has taken. It is told of accounts by their
 * directories; what has become of their letters stands in each account's journal. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "control.h"
#include "journal.h"
#include "log.h"
#include "round.h"
#include "stream.h"

static const char usage[] = "usage: cm-fetch [-n] [-s] [-j NUMBER] DIRECTORY...";

static int only_look, stay;

/* Passwords are in our memory, and in no file that the kernel writes. */
static void harden(void)
{
  const struct rlimit none = { 0, 0 };

  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

/* One account ------------------------------------------------------------------ */

static int rounds(const struct account *a, struct journal *j)
{
  int code = ROUND_DONE;

  if (only_look) return round_show(a, j);
  do {
    code = round_make(a, j, stay);
    /* SIGTERM ends this, too. */
    if (stay && !stream_stopped && !j->failed) poll(0, 0, (int) (a->interval > 86400 ? 86400000 : a->interval * 1000));
  } while (stay && !stream_stopped && !j->failed);
  return code;
}

static int account(const char *dir)
{
  static struct account a;
  static struct journal j;
  stralloc trouble = { 0 }, name = { 0 };
  int r;

  if (chdir(dir) == -1) {
    log_event("trouble", "-", "unable to enter ", dir, ": ", strerror(errno));
    return ROUND_CALL;
  }
  if (!account_read(&a, &trouble)) {
    log_event("trouble", "-", dir, ": ", control_words(&trouble));
    return ROUND_CALL;
  }
  r = round_mailbox(&a, &name) ? journal_open(&j, name.s, only_look, &trouble) : -1;
  if (r == 0) log_event("trouble", "-", dir, ": another run has this account");
  if (r == -1) log_event("trouble", "-", dir, ": ", control_words(&trouble));
  if (r != 1) return r == 0 ? ROUND_LOCKED : ROUND_TROUBLE;
  if (j.damaged) log_event("trouble", "-", dir, ": lines of the journal were damaged; what they told may be sent again");
  return rounds(&a, &j);
}

/* Several --------------------------------------------------------------------- */

/* One that was told to end tells the others: they end with us. */
static int begin(const char *dir)
{
  pid_t us = getpid(), pid = fork();

  if (pid) return pid == -1 ? -1 : 1;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != us) _exit(ROUND_TROUBLE);
  _exit(account(dir));
}

/* The code of one that has ended. */
static int ended(void)
{
  int status;

  for (;;) {
    if (wait(&status) > 0) return WIFEXITED(status) ? WEXITSTATUS(status) : ROUND_TROUBLE;
    if (errno != EINTR || stream_stopped) return ROUND_TROUBLE;
  }
}

static int all(char **dirs, unsigned long most)
{
  unsigned long running = 0;
  int worst = 0, code;

  for (; *dirs || running; --running) {
    for (; *dirs && running < most && !stream_stopped; ++dirs)
      if (begin(*dirs) == 1) ++running;
      else {
        log_event("trouble", "-", "unable to fork: ", strerror(errno));
        worst = ROUND_TROUBLE;
      }
    if (!running) break;
    code = ended();
    if (code > worst) worst = code;
    if (stream_stopped) break;
  }
  return worst;
}

int main(int argc, char **argv)
{
  unsigned long most = 4;
  int c;

  errmsg_iam("cm-fetch");
  while ((c = getopt(argc, argv, "nsj:")) != -1) switch (c) {
    case 'n': only_look = 1; break;
    case 's': stay = 1; break;
    case 'j':
      if (control_scan(optarg, strlen(optarg), &most) && most) break;
      __attribute__((fallthrough));
    default: die(ROUND_CALL, usage);
  }
  argv += optind;
  if (!*argv || (stay && only_look)) die(ROUND_CALL, usage);
  harden();
  stream_signals(0);
  return argv[1] ? all(argv, stay ? ~0UL : most) : account(*argv);
}
