/* cm-queue: stands in qmail-queue's place. A message on descriptor 0 and its envelope on 1 go
 * through the filters, and on to the real queue program, whose exit code is then the caller's.
 * It keeps no queue of its own: with the exit code 0 the real one has the message, or the
 * quarantine's store, or the record of its deletion. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"
#include "control.h"
#include "date.h"
#include "envelope.h"
#include "hop.h"
#include "log.h"
#include "outcome.h"
#include "peer.h"
#include "queue.h"
#include "setting.h"
#include "stream.h"
#include "verdict.h"

#define LIFETIME 86400  /* seconds until message and envelope are there, as in qmail-queue */

static struct {
  stralloc me;
  const char *pipeline;
  int stages;
  unsigned long databytes, deadline;
} set;
static struct outcome out;
static struct caller caller;
static struct item item;
static int large;  /* the message is too large */

static void expire(int sig)
{
  (void) sig;
  _exit(OUTCOME_LATE);
}

static int trouble(int code, const char *what, const char *why)
{
  return outcome_trouble(&item, code, what, why);
}

/* Settings -------------------------------------------------------------------- */

/* Mail from outside, of those who may send to anybody, and of this machine. */
static const char *chosen(void)
{
  const char *file = !*item.ip ? "control/localpipeline" :
                     getenv("RELAYCLIENT") ? "control/relaypipeline" : SETTING_PIPELINE;
  int fd = control_open(file);

  if (fd == -1 && errno == ENOENT) return SETTING_PIPELINE;
  if (fd != -1) close(fd);
  return file;
}

static int settings(void)
{
  const struct setting files[] = {
    { "databytes", &set.databytes, 20971520 }, { "deadline", &set.deadline, 180 },
    { "timeoutremote", &out.seconds, 300 },
  };
  static stralloc line;
  int r;

  if (control_survey(&line) && setting_numbers(files, sizeof files / sizeof *files, &line) && queue_program(&out.program, &line)) {
    set.pipeline = chosen();
    if ((r = control_me(&set.me)) != 1) setting_trouble(&line, "me", setting_why(r));
    else if (setting_pipeline(set.pipeline, &set.stages, &line)) return 0;
  }
  return line.len ? trouble(OUTCOME_CONFIGURE, line.s, "") : trouble(OUTCOME_MEMORY, "out of memory", "");
}

/* The message and its envelope -------------------------------------------------- */

/* As the qmail programs have it: whose process it was. */
static int received(void)
{
  static stralloc top;

  if (!stralloc_copys(&top, "Received: by ") || !stralloc_cats(&top, set.me.s) ||
      !stralloc_cats(&top, " (CleanMail, invoked by uid ") ||
      !stralloc_number(&top, caller.uid) || !stralloc_cats(&top, ")\n  id ") || !stralloc_cats(&top, item.id) ||
      !stralloc_cats(&top, "; ") || !date_now(&top) || !stralloc_cats(&top, "\n")) return 0;
  item.top = top.len;
  return item_write(&item, top.s, top.len) == 1;
}

/* All of it; what is over the limit is read and forgotten, for the envelope comes behind it. */
static int read_message(void)
{
  static char bytes[65536];
  ssize_t n;

  if (!received()) return trouble(OUTCOME_WRITE, "unable to keep the message", strerror(errno));
  while ((n = read(0, bytes, sizeof bytes))) {
    if (n == -1 && errno == EINTR && !stream_stopped) continue;
    if (n == -1) return trouble(stream_stopped ? OUTCOME_AGAIN : OUTCOME_READ, "unable to read the message", strerror(errno));
    if (large) continue;
    if (item_write(&item, bytes, (size_t) n) == -1) return trouble(OUTCOME_WRITE, "unable to keep the message", strerror(errno));
    large = set.databytes && (unsigned long) item.message.size - item.top > set.databytes;
  }
  return 0;
}

/* Why nobody will look at it, as a result of ours. */
static int result(int verdict, const char *name, const char *reason)
{
  struct result *r = &item.result;

  r->verdict = verdict;
  if (stralloc_copys(&r->text, name) && stralloc_0(&r->text) && stralloc_copys(&r->reason, reason) &&
      stralloc_0(&r->reason) && stralloc_copys(&r->stage, "") && stralloc_0(&r->stage)) return 0;
  return trouble(OUTCOME_MEMORY, "out of memory", "");
}

