/* cm-explain: run a pipeline on a message and tell it stage by stage: verdict,
 * reason, time, what was skipped and why, the merge, and what the client would
 * hear. It changes and delivers nothing. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy.h"
#include "reply.h"
#include "table.h"
#include "telling.h"

enum { DONE = 0, WRONG = 100, TROUBLE = 111 };

static const char heading[] = "stage\tparagraph\tverdict\tcounts as\trank\tcode\tms\tscore\twhy\n";

static const struct reason {
  const char *word, *why;
} reasons[] = {
  { "skipped-size", "larger than its max=" },
  { "skipped-disabled", "not for these recipients" },
  { "skipped-whitelisted", "a stage before it whitelisted the message" },
  { "skipped-deleted", "a stage before it deletes the message" },
};

static struct run run;
static stralloc rows;   /* cells with tabs between and a newline behind them */
static stralloc facts;  /* the same, two cells each */

static void add(int ok)
{
  if (!ok) die(TROUBLE, "out of memory");
}

static void cell(stralloc *to, const char *text, size_t len, const char *behind)
{
  add(stralloc_catb(to, text, len) && stralloc_cats(to, behind));
}

static void word(stralloc *to, const char *text, const char *behind)
{
  cell(to, text, strlen(text), behind);
}

static void number(stralloc *to, unsigned long n, const char *behind)
{
  add(stralloc_number(to, n));
  word(to, "", behind);
}

/* What the stage's verdict is worth in the merge. */
static void worth(size_t i)
{
  int vote = run.votes[i], rank = vote == POLICY_NONE ? -1 : verdict_rank(vote);

  word(&rows, vote == POLICY_NONE ? "nothing" : verdict_name(vote), "\t");
  if (rank == -1) word(&rows, "-", "\t");
  else number(&rows, (unsigned long) rank, "\t");
}

static const char *why(const struct outcome *o, const char *told)
{
  size_t i;

  for (i = 0; o->skipped && i < sizeof reasons / sizeof *reasons; ++i)
    if (!strcmp(o->skipped, reasons[i].word)) return reasons[i].why;
  return told;
}

/* The rest of a line of the trace: WORD CODE MS SCORE REASON. */
static void told(const char *line, size_t i, int own)
{
  const struct outcome *o = run.outcomes + i;
  size_t n = strcspn(line, " "), c;

  cell(&rows, line, n, "\t");
  line += n + (line[n] == ' ');
  if (own) worth(i);
  else word(&rows, "-\t-", "\t");
  for (c = 0; c < 3; ++c) {
    n = strcspn(line, " ");
    cell(&rows, line, n, "\t");
    line += n + (line[n] == ' ');
  }
  word(&rows, own ? why(o, line) : line, "\n");
}

static void stage(size_t i)
{
  static stralloc trace;
  const struct stage *s = run.plan->stages + i;
  char *line, *end;
  size_t n;

  trace.len = 0;
  add(telling_trace(&run, i, &trace) && stralloc_0(&trace));
  for (line = trace.s; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    line += strcspn(line, " ");
    line += *line == ' ';
    n = strcspn(line, " ");
    cell(&rows, line, n, "\t");
    number(&rows, s->group + 1, "\t");
    told(line + n + (line[n] == ' '), i, n == strlen(s->name) && !memcmp(line, s->name, n));
  }
}

static void fact(const char *name, const char *text, size_t len)
{
  word(&facts, name, "\t");
  cell(&facts, text, len, "\n");
}

static const char *goes(int verdict)
{
  if (verdict_redirects(verdict)) return "to the quarantine";
  if (!verdict_delivers(verdict)) return "nowhere";
  return verdict == VERDICT_JUNK ? "to the recipients, marked" : "to the recipients";
}

static void reply(void)
{
  static stralloc reason, line;
  const struct decision *d = &run.decision;
  const char *name = d->stage == -1 ? 0 : run.plan->stages[d->stage].name;

  if (verdict_delivers(d->verdict) && !verdict_refuses(d->verdict)) {
    fact("reply", "what the mail server answers", 28);
    return;
  }
  add(telling_reason(&run, &reason) && stralloc_0(&reason));
  if (reply_text(d->verdict, name, reason.s, getenv("CM_ID"), &line) == -1)
    diesys(TROUBLE, "unable to read control/reply");
  fact("reply", line.s, line.len);
}

static void conclude(void)
{
  static stralloc result, tag, fields, size, line;
  const char *at, *nl;

  add(stralloc_number(&size, run.size) && stralloc_cats(&size, " bytes"));
  fact("message", size.s, size.len);
  add(telling_result(&run, &result));
  fact("result", result.s, result.len);
  fact("goes", goes(run.decision.verdict), strlen(goes(run.decision.verdict)));
  if (telling_tag(&run, &tag) == -1) diesys(TROUBLE, "unable to read control/tag");
  if (tag.len > 1) fact("tag", tag.s, tag.len - 1);
  add(telling_fields(&run, &fields));
  for (at = fields.s; at && at < fields.s + fields.len;) {
    /* A folded field is one row. */
    line.len = 0;
    do {
      nl = memchr(at, '\n', (size_t) (fields.s + fields.len - at));
      for (; at < nl; ++at) add(stralloc_append(&line, *at == '\t' ? " " : at));
    } while (++at < fields.s + fields.len && (*at == ' ' || *at == '\t'));
    fact("field", line.s, line.len);
  }
  reply();
}

/* A line for each, with a key in front, for programs. */
static void keyed(stralloc *to)
{
  const char *at, *nl;

  for (at = rows.s; at && at < rows.s + rows.len; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (rows.s + rows.len - at));
    word(to, "stage\t", "");
    cell(to, at, (size_t) (nl - at), "\n");
  }
  cell(to, facts.s, facts.len, "");
}

static void run_plan(const char *file)
{
  static struct plan plan;
  static stralloc error;

  run.loud = 1;
  switch (plan_read(file, &plan, &error)) {
    case 0: die(TROUBLE, "no pipeline file ", file);
    case -1: die(TROUBLE, error.s);
  }
  switch (run_message(&run, &plan, 0)) {
    case 0: die(TROUBLE, "told to stop");
    case -1: diesys(TROUBLE, "unable to run the pipeline");
  }
}

int main(int argc, char **argv)
{
  static stralloc out;
  int people = isatty(1);
  size_t i;

  errmsg_iam("cm-explain");
  if (argc != 2) die(WRONG, "usage: cm-explain FILE < message");
  run_plan(argv[1]);
  if (people && run.plan->count) word(&rows, heading, "");
  for (i = 0; i < run.plan->count; ++i) stage(i);
  conclude();
  if (!people) keyed(&out);
  else {
    add(table_align(&rows, &out));
    if (rows.len) word(&out, "\n", "");
    add(table_align(&facts, &out));
  }
  if (copy_write(1, out.s, out.len) == -1) diesys(TROUBLE, "unable to write");
  return DONE;
}
