#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "outcome.h"
#include "stream.h"

#define WORDS 6          /* the descriptor, as notqmail has it */
#define CIRCLE "4"       /* so many of us behind each other must be a circle */
#define USUAL "/usr/local/bin:/usr/bin:/bin"

extern char **environ;

/* Descriptors --------------------------------------------------------------- */

/* A file with a name is none that somebody made to hear us: it may be a log that was left open. */
static int can_hear(void)
{
  int flags = fcntl(WORDS, F_GETFL);
  struct stat st;

  if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY || fstat(WORDS, &st) == -1) return 0;
  return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || (S_ISREG(st.st_mode) && !st.st_nlink);
}

/* What we open must not become descriptor 2, which we complain on. */
static int descriptors(struct caller *c)
{
  if (fcntl(0, F_GETFD) == -1 || fcntl(1, F_GETFD) == -1) return 0;
  c->listens = can_hear();
  return fcntl(2, F_GETFD) != -1 || open("/dev/null", O_WRONLY) == 2;
}

/* Privileges ------------------------------------------------------------------ */

/* Our own account, without a way back. Root can leave its groups behind, others not. */
static int become(uid_t uid)
{
  uid_t ours = geteuid();
  gid_t group = getegid();

  if (!ours && uid) {
    errno = EPERM;
    return 0;
  }
  if (!uid && ours && (seteuid(0) == -1 || setgroups(0, 0) == -1)) return 0;
  return setresgid(group, group, group) == 0 && setresuid(ours, ours, ours) == 0;
}

/* Environment ----------------------------------------------------------------- */

static int keeps(const char *variable)
{
  static const char *const kept[] = { "TCP", "PROTO=", "REMOTE_ADDR=", "RELAYCLIENT=", "CM_QUEUES=" };
  size_t i;

  for (i = 0; i < sizeof kept / sizeof *kept; ++i)
    if (!strncmp(variable, kept[i], strlen(kept[i]))) return 1;
  return 0;
}

/* Whoever calls a set-user-ID program chooses its environment. */
static void forget(void)
{
  char **from, **to;

  for (from = to = environ; *from; ++from)
    if (keeps(*from)) *to++ = *from;
  *to = 0;
}

/* Our own programs are found, whoever called us. */
static int find_programs(void)
{
  static stralloc path;
  const char *theirs = getenv("PATH");

  return stralloc_copys(&path, control_home()) && stralloc_cats(&path, "/bin:") &&
         stralloc_cats(&path, theirs && *theirs ? theirs : USUAL) && stralloc_0(&path) && !setenv("PATH", path.s, 1);
}

/* control/queue may lead back to us: after the original was renamed, or by way of a script. */
static int circles(void)
{
  const char *before = getenv("CM_QUEUES");
  char count[2] = "1";

  if (before) {
    if (strlen(before) != 1 || *before < '1' || *before >= *CIRCLE) return 1;
    *count = (char) (*before + 1);
  }
  return setenv("CM_QUEUES", count, 1) == -1;
}

static int go(const char *dir)
{
  static stralloc path;

  if (dir) return chdir(dir) == 0;
  errno = ENOMEM;
  return stralloc_copys(&path, control_home()) && stralloc_cats(&path, "/ports/queue") && stralloc_0(&path) && chdir(path.s) == 0;
}

/* The whole ------------------------------------------------------------------- */

static int because(const char **why, int code, const char *what)
{
  *why = what;
  if (code == OUTCOME_BROKEN) errno = 0;
  return code;
}

static void signals(void)
{
  sigset_t none;

  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, 0);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGXFSZ, SIG_IGN);  /* its limit, which we hear of as an error */
  stream_signals(0);
}

int caller_meet(struct caller *c, const char *dir, const char **why)
{
  unsigned long secure = getauxval(AT_SECURE);

  c->uid = getuid();
  c->pid = getppid();
  if (!descriptors(c)) return because(why, OUTCOME_READ, "without message and envelope");
  signals();
  umask(077);
  if (secure) {
    if (dir) return because(why, OUTCOME_BROKEN, "set-user-ID it takes no directory");
    if (!become(c->uid)) return because(why, OUTCOME_CONFIGURE, "unable to become its own account");
    forget();
  }
  if (!find_programs()) return because(why, OUTCOME_CONFIGURE, "out of memory");
  if (circles()) return because(why, OUTCOME_BROKEN, "control/queue leads back to cm-queue");
  return go(dir) ? 0 : because(why, OUTCOME_HOME, "unable to work in the port's directory");
}

int caller_hears(const struct caller *c, const char *words, size_t len)
{
  return c->listens && copy_write(WORDS, words, len) == 1;
}

int caller_waits(const struct caller *c)
{
  return getppid() == c->pid;
}
