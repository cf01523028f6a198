/* cm-filter-trap: mail to an address that nobody has given to a person is spam.
 * It is put aside for cm-learn, off the way that mail takes, and is gone. */

#include <string.h>
#include <unistd.h>

#include "control.h"
#include "envelope.h"
#include "lookup.h"
#include "message.h"
#include "pattern.h"
#include "reason.h"
#include "stage.h"
#include "trap.h"

#define SPOOL 1000  /* messages that wait to be learned */

static const char usage[] = "usage: cm-filter-trap [LIST.cdb | FILE] [VERDICT]";

static const char *name = "control/traps";
static int verdict = VERDICT_DELETE;

/* The first recipient that a pattern of the file matches, or 0. */
static const char *by_patterns(const stralloc *recipients)
{
  static stralloc patterns;
  const char *at, *line;
  size_t next, len;

  switch (control_read(name, &patterns)) {
    case 0: stage_die("unable to read ", name, ": there is no such file");
    case -1: stage_diesys("unable to read ", name);
  }
  for (at = recipients->s; at < recipients->s + recipients->len; at += strlen(at) + 1)
    for (next = 0; control_next(&patterns, &next, &line, &len, 0); )
      if (pattern_match(line, len, at, strlen(at))) return at;
  return 0;
}

/* The first that is in the list. */
static const char *by_list(const stralloc *recipients)
{
  struct list list;
  struct entry entry;
  const char *at;
  int fd = control_open(name), found;

  if (fd == -1 || (found = list_open(&list, fd)) == -1) stage_diesys("unable to read ", name);
  if (!found) stage_die("unable to read ", name, ": not a list, or damaged");
  for (at = recipients->s; at < recipients->s + recipients->len; at += strlen(at) + 1) {
    found = list_find(&list, at, strlen(at), &entry);
    if (found == -1) stage_die("unable to read ", name, ": ", list_trouble());
    if (found) return at;
  }
  return 0;
}

static int is_cdb(void)
{
  size_t n = strlen(name);

  return n > 4 && !strcmp(name + n - 4, ".cdb");
}

/* That it cannot be learned from does not make it any better. */
static void put_aside(void)
{
  unsigned long most = SPOOL;

  if (control_number("control/trapspool", &most) == -1) stage_diesys("unable to read control/trapspool");
  if (message_file() > TRAP_LEARN) carp("not learned from: too large");
  else switch (trap_put(0, most)) {
    case 0: carp("not learned from: the spool is full; does cm-learn -t run?"); break;
    case -1: carpsys("not learned from: unable to write spool");
  }
}

int main(int argc, char **argv)
{
  static stralloc recipients, text, reason;
  const char *trap;

  stage_begin("cm-filter-trap", 1);
  if (argc > 3) stage_die(usage);
  if (argc > 1) name = argv[1];
  if (argc > 2 && (verdict = verdict_parse(argv[2])) == -1) stage_die("not a verdict: ", argv[2]);
  if (!envelope_recipients(&recipients)) stage_die("no recipients are known: CM_ENVELOPE names none");

  trap = is_cdb() ? by_list(&recipients) : by_patterns(&recipients);
  if (!trap) return VERDICT_DELIVER;
  put_aside();
  if (!stralloc_copys(&text, "mail to the trap ") || !stralloc_cats(&text, trap) ||
      !reason_make(verdict, text.s, text.len, &reason)) stage_nomem();
  stage_end(verdict, reason.s);
}
