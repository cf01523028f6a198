/* A mailbox that is a folder of IMAP. Letters are known by their UIDs alone, never by
 * their place; what is to go is noted, and goes in sets before the session ends. */

#include <stdlib.h>
#include <string.h>

#include "arrival.h"
#include "folder.h"
#include "imapauth.h"
#include "imapc.h"
#include "postbox.h"
#include "roll.h"

#define LARGEST 1073741824  /* bytes of a letter where the account sets no limit */
#define SETMAX 900          /* bytes of a set of UIDs; RFC 7162, 4: 8192 for a command */
#define RENEW 540           /* seconds of one IDLE; RFC 2177: below 29 minutes, and routers forget earlier */

/* One session is all that a process has. */
static struct imapc c;

static struct { unsigned long *uid; size_t count, room; } doomed;

/* What the server said, behind our words for it. */
static const char *words(const char *ours, const stralloc *text)
{
  static stralloc all;

  return stralloc_copys(&all, ours) && (!text->len || (stralloc_cats(&all, ": ") && stralloc_cats(&all, text->s))) &&
         stralloc_0(&all) ? all.s : ours;
}

static int fail(struct postbox *m, int r, const char *ours)
{
  const char *why = c.trouble ? c.trouble : "is not connected";

  if (r != IMAPC_LOST) why = ours;
  m->trouble = r != IMAPC_LOST || !strcmp(why, "says goodbye") ? words(why, &c.text) : why;
  return -1;
}

/* The session ends by our will. */
static int unfit(struct postbox *m, const char *why)
{
  m->trouble = why;
  imapc_close(&c);
  return -1;
}

static int ask(const stralloc *command)
{
  return imapc_ask(&c, command->s, command->len);
}

/* Opening ------------------------------------------------------------------------ */

