/* cm-filter-sender: the sender's addresses against a list, cm-list(5): the one
 * of the envelope and those of From, Sender and Reply-To.
 * What a field may be read as counts against the message; for it, that is to
 * whitelist it, counts only what everybody reads. */

#include <stdlib.h>
#include <string.h>

#include "condition.h"
#include "control.h"
#include "heading.h"
#include "lookup.h"
#include "mailbox.h"
#include "reason.h"
#include "stage.h"

#define ADDRESSES 2000  /* more are no sender; and a look-up may ask every pattern */

static const char *const fields[] = { "From", "Sender", "Reply-To" };
#define FIELDS (sizeof fields / sizeof *fields)

static const char *name;  /* the list's */
static struct list list;
static int otherwise = VERDICT_REJECT;  /* of entries that name no verdict */
static struct header header;

static struct {
  int verdict;  /* -1: nothing found yet */
  struct entry entry;
  const char *address;
} hit = { .verdict = -1 };

static void open_list(void)
{
  int fd = control_open(name), found;

  if (fd == -1 || (found = list_open(&list, fd)) == -1) stage_diesys("unable to read ", name);
  if (!found) stage_die("unable to read ", name, ": not a list, or damaged");
}

static void no_verdict(const struct entry *entry)
{
  static stralloc key;

  if (!stralloc_copyb(&key, entry->key, entry->keylen) || !stralloc_0(&key)) stage_nomem();
  stage_die("unable to use ", name, ": no verdict: ", key.s);
}

static const char *looked_up;

/* One whose conditions do not hold is as if it were not there. */
static int counts(const struct entry *entry)
{
  int holds;

  if (!condition_any(entry)) return 1;
  if (!condition_known(entry)) no_verdict(entry);
  holds = condition_holds(entry, looked_up);
  if (holds == -1) stage_diesys("unable to read what the stages before declared");
  return holds;
}

/* sure: is that the sender in every reading? Mostly From says what the envelope said. */
static void look_up(const char *address, int sure)
{
  static const char *surely;
  struct entry entry;
  const char *reason;
  size_t len;
  int verdict, found;

  if (surely && !strcmp(address, surely)) return;
  if (sure) surely = address;
  looked_up = address;
  found = list_choose(&list, address, strlen(address), counts, &entry);
  if (!found) return;
  if (found == -1) stage_die("unable to read ", name, ": ", list_trouble());
  verdict = list_verdict(&entry, otherwise, &reason, &len);
  if (verdict == -1) no_verdict(&entry);
  if (!sure && verdict_rank(verdict) <= 0) return;
  if (hit.verdict != -1 && verdict_rank(verdict) <= verdict_rank(hit.verdict)) return;
  hit.verdict = verdict;
  hit.entry = entry;
  hit.address = address;
}

static void look_up_all(const stralloc *addresses, int sure)
{
  static unsigned int count;
  const char *p;

  for (p = addresses->s; p < addresses->s + addresses->len; p += strlen(p) + 1) {
    if (++count > ADDRESSES) stage_end(VERDICT_REJECT, "5.6.0 too many senders");
    look_up(p, sure);
  }
}

/* All fields of one name; which of several is shown differs, so none is sure. */
static void look_into(size_t i)
{
  static stralloc sure[FIELDS], maybe[FIELDS];
  struct field field = { 0 };
  unsigned int seen = 0;

  while (header_next(&header, &field)) {
    if (!field_is(&field, fields[i])) continue;
    ++seen;
    if (!mailbox_scan(field.value, field.valuelen, sure + i, maybe + i)) stage_nomem();
  }
  look_up_all(sure + i, seen == 1);
  look_up_all(maybe + i, 0);
}

static void answer(void)
{
  static stralloc text, reason;
  const char *own;
  size_t len;

  list_verdict(&hit.entry, otherwise, &own, &len);
  if (!len) {
    if (!stralloc_copys(&text, "sender ")) stage_nomem();
    if (!stralloc_catb(&text, hit.address, strnlen(hit.address, 256))) stage_nomem();
    if (!*hit.address && !stralloc_cats(&text, "<>")) stage_nomem();
    if (!stralloc_cats(&text, " is on the list")) stage_nomem();
    own = text.s;
    len = text.len;
  }
  if (!reason_make(hit.verdict, own, len, &reason)) stage_nomem();
  stage_end(hit.verdict, reason.s);
}

int main(int argc, char **argv)
{
  const char *sender = getenv("SENDER");
  size_t i;

  stage_begin("cm-filter-sender", 1);
  if (argc != 2 && argc != 3) stage_die("usage: cm-filter-sender LIST [VERDICT]");
  name = argv[1];
  if (argc == 3) otherwise = verdict_parse(argv[2]);
  if (otherwise == -1) stage_die("not a verdict: ", argv[2]);
  open_list();

  heading_read(&header);
  if (sender) look_up(sender, 1);
  for (i = 0; i < FIELDS; ++i) look_into(i);
  if (hit.verdict != -1) answer();
  return VERDICT_DELIVER;
}