static int read_envelope(void)
{
  int code;

  switch (envelope_read(&item, 1)) {
    case ENVELOPE_WHOLE: return 0;
    case ENVELOPE_UNREAD:
      code = trouble(OUTCOME_READ, "the envelope is not whole", errno ? strerror(errno) : "");
      result(VERDICT_DEFER, "delete, client disconnected", "");
      return code;
    case ENVELOPE_BROKEN: return trouble(OUTCOME_ENVELOPE, "the envelope is none", "");
    case ENVELOPE_LONG:
      result(VERDICT_REJECT, "refused", "5.1.3 an address is too long");
      return OUTCOME_LONG;
    case ENVELOPE_STRANGE: return trouble(OUTCOME_ENVELOPE, "an address has a control character", "");
    case ENVELOPE_LARGE: return trouble(OUTCOME_MEMORY, "the envelope is larger than 16 MiB", "");
    case ENVELOPE_NOMEMORY: break;
  }
  return trouble(OUTCOME_MEMORY, "out of memory", "");
}

/* 0: it is whole, and its result is still empty if a filter may see it. */
static int receive(void)
{
  static stralloc helo;
  int code;

  signal(SIGALRM, expire);
  alarm(LIFETIME);
  code = read_message();
  if (!code) code = read_envelope();
  alarm(0);
  if (code) return code;
  if (large) return result(VERDICT_REJECT, "reject/delete, too large", "5.3.4 the message is too large");
  switch (item_end(&item)) {
    case 0: return result(VERDICT_REJECT, verdict_name(VERDICT_REJECT), "5.3.4 the header is too large");
    case -1: return trouble(OUTCOME_WRITE, "unable to keep the message", strerror(errno));
  }
  if (!hop_helo(&item.header, item.ip, &helo)) return trouble(OUTCOME_MEMORY, "out of memory", "");
  item.helo = helo.s;
  return 0;
}

/* The answer ------------------------------------------------------------------------ */

static int judge(void)
{
  if (!item.result.text.len)
    switch (item_judge(&item, set.pipeline, set.stages, set.deadline)) {
      case 0: return trouble(OUTCOME_MEMORY, "out of memory", "");
      case -1: return trouble(OUTCOME_AGAIN, "this machine is going down", "");
    }
  return outcome(&item, &out);
}

static void record(int code)
{
  static stralloc reply;

  if (!stralloc_copys(&reply, "exit code ") || !stralloc_number(&reply, (unsigned long) code) ||
      (out.words.len && (!stralloc_cats(&reply, ": ") || !stralloc_catb(&reply, out.words.s + 1, out.words.len - 1))) ||
      !stralloc_0(&reply)) reply.len = 0;
  item_record(&item, reply.len ? reply.s : "", out.behind.len ? out.behind.s : "");
}

static int answer(int code)
{
  if (out.words.len && caller.listens) code = OUTCOME_WORDS;
  record(code);
  if (!code && !caller_waits(&caller))
    log_event("ack-lost", item.id, "the caller has ended, and does not hear that it was accepted");
  if (code != OUTCOME_WORDS || caller_hears(&caller, out.words.s, out.words.len)) return code;
  /* Who does not listen knows no such code. */
  return out.words.len > 1 && *out.words.s == 'D' ? OUTCOME_REFUSED : OUTCOME_AGAIN;
}

int main(int argc, char **argv)
{
  const char *why;
  int code;

  errmsg_iam("cm-queue");
  if (argc > 2) die(OUTCOME_BROKEN, "usage: cm-queue [DIR]");
  code = caller_meet(&caller, argv[1], &why);
  if (code && errno) diesys(code, why);
  if (code) die(code, why);
  item_begin(&item);
  item.raw = 1;
  item.protocol = "QUEUE";
  item.ip = peer_fact("REMOTEIP");
  item.host = peer_fact("REMOTEHOST");
  code = settings();
  if (code) return code;
  code = receive();
  return answer(code ? code : judge());
}
