#include "round.h"

#include <string.h>
#include <time.h>

#include "clock.h"
#include "copy.h"
#include "courier.h"
#include "digits.h"
#include "log.h"
#include "parcel.h"
#include "progress.h"
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

enum { SEEN = 1, DELETED = 2 };  /* of notes */

struct round {
  const struct account *account;
  struct journal *journal;
  struct postbox box;
  unsigned long fetched, taken, refused, later;  /* letters */
  int lost;                           /* the mailbox is */
  int trouble;                        /* something is to be tried again */
};

int round_mailbox(const struct account *a, stralloc *name)
{
  return stralloc_copys(name, a->server.imap ? "imap " : "pop3 ") && stralloc_cats(name, a->server.host) &&
         stralloc_cats(name, " ") && stralloc_cats(name, a->user.s) && stralloc_cats(name, " ") &&
         stralloc_cats(name, a->folder.s) && stralloc_0(name);
}

/* Notes ----------------------------------------------------------------------- */

static struct note *note_of(struct round *r, const struct letter *l)
{
  char name[JOURNAL_NAME];
  size_t n = str_copy(name, *r->box.validity ? r->box.validity : "-");

  name[n++] = ' ';
  name[n + str_copy(name + n, l->uid)] = 0;
  return journal_note(r->journal, name);
}

/* The server has no name for it: what it says is its name, and which of those that say the
 * same it is. */
static struct note *note_of_text(struct round *r, const unsigned char *hash)
{
  char name[JOURNAL_NAME], *at;
  unsigned long same;
  struct note *n = 0;
  size_t i;

  for (same = 0; !same || (n && n->seen); ++same) {
    at = name + str_copy(name, "- =");
    for (i = 0; i < JOURNAL_HASH; ++i) at = digits(at, hash[i], 16, 2);
    *at++ = '.';
    *digits(at, same, 10, 1) = 0;
    n = journal_note(r->journal, name);
  }
  if (n) n->seen = SEEN;
  return n;
}

static int failed(struct round *r, const char *id, const char *what, const char *why)
{
  log_event("trouble", id, what, why);
  r->trouble = 1;
  return 0;
}

static int unwritten(struct round *r)
{
  return failed(r, "-", "unable to write the journal: ", strerror(r->journal->failed));
}

/* Write a letter's state down. 1, or 0: nothing more may be done. */
static int note(struct round *r, struct parcel *p, enum journal_state state)
{
  memcpy(p->note->hash, p->message.hash, JOURNAL_HASH);
  p->note->size = p->letter->size;
  return journal_write(r->journal, p->note, state) == 1 || unwritten(r);
}

/* Deleting ---------------------------------------------------------------------- */

static int is_over(const struct round *r, const struct note *n)
{
  return n->time + r->account->keep * 86400 <= (uint64_t) time(0);
}

/* It is sent, and all of it was fetched in this session: when the next commit is over it
 * may go, if it need not be kept. */
static void may_go(struct round *r, const struct letter *l, struct note *n)
{
  if (n->state != JOURNAL_SENT || !is_over(r, n)) return;
  now.note[now.gonelen] = n;
  now.gone[now.gonelen++] = l;
}

static int lost(struct round *r)
{
  r->lost = 1;
  return failed(r, "-", "the mailbox is lost: ", r->box.trouble);
}

/* The one place where letters are deleted. 1, or 0: nothing more may be done. */
static int commit_and_delete(struct round *r)
{
  size_t i;
  int ok;

  if (journal_commit(r->journal) == -1) return unwritten(r);
  for (i = 0; !r->lost && i < now.gonelen; ++i) {
    ok = postbox_delete(&r->box, now.gone[i]);
    if (ok == -1) lost(r);
    if (ok == 1) now.note[i]->seen = DELETED;
  }
  now.gonelen = 0;
  return 1;
}

/* Fetching ------------------------------------------------------------------------ */

/* A letter whose name says that it is known. */
static int wanted(struct round *r, const struct letter *l, struct note *n)
{
  unsigned long most = r->account->most, atmost = r->account->atmost;

  if (!*l->uid) return !atmost || r->fetched < atmost;
  switch (n->state) {
    case JOURNAL_SENT: return l->deleted ? !r->box.marks : is_over(r, n);
    case JOURNAL_REFUSED: case JOURNAL_LEFT: return 0;
    case JOURNAL_LARGE: return !most || l->size <= most;
    default: return !l->deleted && (!atmost || r->fetched < atmost);
  }
}

