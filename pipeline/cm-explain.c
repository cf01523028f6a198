/* cm-explain: run a pipeline on one message and tell what happened, stage by
 * stage: what each said and why, what was skipped, how it all was merged and what
 * a client would hear. The same run as cm-pipeline's; nothing is delivered. */

#include <string.h>
#include <unistd.h>

#include "plan.h"
#include "reply.h"
#include "telling.h"

enum { NAME, WORD, CODE, MS, SCORE, REASON, CELLS };

static struct run run;
static stralloc out;
static int table;             /* aligned, for people; else a fact a line, with tabs */
static size_t width[CELLS] = { 5, 7, 4, 2, 5, 0 };

/* Why a stage did not run, in the words of its trace and in ours. */
static const struct { const char *word, *text; } skips[] = {
  { "skipped-deleted",     "not started: the message is deleted already" },
  { "skipped-disabled",    "check disabled for these recipients" },
  { "skipped-size",        "the message is larger than its max=" },
  { "skipped-whitelisted", "the message is whitelisted, and it is not marked always" },
};

static void need(int ok)
{
  if (!ok) die(111, "out of memory");
}

static void put(const char *text, size_t len)
{
  need(stralloc_catb(&out, text, len));
}

static void puts_(const char *text)
{
  put(text, strlen(text));
}

static void fill(size_t n)
{
  while (n--) put(" ", 1);
}

/* The parts of a line NAME WORD CODE MS SCORE REASON; the last may have blanks. */
static void split(const char *line, size_t len, const char **cell, size_t *n)
{
  const char *blank;
  int i;

  for (i = 0; i < CELLS; ++i) {
    blank = i < REASON ? memchr(line, ' ', len) : 0;
    cell[i] = line;
    n[i] = blank ? (size_t) (blank - line) : len;
    line += n[i] + !!blank;
    len -= n[i] + !!blank;
  }
  if (n[REASON] != 1 || *cell[REASON] != '-') return;
  for (i = 0; i < (int) (sizeof skips / sizeof *skips); ++i)
    if (n[WORD] == strlen(skips[i].word) && !memcmp(cell[WORD], skips[i].word, n[WORD])) {
      cell[REASON] = skips[i].text;
      n[REASON] = strlen(skips[i].text);
    }
}

static void row(const char **cell, const size_t *n)
{
  int i;

  if (!table) puts_("stage\t");
  for (i = 0; i < CELLS; ++i) {
    put(cell[i], n[i]);
    if (i == REASON) puts_("\n");
    else if (!table) puts_("\t");
    else fill(width[i] - n[i] + 2);
  }
}

/* Call do_ with the cells of each trace line. */
static void each(const stralloc *trace, void (*do_)(const char **cell, const size_t *n))
{
  static const char mark[] = "X-CleanMail-Trace: ";
  const char *at = trace->s, *end = at + trace->len, *nl, *cell[CELLS];
  size_t n[CELLS];

  for (; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) return;
    at += sizeof mark - 1;
    split(at, (size_t) (nl - at), cell, n);
    do_(cell, n);
  }
}

static void measure(const char **cell, const size_t *n)
{
  int i;

  (void) cell;
  for (i = 0; i < CELLS; ++i)
    if (n[i] > width[i]) width[i] = n[i];
}

/* A fact with its name before it. */
static void fact(const char *name, const char *text, size_t len)
{
  puts_(name);
  if (table) fill(10 - strlen(name));
  else puts_("\t");
  put(text, len);
  puts_("\n");
}

static void stages(void)
{
  static stralloc trace;
  static const char *heads[CELLS] = { "STAGE", "VERDICT", "CODE", "MS", "SCORE", "REASON" };
  static const size_t lengths[CELLS] = { 5, 7, 4, 2, 5, 6 };
  size_t i;

  for (i = 0; i < run.plan->count; ++i) need(telling_trace(&run, i, &trace));
  each(&trace, measure);
  if (table) row(heads, lengths);
  each(&trace, row);
  if (table) puts_("\n");
}

static void changes(void)
{
  static stralloc fields, tag;
  const char *at, *end, *nl;

  need(telling_fields(&run, &fields));
  if (telling_tag(&run, &tag) == -1) diesys(111, "unable to read control/tag");
  for (at = fields.s, end = at + fields.len; at < end; at = nl + 1) {
    nl = memchr(at, '\n', (size_t) (end - at));
    if (!nl) break;
    fact("field", at, (size_t) (nl - at));
  }
  if (tag.len > 1) fact("tag", tag.s, tag.len - 1);
}

static void merged(void)
{
  static stralloc result, reason, reply;
  int verdict = run.decision.verdict;
  const char *stage = run.decision.stage == -1 ? 0 : run.plan->stages[run.decision.stage].name;

  need(telling_result(&run, &result));
  fact("result", result.s, result.len);
  need(telling_reason(&run, &reason) && stralloc_0(&reason));
  if (reply_text(verdict, stage, reason.s, 0, &reply) == -1) diesys(111, "unable to read control/reply");
  fact("reply", reply.s, reply.len);
}

int main(int argc, char **argv)
{
  static struct plan plan;
  static stralloc error;
  char digits[FMT_ULONG];

  errmsg_iam("cm-explain");
  if (argc != 2) die(100, "usage: cm-explain PIPELINE < message");
  switch (plan_read(argv[1], &plan, &error)) {
    case 0: die(111, "no pipeline file ", argv[1]);
    case -1: die(111, error.s);
  }
  table = isatty(1);
  run.loud = 1;
  switch (run_message(&run, &plan, 0)) {
    case 0: die(111, "told to stop");
    case -1: diesys(111, "unable to run the pipeline");
  }
  fact("message", digits, fmt_ulong(digits, run.size));
  stages();
  changes();
  merged();
  buffer_put(buffer_1, out.s, out.len);
  if (buffer_flush(buffer_1) == -1) diesys(111, "unable to write");
  return 0;
}
