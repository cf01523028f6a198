#include "decision.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>

#include "clock.h"
#include "control.h"
#include "copy.h"
#include "log.h"
#include "spawn.h"
#include "stream.h"
#include "verdict.h"

#define REPORTMAX 262144  /* bytes of a report of cm-pipeline */
#define GRACE 2000        /* milliseconds that cm-pipeline may be late */

/* Environment ------------------------------------------------------------ */

/* Variables that pass as they are, besides those that begin with TCP. */
static const char *const passes[] = { "PATH=", "PROTO=", "TZ=", "LANG=", "LC_ALL=" };

static int add(stralloc *block, const char *name, const char *value)
{
  return stralloc_cats(block, name) && stralloc_cats(block, value) && stralloc_0(block);
}

static int passing(const char *variable, int elsewhere)
{
  size_t i;

  if (!strncmp(variable, "TCP", 3)) return !elsewhere;
  for (i = 0; i < sizeof passes / sizeof *passes; ++i)
    if (!strncmp(variable, passes[i], strlen(passes[i]))) return 1;
  return 0;
}

/* Everything that cm-stage(7) lists, and nothing else. An array that ends with
 * 0, or 0 without memory. */
static char **environment(const struct decision *d)
{
  static stralloc block;
  static char *list[256];
  extern char **environ;
  char **e, number[FMT_ULONG];
  size_t n = 0, at;

  block.len = 0;
  number[fmt_ulong(number, (unsigned long) clock_day().tv_sec + d->deadline)] = 0;
  if (!add(&block, "SENDER=", d->sender) || !add(&block, "CM_ENVELOPE=", "/proc/self/fd/4") ||
      !add(&block, "CM_ID=", d->id) || !add(&block, "CM_DEADLINE=", number) ||
      !add(&block, "CM_HELO=", d->helo) || !add(&block, "CM_HOME=", control_home()) ||
      !add(&block, "CM_PROTO=", d->proto) ||
      !add(&block, "CM_AUTH=", d->auth) || !add(&block, "CM_TLS=", d->tls) ||
      !add(&block, "CM_BODY=", "changed")) return 0;
  /* Stages know the client by one name, whatever server it came through. */
  if (*d->ip && (d->elsewhere || !getenv("TCPREMOTEIP")) && !add(&block, "TCPREMOTEIP=", d->ip)) return 0;
  if (d->elsewhere && *d->host && !add(&block, "TCPREMOTEHOST=", d->host)) return 0;
  for (e = environ; *e; ++e)
    if (passing(*e, d->elsewhere) && !add(&block, *e, "")) return 0;
  for (at = 0; at < block.len && n < sizeof list / sizeof *list - 1; at += strlen(block.s + at) + 1)
    list[n++] = block.s + at;
  list[n] = 0;
  return list;
}

/* A file that nobody can change any more: the sender, then a recipient a line. */
static int envelope(const struct decision *d)
{
  static stralloc lines;
  int fd;

  if (!stralloc_copys(&lines, d->sender) || !stralloc_append(&lines, "\n") ||
      !stralloc_catb(&lines, d->recipients->s, d->recipients->len)) return -1;
  fd = memfd_create("envelope", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd == -1) return -1;
  if (copy_write(fd, lines.s, lines.len) == 1 &&
      !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)) return fd;
  close(fd);
  return -1;
}

/* Its answer --------------------------------------------------------------- */

static int set(stralloc *to, const char *text, size_t len)
{
  return stralloc_copyb(to, text, len) && stralloc_0(to);
}

/* "RESULT; STAGE; REASON" */
static int take_result(struct result *r, const char *text, size_t len)
{
  const char *semi = memchr(text, ';', len), *end = text + len;
  size_t n = semi ? (size_t) (semi - text) : len;

  if (!set(&r->text, text, n) || !set(&r->stage, "", 0)) return 0;
  if (!semi || end - semi < 2) return 1;
  text = semi + 2;
  semi = memchr(text, ';', (size_t) (end - text));
  return set(&r->stage, text, (size_t) ((semi ? semi : end) - text));
}

static const char *behind(const char *line, size_t len, const char *name)
{
  size_t n = strlen(name);

  return len >= n && !memcmp(line, name, n) ? line + n : 0;
}

/* What the report says of the new message. */
struct shape {
  int sized, spared;          /* the next is there, and the one after it */
  unsigned long size, body;   /* of all of it; where in the message we gave its body begins */
};

/* Read the report that cm-pipeline left. 1, or 0 if it is not whole. */
static int report(struct result *r, int fd, struct shape *shape)
{
  static stralloc text;
  const char *line, *end, *nl, *v;
  int first = 1, ok = 1;
  off_t all = lseek(fd, 0, SEEK_END);

  if (all <= 0 || all > REPORTMAX || !stralloc_ready(&text, (size_t) all) ||
      copy_from(fd, text.s, (size_t) all, 0) == -1) return 0;
  text.len = (size_t) all;
  r->trace.len = 0;
  for (line = text.s, end = line + text.len; line < end; line = nl + 1, first = 0) {
    nl = memchr(line, '\n', (size_t) (end - line));
    if (!nl) return 0;
    if (first) ok &= set(&r->reason, line, (size_t) (nl - line));
    else if ((v = behind(line, (size_t) (nl - line), "X-CleanMail-Result: ")))
      ok &= take_result(r, v, (size_t) (nl - v));
    else if ((v = behind(line, (size_t) (nl - line), "X-CleanMail-Trace: ")))
      ok &= stralloc_catb(&r->trace, v, (size_t) (nl + 1 - v)) ? 1 : 0;
    else if ((v = behind(line, (size_t) (nl - line), "X-CleanMail-Size: ")))
      shape->sized = control_scan(v, (size_t) (nl - v), &shape->size);
    else if ((v = behind(line, (size_t) (nl - line), "X-CleanMail-Body: ")))
      shape->spared = control_scan(v, (size_t) (nl - v), &shape->body);
  }
  ok &= stralloc_0(&r->trace) ? 1 : 0;
  return ok;
}