/* Larger than we take: that is said once. */
static int leave(struct round *r, const struct letter *l, struct note *n)
{
  unsigned long most = r->account->most;

  if (!n || n->state == JOURNAL_SENT || !most || l->size <= most) return 0;
  log_event("trouble", "-", "a letter is larger than control/databytes, and stays: ", n->name);
  n->size = l->size;
  return journal_write(r->journal, n, JOURNAL_LARGE) == 1 || !unwritten(r);
}

/* Ask for more letters, while those that came are on their way. */
static int ask(struct round *r)
{
  unsigned long long bytes = 0;
  size_t i, first = now.askedlen;
  const struct letter *l;
  struct note *n;

  for (i = 0; i < now.askedlen; ++i) bytes += now.asked[i]->size;
  while (now.askedlen < BATCH && bytes < BYTES && now.next < r->box.count && !stream_stopped) {
    l = r->box.letters + now.next++;
    n = *l->uid ? note_of(r, l) : 0;
    if (*l->uid && !n) return failed(r, "-", "out of memory", "");
    if (!wanted(r, l, n) || leave(r, l, n)) continue;
    r->fetched += !n || n->state != JOURNAL_SENT;
    bytes += l->size;
    now.asked[now.askedlen++] = l;
  }
  return first == now.askedlen || postbox_ahead(&r->box, now.asked + first, now.askedlen - first) == 1 || lost(r);
}

/* A letter of another name that was sent with the same content, and is in the mailbox no
 * more: the server has given it a new name. */
static const struct note *before(struct round *r, const struct parcel *p)
{
  const struct note *n;

  for (n = journal_next(r->journal, 0); n; n = journal_next(r->journal, n))
    if (n->state == JOURNAL_SENT && !n->seen && !memcmp(n->hash, p->message.hash, JOURNAL_HASH)) return n;
  return 0;
}

/* Now that it was fetched: was it sent before? 1: nothing is to be done for it; 0; -1. */
static int known(struct round *r, struct parcel *p)
{
  const struct note *old;

  p->note = *p->letter->uid ? note_of(r, p->letter) : note_of_text(r, p->message.hash);
  if (!p->note) return failed(r, p->id, "out of memory", "") - 1;
  if (p->note->state == JOURNAL_SENT && !memcmp(p->note->hash, p->message.hash, JOURNAL_HASH)) {
    may_go(r, p->letter, p->note);
    return 1;
  }
  if (p->note->state == JOURNAL_SENT)
    log_event("trouble", p->id, "the mailbox has another letter of this name now, which is new: ", p->note->name);
  if (p->note->state == JOURNAL_REFUSED || p->note->state == JOURNAL_LEFT) return 1;
  old = before(r, p);
  if (!old) return 0;
  log_event("known", p->id, "the mailbox has a new name for this letter: ", p->note->name);
  return note(r, p, JOURNAL_SENT) ? 1 : -1;
}

static void record(struct round *r, struct parcel *p, enum fate fate)
{
  static const char *const words[] = { "stays: ", "is refused, and stays: ", "is taken: ", "is in doubt: " };
  const char *said = p->said.len ? p->said.s : p->result.text.len ? p->result.text.s : "";

  parcel_record(r->account, p, p->said.len ? p->said.s : "");
  if (fate == FATE_REFUSED || (r->account->level & LOG_EXTENDED))
    log_event(fate == FATE_REFUSED ? "trouble" : "letter", p->id, p->note->name, " ", words[fate], said);
  r->taken += fate == FATE_TAKEN;
  r->refused += fate == FATE_REFUSED;
  r->later += fate == FATE_LATER;
}

/* A letter is done with, or not. 1, or 0: nothing more may be done. */
static int settle(struct round *r, struct parcel *p, enum fate fate)
{
  /* Without a copy nobody would learn of it: it is tried again. */
  if (fate == FATE_REFUSED && parcel_copy(p) == -1) fate = FATE_LATER;
  record(r, p, fate);
  switch (fate) {
    case FATE_TAKEN:
      if (!note(r, p, JOURNAL_SENT)) return 0;
      may_go(r, p->letter, p->note);
      return 1;
    case FATE_REFUSED: return note(r, p, JOURNAL_REFUSED);
    default: return p->note->state == JOURNAL_GONE || note(r, p, JOURNAL_GONE);
  }
}