/* Is it not the password that is refused, but now the time? RFC 5530. */
static int later(void)
{
  static const char *const codes[] = { "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "SYS/TEMP", 0 };
  int i;

  for (i = 0; codes[i] && strcmp(codes[i], c.code); ++i) ;
  return codes[i] != 0;
}

static int choose(struct postbox *m)
{
  const stralloc *folder = &m->account->folder;
  static stralloc name, line;
  int r;

  name.len = 0;
  r = folder->len && *folder->s ? folder_encode(&name, folder->s) : stralloc_copys(&name, "INBOX") ? 1 : -1;
  if (r == 1) r = stralloc_0(&name) && stralloc_copys(&line, "SELECT ") ? imapc_word(&line, name.s) : -1;
  if (r != 1) return unfit(m, r == 0 ? "has no such folder: control/folder is not in UTF-8" : "cannot be asked: out of memory");
  r = ask(&line);
  if (r != IMAPC_OK) return fail(m, r, "has no such folder");
  if (!c.validity) return unfit(m, "has no UIDVALIDITY: letters could not be told apart");
  line.len = 0;
  if (!stralloc_number(&line, c.validity) || !stralloc_0(&line)) return unfit(m, "cannot be asked: out of memory");
  memcpy(m->validity, line.s, line.len);
  return 1;
}

static int moves(const struct postbox *m)
{
  return m->account->moveto.len && *m->account->moveto.s;
}

static int open_(struct postbox *m, const stralloc *secret)
{
  int r, now;

  /* Whoever waits here for a letter is to end as soon as he is told to. */
  stream_signals(&c.stream.in);
  r = imapc_open(&c, &m->account->server, m->account->connect, m->account->timeout);
  doomed.count = 0;
  arrival_forget();
  m->marks = 0;
  if (r != IMAPC_OK) return fail(m, r, "says goodbye");
  if (!c.ready) {
    r = imapauth(&c, m->account, secret);
    if (r != IMAPC_OK) {
      now = r == IMAPC_NO && later();
      fail(m, r, now ? "lets nobody in now" : "refuses the password");
      imapc_logout(&c);
      return r == IMAPC_NO && !now ? 0 : -1;
    }
  }
  r = choose(m);
  if (r == -1) imapc_logout(&c);
  m->marks = !(c.offers & IMAPC_UIDPLUS) && !(moves(m) && c.offers & IMAPC_MOVE);
  return r;
}

/* Fetching ----------------------------------------------------------------------- */

static int ahead(struct postbox *m, const struct letter *const *l, size_t count)
{
  size_t i;

  for (i = 0; i < count; ++i)
    if (arrival_ask(&c, l[i]->uid, i + 1 < count) == IMAPC_LOST) return fail(m, IMAPC_LOST, "");
  return 1;
}

static int fetch(struct postbox *m, const struct letter *l, struct message *to)
{
  c.most = m->account->most ? m->account->most : LARGEST;
  switch (arrival_take(&c, l->uid, to, &m->large, &m->trouble)) {
    case IMAPC_OK: return 1;
    case IMAPC_LOST: return fail(m, IMAPC_LOST, "");
  }
  if (m->trouble == arrival_refused) m->trouble = words(arrival_refused, &c.text);
  return 0;
}

/* Listing ------------------------------------------------------------------------ */

static int list(struct postbox *m)
{
  static const char command[] = "UID FETCH 1:* (UID RFC822.SIZE FLAGS)";
  size_t i;
  int r;

  if (arrival_drain(&c) == IMAPC_LOST) return fail(m, IMAPC_LOST, "");
  c.news = 0;
  /* There are servers that do not know what 1:* is where there is nothing. */
  if (!c.exists) return 1;
  roll_begin(&c, m);
  r = imapc_ask(&c, command, sizeof command - 1);
  imapc_want(&c, 0, 0, 0);
  if (r != IMAPC_OK) return fail(m, r, "gives no list");
  if (!roll_end()) return unfit(m, c.trouble);
  if (!postbox_unique(m)) return unfit(m, "cannot be asked: out of memory");
  for (i = 0; i < m->count; ++i)
    if (!*m->letters[i].uid) return unfit(m, "gives two letters one UID");
  return 1;
}

/* Deleting ----------------------------------------------------------------------- */

static int delete(struct postbox *m, const struct letter *l)
{
  unsigned long *more;

  if (c.readonly) {
    m->trouble = "lets nothing be deleted in this folder";
    return 0;
  }
  if (doomed.count == doomed.room) {
    more = realloc(doomed.uid, (doomed.room * 2 + 64) * sizeof *more);
    if (!more) return unfit(m, "cannot be asked: out of memory");
    doomed.uid = more;
    doomed.room = doomed.room * 2 + 64;
  }
  doomed.uid[doomed.count++] = strtoul(l->uid, 0, 10);
  return 1;
}

static int below(const void *a, const void *b)
{
  unsigned long x = *(const unsigned long *) a, y = *(const unsigned long *) b;

  return x < y ? -1 : x > y;
}

/* The next of them as a set; a range has no number in it that was not noted. */
static int set(stralloc *to, size_t *at)
{
  size_t first;

  for (to->len = 0; *at < doomed.count && to->len < SETMAX; ++*at) {
    first = *at;
    while (*at + 1 < doomed.count && doomed.uid[*at + 1] <= doomed.uid[*at] + 1) ++*at;
    if ((to->len && !stralloc_cats(to, ",")) || !stralloc_number(to, doomed.uid[first])) return 0;
    if (doomed.uid[*at] == doomed.uid[first]) continue;
    if (!stralloc_cats(to, ":") || !stralloc_number(to, doomed.uid[*at])) return 0;
  }
  return 1;
}

/* VERB SET REST. */
static int order(const char *verb, const stralloc *uids, const char *rest)
{
  static stralloc line;

  if (!stralloc_copys(&line, verb) || !stralloc_cat(&line, uids) || !stralloc_cats(&line, rest))
    return imapc_fail(&c, "cannot be asked: out of memory");
  return ask(&line);
}

static int into(const char *verb, const stralloc *uids, const char *folder)
{
  static stralloc name, rest;
  int r;

  name.len = 0;
  r = folder_encode(&name, folder);
  if (r == 1) r = stralloc_0(&name) && stralloc_copys(&rest, " ") ? imapc_word(&rest, name.s) : -1;
  if (r != 1 || !stralloc_0(&rest)) return imapc_fail(&c, "has no folder like that of control/moveto");
  return order(verb, uids, rest.s);
}

/* Without UIDPLUS nothing is expunged: that would take what others have marked, too. */
static int remove_set(const char *moveto, const stralloc *uids)
{
  int r = IMAPC_OK;

  if (*moveto && c.offers & IMAPC_MOVE) return into("UID MOVE ", uids, moveto);
  if (*moveto) r = into("UID COPY ", uids, moveto);
  if (r == IMAPC_OK) r = order("UID STORE ", uids, " +FLAGS.SILENT (\\Deleted)");
  if (r == IMAPC_OK && c.offers & IMAPC_UIDPLUS) r = order("UID EXPUNGE ", uids, "");
  return r;
}

static int settle(struct postbox *m)
{
  static stralloc uids;
  size_t at = 0;
  int r;

  if (arrival_drain(&c) == IMAPC_LOST) return fail(m, IMAPC_LOST, "");
  if (doomed.count) qsort(doomed.uid, doomed.count, sizeof *doomed.uid, below);
  for (r = IMAPC_OK; at < doomed.count && r == IMAPC_OK; )
    r = set(&uids, &at) ? remove_set(moves(m) ? m->account->moveto.s : "", &uids) : imapc_fail(&c, "cannot be asked: out of memory");
  doomed.count = 0;
  return r == IMAPC_OK ? 1 : fail(m, r, "does not delete");
}

/* What became of LOGOUT changes nothing any more. */
static int close_(struct postbox *m)
{
  int r = settle(m);

  imapc_logout(&c);
  return r;
}

/* Waiting ------------------------------------------------------------------------ */

/* A server without IDLE is asked in the end. */
static int idle(struct postbox *m, unsigned long seconds)
{
  int r, idles = c.offers & IMAPC_IDLE;

  if (settle(m) == -1) return -1;
  if (c.news) return 1;
  if (idles) {
    r = imapc_send(&c, "IDLE", 4, 0) == 1 ? imapc_answer(&c) : IMAPC_LOST;
    if (r == IMAPC_OK) r = imapc_fail(&c, "does not wait");
    if (r == IMAPC_LOST) return fail(m, r, "");
    idles = r == IMAPC_MORE;
  }
  if (imapc_listen(&c, seconds < RENEW ? seconds : RENEW) == IMAPC_LOST) return fail(m, IMAPC_LOST, "");
  r = !idles ? imapc_ask(&c, "NOOP", 4) : imapc_go_on(&c, "DONE", 4) == 1 ? imapc_answer(&c) : IMAPC_LOST;
  if (r == IMAPC_MORE) r = imapc_fail(&c, "waits for more than there is");
  return r == IMAPC_LOST ? fail(m, r, "") : c.news;
}

const struct protocol imap_protocol = { open_, list, ahead, fetch, delete, close_, idle };
