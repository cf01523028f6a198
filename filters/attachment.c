#include "attachment.h"

#include <string.h>

#include "spell.h"
#include "stage.h"

enum { SLICE = 4096 };  /* bytes that are decoded at a time */

/* An attachment is what has a name, what says so, and what is neither text nor
 * made of other parts. */
static int is_attachment(const struct content *c)
{
  size_t i;

  for (i = 0; i < c->names.count; ++i)
    if (c->names.list[i].len) return 1;
  return c->attached || c->kinds & CONTENT_OTHER;
}

/* The extension of a name, if it is one that can do no harm in an argument. */
static void hint(struct finding *f, const char *name, size_t len)
{
  size_t at = len, n = 0;

  while (at && name[at - 1] != '.') --at;
  for (; at && at < len && n < sizeof f->hint - 1; ++at)
    if ((name[at] >= '0' && name[at] <= '9') || ((name[at] | 32) >= 'a' && (name[at] | 32) <= 'z'))
      f->hint[n++] = name[at];
  f->hint[n] = 0;
}

void attachment_begin(struct attachment *o, const struct attach *rules, const struct mime_part *part, const struct content *c)
{
  size_t which = 0, i, len = c->type.len;
  const char *text = c->type.s;
  struct decision d = { ATTACH_PASS, VERDICT_DELIVER, 0 };

  o->finding.decision = d;
  o->finding.marks = 0;
  o->finding.shown.len = 0;
  o->meant = 0;
  o->finding.hint[0] = 0;
  o->attachment = is_attachment(c);
  /* Who finds no boundary in a multipart may take it for a file. */
  o->leaf = !(c->kinds & (CONTENT_MULTIPART | CONTENT_MESSAGE)) || c->kinds & CONTENT_OTHER ||
            (c->kinds & CONTENT_MULTIPART && (o->attachment || c->encodings != 1U << TRANSFER_PLAIN));
  if (o->attachment && !spell_ask(rules, &c->names, 1, &d, &which, &o->finding.marks)) stage_nomem();
  if (c->names.count) {
    text = c->names.text.s + c->names.list[which].at;
    len = c->names.list[which].len;
    hint(&o->finding, text, len);
  } else if (!stralloc_cats(&o->finding.shown, "of type ")) stage_nomem();
  finding_show(text, len, &o->finding.shown);
  finding_decide(&o->finding, d, 0, 0);
  o->looked = o->leaf && attach_curious(rules) && !(o->attachment && d.listed && d.answer == ATTACH_PASS);
  if (!o->looked) return;

  for (i = 0; i < c->types.count && !o->meant; ++i)
    o->meant = spell_type(c->types.text.s + c->types.list[i].at, c->types.list[i].len);
  if (!c->names.count || !o->finding.marks)
    for (i = 0; i < c->types.count; ++i)
      if (c->types.list[i].len > 6 && !memcmp(c->types.text.s + c->types.list[i].at, "image/", 6) &&
          !memmem(c->types.text.s + c->types.list[i].at, c->types.list[i].len, "svg", 3)) o->finding.marks |= SPELL_PASSIVE;
  if (o->finding.marks & SPELL_RTLO) finding_flag(&o->finding, "rtlo", 0);
  if (o->finding.marks & SPELL_TRICK) finding_flag(&o->finding, "name-trick", 0);
  if (o->finding.marks & SPELL_DOUBLE) finding_flag(&o->finding, "double-extension", 0);
  o->transfer = (struct transfer) { .kind = part->encoding };
  sniff_begin(&o->sniff);
  o->combed = o->finding.marks & SPELL_HTML || (c->kinds & CONTENT_TEXT && part->encoding != TRANSFER_PLAIN) ||
               memmem(c->type.s, c->type.len, "htm", 3) || memmem(c->type.s, c->type.len, "svg", 3);
  if (o->combed) comb_begin(&o->comb);
  else o->comb.found = 0;
}

void attachment_feed(struct attachment *o, const char *data, size_t len)
{
  static char out[SLICE + 4];
  size_t n, some;

  for (; len; data += some, len -= some) {
    some = len < SLICE ? len : SLICE;
    if (o->transfer.kind == TRANSFER_PLAIN || o->transfer.kind == TRANSFER_UNKNOWN) {
      sniff_feed(&o->sniff, data, some);
      if (o->combed) comb_feed(&o->comb, data, some);
      continue;
    }
    n = transfer_decode(&o->transfer, data, some, out);
    sniff_feed(&o->sniff, out, n);
    if (o->combed) comb_feed(&o->comb, out, n);
  }
}
