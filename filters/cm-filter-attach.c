/* cm-filter-attach: pass, block or drop attachments by their names, by what they
 * are and by what is inside of them, in every way the message can be read. What is
 * blocked is cut out of the message and a note put in its place; for what is
 * dropped the whole message is refused. The rules are in cm-attach(5). Archives are
 * not opened here but by cm-look, which is started only where there is one. */

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach.h"
#include "copy.h"
#include "cut.h"
#include "inspect.h"
#include "stage.h"

enum { REASON = 200 };  /* bytes of names in a reason, but for the last */

static struct attach rules;
static struct cut room[CUT_MAX];
static struct inspection found = { .rules = &rules, .cuts.list = room };

/* What was cut out, for the reason: some names and how many more there are. */
static void list(stralloc *names)
{
  const struct cuts *cuts = &found.cuts;
  size_t i;

  for (i = 0; i < cuts->count && names->len < REASON; ++i)
    if ((i && !stralloc_cats(names, ", ")) ||
        !stralloc_cats(names, cuts->names.s + cuts->list[i].name)) stage_nomem();
  if (i < cuts->count && (!stralloc_cats(names, " and ") ||
      !stralloc_number(names, cuts->count - i) || !stralloc_cats(names, " more"))) stage_nomem();
  if (!stralloc_0(names)) stage_nomem();
}

/* The message goes on, or to the quarantine as it came. */
static void hand_on(int fd, off_t start, int verdict)
{
  struct stat st;
  int done = 1;

  if (verdict_delivers(verdict) && found.cuts.count) {
    done = fstat(fd, &st) == -1 ? -1
         : cut_write(fd, start, st.st_size - start, &found.cuts, &rules.note, 1);
    copy_seal(1);  /* if it can be; the runner asks for certain */
  } else if (verdict_delivers(verdict) || verdict_redirects(verdict)) done = stage_unchanged(fd);
  if (done == -1) stage_diesys("unable to write message");
}

static const char *code(int verdict)
{
  return verdict_refuses(verdict) ? "5.7.1 " : "2.7.1 ";
}

/* The verdict of all classes of ambiguity that the message has; words gets those that led to it. */
static int ambiguity(stralloc *words)
{
  int worst = VERDICT_DELIVER, i;

  for (i = 0; i < FAULTS; ++i) {
    if (!(found.faults >> i & 1) || rules.mime[i] == VERDICT_DELIVER) continue;
    if (verdict_rank(rules.mime[i]) < verdict_rank(worst)) continue;
    if (rules.mime[i] != worst) words->len = 0;
    worst = rules.mime[i];
    if ((words->len && !stralloc_cats(words, ", ")) ||
        !stralloc_cats(words, fault_name((enum fault) i))) stage_nomem();
  }
  if (!stralloc_0(words)) stage_nomem();
  return worst;
}

int main(int argc, char **argv)
{
  static stralloc error, names, classes;
  off_t start;
  int fd = 0, verdict, dropped, limit, ambiguous;

  stage_begin("cm-filter-attach", 3);
  if (argc != 2) stage_die("usage: cm-filter-attach RULES");
  switch (attach_read(argv[1], &rules, &error)) {
    case 0: stage_die("unable to read ", argv[1], ": no such file");
    case -1: stage_die(error.len ? error.s : "out of memory");
  }

  start = lseek(0, 0, SEEK_CUR);
  if (start == -1) {
    start = 0;
    fd = memfd_create("message", MFD_CLOEXEC);
    if (fd == -1 || copy_rest(0, fd) == -1 || lseek(fd, 0, SEEK_SET) == -1)
      stage_diesys("unable to read message");
  }
  inspect(&found, fd, start);
  if (!cut_settle(&found.cuts) && !found.limit) found.limit = "attachments that overlap";

  dropped = found.worst.answer == ATTACH_DROP;
  verdict = dropped ? found.worst.verdict : found.cuts.count ? found.worst.verdict : VERDICT_DELIVER;
  limit = found.limit ? rules.limitpolicy : VERDICT_DELIVER;
  ambiguous = ambiguity(&classes);
  if (verdict_rank(limit) > verdict_rank(verdict) && verdict_rank(limit) >= verdict_rank(ambiguous)) {
    hand_on(fd, start, limit);
    stage_end(limit, code(limit), "attachments cannot be checked: ", found.limit);
  }
  if (verdict_rank(ambiguous) > verdict_rank(verdict)) {
    hand_on(fd, start, ambiguous);
    stage_end(ambiguous, code(ambiguous), "message can be read in several ways: ", classes.s);
  }
  hand_on(fd, start, verdict);
  if (dropped) stage_end(verdict, code(verdict), "attachment ", found.dropped.s, " is not accepted here");
  if (!found.cuts.count) return VERDICT_DELIVER;
  list(&names);
  stage_end(verdict, code(verdict), found.cuts.count > 1 ? "attachments" : "attachment", " removed: ", names.s);
}
