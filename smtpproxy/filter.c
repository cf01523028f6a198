#include "filter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#include "control.h"
#include "copy.h"
#include "log.h"
#include "spawn.h"
#include "verdict.h"

#define REPORTMAX 262144  /* bytes of a report of cm-pipeline */
#define GRACE 2000        /* milliseconds that cm-pipeline may be late */
#define REST 1            /* seconds for the rest of an answer, while nobody watches the client */

/* Environment ------------------------------------------------------------ */

/* Variables that pass as they are, besides those that begin with TCP. */
static const char *const passes[] = { "PATH=", "PROTO=", "TZ=", "LANG=", "LC_ALL=" };

static int add(stralloc *block, const char *name, const char *value)
{
  return stralloc_cats(block, name) && stralloc_cats(block, value) && stralloc_0(block);
}

static int passing(const char *variable)
{
  size_t i;

  if (!strncmp(variable, "TCP", 3)) return 1;
  for (i = 0; i < sizeof passes / sizeof *passes; ++i)
    if (!strncmp(variable, passes[i], strlen(passes[i]))) return 1;
  return 0;
}

/* Everything that cm-stage(7) lists, and nothing else. An array that ends with
 * 0, or 0 without memory. */
static char **environment(const struct session *s, int envelope)
{
  static stralloc block, path;
  static char *list[256];
  extern char **environ;
  char **e, number[FMT_ULONG];
  size_t n = 0, at;

  block.len = path.len = 0;
  if (!stralloc_cats(&path, "/proc/") || !stralloc_number(&path, (unsigned long) getpid()) ||
      !stralloc_cats(&path, "/fd/") || !stralloc_number(&path, (unsigned long) envelope) ||
      !stralloc_0(&path)) return 0;
  number[fmt_ulong(number, (unsigned long) time(0) + s->set.deadline)] = 0;
  if (!add(&block, "SENDER=", s->t.sender.text) || !add(&block, "CM_ENVELOPE=", path.s) ||
      !add(&block, "CM_ID=", s->t.id) || !add(&block, "CM_DEADLINE=", number) ||
      !add(&block, "CM_HELO=", s->helo.s) || !add(&block, "CM_HOME=", control_home()) ||
      !add(&block, "CM_PROTO=", session_protocol(s)) ||
      !add(&block, "CM_AUTH=", s->user.len ? s->user.s : "") || !add(&block, "CM_TLS=", "") ||
      !add(&block, "CM_BODY=", "changed")) return 0;
  /* Stages know the client by one name, whatever server it came through. */
  if (*s->ip && !getenv("TCPREMOTEIP") && !add(&block, "TCPREMOTEIP=", s->ip)) return 0;
  for (e = environ; *e; ++e)
    if (passing(*e) && !add(&block, *e, "")) return 0;
  for (at = 0; at < block.len && n < sizeof list / sizeof *list - 1; at += strlen(block.s + at) + 1)
    list[n++] = block.s + at;
  list[n] = 0;
  return list;
}

/* A file that nobody can change any more: the sender, then a recipient a line. */
static int envelope(const struct transaction *t)
{
  int fd = memfd_create("envelope", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd == -1) return -1;
  if (copy_write(fd, t->sender.text, t->sender.len) == 1 && copy_write(fd, "\n", 1) == 1 &&
      copy_write(fd, t->recipients.s, t->recipients.len) == 1 &&
      !fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)) return fd;
  close(fd);
  return -1;
}

/* While it runs ------------------------------------------------------------ */

enum { ENDED, LATE, GONE, STOPPED };

/* The upstream has said something: the answer to our NOOP, or what it should not. */
static void hear(struct session *s, int *waiting, unsigned long seconds)
{
  if (*waiting) smtpc_reply(&s->upstream, seconds);
  else smtpc_close(&s->upstream);
  if (!smtpc_isopen(&s->upstream)) log_event("upstream-lost", s->t.id, "while the filters ran");
  *waiting = 0;
}

