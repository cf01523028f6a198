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
#include "peer.h"
#include "queue.h"
#include "reply.h"
#include "setting.h"
#include "stream.h"
#include "verdict.h"

/* The codes of qmail-queue(8); those from 11 to 40 are final. */
enum {
  TOO_LONG = 11, REFUSED = 31, NO_MEMORY = 51, TIMEOUT = 52, CANNOT_WRITE = 53, CANNOT_READ = 54, CANNOT_CONFIGURE = 55,
  NOT_NOW = 71, BROKEN = 81, WORDS = 82, BAD_ENVELOPE = 91, NO_QUEUE = 120
};

#define LIFETIME 86400  /* seconds until message and envelope are there, as in qmail-queue */

static struct {
  stralloc me;
  const char *pipeline;
  int stages;
  unsigned long databytes, deadline, timeoutremote;
  const char **program;
} set;
static struct caller caller;
static struct item item;
static int large;        /* the message is too large */
static stralloc words;   /* for descriptor 6: D or Z and a text; len 0: the code says it all */
static stralloc behind;  /* what the real queue program answered; 0-terminated */

static void expire(int sig)
{
  (void) sig;
  _exit(TIMEOUT);
}

/* Trouble of ours: the caller should try again, but where the code says that it is its own. */
static int trouble(int code, const char *what, const char *why)
{
  log_event("trouble", item.id, what, *why ? ": " : "", why);
  return code;
}

/* Settings -------------------------------------------------------------------- */

/* Mail from outside, of those who may send to anybody, and of this machine. */
static const char *chosen(void)
{
  const char *file = !*item.ip ? "control/localpipeline" : getenv("RELAYCLIENT") ? "control/relaypipeline" : SETTING_PIPELINE;
  int fd = control_open(file);

  if (fd == -1 && errno == ENOENT) return SETTING_PIPELINE;
  if (fd != -1) close(fd);
  return file;
}

static int settings(void)
{
  const struct setting files[] = {
    { "databytes", &set.databytes, 20971520 }, { "deadline", &set.deadline, 180 },
    { "timeoutremote", &set.timeoutremote, 300 },
  };
  static stralloc line;
  int r;

  if (control_survey(&line) && setting_numbers(files, sizeof files / sizeof *files, &line) && queue_program(&set.program, &line)) {
    set.pipeline = chosen();
    if ((r = control_me(&set.me)) != 1) setting_trouble(&line, "me", setting_why(r));
    else if (setting_pipeline(set.pipeline, &set.stages, &line)) return 0;
  }
  return trouble(CANNOT_CONFIGURE, line.s, "");
}

/* The message and its envelope -------------------------------------------------- */

