#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "digits.h"
#include "escape.h"
#include "home.h"

static int word(stralloc *line, const char *text)
{
  return escape_cat(line, text, strlen(text), " ") && stralloc_append(line, " ");
}

static int address(stralloc *line, const char *text, size_t len)
{
  return stralloc_append(line, "<") && escape_cat(line, text, len, " <>") &&
         stralloc_append(line, ">");
}

static int addresses(stralloc *line, const char *text)
{
  size_t len;
  int first;

  for (first = 1; *text; text += len + !!text[len], first = 0) {
    len = strcspn(text, "\n");
    if (!first && !stralloc_append(line, ",")) return 0;
    if (!address(line, text, len)) return 0;
  }
  return 1;
}

static int compose(stralloc *line, const struct ledger *e)
{
  char now[DIGITS_TIME];

  digits_time(now);
  line->len = 0;
  return word(line, now) && word(line, e->id) && word(line, e->port) && word(line, e->verdict) &&
         stralloc_number(line, e->size) && stralloc_append(line, " ") && word(line, e->stage) &&
         address(line, e->sender, strlen(e->sender)) && stralloc_append(line, " ") &&
         addresses(line, e->recipients) && stralloc_append(line, " ") &&
         stralloc_cats(line, e->action ? e->action : "deleted by policy") && stralloc_cats(line, ": ") &&
         escape_cat(line, e->reason, strlen(e->reason), "") && stralloc_append(line, "\n");
}

static int append(int dir, const stralloc *line, int sync)
{
  int fd = openat(dir, "ledger", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd == -1) return -1;
  /* The directory each time: another process may have made the file just now. */
  if (copy_line(fd, line->s, line->len) == -1 || (sync && (fsync(fd) == -1 || fsync(dir) == -1))) {
    close(fd);
    return -1;
  }
  return close(fd) == -1 ? -1 : 1;
}

static int add(const struct ledger *entry, int sync)
{
  static stralloc line;
  int dir, result, saved;

  if (!compose(&line, entry)) {
    errno = ENOMEM;
    return -1;
  }
  dir = home_open("log");
  if (dir == -1) return -1;
  result = append(dir, &line, sync);
  saved = errno;
  close(dir);
  errno = saved;
  return result;
}

int ledger_deleted(const struct ledger *entry)
{
  return add(entry, 1);
}

int ledger_note(const struct ledger *entry)
{
  return add(entry, 0);
}
