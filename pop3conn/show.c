/* What a round would do. */

#include "round.h"

#include <string.h>

#include "copy.h"
#include "log.h"
#include "notes.h"

static const char *outlook(const struct account *a, const struct postbox *m, const struct letter *l, const struct note *n,
                           unsigned long fetched)
{
  if (n && n->state == JOURNAL_REFUSED) return "stays, is refused";
  if (n && n->state == JOURNAL_LEFT) return "stays, is not new";
  if (n && n->state == JOURNAL_SENT) return notes_want(a, m, l, n) ? "is sent, and would be deleted" : "stays, is sent";
  if (notes_large(a, l, n)) return "stays, is too large";
  if (!notes_want(a, m, l, n) || (a->atmost && fetched >= a->atmost)) return "stays";
  return n && n->state == JOURNAL_PART ? "would be fetched, some have it" : "would be fetched";
}

static int tell(stralloc *out, const struct letter *l, const char *what)
{
  return stralloc_cats(out, *l->uid ? l->uid : "-") && stralloc_cats(out, " ") && stralloc_number(out, (unsigned long) l->size) &&
         stralloc_cats(out, " ") && stralloc_cats(out, what) && stralloc_cats(out, "\n");
}

int round_show(const struct account *a, struct journal *j)
{
  static struct postbox box;
  int code = round_let_in(&box, a), fresh;
  unsigned long fetched = 0;
  stralloc out = { 0 };
  const struct note *n;
  size_t i;

  if (code != ROUND_DONE) return code;
  if (postbox_list(&box) == -1) {
    log_event("trouble", "-", "the mailbox is lost: ", box.trouble);
    return ROUND_TROUBLE;
  }
  n = journal_find(j, "- =first");
  fresh = a->fresh && (!n || n->state != JOURNAL_LEFT);
  for (i = 0; i < box.count; ++i) {
    const struct letter *l = box.letters + i;
    const char *what;

    n = *l->uid ? notes_of(j, &box, l) : 0;
    what = fresh && n && n->state == JOURNAL_GONE ? "stays, is not new" : outlook(a, &box, l, n, fetched);
    fetched += !strncmp(what, "would be", 8);
    if (!tell(&out, l, what)) return ROUND_TROUBLE;
  }
  postbox_close(&box);
  return copy_write(1, out.s, out.len) == 1 ? ROUND_DONE : ROUND_TROUBLE;
}