/* As the qmail programs have it: whose process it was. */
static int received(void)
{
  static stralloc top;

  if (!stralloc_copys(&top, "Received: by ") || !stralloc_cats(&top, set.me.s) || !stralloc_cats(&top, " (CleanMail, invoked by uid ") ||
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

  if (!received()) return trouble(CANNOT_WRITE, "unable to keep the message", strerror(errno));
  while ((n = read(0, bytes, sizeof bytes))) {
    if (n == -1 && errno == EINTR && !stream_stopped) continue;
    if (n == -1) return trouble(stream_stopped ? NOT_NOW : CANNOT_READ, "unable to read the message", strerror(errno));
    if (large) continue;
    if (item_write(&item, bytes, (size_t) n) == -1) return trouble(CANNOT_WRITE, "unable to keep the message", strerror(errno));
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
  return trouble(NO_MEMORY, "out of memory", "");
}

static int read_envelope(void)
{
  int code = 0;

  switch (envelope_read(&item, 1)) {
    case ENVELOPE_WHOLE: return 0;
    case ENVELOPE_UNREAD:
      code = trouble(CANNOT_READ, "the envelope is not whole", errno ? strerror(errno) : "");
      result(VERDICT_DEFER, "delete, client disconnected", "");
      return code;
    case ENVELOPE_BROKEN: return trouble(BAD_ENVELOPE, "the envelope is none", "");
    case ENVELOPE_LONG: return trouble(TOO_LONG, "an address is too long", "");
    case ENVELOPE_STRANGE: return trouble(BAD_ENVELOPE, "an address has a control character", "");
    case ENVELOPE_LARGE: return trouble(NO_MEMORY, "the envelope is larger than 16 MiB", "");
    case ENVELOPE_NOMEMORY: break;
  }
  return trouble(NO_MEMORY, "out of memory", "");
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
    case -1: return trouble(CANNOT_WRITE, "unable to keep the message", strerror(errno));
  }
  if (!hop_helo(&item.header, item.ip, &helo)) return trouble(NO_MEMORY, "out of memory", "");
  item.helo = helo.s;
  return 0;
}

/* What becomes of it -------------------------------------------------------------- */

/* The answer by the verdict: a refusal, "try again" or our own 0. */
static int decided(void)
{
  static stralloc line;
  const struct result *r = &item.result;

  if (!verdict_refuses(r->verdict) && r->verdict != VERDICT_DEFER) return 0;
  /* Without a text there is still the code. */
  if (reply_text(r->verdict, r->stage.s, r->reason.s, item.id, &line) == 1 &&
      stralloc_copys(&words, r->verdict == VERDICT_DEFER ? "Z" : "D") && stralloc_catb(&words, line.s + 4, line.len - 4)) { }
  return r->verdict == VERDICT_DEFER ? NOT_NOW : REFUSED;
}

/* It was not started, so that nothing has happened. */
static int unstarted(int error)
{
  trouble(0, set.program[0], strerror(error));
  switch (error) {
    case ENOMEM: return NO_MEMORY;
    case ENOSPC: case EDQUOT: case EFBIG: case EIO: return CANNOT_WRITE;
  }
  return NO_QUEUE;
}

/* It was, and nobody knows what it has done. */
static int lost(int error)
{
  log_event("indoubt", item.id, set.program[0], error == ETIMEDOUT ? ": did not end in time" : ": crashed",
            " with the whole message in its hands");
  return error == ETIMEDOUT ? TIMEOUT : BROKEN;
}

static int is_final(int code, const stralloc *said)
{
  return *queue_refusal(code, said) == '5';
}

/* Hand it to the real queue program for these recipients: its code, or one of ours. */
static int hand_on(const stralloc *recipients, stralloc *said)
{
  static const stralloc nothing;
  int code = item_hand(&item, set.program, &nothing, item.sender, recipients, set.timeoutremote, said);

  if (code == -1) return unstarted(errno);
  if (code == -2) return lost(errno);
  if (!stralloc_copys(&behind, "exit code ") || !stralloc_number(&behind, (unsigned long) code) ||
      (code && (!stralloc_cats(&behind, ": ") || !stralloc_cats(&behind, queue_refusal(code, said)))) || !stralloc_0(&behind)) behind.len = 0;
  return code;
}

static int deliver(void)
{
  static stralloc said;
  int code = hand_on(&item.recipients, &said);

  if (!code || (is_final(code, &said) && verdict_refuses(item.result.verdict))) return decided();
  if (code != WORDS) return code;
  /* Who does not listen knows no such code. */
  if (!caller.listens) return is_final(code, &said) ? REFUSED : NOT_NOW;
  return stralloc_copyb(&words, said.s, said.len ? said.len - 1 : 0) ? code : NOT_NOW;
}

/* Nobody may take a failure here for a refusal of the message. */
static int redirect(void)
{
  static stralloc where, said;
  int code;

  switch (control_line("control/quarantine", &where)) {
    case 0: return trouble(CANNOT_CONFIGURE, "control/quarantine names no address and no store", "");
    case -1: return trouble(CANNOT_CONFIGURE, "unable to read control/quarantine", strerror(errno));
  }
  if (!strcmp(where.s, "store")) return item_store(&item) ? decided() : CANNOT_WRITE;
  if (!stralloc_append(&where, "\n")) return trouble(NO_MEMORY, "out of memory", "");
  code = hand_on(&where, &said);
  if (!code) return decided();
  return is_final(code, &said) || code == WORDS ? trouble(NOT_NOW, "the quarantine address did not take the message", "") : code;
}

static int judge(void)
{
  int verdict;

  if (!item.result.text.len)
    switch (item_judge(&item, set.pipeline, set.stages, set.deadline)) {
      case 0: return trouble(NO_MEMORY, "out of memory", "");
      case -1: return trouble(NOT_NOW, "this machine is going down", "");
    }
  verdict = item.result.verdict;
  if (verdict_delivers(verdict)) return deliver();
  if (verdict_redirects(verdict)) return redirect();
  if (verdict == VERDICT_DELETE) return item_delete(&item) ? 0 : CANNOT_WRITE;
  return decided();
}

/* The answer ------------------------------------------------------------------------ */

static void record(int code)
{
  static stralloc reply;

  if (!stralloc_copys(&reply, "exit code ") || !stralloc_number(&reply, (unsigned long) code) ||
      (words.len && (!stralloc_cats(&reply, ": ") || !stralloc_catb(&reply, words.s + 1, words.len - 1))) || !stralloc_0(&reply)) reply.len = 0;
  item_record(&item, reply.len ? reply.s : "", behind.len ? behind.s : "");
}

static int answer(int code)
{
  if (words.len && caller.listens) code = WORDS;
  record(code);
  if (!code && !caller_waits(&caller)) log_event("ack-lost", item.id, "the caller has ended, and does not hear that it was accepted");
  if (code != WORDS || !words.len || caller_hears(&caller, words.s, words.len)) return code;
  return *words.s == 'D' ? REFUSED : NOT_NOW;
}

int main(int argc, char **argv)
{
  const char *why;
  int code;

  errmsg_iam("cm-queue");
  if (argc > 2) die(BROKEN, "usage: cm-queue [DIR]");
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