/* Until the program ends: watch the client, keep the upstream awake. */
static int watch(struct session *s, int pidfd)
{
  long long now = clock_ms(), end = now + (long long) s->set.deadline * 1000 + GRACE;
  long long every = (long long) s->set.keepalive * 1000, next = now + every;
  struct pollfd p[3] = { { pidfd, POLLIN, 0 }, { s->client.in, POLLRDHUP, 0 }, { -1, POLLIN, 0 } };
  struct timespec left;
  sigset_t none;
  int r, waiting = 0;

  sigemptyset(&none);
  for (;;) {
    p[2].fd = smtpc_isopen(&s->upstream) ? s->upstream.stream.in : -1;
    now = clock_ms();
    if (now >= end) return LATE;
    if (now >= next) {
      next = now + every;
      if (p[2].fd != -1 && !waiting) waiting = smtpc_send(&s->upstream, "NOOP", 4, 30) == 1;
    }
    left.tv_sec = (time_t) (((end < next ? end : next) - now) / 1000);
    left.tv_nsec = (long) (((end < next ? end : next) - now) % 1000 * 1000000);
    r = stream_stopped ? -1 : ppoll(p, 3, &left, &none);
    if (stream_stopped) return STOPPED;
    if (r <= 0) continue;
    if (p[0].revents) break;
    if (p[1].revents) {
      if (!session_present(s)) return GONE;
      p[1].fd = -1;  /* it has only closed its own half, with commands still to be read */
    }
    if (p[2].revents) hear(s, &waiting, REST);
  }
  if (waiting) hear(s, &waiting, s->set.timeoutremote);
  return ENDED;
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
      pread(fd, text.s, (size_t) all, 0) != all) return 0;
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
static int broken(struct session *s, const char *why)
{
  struct result *r = &s->t.result;

  log_event("trouble", s->t.id, "cm-pipeline ", why);
  r->verdict = VERDICT_DEFER;
  if (!set(&r->text, "defer", 5) || !set(&r->stage, "", 0) || !set(&r->trace, "", 0) ||
      !set(&r->reason, "4.3.0 the message could not be checked", 38)) s->over = 1;
  return 1;
}

/* Are so many bytes all that the report says there is to be? */
static int is_whole(const struct transaction *t, const struct shape *shape, off_t written)
{
  off_t size = (off_t) shape->size, ours = t->message.size - (off_t) t->header.body;

  if (!shape->sized || size <= 0) return 0;
  if (!shape->spared) return written == size;
  return shape->body == t->header.body && size > ours && written == size - ours;
}

/* Success needs a known code, a whole report, and a new message of exactly the
 * length that the report names. */
static int judged(struct session *s, int code, int out, int fd)
{
  struct transaction *t = &s->t;
  struct shape shape = { 0 };
  int read = report(&t->result, fd, &shape);
  off_t written;

  if (!read || !valid(code) || !t->result.text.len) return broken(s, "gave no verdict");
  t->result.verdict = code;
  if (!verdict_delivers(code) && !verdict_redirects(code)) return 1;
  written = lseek(out, 0, SEEK_END);
  if (!is_whole(t, &shape, written)) return broken(s, "left no whole message");
  t->filtered.fd = out;
  t->filtered.size = written;
  t->header_only = shape.spared;
  return 1;
}

/* The whole ---------------------------------------------------------------- */

static int start(struct session *s, struct spawn *p, int out, int fd, int env)
{
  static char *argv[] = { 0, 0, 0 };
  static char name[] = "cm-pipeline", file[] = "control/pipeline";
  static stralloc path;

  argv[0] = name;
  argv[1] = file;
  p->argv = argv;
  p->env = environment(s, env);
  p->fd[0] = s->t.message.fd;
  p->fd[1] = out;
  p->fd[2] = 2;
  p->fd[3] = fd;
  if (!p->env || spawn_find(name, &path) != 1 || lseek(s->t.message.fd, 0, SEEK_SET) == -1) return -1;
  p->path = path.s;
  spawn_adopt();
  return spawn_start(p);
}

static int run(struct session *s, int out, int fd, int env)
{
  struct spawn p = { 0 };
  sigset_t term, old;
  int r, code;

  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &old);
  if (start(s, &p, out, fd, env) == -1) {
    r = errno;
    sigprocmask(SIG_SETMASK, &old, 0);
    return broken(s, strerror(r));
  }
  r = watch(s, p.pidfd);
  code = r == ENDED ? spawn_reap(&p) : spawn_stop(&p, 500);
  if (code < 0 || r != ENDED) spawn_strays();
  sigprocmask(SIG_SETMASK, &old, 0);
  if (r == GONE || r == STOPPED) {
    errno = r == STOPPED ? EINTR : 0;
    return -1;
  }
  return r == LATE ? broken(s, "is late") : judged(s, code, out, fd);
}

int filter_run(struct session *s)
{
  struct transaction *t = &s->t;
  int out, fd, env, r;

  if (!s->set.filters) {
    t->result.verdict = VERDICT_DELIVER;
    if (!set(&t->result.text, "accept/deliver", 14) || !set(&t->result.stage, "", 0) ||
        !set(&t->result.reason, "", 0)) s->over = 1;
    return 1;
  }
  out = memfd_create("filtered", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  fd = memfd_create("report", MFD_CLOEXEC);
  env = envelope(t);
  if (out == -1 || fd == -1 || env == -1) r = broken(s, strerror(errno));
  else r = run(s, out, fd, env);
  if (out != -1 && t->filtered.fd != out) close(out);
  if (fd != -1) close(fd);
  if (env != -1) close(env);
  return r;
}
