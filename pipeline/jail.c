#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "control.h"
#include "landlock.h"
#include "rlimit.h"
#include "spawn.h"

enum {
  READ = LANDLOCK_READ | LANDLOCK_LIST,
  RUN = READ | LANDLOCK_EXECUTE,
  WRITE = READ | LANDLOCK_WRITE | LANDLOCK_MAKE | LANDLOCK_REFER | LANDLOCK_TRUNCATE
};

static int complain(stralloc *error, const char *what, const char *word)
{
  const char *why = strerror(errno);

  if (!stralloc_copys(error, what) || !stralloc_cats(error, word) || !stralloc_cats(error, ": ") ||
      !stralloc_cats(error, why) || !stralloc_0(error)) error->len = 0;
  return -1;
}

/* What a name means: below the directory of the port, below the suite's home, or as it
 * is. 0: without memory. */
static const char *below_home(const char *name)
{
  static stralloc path;

  if (!stralloc_copys(&path, control_home()) || !stralloc_cats(&path, "/") || !stralloc_cats(&path, name) ||
      !stralloc_0(&path)) {
    errno = ENOMEM;
    return 0;
  }
  return path.s;
}

/* Give the rights for each of the words. 2: a directory was among them; 1; -1. */
static int grant(const struct jail *j, const stralloc *words, unsigned int rights, uint64_t known)
{
  static stralloc found;
  const char *word, *home;
  int done, most = 1;
  size_t at;

  for (at = 0; at < words->len; at += strlen(word) + 1) {
    word = words->s + at;
    if (rights & LANDLOCK_EXECUTE && !strchr(word, '/')) {
      if (spawn_find(word, &found) == -1) continue;
      done = landlock_path(j->rules, found.s, rights & known);
    } else done = landlock_path(j->rules, word, rights & known);
    if (done > most) most = done;
    if (done == -1) return -1;
    if (*word == '/' || (rights & LANDLOCK_EXECUTE && !strchr(word, '/'))) continue;
    home = below_home(word);
    done = home ? landlock_path(j->rules, home, rights & known) : -1;
    if (done > most) most = done;
    if (done == -1) return -1;
  }
  return most;
}

/* A file that is open already can be opened again by that. */
static int grant_open(const struct jail *j, int fd)
{
  char name[20 + FMT_ULONG] = "/proc/self/fd/";

  name[14 + fmt_ulong(name + 14, (unsigned long) fd)] = 0;
  return landlock_path(j->rules, name, LANDLOCK_READ);
}

static int connects(const struct jail *j)
{
  size_t i;

  for (i = 0; i < j->profile.connect; ++i)
    if (landlock_port(j->rules, j->profile.ports[i]) == -1) return -1;
  return 1;
}

/* Away from the numbers that the program's own descriptors are about to get. */
static int out_of_the_way(int fd)
{
  int high;

  if (fd == -1 || fd > JAIL_FIELDS) return fd;
  high = fcntl(fd, F_DUPFD_CLOEXEC, JAIL_FIELDS + 1);
  close(fd);
  return high;
}

/* The rules for this program. */
static int rules(struct jail *j, const char *program, int level, const int open[2], stralloc *error)
{
  const struct profile *p = &j->profile;
  struct landlock all = landlock_all(level);
  int i, written;

  j->rules = -1;
  j->deny.files = p->write.len > 0;
  if (!all.files) return 1;
  if (p->sockets & DENY_TCP && !p->connect) all.net &= ~2u;
  if (p->server) all.net &= ~1u;
  j->rules = out_of_the_way(landlock_make(&all));
  if (j->rules == -1) return complain(error, "unable to use ", "Landlock");
  if (landlock_path(j->rules, program, LANDLOCK_EXECUTE | LANDLOCK_READ) == -1 ||
      grant(j, &p->read, READ, all.files) == -1 || grant(j, &p->run, RUN, all.files) == -1 ||
      (written = grant(j, &p->write, WRITE, all.files)) == -1 || (all.net & 2 && connects(j) == -1))
    return complain(error, "unable to make rules for ", program);
  for (i = 0; i < 2; ++i)
    if (open[i] != -1 && grant_open(j, open[i]) == -1) return complain(error, "unable to make rules for ", "a file");
  j->deny.files = written == 2;
  return 1;
}

