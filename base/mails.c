#include "mails.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "owfat.h"

static const char from[] = "From ";
#define FROM (sizeof from - 1)

static int starts(const char *at, const char *end)
{
  return (size_t) (end - at) >= FROM && !memcmp(at, from, FROM);
}

/* The line behind this one, or the end. */
static const char *next(const char *at, const char *end)
{
  const char *nl = memchr(at, '\n', (size_t) (end - at));

  return nl ? nl + 1 : end;
}

static int is_empty(const char *line, const char *end)
{
  return line < end && (*line == '\n' || (end - line > 1 && line[0] == '\r' && line[1] == '\n'));
}

/* A line of the message; of >From, and >>From, one > was put there. */
static int add(stralloc *text, const char *line, const char *behind)
{
  const char *p = line;

  while (p < behind && *p == '>') ++p;
  if (p > line && starts(p, behind)) ++line;
  return stralloc_catb(text, line, (size_t) (behind - line));
}

static int give(const stralloc *text, mails_take *take, const char *file, unsigned long number)
{
  int fd = memfd_create("message", MFD_CLOEXEC);

  if (fd == -1) return -1;
  if (copy_write(fd, text->s, text->len) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
    close(fd);
    return -1;
  }
  take(fd, (off_t) text->len, file, number);
  close(fd);
  return 1;
}

/* A message ends before a line From behind an empty one. */
static int mbox(const char *at, const char *end, mails_take *take, const char *file)
{
  static stralloc text;
  unsigned long number = 0;
  const char *behind;
  int gap;

  while (at < end) {
    text.len = 0;
    for (at = next(at, end), gap = 0; at < end && !(gap && starts(at, end)); at = behind) {
      behind = next(at, end);
      gap = is_empty(at, end);
      if (!add(&text, at, behind)) {
        errno = ENOMEM;
        return -1;
      }
    }
    if (give(&text, take, file, ++number) == -1) return -1;
  }
  return 1;
}

static int file(int fd, const char *name, off_t size, mails_take *take)
{
  char first[FROM];
  void *map;
  int r;

  if (pread(fd, first, FROM, 0) != FROM || memcmp(first, from, FROM)) {
    take(fd, size, name, 0);
    return 1;
  }
  map = mmap(0, (size_t) size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (map == MAP_FAILED) return -1;
  r = mbox(map, (const char *) map + size, take, name);
  munmap(map, (size_t) size);
  return r;
}

static int walk(const char *path, mails_take *take, int deep);

/* What else a store has in it, cm-store(5), and the tmp of a maildir, is none. */
static int is_message(const char *name)
{
  size_t n = strlen(name);

  if (*name == '.' || !strcmp(name, "tmp") || !strcmp(name, "usage")) return 0;
  return n < 4 || (strcmp(name + n - 4, ".env") && strcmp(name + n - 4, ".rel"));
}

static int below(const char *path, const char *name, mails_take *take)
{
  stralloc full = { 0 };
  int r = stralloc_copys(&full, path) && stralloc_cats(&full, "/") && stralloc_cats(&full, name) &&
          stralloc_0(&full);

  if (r) r = walk(full.s, take, 0);
  else {
    errno = ENOMEM;
    r = -1;
  }
  stralloc_free(&full);
  return r;
}

/* What has gone in the meantime was somebody else's to take. One that cannot be read
 * does not keep the others from being taken. */
static int directory(int fd, const char *path, mails_take *take)
{
  DIR *d = fdopendir(dup(fd));
  const struct dirent *e;
  int error = 0;

  if (!d) return -1;
  while ((e = readdir(d)))
    if (is_message(e->d_name) && below(path, e->d_name, take) == -1 && errno != ENOENT) error = errno;
  closedir(d);
  errno = error;
  return error ? -1 : 1;
}

/* A directory by another name may be one that we come from. */
static int is_link(const char *path)
{
  struct stat st;

  return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int folder(int fd, const char *path, mails_take *take)
{
  struct stat st;
  int r, saved;

  if (fstatat(fd, "cur", &st, 0) == -1 || fstatat(fd, "new", &st, 0) == -1) return directory(fd, path, take);
  r = below(path, "new", take);
  saved = errno;
  if (below(path, "cur", take) == -1) return -1;
  errno = saved;
  return r;
}

static int walk(const char *path, mails_take *take, int deep)
{
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), r = 1, saved;
  struct stat st;

  if (fd == -1) return -1;
  if (fstat(fd, &st) == -1) r = -1;
  else if (S_ISREG(st.st_mode)) r = file(fd, path, st.st_size, take);
  else if (S_ISDIR(st.st_mode)) r = deep ? folder(fd, path, take) : is_link(path) ? 1 : directory(fd, path, take);
  saved = errno;
  close(fd);
  errno = saved;
  return r;
}

int mails_walk(const char *path, mails_take *take)
{
  return walk(path, take, 1);
}