/* Fetch what was asked for, and have it judged. 1; 0: the mailbox is lost, or nothing more
 * may be done. */
static int gather(struct round *r)
{
  long long end = clock_ms() + GATHER;
  unsigned long long bytes = 0;
  size_t i;
  int ok = 1;

  for (i = 0; ok == 1 && i < now.askedlen && bytes < BYTES && clock_ms() < end && !stream_stopped; ++i) {
    struct parcel *p = now.parcel + now.parcels;
    enum fate fate;

    parcel_begin(p, now.asked[i]);
    ok = postbox_fetch(&r->box, p->letter, &p->message);
    if (ok == -1) return lost(r);
    if (ok == 0) {
      failed(r, p->id, "a letter of the mailbox stays: ", r->box.trouble);
      ok = 1;
      continue;
    }
    bytes += (unsigned long long) p->message.spool.size;
    ok = known(r, p);
    if (ok == -1) return 0;
    if (ok == 1) continue;
    fate = parcel_judge(r->account, p, r->journal->token);
    ok = fate == FATE_SEND || settle(r, p, fate);
    now.parcels += fate == FATE_SEND;
  }
  memmove(now.asked, now.asked + i, (now.askedlen - i) * sizeof *now.asked);
  now.askedlen -= i;
  return ok == 1;
}

/* Hand over what stands ready, when it is on the disk that it is going. 1; 0: no more today. */
static int send_all(struct round *r)
{
  int ok = 1, on = 1;
  size_t i;

  for (i = 0; ok && i < now.parcels; ++i) ok = note(r, now.parcel + i, JOURNAL_GOING);
  if (!ok || !commit_and_delete(r)) return 0;
  for (i = 0; ok && i < now.parcels; ++i) {
    struct parcel *p = now.parcel + i;
    enum fate fate = FATE_LATER;

    if (stream_stopped) on = 0;
    if (on) fate = courier_send(r->account, p);
    if (fate == FATE_LATER || fate == FATE_DOUBT) on = 0;
    ok = settle(r, p, fate);
    progress_show(r->account->user.s, r->taken);
  }
  now.parcels = 0;
  return ok && on;
}

/* The round ---------------------------------------------------------------------- */

/* What a run that was cut short had in its hands. */
static void doubts(const struct journal *j)
{
  const struct note *n;

  for (n = journal_next(j, 0); n; n = journal_next(j, n))
    if (n->state == JOURNAL_GOING)
      log_event("indoubt", "-", "a run that was cut short may have sent it, and it goes out again: ", n->name);
}

/* Which of those that are known are still there. Where only new ones are wanted, those
 * that stand there at the first look are none. */
static int look(struct round *r)
{
  struct note *first = journal_note(r->journal, "- =first"), *n;
  size_t i;

  if (!first) return failed(r, "-", "out of memory", "");
  for (n = journal_next(r->journal, 0); n; n = journal_next(r->journal, n)) n->seen = 0;
  first->seen = SEEN;
  for (i = 0; i < r->box.count; ++i) {
    if (!*r->box.letters[i].uid) continue;
    n = note_of(r, r->box.letters + i);
    if (!n) return failed(r, "-", "out of memory", "");
    n->seen = SEEN;
    if (!r->account->fresh || first->state == JOURNAL_LEFT || n->state != JOURNAL_GONE) continue;
    n->size = r->box.letters[i].size;
    if (journal_write(r->journal, n, JOURNAL_LEFT) == -1) return unwritten(r);
  }
  if (!r->account->fresh || first->state == JOURNAL_LEFT) return 1;
  return (journal_commit(r->journal) == 1 && journal_write(r->journal, first, JOURNAL_LEFT) == 1) || unwritten(r);
}

/* What is not there any more is forgotten: its name may be that of another one day. Not
 * before all was looked at. */
static void forget(struct round *r, int closed)
{
  struct note *n;
  int all = closed && now.next == r->box.count && !now.askedlen && !r->trouble;

  for (n = journal_next(r->journal, 0); n; n = journal_next(r->journal, n))
    if (n->state != JOURNAL_GONE && ((closed && n->seen == DELETED) || (all && !n->seen)) &&
        journal_write(r->journal, n, JOURNAL_GONE) == -1) unwritten(r);
}

