#include "round.h"

#include "batch.h"
#include "courier.h"
#include "log.h"
#include "notes.h"
#include "progress.h"
#include "stream.h"

int round_mailbox(const struct account *a, stralloc *name)
{
  return stralloc_copys(name, a->server.imap ? "imap " : "pop3 ") && stralloc_cats(name, a->server.host) &&
         stralloc_cats(name, " ") && stralloc_cats(name, a->user.s) && stralloc_cats(name, " ") &&
         stralloc_cats(name, a->folder.s) && stralloc_0(name);
}

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

  if (!first || !notes_look(r->journal, &r->box)) return batch_failed(r, "-", "out of memory", "");
  first->seen = NOTES_SEEN;
  for (i = 0; r->account->fresh && first->state != JOURNAL_LEFT && i < r->box.count; ++i) {
    if (!*r->box.letters[i].uid) continue;
    n = notes_of(r->journal, &r->box, r->box.letters + i);
    if (n->state != JOURNAL_GONE) continue;
    n->size = r->box.letters[i].size;
    if (journal_write(r->journal, n, JOURNAL_LEFT) == -1) return batch_unwritten(r);
  }
  if (!r->account->fresh || first->state == JOURNAL_LEFT) return 1;
  return (journal_commit(r->journal) == 1 && journal_write(r->journal, first, JOURNAL_LEFT) == 1) || batch_unwritten(r);
}

/* What is not there any more is forgotten: its name may be that of another one day. Not
 * before all was looked at. */
static void forget(struct round *r, int closed)
{
  struct note *n;
  int all = closed && batch_over(r) && !r->trouble;

  for (n = journal_next(r->journal, 0); n; n = journal_next(r->journal, n))
    if (n->state != JOURNAL_GONE && ((closed && n->seen == NOTES_DELETED) || (all && !n->seen)) &&
        journal_write(r->journal, n, JOURNAL_GONE) == -1) batch_unwritten(r);
}

/* What came whole goes out, even if the mailbox was lost behind it. */
static void carry(struct round *r)
{
  int on;

  r->fetched = r->refused = r->later = 0;
  r->trouble = 0;
  batch_begin();
  on = postbox_list(&r->box) == 1 || batch_lost(r);
  on = on && look(r) && batch_ask(r);
  while (on && !batch_over(r) && !stream_stopped) {
    on = batch_gather(r) && batch_ask(r);
    if (!batch_send(r)) on = 0;
  }
  if (!r->journal->failed) batch_commit(r);
  courier_end();
  r->trouble |= r->later > 0;
}

static int no_mailbox(const char *what, const char *why, int code)
{
  log_event("trouble", "-", what, why);
  return code;
}

int round_let_in(struct postbox *m, const struct account *a)
{
  switch (postbox_open(m, a)) {
    case 1: return ROUND_DONE;
    case 0: return no_mailbox("the mailbox does not let us in: ", m->trouble, ROUND_PASSWORD);
    default: return no_mailbox("no mailbox: ", m->trouble, ROUND_TROUBLE);
  }
}

/* Who is told to end while nothing happens has no trouble. */
static void wait_for_more(struct round *r)
{
  if (postbox_idle(&r->box, r->account->interval) != -1) return;
  if (stream_stopped) r->lost = 1;
  else batch_lost(r);
}

int round_make(const struct account *a, struct journal *j, int stay)
{
  struct round r = { .account = a, .journal = j };
  stralloc name = { 0 };
  int closed = 0, code = round_let_in(&r.box, a);

  if (code != ROUND_DONE) return code;
  doubts(j);
  for (carry(&r); stay && a->server.imap && !r.lost && !j->failed && !stream_stopped; carry(&r)) {
    wait_for_more(&r);
    forget(&r, !r.lost);
    if (r.lost || stream_stopped) break;
  }
  if (!r.lost) closed = postbox_close(&r.box) == 1;
  if (!closed && !r.lost) batch_failed(&r, "-", "the mailbox may not have deleted what it was told to: ", r.box.trouble);
  forget(&r, closed);
  if (round_mailbox(a, &name) && journal_tidy(j, name.s) == -1) batch_unwritten(&r);
  progress_end();
  return r.trouble ? ROUND_TROUBLE : r.refused ? ROUND_REFUSED : ROUND_DONE;
}
