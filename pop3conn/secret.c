#include "secret.h"

#include <errno.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "control.h"
#include "spawn.h"

#define WORDS 16       /* of the command */
#define SECRETMAX 16384
#define PATIENCE 60000 /* milliseconds for the program */

static int fail(const char **trouble, const char *why)
{
  *trouble = why;
  return -1;
}

/* The first line of what was read, and nothing that could begin another command. */
static int line(stralloc *secret, const char **trouble)
{
  size_t i, n = 0;

  while (n < secret->len && secret->s[n] != '\n') ++n;
  if (n && secret->s[n - 1] == '\r') --n;
  for (i = 0; i < n; ++i)
    if (secret->s[i] == '\r' || !secret->s[i]) return fail(trouble, "the password has bytes that none can have");
  secret->len = n;
  if (!n) return fail(trouble, "the password is empty");
  return stralloc_0(secret) ? 1 : fail(trouble, "out of memory");
}

static int take(int fd, stralloc *secret, const char **trouble)
{
  ssize_t r = 1;

  secret->len = 0;
  if (!stralloc_ready(secret, SECRETMAX + 1)) return fail(trouble, "out of memory");
  while (r > 0 && secret->len < SECRETMAX) {
    r = pread(fd, secret->s + secret->len, SECRETMAX - secret->len, (off_t) secret->len);
    if (r > 0) secret->len += (size_t) r;
    else if (r == -1 && errno != EINTR) return fail(trouble, strerror(errno));
  }
  return line(secret, trouble);
}

/* It belongs to the account alone: there is none for the whole suite. */
static int from_file(stralloc *secret, const char **trouble)
{
  int fd = open("control/password", O_RDONLY | O_CLOEXEC | O_NONBLOCK), r;
  struct stat st;

  if (fd == -1)
    return fail(trouble, errno == ENOENT ? "there is no control/password and no control/passwordcommand"
                                         : errno == EACCES ? "control/password cannot be read by this account: chown it to this one"
                                         : "control/password cannot be read");
  if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) r = fail(trouble, "control/password is no file");
  else if (st.st_mode & 077) r = fail(trouble, "control/password can be read by others: chmod 600 it");
  else r = take(fd, secret, trouble);
  close(fd);
  return r;
}

/* Programs ------------------------------------------------------------------ */

static int ended(struct spawn *p)
{
  struct pollfd end = { p->pidfd, POLLIN, 0 };
  long long until = clock_ms() + PATIENCE, left;

  while ((left = until - clock_ms()) > 0)
    if (poll(&end, 1, (int) left) == 1) return spawn_reap(p);
  spawn_stop(p, 1000);
  return -1;
}

/* What it prints goes into a file in memory, which nobody else can open. */
static int run(char **words, stralloc *secret, const char **trouble)
{
  extern char **environ;
  struct spawn p = { .argv = words, .env = environ, .fd = { -1, -1, 2, -1 } };
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fd = memfd_create("password", MFD_CLOEXEC), r = -1;

  p.fd[0] = null;
  p.fd[1] = fd;
  p.filesize = SECRETMAX;
  if (null == -1 || fd == -1 || spawn_start(&p) == -1) fail(trouble, "control/passwordcommand cannot be run");
  else if (ended(&p) != 0) fail(trouble, "control/passwordcommand failed");
  else r = take(fd, secret, trouble);
  if (null != -1) close(null);
  if (fd != -1) close(fd);
  return r;
}

static int from_program(stralloc *command, stralloc *secret, const char **trouble)
{
  char *words[WORDS + 1] = { 0 }, *at = command->s;
  size_t n = 0;

  for (at += strspn(at, " \t"); *at; at += strspn(at, " \t")) {
    if (n == WORDS) return fail(trouble, "control/passwordcommand has too many words");
    words[n++] = at;
    at += strcspn(at, " \t");
    if (*at) *at++ = 0;
  }
  return run(words, secret, trouble);
}

int secret_get(int anew, stralloc *secret, const char **trouble)
{
  static stralloc command;
  int r = control_line("control/passwordcommand", &command);

  if (r == -1) return fail(trouble, "control/passwordcommand cannot be read");
  if (r == 1) return from_program(&command, secret, trouble);
  return anew ? 0 : from_file(secret, trouble);
}

/* What is said with it -------------------------------------------------------- */

/* RFC 7628, 3.1: a name cannot hold what separates the parts. */
static int escaped(stralloc *out, const char *name)
{
  int ok = 1;

  for (; ok && *name; ++name)
    ok = *name == '=' ? stralloc_cats(out, "=3D") : *name == ',' ? stralloc_cats(out, "=2C") : stralloc_append(out, name);
  return ok;
}

int secret_first(const struct account *a, const char *mechanism, const stralloc *secret, stralloc *out)
{
  out->len = 0;
  if (!strcmp(mechanism, "PLAIN"))
    return stralloc_0(out) && stralloc_cats(out, a->user.s) && stralloc_0(out) && stralloc_cats(out, secret->s);
  if (!strcmp(mechanism, "XOAUTH2"))
    return stralloc_cats(out, "user=") && stralloc_cats(out, a->user.s) && stralloc_cats(out, "\1auth=Bearer ") &&
           stralloc_cats(out, secret->s) && stralloc_cats(out, "\1\1");
  if (!strcmp(mechanism, "OAUTHBEARER"))
    return stralloc_cats(out, "n,a=") && escaped(out, a->user.s) && stralloc_cats(out, ",\1host=") &&
           stralloc_cats(out, a->server.host) && stralloc_cats(out, "\1port=") && stralloc_cats(out, a->server.port) &&
           stralloc_cats(out, "\1auth=Bearer ") && stralloc_cats(out, secret->s) && stralloc_cats(out, "\1\1");
  return 0;
}

void secret_forget(stralloc *secret)
{
  if (secret->s) explicit_bzero(secret->s, secret->a);
  secret->len = 0;
}