/* Files are found by the same names afterwards. */
static int whole_name(stralloc *path, stralloc *error)
{
  static stralloc name;
  char here[PATH_MAX];

  if (*path->s == '/') return 1;
  if (!getcwd(here, sizeof here)) return complain(error, "unable to find ", "the working directory");
  if (stralloc_copys(&name, here) && stralloc_cats(&name, "/") && stralloc_cats(&name, path->s) &&
      stralloc_copy(path, &name) && stralloc_0(path)) return 1;
  errno = ENOMEM;
  return complain(error, "unable to find ", "a program");
}

/* The directory; "empty" is one that make setup has made, and where that is missing the
 * one that has nothing of ours. */
static int place(struct jail *j, stralloc *error)
{
  const char *name = j->profile.directory.s;
  struct stat st;

  j->directory = 0;
  if (!j->profile.directory.len) return 1;
  if (*name != '/') name = below_home(name);
  if (!name || stat(name, &st) == -1) {
    if (strcmp(j->profile.directory.s, "empty")) return complain(error, "unable to use directory ", j->profile.directory.s);
    name = "/";
  }
  if (!stralloc_copys(&j->profile.directory, name) || !stralloc_0(&j->profile.directory)) return -1;
  j->directory = j->profile.directory.s;
  return 1;
}

int jail_make(struct jail *j, const char *name, stralloc *path, int level, const int open[2], stralloc *error)
{
  struct profile *p = &j->profile;

  j->rules = -1;
  j->failed = "";
  if (!j->name.len || strcmp(j->name.s, name)) {
    j->name.len = 0;
    if (profile_read(name, p, error) == -1) return -1;
    if (place(j, error) == -1) return -1;
  }
  if (level < p->level) {
    errno = ENOSYS;
    return complain(error, "Landlock of this kernel is older than profile wants: ", name);
  }
  if ((j->directory && whole_name(path, error) == -1) || rules(j, path->s, level, open, error) == -1) {
    jail_end(j);
    return -1;
  }
  if (j->name.len || p->unfiltered) return 1;
  j->deny.level = level;
  j->deny.sockets = p->sockets;
  j->deny.server = p->server;
  j->deny.processes = p->processes;
  if (deny_make(&j->deny) == 1 && stralloc_copys(&j->name, name) && stralloc_0(&j->name)) return 1;
  jail_end(j);
  j->name.len = 0;
  return complain(error, "unable to make a filter for ", name);
}

void jail_end(struct jail *j)
{
  if (j->rules != -1) close(j->rules);
  j->rules = -1;
}

/* Of an account's processes those of all its sessions count, but in a space of its own
 * only those of the stage. Where the kernel gives none there is no limit to them. */
static int count_apart(const struct profile *p)
{
  return p->processes < 1 || !apart(0) || rlimit_lower(RLIMIT_NPROC, (unsigned long) p->processes) == 1;
}

static int limits(const struct profile *p)
{
  const struct { int what; unsigned long most; } list[] = {
    { RLIMIT_CORE, 0 }, { RLIMIT_AS, p->memory }, { RLIMIT_CPU, p->cpu }, { RLIMIT_FSIZE, p->file },
    { RLIMIT_NOFILE, p->descriptors }, { RLIMIT_STACK, p->stack },
  };
  size_t i;

  for (i = 0; i < sizeof list / sizeof *list; ++i)
    if (list[i].most != ~0UL && rlimit_lower(list[i].what, list[i].most) == -1) return -1;
  return 1;
}

int jail_enter(void *jail)
{
  struct jail *j = jail;

  /* What a port writes may be for others, as the mail log is. */
  if (!j->profile.server) umask(077);
  j->failed = "unable to lower a limit";
  if (!count_apart(&j->profile) || limits(&j->profile) == -1) return -1;
  j->failed = "unable to enter the directory";
  if (j->directory && chdir(j->directory) == -1) return -1;
  j->failed = "unable to enter Landlock";
  if (j->rules != -1 && landlock_enter(j->rules) == -1) return -1;
  j->failed = "unable to filter system calls";
  /* A sanitizer traces and starts processes, to look for leaks when all is over. */
  return j->profile.unfiltered || SECCOMP_SANITIZED ? 1 : deny_enter(&j->deny);
}
