/* cm-jail: become a program that can reach no more than its profile says, cm-jail(5).
 * Without a program: print the profile. It trusts the profile and nothing that the
 * program does; it does not change the account, which setuidgid is for. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "copy.h"
#include "jail.h"
#include "landlock.h"
#include "spawn.h"
#include "surroundings.h"

enum { VARIABLES = 200, FIRST = 6 };

static struct jail jail;
static stralloc error;
static char *environment[VARIABLES + 1];
static size_t variables;

static void keep(char *variable)
{
  if (variables == VARIABLES) die(111, "too many variables");
  environment[variables++] = variable;
}

static int wanted(const char *variable)
{
  const stralloc *names = &jail.profile.environment;
  size_t len = strcspn(variable, "="), i;

  for (i = 0; i < names->len; i += strlen(names->s + i) + 1)
    if (strlen(names->s + i) == len && !memcmp(names->s + i, variable, len)) return 1;
  return 0;
}

/* What a stage is told, cm-stage(7), and what the profile names. */
static void select_environment(const int open[2])
{
  extern char **environ;
  static char envelope[] = "CM_ENVELOPE=" JAIL_ENVELOPE_NAME, fields[] = "CM_FIELDS=" JAIL_FIELDS_NAME;
  char **e;

  for (e = environ; *e; ++e)
    if ((surroundings_passes(*e) || wanted(*e)) && (open[0] == -1 || strncmp(*e, envelope, 12)) &&
        (open[1] == -1 || strncmp(*e, fields, 10))) keep(*e);
  if (open[0] != -1) keep(envelope);
  if (open[1] != -1) keep(fields);
}

/* The file that a variable names, as a descriptor that is out of the way; -1: none. */
static int open_named(const char *variable)
{
  const char *name = getenv(variable);
  int fd = name && *name ? open(name, O_RDONLY | O_CLOEXEC) : -1, high;

  if (fd == -1) return -1;
  high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
  close(fd);
  return high;
}

/* Nothing but 0 to 3 and what the variables name stays open at the exec. */
static void arrange(const int open[2])
{
  static const int place[] = { JAIL_ENVELOPE, JAIL_FIELDS };
  int i;

  for (i = 0; i < 2; ++i)
    if (open[i] == -1) close(place[i]);
    else if (dup2(open[i], place[i]) == -1) diesys(111, "unable to arrange descriptors");
  if (syscall(SYS_close_range, (unsigned int) FIRST, ~0U, 4U /* at the exec */) == -1) {
    for (i = FIRST; i < 1024; ++i) fcntl(i, F_SETFD, FD_CLOEXEC);
  }
}

static void print(const char *name)
{
  static stralloc text;

  switch (profile_text(name, &text)) {
    case 0: die(111, "there is no such profile: ", name);
    case -1: diesys(111, "unable to read profile ", name);
  }
  if (copy_write(1, text.s, text.len) == -1) diesys(111, "unable to write");
}

int main(int argc, char **argv)
{
  static stralloc path;
  pid_t parent = getppid();
  int open[2];

  errmsg_iam("cm-jail");
  if (argc < 2) die(111, "usage: cm-jail PROFILE [PROGRAM [ARGUMENTS]]");
  if (argc == 2) {
    print(argv[1]);
    return 0;
  }
  if (prctl(PR_SET_PDEATHSIG, (unsigned long) SIGKILL, 0UL, 0UL, 0UL) == -1 || getppid() != parent)
    die(111, "nobody waits for me");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1) diesys(111, "unable to give up new privileges");
  if (spawn_find(argv[2], &path) == -1) diesys(111, "unable to find ", argv[2]);
  open[0] = open_named("CM_ENVELOPE");
  open[1] = open_named("CM_FIELDS");
  if (jail_make(&jail, argv[1], &path, landlock_level(), open, &error) == -1)
    die(111, error.len ? error.s : "out of memory");
  select_environment(open);
  arrange(open);
  if (jail_enter(&jail) == -1) diesys(111, jail.failed);
  execve(path.s, argv + 2, environment);
  diesys(111, "unable to run ", argv[2]);
}
