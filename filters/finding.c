#include "finding.h"

#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "peek.h"
#include "spell.h"
#include "stage.h"

enum { NAME = 60 };  /* bytes of a name that are shown, from both ends */

/* Properties that say that not all was seen; where no list knows them, a limit was passed. */
static const char *const unseen[] = {
  "depth", "entries", "bytes", "time", "broken", "unsupported", 0
};

/* What is said of data that was not decoded as it was meant. */
static const char *const doubts[] = { "broken", "unsupported", "polyglot", 0 };

static struct inspection *all;

/* Attachments that cm-look is to open. */
static struct peek peek;
static struct waiting {
  struct finding finding;
  struct mime_part part;
  unsigned int group, doubts;  /* bits of doubts */
} waiting[PEEK_MAX];

void finding_start(struct inspection *inspection)
{
  all = inspection;
  peek.count = 0;
}

static void cats(stralloc *to, const char *text)
{
  if (!stralloc_cats(to, text)) stage_nomem();
}

/* Append text such that it fits on a line: of a long one beginning and end. */
void finding_show(const char *text, size_t len, stralloc *shown)
{
  static stralloc plain;
  size_t head = len > 2 * NAME ? NAME : len, tail = len > 2 * NAME ? NAME : 0;

  plain.len = 0;
  if (!escape_cat(&plain, text, head, "=") || (tail && !stralloc_cats(&plain, "...")) ||
      !escape_cat(&plain, text + len - tail, tail, "=")) stage_nomem();
  if (plain.len > 2 * NAME + 3) {
    memmove(plain.s + NAME + 3, plain.s + plain.len - NAME, NAME);
    memcpy(plain.s + NAME, "...", 3);
    plain.len = 2 * NAME + 3;
  }
  if (!stralloc_cat(shown, &plain)) stage_nomem();
}

/* A decision about the part; prefix and suffix say what it is about, or are 0. */
void finding_decide(struct finding *f, struct decision d, const stralloc *inner, const char *suffix)
{
  if (!attach_worse(&d, &f->decision)) return;
  f->decision = d;
  f->reason.len = 0;
  if (inner && (!stralloc_cat(&f->reason, inner) || !stralloc_cats(&f->reason, " in "))) stage_nomem();
  if (!stralloc_cat(&f->reason, &f->shown)) stage_nomem();
  if (suffix) {
    cats(&f->reason, " (");
    cats(&f->reason, suffix);
    cats(&f->reason, ")");
  }
}

void finding_flag(struct finding *f, const char *name, const stralloc *inner)
{
  struct decision d = attach_flag(all->rules, name);
  size_t i;

  finding_decide(f, d, inner, name);
  for (i = 0; unseen[i] && !d.listed; ++i)
    if (!strcmp(unseen[i], name) && !all->limit) all->limit = "an attachment that could not be seen to its end";
}

/* What the lists say about a kind, as if it were the extension of a name. */
void finding_kind(struct finding *f, const char *word, const stralloc *inner)
{
  static stralloc name;

  name.len = 0;
  cats(&name, ".");
  cats(&name, word);
  finding_decide(f, attach_ask(all->rules, name.s, name.len, 0), inner, word);
}

/* A part that is not in doubt any more. At the top it is cut out itself, else what it is in. */
void finding_settle(const struct finding *f, const struct mime_part *part)
{
  if (attach_worse(&f->decision, &all->worst)) {
    all->worst = f->decision;
    if (f->decision.answer == ATTACH_DROP && (!stralloc_copy(&all->dropped, &f->reason) ||
        !stralloc_0(&all->dropped))) stage_nomem();
  }
  if (f->decision.answer != ATTACH_BLOCK) return;
  switch (cut_add(&all->cuts, part, f->reason.s, f->reason.len)) {
    case 0: if (!all->limit) all->limit = "too many attachments"; break;
    case -1: stage_nomem();
  }
}

/* Is it a doubt about one of several readings? Then it may not count. */
static int doubted(struct waiting *w, const char *flag)
{
  unsigned int i;

  for (i = 0; doubts[i] && strcmp(doubts[i], flag); ++i) ;
  if (!doubts[i] || !w->group) return 0;
  w->doubts |= 1U << i;
  return 1;
}

/* They count if there is none of these readings without. */
static void settle_doubts(struct waiting *w)
{
  size_t i;

  if (!w->doubts) return;
  for (i = 0; i < peek.count; ++i)
    if (waiting[i].group == w->group && !waiting[i].doubts) return;
  for (i = 0; doubts[i]; ++i)
    if (w->doubts >> i & 1) finding_flag(&w->finding, doubts[i], 0);
}

/* cm-look says something. */
static void told(size_t i, enum peek_fact fact, const char *text, size_t len, const char *word)
{
  static struct readings names;
  static stralloc inner;
  struct finding *f = &waiting[i].finding;
  struct decision d;
  unsigned int marks;
  size_t which;

  if (fact == PEEK_FLAG && !doubted(waiting + i, text)) finding_flag(f, text, 0);
  if (fact == PEEK_KIND) finding_kind(f, text, 0);
  if (fact != PEEK_NAME) return;
  readings_clear(&names);
  inner.len = 0;
  if (!readings_add(&names, text, len) || !spell_ask(all->rules, &names, 0, &d, &which, &marks)) stage_nomem();
  finding_show(text, len, &inner);
  finding_decide(f, d, &inner, 0);
  if (*word) finding_kind(f, word, &inner);
  if (marks & SPELL_RTLO) finding_flag(f, "rtlo", &inner);
  if (marks & SPELL_DOUBLE) finding_flag(f, "double-extension", &inner);
}

/* All that wait. */
void finding_ask(void)
{
  const char *why;
  size_t i;

  if (!peek.count) return;
  if (!peek_run(&peek, told, &why)) stage_die("unable to look into an attachment: ", why);
  for (i = 0; i < peek.count; ++i) {
    close(peek.fd[i]);
    settle_doubts(waiting + i);
    finding_settle(&waiting[i].finding, &waiting[i].part);
  }
  peek.count = 0;
}

/* The part's content, in this file, waits for cm-look. */
void finding_postpone(const struct finding *f, const struct mime_part *part, int fd, unsigned int group)
{
  struct waiting *w = waiting + peek.count;

  w->finding.decision = f->decision;
  w->finding.marks = f->marks;
  if (!stralloc_copy(&w->finding.shown, &f->shown) || !stralloc_copy(&w->finding.reason, &f->reason)) stage_nomem();
  memcpy(w->finding.hint, f->hint, sizeof f->hint);
  w->part = *part;
  w->group = group;
  w->doubts = 0;
  peek.fd[peek.count] = fd;
  peek.hint[peek.count] = w->finding.hint;
  if (++peek.count == PEEK_MAX) finding_ask();
}

void finding_room(unsigned int count)
{
  if (peek.count + count > PEEK_MAX) finding_ask();
}
