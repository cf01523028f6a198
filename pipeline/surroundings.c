#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"
#include "jail.h"

#define ENVELOPE_MAX 16777216  /* bytes; some 60000 recipients */

extern char **environ;

static const char *const passed[] = {
  "SENDER", "CM_ENVELOPE", "CM_ID", "CM_HELO", "CM_PROTO", "CM_AUTH", "CM_TLS", "CM_HOME",
  "PROTO", "PATH", "TZ", "LANG", "LC_ALL"
};

#define NAMES 64  /* bytes of a variable with a name below /proc */

/* The files of two variables: who gave them to us may be out of reach by now. */
static struct held {
  const char *variable;
  int fd;            /* -1: none */
  int error;         /* why */
  char ours[NAMES];  /* the variable, as it is for stages */
  char jailed[NAMES];  /* and for those who have a descriptor of it */
} envelope_file = { "CM_ENVELOPE=", -1, 0, "", "CM_ENVELOPE=" JAIL_ENVELOPE_NAME },
  fields_file = { "CM_FIELDS=", -1, 0, "", "CM_FIELDS=" JAIL_FIELDS_NAME };

static stralloc envelope;
static int all_of_them;  /* control/prefer-disable */

static int is_of(const char *variable, const char *const *names, size_t count)
{
  size_t i, len = strcspn(variable, "=");

  for (i = 0; i < count; ++i)
    if (strlen(names[i]) == len && !memcmp(variable, names[i], len)) return 1;
  return 0;
}

static int names(const struct held *h, const char *variable)
{
  return !strncmp(variable, h->variable, strlen(h->variable));
}

static int passes(const char *variable)
{
  return !strncmp(variable, "TCP", 3) || is_of(variable, passed, sizeof passed / sizeof *passed);
}

int surroundings_passes(const char *variable)
{
  static const char *const ours[] = { "CM_DEADLINE", "CM_DEPTH", "CM_FIELDS", "CM_UNCHANGED" };

  return passes(variable) || is_of(variable, ours, sizeof ours / sizeof *ours);
}

/* Have it by this descriptor. */
static void hold(struct held *h, int fd)
{
  size_t n = strlen(h->variable);

  if (h->fd != -1) close(h->fd);
  h->fd = fd;
  memcpy(h->ours, h->variable, n);
  memcpy(h->ours + n, "/proc/", 6);
  n += 6 + fmt_ulong(h->ours + n + 6, (unsigned long) getpid());
  memcpy(h->ours + n, "/fd/", 4);
  h->ours[n + 4 + fmt_ulong(h->ours + n + 4, (unsigned long) fd)] = 0;
}

/* Close-on-exec, without a look at /proc where it names what we have: that costs more than
 * the whole rest of taking it over. */
static int open_path(const char *path)
{
  static const char own[] = "/proc/self/fd/";
  unsigned long fd;

  if (strncmp(path, own, sizeof own - 1) || !control_scan(path + sizeof own - 1, strlen(path + sizeof own - 1), &fd) ||
      fd < 4 || fd > 1000 || fcntl((int) fd, F_SETFD, FD_CLOEXEC) == -1) return open(path, O_RDONLY | O_CLOEXEC);
  return (int) fd;
}

static void open_named(struct held *h)
{
  char name[16];
  const char *path;
  int fd;

  memcpy(name, h->variable, strlen(h->variable));
  name[strlen(h->variable) - 1] = 0;
  path = getenv(name);
  fd = path && *path ? open_path(path) : -1;
  if (fd != -1) hold(h, fd);
  else h->error = errno;
}

void surroundings_hold(void)
{
  open_named(&envelope_file);
  open_named(&fields_file);
}

void surroundings_open(int open[2])
{
  open[0] = envelope_file.fd;
  open[1] = fields_file.fd;
}

