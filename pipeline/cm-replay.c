/* cm-replay: run stored mail through a pipeline, or through two, and list the
 * messages whose result changes: against what was decided then, or between the
 * two. It delivers and changes nothing. */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"
#include "header.h"
#include "mails.h"
#include "progress.h"
#include "spawn.h"
#include "stored.h"
#include "verdict.h"

enum { SAME = 0, CHANGES = 1, WRONG = 100, TROUBLE = 111, REPORTMAX = 262144 };

static const char field[] = "X-CleanMail-Result";
static const char *pipelines[2];           /* the second may be 0 */
static unsigned long seen, changed, failed;
static stralloc before, after;             /* "RESULT; STAGE; REASON", 0-terminated */

static void need(int ok)
{
  if (!ok) die(TROUBLE, "out of memory");
}

static void set(stralloc *to, const char *text, size_t len)
{
  need(stralloc_copyb(to, text, len) && stralloc_0(to));
}

/* What was decided then ------------------------------------------------------ */

static int is_stored(const char *file, char id[ID_SIZE])
{
  const char *name = strrchr(file, '/'), *dot;

  name = name ? name + 1 : file;
  dot = strrchr(name, '.');
  if (!dot || strcmp(dot, ".eml") || (size_t) (dot - name) >= ID_SIZE) return 0;
  memcpy(id, name, (size_t) (dot - name));
  id[dot - name] = 0;
  return id_valid(id);
}

/* What a store tells of the message. 1; 0: it is not from a store. */
static int from_store(const char *file, struct stored *s)
{
  static stralloc folder;
  char id[ID_SIZE];
  int dir, r;

  if (!is_stored(file, id)) return 0;
  set(&folder, file, strlen(file));
  dir = open(dirname(folder.s), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir == -1) return 0;
  r = stored_read(dir, id, s);
  close(dir);
  return r == 1;
}

/* Of mail that was delivered our own field tells; what has none was accepted. */
static void from_header(int fd)
{
  static struct header h;
  struct field f = { 0 };

  set(&before, "accept/deliver", 14);
  if (header_read(&h, fd) == 1)
    while (header_next(&h, &f))
      if (field_is(&f, field)) {
        need(field_unfold(&f, &before) && stralloc_0(&before));
        break;
      }
  lseek(fd, 0, SEEK_SET);
}

static void recorded(const struct stored *s)
{
  need(stralloc_copys(&before, s->verdict) && stralloc_cats(&before, "; ") && stralloc_cats(&before, s->stage) &&
       stralloc_cats(&before, "; ") && stralloc_cats(&before, s->reason) && stralloc_0(&before));
}

/* What is decided now -------------------------------------------------------- */

/* Sender, recipients and id for the stages. The file of the envelope. */
static int envelope(const struct stored *s)
{
  static stralloc path;
  int fd = memfd_create("envelope", MFD_CLOEXEC);

  if (fd == -1 || copy_write(fd, s->sender, strlen(s->sender)) == -1 || copy_write(fd, "\n", 1) == -1 ||
      copy_write(fd, s->recipients.s, s->recipients.len - 1) == -1) diesys(TROUBLE, "unable to make an envelope");
  need(stralloc_copys(&path, "/proc/") && stralloc_number(&path, (unsigned long) getpid()) &&
       stralloc_cats(&path, "/fd/") && stralloc_number(&path, (unsigned long) fd) && stralloc_0(&path));
  need(!setenv("SENDER", s->sender, 1) && !setenv("CM_ENVELOPE", path.s, 1) && !setenv("CM_ID", s->id, 1));
  return fd;
}

/* The value of our field in a report, or 0. */
static const char *result_of(char *report, size_t *len)
{
  char *line = strstr(report, "\nX-CleanMail-Result: ");

  if (!line) return 0;
  line += sizeof field + 2;
  *len = strcspn(line, "\n");
  return line;
}

/* Let cm-pipeline decide, as a front end would. 1; 0: it gave no result. */
static int decide(const char *pipeline, int message, stralloc *result)
{
  static char report[REPORTMAX + 1], name[] = "cm-pipeline";
  extern char **environ;
  union { const char *is; char *wanted; } file = { pipeline };
  char *argv[] = { name, file.wanted, 0 };
  struct spawn p = { .argv = argv, .env = environ, .fd = { message, -1, 2, -1 }, .unwatched = 1 };
  const char *found;
  size_t len;
  ssize_t r;

  p.fd[1] = memfd_create("report", MFD_CLOEXEC);
  if (p.fd[1] == -1 || lseek(message, 0, SEEK_SET) == -1 || spawn_start(&p) == -1)
    diesys(TROUBLE, "unable to run ", name);
  spawn_reap(&p);
  r = pread(p.fd[1], report, REPORTMAX, 0);
  close(p.fd[1]);
  if (r < 0) diesys(TROUBLE, "unable to read a report");
  report[r] = 0;
  found = result_of(report, &len);
  set(result, found ? found : "no result", found ? len : 9);
  return found != 0;
}

/* The results themselves count, not who gave them and why. */
static int differ(void)
{
  size_t n = strcspn(before.s, ";");

  return n != strcspn(after.s, ";") || memcmp(before.s, after.s, n);
}

static void tell(const char *file, unsigned long number)
{
  static stralloc line;

  need(stralloc_copys(&line, file));
  if (number) need(stralloc_cats(&line, ":") && stralloc_number(&line, number));
  need(stralloc_cats(&line, "\t") && stralloc_cats(&line, before.s) && stralloc_cats(&line, "\t") &&
       stralloc_cats(&line, after.s) && stralloc_cats(&line, "\n"));
  progress_end();
  if (copy_write(1, line.s, line.len) == -1) diesys(TROUBLE, "unable to write");
}

static void replay(int fd, off_t size, const char *file, unsigned long number)
{
  static struct stored s;
  int known = from_store(file, &s), env = -1, ok;

  (void) size;
  if (known) env = envelope(&s);
  if (pipelines[1]) ok = decide(pipelines[0], fd, &before) & decide(pipelines[1], fd, &after);
  else {
    if (known && strcmp(s.verdict, "-")) recorded(&s);
    else from_header(fd);
    ok = decide(pipelines[0], fd, &after);
  }
  if (env != -1) close(env);
  unsetenv("SENDER"), unsetenv("CM_ENVELOPE"), unsetenv("CM_ID");
  failed += !ok;
  if (differ()) {
    ++changed;
    tell(file, number);
  }
  progress_show("messages", ++seen);
}

static int is_directory(const char *path)
{
  struct stat st;

  if (stat(path, &st) == -1) diesys(TROUBLE, "unable to find ", path);
  return S_ISDIR(st.st_mode);
}

int main(int argc, char **argv)
{
  char all[FMT_ULONG + 1], some[FMT_ULONG + 1];
  int i = 1;

  errmsg_iam("cm-replay");
  while (i < argc && i < 3 && !is_directory(argv[i])) pipelines[i - 1] = argv[i], ++i;
  if (i == 1 || i == argc) die(WRONG, "usage: cm-replay PIPELINE [PIPELINE2] DIRECTORY...");
  if (spawn_adopt() == -1) diesys(TROUBLE, "unable to adopt processes");
  for (; i < argc; ++i)
    if (mails_walk(argv[i], replay) == -1) diesys(TROUBLE, "unable to read ", argv[i]);
  progress_end();
  all[fmt_ulong(all, seen)] = some[fmt_ulong(some, changed)] = 0;
  carp(all, " messages, ", some, " with another result");
  return failed ? TROUBLE : changed ? CHANGES : SAME;
}
