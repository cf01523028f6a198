#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trust.h"

const char *control_home(void)
{
  const char *home = getenv("CM_HOME");

  return home && *home ? home : CM_CONF_HOME;
}

/* What a folder has. Most of what is asked for is not there, which its bit says at once. */
struct names {
  stralloc list;   /* 0-terminated each; s is 0: not surveyed */
  uint64_t bits;   /* those of all names */
};

static struct names here, there;
static int same;   /* there is here */

static uint64_t bit(const char *name, size_t len)
{
  return (uint64_t) 1 << ((len + 7 * (unsigned char) *name) & 63);
}

/* Is it "control/NAME" and known to be missing in the place that names is for? */
static int missing(const struct names *names, const char *name)
{
  static const char folder[] = "control/";
  const stralloc *list = &names->list;
  size_t at, len;

  if (!list->s) return 0;
  for (at = 0; folder[at]; ++at)
    if (*name++ != folder[at]) return 0;
  for (len = 0; name[len]; ++len)
    if (name[len] == '/') return 0;
  if (!(names->bits & bit(name, len))) return 1;
  for (at = 0; at < list->len; at += strlen(list->s + at) + 1)
    if (!strcmp(list->s + at, name)) return 0;
  return 1;
}

/* As the kernel gives them; opendir would take 2 KB of the heap. */
struct entry {
  uint64_t ino;
  int64_t off;
  unsigned short len;
  unsigned char type;
  char name[];
};

/* All names in the folder open on fd. 1 or -1. */
static int names_in(int fd, struct names *names)
{
  _Alignas(struct entry) char list[2048];
  const struct entry *e;
  long r, at;
  size_t len;

  if (!stralloc_ready(&names->list, 256)) return -1;
  while ((r = syscall(SYS_getdents64, fd, list, sizeof list)) > 0)
    for (at = 0; at < r; at += e->len) {
      e = (const struct entry *) (const void *) (list + at);
      len = strlen(e->name);
      if (!stralloc_catb(&names->list, e->name, len + 1)) return -1;
      names->bits |= bit(e->name, len);
    }
  return r == 0 ? 1 : -1;
}

/* 0, or what of the folder is not as it must be. (openat, here and where each message comes by:
 * musl's open calls the kernel twice, for the sake of old ones.) */
static const char *survey(const char *folder, struct names *names, const struct stat *suite)
{
  int fd = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ok = fd == -1 && errno == ENOENT;
  const char *why = 0;
  struct stat st;

  names->list.len = 0;
  names->bits = 0;
  if (ok) ok = stralloc_ready(&names->list, 1);
  if (fd != -1) {
    if (!fstat(fd, &st)) why = trust_why(&st, suite);
    ok = names_in(fd, names) == 1;
    close(fd);
  }
  if (!ok) {
    stralloc_free(&names->list);
    stralloc_init(&names->list);
  }
  return why;
}

int control_trouble(stralloc *trouble, ...)
{
  const char *word;
  va_list words;
  int ok = 1;

  trouble->len = 0;
  va_start(words, trouble);
  while (ok && (word = va_arg(words, const char *))) ok = stralloc_cats(trouble, word);
  va_end(words);
  if (ok && stralloc_0(trouble)) return 0;
  trouble->len = 0;
  if (trouble->a) *trouble->s = 0;
  return 0;
}

const char *control_words(const stralloc *trouble)
{
  return trouble->len ? trouble->s : "out of memory";
}

static int distrust(stralloc *trouble, const char *folder, const char *why)
{
  return control_trouble(trouble, "unable to rely on ", folder, ": ", why, (char *) 0);
}