/* A file that nobody can change any more: what we were given, and ours. */
static int fields_made(const stralloc *own)
{
  static int given = -1;
  int fd = memfd_create("fields", MFD_CLOEXEC | MFD_ALLOW_SEALING), good = fd != -1;

  if (good && given == -1 && fields_file.fd != -1) given = fcntl(fields_file.fd, F_DUPFD_CLOEXEC, 0);
  if (good && getenv("CM_FIELDS") && *getenv("CM_FIELDS"))
    good = given != -1 && lseek(given, 0, SEEK_SET) != -1 && copy_rest(given, fd) == 1;
  good = good && copy_write(fd, own->s, own->len) == 1 &&
         !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  if (!good && fd != -1) close(fd);
  return good ? fd : -1;
}

int surroundings_fields(const stralloc *own)
{
  static size_t known;
  int fd;

  if (own->len == known) return 1;
  fd = fields_made(own);
  if (fd == -1) return -1;
  hold(&fields_file, fd);
  known = own->len;
  return 1;
}

static char *named(struct held *h, int jailed)
{
  return jailed ? h->jailed : h->ours;
}

/* The variables that are the same for all stages; 0 with errno. */
static char **standing(char *deadline, size_t *count)
{
  static char depth[] = "CM_DEPTH=1", unchanged[] = "CM_UNCHANGED=sealed";
  const char *above = getenv("CM_DEPTH");
  char **env, **e;
  size_t n = 0;

  if (above && (*above < '0' || *above >= '0' + SURROUNDINGS_DEPTH)) {
    errno = ELOOP;
    return 0;
  }
  if (above) depth[9] = (char) (*above + 1);
  for (e = environ; *e; ++e) ++n;
  env = calloc(n + 6, sizeof *env);
  if (!env) return 0;
  for (n = 0, e = environ; *e; ++e)
    if ((passes(*e) && (envelope_file.fd == -1 || !names(&envelope_file, *e))) ||
        (fields_file.fd == -1 && names(&fields_file, *e) && (*e)[strlen(fields_file.variable)])) env[n++] = *e;
  env[n++] = deadline;
  env[n++] = depth;
  env[n++] = unchanged;
  *count = n;
  return env;
}

char *const *surroundings_environment(unsigned long deadline, int jailed)
{
  static char **env, line[20 + FMT_ULONG] = "CM_DEADLINE=";
  static size_t n;

  line[12 + fmt_ulong(line + 12, deadline)] = 0;
  if (!env && !(env = standing(line, &n))) return 0;
  /* The last ones; behind them there is always a 0. */
  env[n] = env[n + 1] = 0;
  if (envelope_file.fd != -1) env[n] = named(&envelope_file, jailed);
  if (fields_file.fd != -1) env[env[n] ? n + 1 : n] = named(&fields_file, jailed);
  return env;
}

static int wanted(const struct plan *plan)
{
  size_t i;

  for (i = 0; i < plan->count; ++i)
    if (plan->stages[i].only || plan->stages[i].except) return 1;
  return 0;
}

static int slurp(int fd)
{
  ssize_t r = 1;

  while (r && envelope.len <= ENVELOPE_MAX) {
    if (!stralloc_readyplus(&envelope, 4096)) {
      errno = ENOMEM;
      return -1;
    }
    r = read(fd, envelope.s + envelope.len, 4096);
    if (r == -1 && errno != EINTR) return -1;
    if (r > 0) envelope.len += (size_t) r;
  }
  if (!r) return 1;
  errno = EFBIG;
  return -1;
}

int surroundings_envelope(const struct plan *plan)
{
  const char *path = getenv("CM_ENVELOPE");

  if (!path || !*path || !wanted(plan)) return 1;
  all_of_them = control_switch("control/prefer-disable");
  if (all_of_them == -1) return -1;
  errno = envelope_file.error;
  if (envelope_file.fd == -1) return -1;
  lseek(envelope_file.fd, 0, SEEK_SET);  /* it may stand where it was written */
  return slurp(envelope_file.fd);
}

int surroundings_enabled(const struct stage *stage)
{
  const char *at = envelope.s, *end, *nl;
  int enabled = 1, sender = 1;

  if (!envelope.len || (!stage->only && !stage->except)) return 1;
  for (end = at + envelope.len; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) nl = end;
    if (!sender) {
      enabled = plan_enabled(stage, at, (size_t) (nl - at));
      /* The first of the kind that decides. */
      if (enabled != all_of_them) return enabled;
    }
    sender = 0;
  }
  return enabled;
}
