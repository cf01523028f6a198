/* cm-pipeline: run the stages of a pipeline file on one message and answer, as
 * a stage does, with their merged verdict. It decides nothing about delivery:
 * the front end before it does what the verdict says. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "edit.h"
#include "plan.h"
#include "stage.h"
#include "telling.h"

static struct run run;
static stralloc report;

/* Was a descriptor 3 given to us? Then we are to write the new message. */
static int is_rewriter(void)
{
  int flags = fcntl(3, F_GETFL);

  return flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
}

/* Is there a pipeline around this one? It puts our fields and tag on the message,
 * if its own verdict is that they belong there, and lets later stages read them. */
static int is_nested(void)
{
  return getenv("CM_DEPTH") != 0;
}

static void add(int ok)
{
  if (!ok) stage_nomem();
}

static void line(const char *name, const char *value, size_t len)
{
  add(stralloc_cats(&report, name) && stralloc_catb(&report, value, len) && stralloc_append(&report, "\n"));
}

/* The declared changes, for whoever makes them. */
static void wishes(stralloc *fields, stralloc *tag)
{
  add(telling_fields(&run, fields));
  if (telling_tag(&run, tag) == -1) stage_diesys("unable to read control/tag");
}

static void tell(const stralloc *result)
{
  size_t i;

  line("X-CleanMail-Result: ", result->s, result->len - 1);
  for (i = 0; i < run.plan->count; ++i) add(telling_trace(&run, i, &report));
}

/* Does the caller take the body from the message it gave, if that is still the one? */
static int spares_body(void)
{
  const char *body = getenv("CM_BODY");

  return body && !strcmp(body, "changed") && !run.changed;
}

static void number(const char *name, unsigned long value)
{
  add(stralloc_cats(&report, name) && stralloc_number(&report, value) && stralloc_append(&report, "\n"));
}

/* Write the message as it now is. 1; 0: it cannot be delivered as it is. */
static int deliver(const stralloc *result)
{
  static stralloc fields, tag;
  struct edit edit = { result->s, getenv("CM_ID"), 0, is_nested() ? 0 : &fields };
  unsigned long size = run.size, body;
  int spare = spares_body();

  wishes(&fields, &tag);
  if (!is_nested()) edit.tag = tag.s;
  switch (spare ? edit_top(run.message, &edit, 1, &size, &body) : edit_message(run.message, &edit, 1, &size)) {
    case 0: return 0;
    case -1: stage_diesys("unable to write message");
  }
  number("X-CleanMail-Size: ", size);
  if (spare) number("X-CleanMail-Body: ", body);
  return 1;
}

static int answer(int rewriter)
{
  static stralloc result, fields, tag;
  int verdict = run.decision.verdict;

  add(stralloc_ready(&report, 1000));
  add(telling_reason(&run, &report) && stralloc_append(&report, "\n"));
  add(telling_result(&run, &result) && stralloc_0(&result));
  if (!rewriter || is_nested()) {
    wishes(&fields, &tag);
    add(stralloc_catb(&report, fields.s, fields.len));
    if (tag.len > 1) line("X-CleanMail-Tag: ", tag.s, tag.len - 1);
  }
  tell(&result);
  if (rewriter && (verdict_delivers(verdict) || verdict_redirects(verdict)) && !deliver(&result)) {
    report.len = 0;
    add(stralloc_cats(&report, "5.3.4 message header too large\n"));
    add(stralloc_copys(&result, "reject/delete; -; 5.3.4 message header too large") && stralloc_0(&result));
    tell(&result);
    verdict = VERDICT_REJECT;
  }
  if (copy_write(rewriter ? 3 : 1, report.s, report.len) == -1) stage_diesys("unable to write report");
  return verdict == VERDICT_UNKNOWN ? VERDICT_DELIVER : verdict;
}

int main(int argc, char **argv)
{
  static struct plan plan;
  static stralloc error;
  int rewriter = is_rewriter();

  stage_begin("cm-pipeline", rewriter ? 3 : 1);
  if (argc != 2) stage_die("usage: cm-pipeline FILE < message");
  switch (plan_read(argv[1], &plan, &error)) {
    case 0: stage_die("no pipeline file ", argv[1]);
    case -1: stage_die(error.s);
  }
  switch (run_message(&run, &plan, 0)) {
    case 0: stage_die("told to stop");
    case -1: stage_diesys("unable to run the pipeline");
  }
  return answer(rewriter);
}
