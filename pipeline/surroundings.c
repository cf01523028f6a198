#include "surroundings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"

#define ENVELOPE_MAX 16777216  /* bytes; some 60000 recipients */

extern char **environ;

static const char *const passed[] = {
  "SENDER", "CM_ENVELOPE", "CM_ID", "CM_HELO", "CM_PROTO", "CM_AUTH", "CM_TLS", "CM_HOME",
  "PROTO", "PATH", "TZ", "LANG", "LC_ALL"
};

#define FIELDS "CM_FIELDS="

static stralloc envelope;
static char *fields;     /* the variable CM_FIELDS, or 0 */
static int all_of_them;  /* control/prefer-disable */

static int is_of(const char *variable, const char *const *names, size_t count)
{
  size_t i, len = strcspn(variable, "=");

  for (i = 0; i < count; ++i)
    if (strlen(names[i]) == len && !memcmp(variable, names[i], len)) return 1;
  return 0;
}

static int passes(const char *variable)
{
  return !strncmp(variable, "TCP", 3) || is_of(variable, passed, sizeof passed / sizeof *passed);
}

int surroundings_passes(const char *variable)
{
  static const char *const ours[] = { "CM_DEADLINE", "CM_DEPTH", "CM_FIELDS" };

  return passes(variable) || is_of(variable, ours, sizeof ours / sizeof *ours);
}

/* A file that nobody can change any more: what we were given, and ours. */
static int fields_file(const stralloc *own)
{
  const char *path = getenv("CM_FIELDS");
  int fd = memfd_create("fields", MFD_CLOEXEC | MFD_ALLOW_SEALING), given = -1, good = fd != -1;

  if (good && path && *path) {
    given = open(path, O_RDONLY | O_CLOEXEC);
    good = given != -1 && copy_rest(given, fd) == 1;
  }
  good = good && copy_write(fd, own->s, own->len) == 1 &&
         !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
  if (given != -1) close(given);
  if (!good && fd != -1) close(fd);
  return good ? fd : -1;
}

int surroundings_fields(const stralloc *own)
{
  static char line[30 + 2 * FMT_ULONG] = FIELDS "/proc/";
  static size_t known;
  static int file = -1;
  size_t n;
  int fd;

  if (own->len == known) return 1;
  fd = fields_file(own);
  if (fd == -1) return -1;
  if (file != -1) close(file);
  file = fd;
  known = own->len;
  n = 16 + fmt_ulong(line + 16, (unsigned long) getpid());
  memcpy(line + n, "/fd/", 4);
  line[n + 4 + fmt_ulong(line + n + 4, (unsigned long) fd)] = 0;
  fields = line;
  return 1;
}

char *const *surroundings_environment(unsigned long deadline)
{
  static char **env, line[20 + FMT_ULONG] = "CM_DEADLINE=", depth[] = "CM_DEPTH=1";
  static char unchanged[] = "CM_UNCHANGED=sealed";
  static size_t n;
  const char *above;
  char **e;

  line[12 + fmt_ulong(line + 12, deadline)] = 0;
  if (n) {
    env[n] = fields;  /* the last one, behind it there is always a 0 */
    return env;
  }
  above = getenv("CM_DEPTH");
  if (above && (*above < '0' || *above >= '0' + SURROUNDINGS_DEPTH)) {
    errno = ELOOP;
    return 0;
  }
  if (above) depth[9] = (char) (*above + 1);
  for (e = environ; *e; ++e) ++n;
  env = calloc(n + 5, sizeof *env);
  if (!env) return 0;
  for (n = 0, e = environ; *e; ++e) {
    if (passes(*e)) env[n++] = *e;
    else if (!fields && !strncmp(*e, FIELDS, sizeof FIELDS - 1)) fields = *e;
  }
  env[n++] = line;
  env[n++] = depth;
  env[n++] = unchanged;
  env[n] = fields;
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

/* Is it there and not "no"? */
static int prefer_disable(void)
{
  static stralloc data;
  const char *line;
  size_t at = 0, len;
  int result = control_read("control/prefer-disable", &data);

  if (result == 1 && control_next(&data, &at, &line, &len, 0)) return len != 2 || memcmp(line, "no", 2);
  return result;
}

int surroundings_envelope(const struct plan *plan)
{
  const char *path = getenv("CM_ENVELOPE");
  int fd, result;

  if (!path || !*path || !wanted(plan)) return 1;
  all_of_them = prefer_disable();
  if (all_of_them == -1) return -1;
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  result = slurp(fd);
  close(fd);
  return result;
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