int control_survey(stralloc *trouble)
{
  const char *home = control_home(), *why;
  static stralloc path;
  struct stat port, suite;
  int known = !stat(home, &suite);

  if (known && (why = trust_above(&suite, &suite))) return distrust(trouble, home, why);
  if (!stat(".", &port) && (why = trust_above(&port, known ? &suite : 0))) return distrust(trouble, "the port's directory", why);
  /* Is the port's directory the home itself? Then one look will do. */
  same = known && port.st_dev == suite.st_dev && port.st_ino == suite.st_ino;
  if ((why = survey("control", &here, known ? &suite : 0))) return distrust(trouble, "the port's control", why);
  path.len = 0;
  if (same || !stralloc_cats(&path, home) || !stralloc_cats(&path, "/control") || !stralloc_0(&path)) return 1;
  why = survey(path.s, &there, known ? &suite : 0);
  return why ? distrust(trouble, path.s, why) : 1;
}

int control_open(const char *name)
{
  static stralloc path;
  int fd = -1;

  errno = ENOENT;
  if (!missing(&here, name)) fd = openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
  if (fd >= 0 || errno != ENOENT || *name == '/' || missing(same ? &here : &there, name)) return fd;
  path.len = 0;
  if (!stralloc_cats(&path, control_home()) || !stralloc_cats(&path, "/") ||
      !stralloc_cats(&path, name) || !stralloc_0(&path)) {
    errno = ENOMEM;
    return -1;
  }
  return openat(AT_FDCWD, path.s, O_RDONLY | O_CLOEXEC);
}

/* A small file in two system calls, and memory for no more than it has. */
static int slurp(int fd, stralloc *data)
{
  char piece[1024];  /* on the page of the stack that is there already */
  ssize_t r;

  for (;;) {
    r = read(fd, piece, sizeof piece);
    if (r == -1 && errno == EINTR) continue;
    if (r <= 0) return r == 0 ? 1 : -1;
    if (data->len + (size_t) r > CONTROL_MAX) errno = EFBIG;
    else if (stralloc_catb(data, piece, (size_t) r)) continue;
    else errno = ENOMEM;
    return -1;
  }
}

int control_read(const char *name, stralloc *data)
{
  int saved, result, fd = control_open(name);

  if (fd == -1) return errno == ENOENT ? 0 : -1;
  result = slurp(fd, data);
  saved = errno;
  close(fd);
  errno = saved;
  return result;
}

int control_next(const stralloc *data, size_t *at, const char **line, size_t *len,
                 unsigned int *number)
{
  const char *end;

  while (*at < data->len) {
    *line = data->s + *at;
    end = memchr(*line, '\n', data->len - *at);
    *len = end ? (size_t) (end - *line) : data->len - *at;
    *at += *len + !!end;
    if (number) ++*number;
    while (*len && strchr(" \t\r", (*line)[*len - 1])) --*len;
    if (*len && **line != '#') return 1;
  }
  return 0;
}

int control_line(const char *name, stralloc *line)
{
  static stralloc data;
  const char *found;
  size_t at = 0, len;
  int result;

  line->len = 0;
  data.len = 0;
  result = control_read(name, &data);
  if (result == 1) {
    result = control_next(&data, &at, &found, &len, 0);
    if (result && !stralloc_catb(line, found, len)) result = -1;
  }
  if (!stralloc_0(line)) result = -1;
  else --line->len;
  return result;
}

int control_number(const char *name, unsigned long *value)
{
  static stralloc line;
  int result = control_line(name, &line);

  if (result != 1) return result;
  if (control_scan(line.s, line.len, value)) return 1;
  errno = EINVAL;
  return -1;
}

int control_switch(const char *name)
{
  static stralloc data;
  const char *line;
  size_t at = 0, len;
  int result;

  data.len = 0;
  result = control_read(name, &data);
  if (result == 1 && control_next(&data, &at, &line, &len, 0)) return len != 2 || memcmp(line, "no", 2);
  return result;
}

int control_me(stralloc *name)
{
  char host[256] = "localhost";
  int result = control_line("control/me", name);

  if (result) return result;
  gethostname(host, sizeof host - 1);
  if (stralloc_copys(name, host) && stralloc_0(name)) {
    --name->len;
    return 1;
  }
  errno = ENOMEM;
  return -1;
}
