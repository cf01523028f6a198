#include "batch.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "courier.h"
#include "log.h"
#include "notes.h"
#include "parcel.h"
#include "progress.h"
#include "share.h"
#include "stream.h"

enum {
  BATCH = 32,          /* letters that share an fsync, and */
  BYTES = 2097152,     /* bytes that those may have, but for the last, and */
  GATHER = 5000        /* milliseconds until they go out */
};

/* What is being fetched, handed over and deleted. */
static struct {
  size_t next;                        /* letter of the mailbox that is to be looked at */
  const struct letter *asked[BATCH];  /* that the mailbox was asked for, in their order */
  size_t askedlen;
  struct parcel parcel[BATCH];        /* that are to be sent */
  size_t parcels;
  const struct letter *gone[2 * BATCH];  /* whose notes say `sent`, and that may go */
  struct note *note[2 * BATCH];
  size_t gonelen;
} now;

/* Notes ----------------------------------------------------------------------- */

int batch_failed(struct round *r, const char *id, const char *what, const char *why)
{
  log_event("trouble", id, what, why);
  r->trouble = 1;
  return 0;
}

int batch_unwritten(struct round *r)
{
  return batch_failed(r, "-", "unable to write the journal: ", strerror(r->journal->failed ? r->journal->failed : ENOMEM));
}

/* Write a letter's state down. 1, or 0: nothing more may be done. */
static int note(struct round *r, struct parcel *p, enum journal_state state)
{
  memcpy(p->note->hash, p->message.hash, JOURNAL_HASH);
  p->note->size = p->letter->size;
  return journal_write(r->journal, p->note, state) == 1 || batch_unwritten(r);
}

/* Deleting ---------------------------------------------------------------------- */

/* It is sent, and all of it was fetched in this session: when the next commit is over it
 * may go, if it need not be kept. */
static void may_go(struct round *r, const struct letter *l, struct note *n)
{
  if (n->state != JOURNAL_SENT || !notes_over(r->account, n)) return;
  now.note[now.gonelen] = n;
  now.gone[now.gonelen++] = l;
}

int batch_lost(struct round *r)
{
  r->lost = 1;
  return batch_failed(r, "-", "the mailbox is lost: ", r->box.trouble);
}

int batch_commit(struct round *r)
{
  size_t i;
  int ok;

  if (journal_commit(r->journal) == -1) return batch_unwritten(r);
  for (i = 0; !r->lost && i < now.gonelen; ++i) {
    ok = postbox_delete(&r->box, now.gone[i]);
    if (ok == -1) batch_lost(r);
    if (ok == 1) now.note[i]->seen = NOTES_DELETED;
  }
  now.gonelen = 0;
  return 1;
}

/* Fetching ------------------------------------------------------------------------ */

/* Is it to be asked for now? */
static int wanted(const struct round *r, const struct letter *l, const struct note *n)
{
  unsigned long most = r->account->atmost;

  return notes_want(r->account, &r->box, l, n) && (!most || r->fetched < most || (n && n->state == JOURNAL_SENT));
}

/* Larger than we take, so many bytes or more: that is said once. */
static int leave(struct round *r, struct note *n, unsigned long long size)
{
  log_event("trouble", "-", "a letter is larger than control/databytes, and stays: ", n->name);
  n->size = size;
  return journal_write(r->journal, n, JOURNAL_LARGE) == 1 || batch_unwritten(r);
}

int batch_ask(struct round *r)
{
  unsigned long long bytes = 0;
  size_t i, first = now.askedlen;
  const struct letter *l;
  struct note *n;

  for (i = 0; i < now.askedlen; ++i) bytes += now.asked[i]->size;
  while (now.askedlen < BATCH && bytes < BYTES && now.next < r->box.count && !stream_stopped) {
    l = r->box.letters + now.next++;
    n = *l->uid ? notes_of(r->journal, &r->box, l) : 0;
    if (*l->uid && !n) return batch_failed(r, "-", "out of memory", "");
    if (!wanted(r, l, n)) continue;
    if (n && n->state != JOURNAL_SENT && notes_large(r->account, l, n)) {
      if (!leave(r, n, l->size)) return 0;
      continue;
    }
    r->fetched += !n || n->state != JOURNAL_SENT;
    bytes += l->size;
    now.asked[now.askedlen++] = l;
  }
  return first == now.askedlen || postbox_ahead(&r->box, now.asked + first, now.askedlen - first) == 1 || batch_lost(r);
}

/* Now that it was fetched: was it sent before? 1: nothing is to be done for it; 0; -1. */
static int known(struct round *r, struct parcel *p)
{
  struct note *old;

  p->note = *p->letter->uid ? notes_of(r->journal, &r->box, p->letter) : notes_of_text(r->journal, p->message.hash);
  if (!p->note) return batch_failed(r, p->id, "out of memory", "") - 1;
  if (p->note->state == JOURNAL_SENT && !memcmp(p->note->hash, p->message.hash, JOURNAL_HASH)) {
    may_go(r, p->letter, p->note);
    return 1;
  }
  if (p->note->state == JOURNAL_SENT)
    log_event("trouble", p->id, "the mailbox has another letter of this name now, which is new: ", p->note->name);
  if (p->note->state == JOURNAL_REFUSED || p->note->state == JOURNAL_LEFT) return 1;
  old = notes_before(r->journal, p->message.hash);
  if (!old) return 0;
  log_event("known", p->id, "the mailbox has a new name for this letter: ", p->note->name);
  if (old->state == JOURNAL_SENT) return note(r, p, JOURNAL_SENT) ? 1 : -1;
  return note(r, p, JOURNAL_PART) && (share_rename(r->journal, old, p->note) == 1 || batch_unwritten(r)) ? 0 : -1;
}

