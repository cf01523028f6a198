#include "telling.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "edit.h"
#include "reply.h"

#define TAG "[SPAM]"

static int number(stralloc *out, int n)
{
  if (n < 0 && !stralloc_cats(out, "-")) return 0;
  return stralloc_number(out, (unsigned long) (n < 0 ? -n : n));
}

/* The name of a verdict as one word: accept/deliver/junk. */
static int worded(int verdict, stralloc *out)
{
  const char *name = verdict_name(verdict);

  for (; *name; ++name) {
    if (*name == ',') continue;
    if (!stralloc_catb(out, *name == ' ' ? "/" : name, 1)) return 0;
  }
  return 1;
}

/* Why a stage says what it says, in one printable line; broken: the cause. */
static int because(const struct outcome *o, stralloc *out)
{
  const stralloc *text = o->verdict == VERDICT_BROKEN ? &o->cause : &o->answer.reason;

  /* A broken stage has no say about the status code. */
  return reply_reason(o->verdict, text->len ? text->s : "", text->len, out);
}

int telling_reason(const struct run *r, stralloc *out)
{
  const struct outcome *o;
  int verdict = r->decision.verdict;

  if (r->decision.stage == -1) return stralloc_cats(out, "2.0.0 accepted");
  o = r->outcomes + r->decision.stage;
  if (o->verdict != VERDICT_BROKEN) return because(o, out);
  if (verdict_refuses(verdict)) return stralloc_cats(out, "5.3.0 mail filter failed");
  return stralloc_cats(out, verdict == VERDICT_DEFER ? "4.3.0 mail filter failed" : "mail filter failed");
}

int telling_result(const struct run *r, stralloc *out)
{
  static stralloc why;

  if (!stralloc_cats(out, verdict_name(r->decision.verdict))) return 0;
  if (r->decision.stage == -1) return 1;
  if (!stralloc_cats(out, "; ") || !stralloc_cats(out, r->plan->stages[r->decision.stage].name)) return 0;
  why.len = 0;
  if (!telling_reason(r, &why)) return 0;
  return !why.len || (stralloc_cats(out, "; ") && stralloc_catb(out, why.s, why.len));
}

/* The lines of a nested pipeline, under the name of its stage. */
static int nested(const char *name, const stralloc *trace, stralloc *out)
{
  const char *at = trace->s, *end = trace->len ? at + trace->len : at, *nl;

  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) return 1;
    if (!stralloc_cats(out, "X-CleanMail-Trace: ") || !stralloc_cats(out, name) || !stralloc_cats(out, "/") ||
        !stralloc_catb(out, at, (size_t) (nl + 1 - at))) return 0;
  }
  return 1;
}

static int word(const struct stage *s, const struct outcome *o, stralloc *out)
{
  if (o->skipped) return stralloc_cats(out, o->skipped);
  return (!s->shadow || stralloc_cats(out, "shadow:")) && worded(o->verdict, out);
}

int telling_trace(const struct run *r, size_t stage, stralloc *out)
{
  const struct stage *s = r->plan->stages + stage;
  const struct outcome *o = r->outcomes + stage;
  const stralloc *score = &o->answer.score;
  size_t before;

  if (!nested(s->name, &o->answer.trace, out) || !stralloc_cats(out, "X-CleanMail-Trace: ") ||
      !stralloc_cats(out, s->name) || !stralloc_cats(out, " ") || !word(s, o, out) ||
      !stralloc_cats(out, " ")) return 0;
  if (!(o->code == JUDGE_NOCODE || o->skipped ? stralloc_cats(out, "-") : number(out, o->code))) return 0;
  if (!stralloc_cats(out, " ") || !stralloc_number(out, o->ms) || !stralloc_cats(out, " ")) return 0;
  if (!stralloc_catb(out, score->len ? score->s : "-", score->len ? score->len : 1) ||
      !stralloc_cats(out, " ")) return 0;
  before = out->len;
  if (!o->skipped && !because(o, out)) return 0;
  return (out->len > before || stralloc_cats(out, "-")) && stralloc_cats(out, "\n");
}

/* Not those of shadows, nor those of stages that failed. */
int telling_fields(const struct run *r, stralloc *out)
{
  const stralloc *fields;
  size_t i;

  for (i = 0; i < r->plan->count; ++i) {
    fields = &r->outcomes[i].answer.fields;
    if (r->votes[i] == POLICY_NONE || r->outcomes[i].verdict == VERDICT_BROKEN || !fields->len) continue;
    if (!edit_fields(out, fields->s, fields->len)) return 0;
  }
  return 1;
}

/* 1: the administrator said what it is, perhaps nothing; 0: he did not; -1 with errno. */
static int from_file(const char *name, stralloc *out)
{
  static stralloc path, data;
  const char *line;
  size_t at = 0, len;
  int result;

  path.len = data.len = 0;
  if (!stralloc_cats(&path, "control/tag/") || !stralloc_cats(&path, name) || !stralloc_0(&path)) {
    errno = ENOMEM;
    return -1;
  }
  result = control_read(path.s, &data);
  if (result != 1 || !control_next(&data, &at, &line, &len, 0)) return result;
  return stralloc_copyb(out, line, len) ? 1 : -1;
}

static int tag_of(const struct run *r, size_t i, stralloc *out)
{
  const stralloc *wish = &r->outcomes[i].answer.tag;
  int result;

  if (wish->len && r->outcomes[i].verdict != VERDICT_BROKEN) return stralloc_copyb(out, wish->s, wish->len);
  result = from_file(r->plan->stages[i].name, out);
  if (!result && r->votes[i] == VERDICT_JUNK) return stralloc_copys(out, TAG);
  return result;
}

int telling_tag(const struct run *r, stralloc *out)
{
  static const int marks[] = { VERDICT_REJECT_DELIVER, VERDICT_JUNK };
  size_t m, i;
  int result = 1;

  out->len = 0;
  if (policy_marks(r->decision.verdict))
    for (m = 0; m < 2; ++m)
      for (i = 0; i < r->plan->count && result != -1 && !out->len; ++i)
        if (r->votes[i] == marks[m]) result = tag_of(r, i, out);
  return result != -1 && stralloc_0(out) ? 1 : -1;
}
