#include "outcome.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "log.h"
#include "queue.h"
#include "reply.h"
#include "verdict.h"

int outcome_trouble(const struct item *item, int code, const char *what, const char *why)
{
  log_event("trouble", item->id, what, *why ? ": " : "", why);
  return code;
}

/* The answer by the verdict: a refusal, "try again" or our own 0. */
static int decided(const struct item *item, struct outcome *o)
{
  static stralloc line;
  const struct result *r = &item->result;

  if (!verdict_refuses(r->verdict) && r->verdict != VERDICT_DEFER) return 0;
  /* Without a text there is still the code. */
  if (reply_text(r->verdict, r->stage.s, r->reason.s, item->id, &line) == 1 &&
      stralloc_copys(&o->words, r->verdict == VERDICT_DEFER ? "Z" : "D") && stralloc_catb(&o->words, line.s + 4, line.len - 4)) { }
  return r->verdict == VERDICT_DEFER ? OUTCOME_AGAIN : OUTCOME_REFUSED;
}

/* It was not started, so that nothing has happened. */
static int unstarted(const struct item *item, const struct outcome *o, int error)
{
  outcome_trouble(item, 0, o->program[0], strerror(error));
  switch (error) {
    case ENOMEM: return OUTCOME_MEMORY;
    case ENOSPC: case EDQUOT: case EFBIG: case EIO: return OUTCOME_WRITE;
  }
  return OUTCOME_QUEUE;
}

/* It was, and nobody knows what it has done. */
static int lost(const struct item *item, const struct outcome *o, int error)
{
  log_event("indoubt", item->id, o->program[0], error == ETIMEDOUT ? ": did not end in time" : ": crashed",
            " with the whole message in its hands");
  return error == ETIMEDOUT ? OUTCOME_LATE : OUTCOME_BROKEN;
}

static int is_final(int code, const stralloc *said)
{
  return *queue_refusal(code, said) == '5';
}

/* Hand it to the real queue program for these recipients: its code, or one of ours. */
static int hand_on(const struct item *item, struct outcome *o, const stralloc *recipients, stralloc *said)
{
  static const stralloc nothing;
  int code = item_hand(item, o->program, &nothing, item->sender, recipients, o->seconds, said);

  if (code == -1) return unstarted(item, o, errno);
  if (code == -2) return lost(item, o, errno);
  if (!stralloc_copys(&o->behind, "exit code ") || !stralloc_number(&o->behind, (unsigned long) code) ||
      (code && (!stralloc_cats(&o->behind, ": ") || !stralloc_cats(&o->behind, queue_refusal(code, said)))) ||
      !stralloc_0(&o->behind)) o->behind.len = 0;
  return code;
}

static int deliver(const struct item *item, struct outcome *o)
{
  static stralloc said;
  int code = hand_on(item, o, &item->recipients, &said);

  if (!code || (is_final(code, &said) && verdict_refuses(item->result.verdict))) return decided(item, o);
  if (code != OUTCOME_WORDS) return code;
  return stralloc_copyb(&o->words, said.s, said.len ? said.len - 1 : 0) ? code : OUTCOME_AGAIN;
}

/* Nobody may take a failure here for a refusal of the message. */
static int redirect(struct item *item, struct outcome *o)
{
  static stralloc where, said;
  int code;

  switch (control_line("control/quarantine", &where)) {
    case 0: return outcome_trouble(item, OUTCOME_CONFIGURE, "control/quarantine names no address and no store", "");
    case -1: return outcome_trouble(item, OUTCOME_CONFIGURE, "unable to read control/quarantine", strerror(errno));
  }
  if (!strcmp(where.s, "store")) return item_store(item) ? decided(item, o) : OUTCOME_WRITE;
  if (!stralloc_append(&where, "\n")) return outcome_trouble(item, OUTCOME_MEMORY, "out of memory", "");
  code = hand_on(item, o, &where, &said);
  if (!code) return decided(item, o);
  if (!is_final(code, &said) && code != OUTCOME_WORDS) return code;
  return outcome_trouble(item, OUTCOME_AGAIN, "the quarantine address did not take the message", "");
}

int outcome(struct item *item, struct outcome *o)
{
  int verdict = item->result.verdict;

  if (verdict_delivers(verdict)) return deliver(item, o);
  if (verdict_redirects(verdict)) return redirect(item, o);
  if (verdict == VERDICT_DELETE) return item_delete(item) ? 0 : OUTCOME_WRITE;
  return decided(item, o);
}