static int valid(int code)
{
  return code >= 0 && code <= 255 && (verdict_rank(code) >= 0 || code == VERDICT_WHITELISTED);
}

/* No answer that counts: the sender should try again. */
static int broken(const struct decision *d, struct result *r, const char *why)
{
  log_event("trouble", d->id, "cm-pipeline ", why);
  r->verdict = VERDICT_DEFER;
  return set(&r->text, "defer", 5) && set(&r->stage, "", 0) && set(&r->trace, "", 0) &&
         set(&r->reason, "4.3.0 the message could not be checked", 38);
}

/* Are so many bytes all that the report says there is to be? */
static int is_whole(const struct decision *d, const struct shape *shape, off_t written)
{
  off_t size = (off_t) shape->size, ours = d->message->size - (off_t) d->body;

  if (!shape->sized || size <= 0) return 0;
  if (!shape->spared) return written == size;
  return shape->body == d->body && size > ours && written == size - ours;
}

/* Success needs a known code, a whole report, and a new message of exactly the
 * length that the report names. */
static int judged(const struct decision *d, struct result *r, int code, int fd, struct spool *filtered,
                  int *header_only)
{
  struct shape shape = { 0 };
  int read = report(r, fd, &shape);
  off_t written;

  if (!spool_untouched(d->message)) return broken(d, r, "has a stage that opened the message to change it");
  if (!read || !valid(code) || !r->text.len) return broken(d, r, "gave no verdict");
  r->verdict = code;
  if (!verdict_delivers(code) && !verdict_redirects(code)) return 1;
  written = lseek(filtered->fd, 0, SEEK_END);
  if (!is_whole(d, &shape, written)) return broken(d, r, "left no whole message");
  filtered->size = written;
  *header_only = shape.spared;
  return 1;
}

/* The whole ---------------------------------------------------------------- */

static int start(const struct decision *d, struct spawn *p, int out, int fd, int env)
{
  static char *argv[] = { 0, 0, 0 };
  static char name[] = "cm-pipeline";
  union { const char *is; char *wanted; } file = { d->pipeline };

  argv[0] = name;
  argv[1] = file.wanted;
  p->argv = argv;
  p->env = environment(d);
  p->fd[0] = d->message->fd;
  p->fd[1] = out;
  p->fd[2] = 2;
  p->fd[3] = fd;
  p->more[0] = env;
  if (!p->env || lseek(d->message->fd, 0, SEEK_SET) == -1) return -1;
  spawn_adopt();
  return spawn_start(p);
}

/* Nobody has to be looked after meanwhile. */
static enum decision_end wait_alone(int pidfd, long long end)
{
  struct pollfd p = { pidfd, POLLIN, 0 };
  struct timespec t;
  long long left;
  sigset_t none;

  sigemptyset(&none);
  while (!stream_stopped && (left = end - clock_ms()) > 0) {
    t.tv_sec = (time_t) (left / 1000);
    t.tv_nsec = (long) (left % 1000 * 1000000);
    if (ppoll(&p, 1, &t, &none) == 1) return DECISION_ENDED;
  }
  return stream_stopped ? DECISION_STOPPED : DECISION_LATE;
}

static int run(const struct decision *d, struct result *result, int fd, int env, struct spool *filtered,
               int *header_only)
{
  struct spawn p = { 0 };
  sigset_t term, old;
  enum decision_end end;
  long long until;
  int r, code;

  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &old);
  if (start(d, &p, filtered->fd, fd, env) == -1) {
    r = errno;
    sigprocmask(SIG_SETMASK, &old, 0);
    return broken(d, result, strerror(r));
  }
  until = clock_ms() + (long long) d->deadline * 1000 + GRACE;
  end = d->watch ? d->watch(d->with, p.pidfd, until) : wait_alone(p.pidfd, until);
  code = end == DECISION_ENDED ? spawn_reap(&p) : spawn_stop(&p, 500);
  if (code < 0 || end != DECISION_ENDED) spawn_strays();
  sigprocmask(SIG_SETMASK, &old, 0);
  if (end == DECISION_GONE || end == DECISION_STOPPED) {
    errno = end == DECISION_STOPPED ? EINTR : 0;
    return -1;
  }
  return end == DECISION_LATE ? broken(d, result, "is late")
                              : judged(d, result, code, fd, filtered, header_only);
}

int decision_none(struct result *r)
{
  r->verdict = VERDICT_DELIVER;
  return set(&r->text, "accept/deliver", 14) && set(&r->stage, "", 0) && set(&r->reason, "", 0);
}

int decision_run(const struct decision *d, struct result *result, struct spool *filtered, int *header_only)
{
  int fd, env, r;

  filtered->fd = memfd_create("filtered", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  filtered->size = 0;
  fd = memfd_create("report", MFD_CLOEXEC);
  env = envelope(d);
  if (filtered->fd == -1 || fd == -1 || env == -1) r = broken(d, result, strerror(errno));
  else r = run(d, result, fd, env, filtered, header_only);
  if (!filtered->size) spool_drop(filtered);
  if (fd != -1) close(fd);
  if (env != -1) close(env);
  return r;
}