/* What came whole goes out, even if the mailbox was lost behind it. */
static void carry(struct round *r)
{
  int on;

  r->fetched = r->refused = r->later = 0;
  r->trouble = 0;
  now.next = now.askedlen = now.parcels = now.gonelen = 0;
  on = postbox_list(&r->box) == 1 || lost(r);
  on = on && look(r) && ask(r);
  while (on && (now.askedlen || now.next < r->box.count) && !stream_stopped) {
    on = gather(r) && ask(r);
    if (!send_all(r)) on = 0;
  }
  if (!r->journal->failed) commit_and_delete(r);
  courier_end();
  r->trouble |= r->later > 0;
}

static int let_in(struct round *r)
{
  switch (postbox_open(&r->box, r->account)) {
    case 1: return ROUND_DONE;
    case 0: failed(r, "-", "the mailbox does not let us in: ", r->box.trouble); return ROUND_PASSWORD;
    default: failed(r, "-", "no mailbox: ", r->box.trouble); return ROUND_TROUBLE;
  }
}

/* Who is told to end while nothing happens has no trouble. */
static void wait_for_more(struct round *r)
{
  if (postbox_idle(&r->box, r->account->interval) != -1) return;
  if (stream_stopped) r->lost = 1;
  else lost(r);
}

int round_make(const struct account *a, struct journal *j, int stay)
{
  struct round r = { .account = a, .journal = j };
  static int begun;
  stralloc name = { 0 };
  int closed = 0, code = let_in(&r);

  if (code != ROUND_DONE) return code;
  if (!begun++) parcel_ready(now.parcel, BATCH);
  doubts(j);
  for (carry(&r); stay && a->server.imap && !r.lost && !j->failed && !stream_stopped; carry(&r)) {
    wait_for_more(&r);
    forget(&r, !r.lost);
    if (r.lost || stream_stopped) break;
  }
  if (!r.lost) closed = postbox_close(&r.box) == 1;
  if (!closed && !r.lost) failed(&r, "-", "the mailbox may not have deleted what it was told to: ", r.box.trouble);
  forget(&r, closed);
  if (round_mailbox(a, &name) && journal_tidy(j, name.s) == -1) unwritten(&r);
  progress_end();
  return r.trouble ? ROUND_TROUBLE : r.refused ? ROUND_REFUSED : ROUND_DONE;
}

/* Looking ------------------------------------------------------------------------ */

static const char *outlook(struct round *r, const struct letter *l, struct note *n)
{
  unsigned long most = r->account->most;

  if (n && n->state == JOURNAL_REFUSED) return "stays, is refused";
  if (n && n->state == JOURNAL_LEFT) return "stays, is not new";
  if (most && l->size > most) return "stays, is too large";
  if (!wanted(r, l, n)) return n && n->state == JOURNAL_SENT ? "stays, is sent" : "stays";
  return n && n->state == JOURNAL_SENT ? "is sent, and would be deleted" : "would be fetched";
}

static int tell(stralloc *out, const struct letter *l, const char *what)
{
  return stralloc_cats(out, *l->uid ? l->uid : "-") && stralloc_cats(out, " ") && stralloc_number(out, (unsigned long) l->size) &&
         stralloc_cats(out, " ") && stralloc_cats(out, what) && stralloc_cats(out, "\n");
}

int round_show(const struct account *a, struct journal *j)
{
  struct round r = { .account = a, .journal = j };
  int code = let_in(&r), fresh;
  stralloc out = { 0 };
  struct note *n;
  size_t i;

  if (code != ROUND_DONE) return code;
  if (postbox_list(&r.box) == -1 && !lost(&r)) return ROUND_TROUBLE;
  n = journal_note(j, "- =first");
  fresh = n && a->fresh && n->state != JOURNAL_LEFT;
  for (i = 0; i < r.box.count; ++i) {
    const struct letter *l = r.box.letters + i;
    const char *what;

    n = *l->uid ? note_of(&r, l) : 0;
    what = fresh && n && n->state == JOURNAL_GONE ? "stays, is not new" : outlook(&r, l, n);
    r.fetched += !strcmp(what, "would be fetched");
    if (!tell(&out, l, what)) return ROUND_TROUBLE;
  }
  postbox_close(&r.box);
  return copy_write(1, out.s, out.len) == 1 ? ROUND_DONE : ROUND_TROUBLE;
}
