/* cm-local: judges one message where it is delivered, in a line of .qmail or of what other
 * delivery agents have. What its caller delivers afterwards stays as it is: a program
 * there cannot change the message. It can end the delivery, and take the message
 * somewhere else itself. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "control.h"
#include "goal.h"
#include "log.h"
#include "print.h"
#include "reply.h"
#include "setting.h"
#include "stream.h"
#include "verdict.h"

/* How it ends, and what qmail-command(8) and sysexits.h have for that. In the latter there is
 * nothing for "go on": there is only one program, and it has delivered or has not. */
enum end { GO_ON, DONE, REFUSED, LATER };
static const int codes[2][4] = { { 0, 99, 100, 111 }, { 75, 0, 77, 75 } };
static const char *const words[] = { "goes on", "done", "refused", "try again" };

static struct {
  int sysexits;            /* -s */
  int silent;              /* -n: nobody hears of a refusal */
  const char *delivered;   /* -d, -j, -q: where what goes; 0: not said */
  const char *junk, *quarantine;
} how;

static struct item item;
static unsigned long deadline, patience;
static stralloc said;      /* by who took the message */

static __attribute__((noreturn)) void leave(enum end end)
{
  _exit(codes[how.sysexits][end]);
}

static __attribute__((noreturn)) void usage(void)
{
  errmsg_iam("cm-local");
  carp("usage: cm-local [-n] [-d WHERE] [-j WHERE] [-q WHERE] PIPELINE\n"
       "       cm-local -s -d WHERE [-n] [-j WHERE] [-q WHERE] PIPELINE\n"
       "WHERE is ./DIR/ or /DIR/, a maildir; an address; or store");
  leave(LATER);
}

static const char *where(const char *word)
{
  if (!goal_valid(word)) usage();
  return word;
}

static const char *options(int argc, char **argv)
{
  int c;

  /* What a wrong call is answered with depends on it, too. */
  for (c = 1; c < argc; ++c)
    if (argv[c][0] == '-' && argv[c][1] != '-' && argv[c][strcspn(argv[c], "sdjq")] == 's') how.sysexits = 1;
  while ((c = getopt(argc, argv, "+snd:j:q:")) != -1)
    switch (c) {
      case 's': how.sysexits = 1; break;
      case 'n': how.silent = 1; break;
      case 'd': how.delivered = where(optarg); break;
      case 'j': how.junk = where(optarg); break;
      case 'q': how.quarantine = where(optarg); break;
      default: usage();
    }
  if (optind != argc - 1 || (how.sysexits && !how.delivered)) usage();
  return argv[optind];
}

static int settings(const char *pipeline, int *stages)
{
  static const struct setting numbers[] = { { "deadline", &deadline, 180 }, { "timeoutremote", &patience, 300 } };
  static stralloc trouble;

  if (control_survey(&trouble) && setting_numbers(numbers, 2, &trouble) && setting_pipeline(pipeline, stages, &trouble))
    return 1;
  log_event("trouble", item.id, control_words(&trouble));
  return 0;
}

/* What the verdict asks for ------------------------------------------------- */

static enum end take(const char *to, enum end end)
{
  return goal_reach(to, &item, patience, &said) ? end : LATER;
}

static enum end quarantine(void)
{
  static stralloc line;
  const char *to = how.quarantine;

  if (!to && control_line("control/quarantine", &line) == 1) to = line.s;
  if (to && goal_valid(to)) return take(to, verdict_refuses(item.result.verdict) && !how.silent ? REFUSED : DONE);
  log_event("trouble", item.id, "neither -q nor control/quarantine says where to");
  return LATER;
}

/* Who delivers does not refuse as well: nobody is told what came of reject/deliver. */
static enum end carry_out(void)
{
  int verdict = item.result.verdict;

  if (verdict == VERDICT_JUNK && how.junk) return take(how.junk, DONE);
  if (verdict_delivers(verdict)) return how.delivered ? take(how.delivered, DONE) : GO_ON;
  if (verdict_redirects(verdict)) return quarantine();
  if (verdict == VERDICT_REJECT && !how.silent) return REFUSED;
  if (verdict == VERDICT_REJECT || verdict == VERDICT_DELETE) return item_delete(&item) ? DONE : LATER;
  return LATER;
}

static enum end judge(const char *pipeline, int stages)
{
  int r = agent_read(&item);

  if (r == 1 && item_judge(&item, pipeline, stages, deadline) == 1) return carry_out();
  log_event("trouble", item.id, "unable to judge the message: ",
            stream_stopped ? "this program was told to end" : r ? strerror(errno) : "its header is too large");
  return LATER;
}

/* One line, which a bounce or a log of the caller then has. */
static void tell(enum end end)
{
  static stralloc line;
  const struct result *r = &item.result;
  int verdict = end == REFUSED ? VERDICT_REJECT : VERDICT_DEFER;
  const char *why = r->reason.len && r->verdict == verdict ? r->reason.s : "";

  if (end != REFUSED && end != LATER) return;
  if (end == REFUSED) why = r->reason.s;
  if (!reply_reason(verdict, why, strlen(why), &line) || !stralloc_append(&line, "\n")) return;
  print_bytes(line.s, line.len);
  print_end();
}

int main(int argc, char **argv)
{
  const char *pipeline = options(argc, argv);
  enum end end = LATER;
  int stages;

  stream_signals(0);
  item_begin(&item);
  item.raw = 1;
  item.protocol = "LOCAL";
  if (settings(pipeline, &stages)) {
    end = judge(pipeline, stages);
    item_record(&item, words[end], said.len ? said.s : "");
  }
  tell(end);
  leave(end);
}