static void record(struct round *r, struct parcel *p, enum fate fate)
{
  static const char *const words[] = { "stays: ", "is refused, and stays: ", "is taken: ", "is in doubt: ", "is taken for some: " };
  const char *said = p->said.len ? p->said.s : p->result.text.len ? p->result.text.s : "";

  parcel_record(r->account, p, p->said.len ? p->said.s : "");
  if (fate == FATE_REFUSED || (r->account->level & LOG_EXTENDED))
    log_event(fate == FATE_REFUSED ? "trouble" : "letter", p->id, p->note->name, " ", words[fate], said);
  r->taken += fate == FATE_TAKEN;
  r->refused += fate == FATE_REFUSED;
  r->later += fate != FATE_TAKEN && fate != FATE_REFUSED;
}

/* It is for several, and who of them has it is remembered. 1, or 0: nothing more may be done. */
static int unfinished(struct round *r, struct parcel *p)
{
  switch (share_note(r->journal, p)) {
    case -1: return batch_unwritten(r);
    case 1: return note(r, p, JOURNAL_PART);
  }
  return p->note->state == JOURNAL_GONE || p->note->state == JOURNAL_PART || note(r, p, JOURNAL_GONE);
}

/* A letter is done with, or not. 1, or 0: nothing more may be done. */
static int settle(struct round *r, struct parcel *p, enum fate fate)
{
  /* Without a copy nobody would learn of it: it is tried again. */
  if (fate == FATE_REFUSED && parcel_copy(p) == -1) fate = FATE_LATER;
  record(r, p, fate);
  if (fate != FATE_TAKEN && fate != FATE_REFUSED) return unfinished(r, p);
  if (!note(r, p, fate == FATE_TAKEN ? JOURNAL_SENT : JOURNAL_REFUSED)) return 0;
  if (share_forget(r->journal, p) == -1) return batch_unwritten(r);
  if (fate == FATE_TAKEN) may_go(r, p->letter, p->note);
  return 1;
}

/* One more letter came, was judged, and has something to be sent. 1; 0: not; -1: nothing more
 * may be done. */
static int take(struct round *r, struct parcel *p)
{
  int k = known(r, p);
  enum fate fate;

  if (k) return k == 1 ? 0 : -1;
  fate = parcel_judge(r->account, p, r->journal->token);
  if (fate != FATE_SEND) return settle(r, p, fate) ? 0 : -1;
  return share_begin(r->journal, p) ? 1 : batch_failed(r, p->id, "out of memory", "") - 1;
}

/* The mailbox has it, and gives nothing of it, or too much. 1, or 0: nothing more may be done. */
static int stays(struct round *r, const struct parcel *p, int fetched)
{
  struct note *n = r->box.large && *p->letter->uid ? notes_of(r->journal, &r->box, p->letter) : 0;

  if (n) return leave(r, n, r->box.large);
  if (fetched == 0) batch_failed(r, p->id, "a letter of the mailbox stays: ", r->box.trouble);
  return 1;
}

int batch_gather(struct round *r)
{
  long long end = clock_ms() + GATHER;
  unsigned long long bytes = 0;
  size_t i;
  int ok = 1;

  for (i = 0; ok && i < now.askedlen && bytes < BYTES && clock_ms() < end && !stream_stopped; ++i) {
    struct parcel *p = now.parcel + now.parcels;

    parcel_begin(p, now.asked[i]);
    ok = postbox_fetch(&r->box, p->letter, &p->message);
    if (ok != 1) {
      if (!stays(r, p, ok)) return 0;
      if (ok == -1) return batch_lost(r);
      ok = 1;
      continue;
    }
    bytes += (unsigned long long) p->message.spool.size;
    ok = take(r, p);
    now.parcels += ok == 1;
    ok = ok != -1;
  }
  memmove(now.asked, now.asked + i, (now.askedlen - i) * sizeof *now.asked);
  now.askedlen -= i;
  return ok == 1;
}

int batch_send(struct round *r)
{
  int ok = 1, on = 1;
  size_t i;

  for (i = 0; ok && i < now.parcels; ++i) ok = note(r, now.parcel + i, JOURNAL_GOING);
  if (!ok || !batch_commit(r)) return 0;
  for (i = 0; ok && i < now.parcels; ++i) {
    struct parcel *p = now.parcel + i;
    enum fate fate = FATE_LATER;

    if (stream_stopped) on = 0;
    if (on) fate = courier_send(r->account, p);
    if (fate == FATE_LATER || fate == FATE_DOUBT || (fate == FATE_PART && !courier_goes_on())) on = 0;
    ok = settle(r, p, fate);
    progress_show(r->account->user.s, r->taken);
  }
  now.parcels = 0;
  return ok && on;
}

/* The batch ------------------------------------------------------------------------ */

void batch_begin(void)
{
  static int ready;

  if (!ready++) parcel_ready(now.parcel, BATCH);
  now.next = now.askedlen = now.parcels = now.gonelen = 0;
}

int batch_over(const struct round *r)
{
  return now.next == r->box.count && !now.askedlen;
}
