/* cm-filter-dnsbl: are the hosts that a message came through, or the domains it
 * is from, on lists in the DNS (RFC 5782)?
 * An error of a list is never a listing, and silence never a good word. */

#include <stdlib.h>
#include <string.h>

#include "authres.h"
#include "authserv.h"
#include "confine.h"
#include "control.h"
#include "dnslist.h"
#include "heading.h"
#include "hops.h"
#include "mailbox.h"
#include "reason.h"
#include "reply.h"
#include "stage.h"
#include "trusted.h"

enum {
  ZONES    = 32,
  DOMAINS  = 16,   /* of one message */
  SECONDS  = 30,
  TEXTMAX  = 120   /* bytes of what a zone says of a listing */
};

static struct dnslist lists[ZONES];
static size_t listcount;

static struct subject subjects[HOPS_MAX + DOMAINS];
static size_t subjectcount;

static enum hops_which which = HOPS_ALL_BUT_FIRST;
static int policy = VERDICT_REJECT, with_tests = 1;
static unsigned long threshold = 1, seconds = SECONDS;
static struct header header;

/* OPTION=VALUE. 1, or 0: it is something else, a zone. */
static int read_option(const char *word)
{
  static const char *const hops[] = { "hops=all", "hops=all-but-first", "hops=last-only" };
  const char *value = strchr(word, '=') ? strchr(word, '=') + 1 : word;
  unsigned long *number = 0;
  unsigned int i;

  if (!strncmp(word, "threshold=", 10)) number = &threshold;
  if (!strncmp(word, "time=", 5)) number = &seconds;
  for (i = 0; i < 3; ++i) {
    if (strcmp(word, hops[i])) continue;
    which = (enum hops_which) i;
    return 1;
  }
  if (!strcmp(word, "tests=no") || !strcmp(word, "tests=yes")) with_tests = !strcmp(value, "yes");
  else if (number) {
    if (!control_scan(value, strlen(value), number) || !*number || *number > 100000)
      stage_die("not a number: ", word);
  } else if (!strncmp(word, "verdict=", 8)) {
    policy = verdict_parse(value);
    if (policy == -1) stage_die("not a verdict: ", value);
  } else return 0;
  return 1;
}

static void read_word(const char *word)
{
  if (read_option(word)) return;
  if (listcount == ZONES) stage_die("more than 32 zones");
  lists[listcount].tests = with_tests;
  switch (zone_read(word, &lists[listcount++].zone)) {
    case 0: stage_die("not a zone: ", word);
    case -1: stage_nomem();
  }
}

/* The words that stand in the control file, a line each. */
static void read_file(void)
{
  static stralloc data;
  stralloc word;
  const char *line;
  size_t at = 0, len;

  if (control_read("control/dnsbl", &data) == -1) stage_diesys("unable to read control/dnsbl");
  while (control_next(&data, &at, &line, &len, 0)) {
    stralloc_init(&word);
    if (!stralloc_copyb(&word, line, len) || !stralloc_0(&word)) stage_nomem();
    read_word(word.s);
  }
}

static void read_words(char **words)
{
  while (*words) read_word(*words++);
  if (!listcount) read_file();
  if (!listcount)
    stage_die("usage: cm-filter-dnsbl [hops=WHICH] [threshold=NUMBER] [verdict=VERDICT]"
              " [time=SECONDS] [tests=yes|no] ZONE..., or zones in control/dnsbl");
}

static void configure(void)
{
  const char *trouble = trusted_begin();

  if (!trouble) trouble = dns_begin();
  if (trouble) stage_die(trouble);
  if (!authserv_id()) stage_diesys("unable to learn our name");
  if (confine_to_network() == -1) stage_diesys("unable to confine myself");
  heading_read(&header);
}

static void add_hops(void)
{
  const char *text = stage_variable("TCPREMOTEIP");
  struct ip client, hops[HOPS_MAX];
  char *shown;
  int i, count;

  if (*text && !ip_scan(text, strlen(text), &client))
    stage_die("not an address: TCPREMOTEIP=", text);
  count = hops_read(&header, *text ? &client : 0, which, hops);
  if (count == -1) stage_nomem();
  for (i = 0; i < count; ++i) {
    shown = malloc(IP_TEXT);
    if (!shown) stage_nomem();
    ip_format(hops + i, shown);
    subjects[subjectcount++] = (struct subject) { ZONE_ADDRESS, hops[i], shown };
  }
}

/* A host's name, unless it is an address or has no dot. */
static void add_domain(enum zone_kind kind, const char *text)
{
  stralloc name = { 0 };
  struct ip ip;
  size_t i;
  int valid = dns_name(text, strlen(text), &name);

  if (valid == -1) stage_nomem();
  if (!valid || *text == '[' || !strchr(name.s, '.') || ip_scan(name.s, name.len, &ip)) return;
  for (i = 0; i < subjectcount; ++i)
    if (subjects[i].kind == kind && !strcmp(subjects[i].text, name.s)) return;
  if (subjectcount == HOPS_MAX + DOMAINS) return;
  subjects[subjectcount++] = (struct subject) { .kind = kind, .text = name.s };
}

static void add_address(enum zone_kind kind, const char *address)
{
  const char *at = strrchr(address, '@');

  if (at) add_domain(kind, at + 1);
}

static void add_senders(void)
{
  static stralloc sure, found;
  struct field field = { 0 };
  const char *p;

  add_address(ZONE_SENDER, stage_variable("SENDER"));
  add_domain(ZONE_HELO, stage_variable("CM_HELO"));
  while (header_next(&header, &field))
    if (field_is(&field, "From") && !mailbox_scan(field.value, field.valuelen, &sure, &found))
      stage_nomem();
  if (!stralloc_cat(&found, &sure)) stage_nomem();
  for (p = found.s; p && p < found.s + found.len; p += strlen(p) + 1) add_address(ZONE_FROM, p);
}

static void add(stralloc *text, const char *part)
{
  if (!stralloc_cats(text, part)) stage_nomem();
}

/* SUBJECT is listed by ZONE: TEXT */
static void add_listing(stralloc *text, const struct dnslist *l)
{
  struct dns_record r;
  size_t at = 0;

  if (text->len) add(text, "; ");
  if (!stralloc_catb(text, l->listed->text, strnlen(l->listed->text, 100))) stage_nomem();
  add(text, " is listed by ");
  add(text, l->zone.name.s);
  if (!dns_next(&l->text, &at, &r) || !r.len) return;
  add(text, ": ");
  if (!stralloc_catb(text, r.data, r.len < TEXTMAX ? r.len : TEXTMAX)) stage_nomem();
}

/* RFC 8904. */
static void whitelisted(const struct dnslist *l)
{
  stralloc text = { 0 }, reason = { 0 }, field = { 0 };
  char code[IP_TEXT];
  struct ip ip = { .len = 4 };
  struct dns_record r;
  size_t at = 0;

  if (!dns_next(l->code, &at, &r)) stage_die("lost an answer");
  memcpy(ip.bytes, r.data, 4);
  ip_format(&ip, code);
  add_listing(&text, l);
  if (!authres_begin(&field) || !authres_result(&field, "dnswl", "pass") ||
      !authres_property(&field, "dns.zone", l->zone.name.s, l->zone.name.len) ||
      !authres_property(&field, "policy.ip", code, strlen(code)) || !stralloc_0(&field))
    stage_nomem();
  if (!reason_make(VERDICT_WHITELISTED, text.s, text.len, &reason)) stage_nomem();
  stage_end(VERDICT_WHITELISTED, reason.s, "\n", field.s);
}

static void answer(int verdict, const stralloc *text, long sum)
{
  static stralloc reason, score;

  if (!reason_make(verdict, text->s, text->len, &reason)) stage_nomem();
  if (!sum) stage_end(verdict, reason.s);
  add(&score, sum < 0 ? "\nX-CleanMail-Score: -" : "\nX-CleanMail-Score: ");
  if (!stralloc_number(&score, (unsigned long) (sum < 0 ? -sum : sum)) || !stralloc_0(&score))
    stage_nomem();
  stage_end(verdict, reason.s, score.s);
}

/* Without a status code, so that on-error applies. */
static void undecided(const stralloc *zones)
{
  static stralloc text, reason;

  add(&text, "no answer to believe from ");
  if (!stralloc_cat(&text, zones) || !reply_reason(VERDICT_DELIVER, text.s, text.len, &reason) ||
      !stralloc_0(&reason)) stage_nomem();
  stage_end(VERDICT_DEFER, reason.s);
}

/* Lists that gave no answer count for nothing, unless they could have decided.
 * Trouble with one is for the log: it may be ours to mend. */
static void judge(void)
{
  static stralloc text, failed;
  size_t asked = 0;
  long sum = 0, open = 0;
  const struct dnslist *l;
  enum dnslist_state state;

  for (l = lists; l < lists + listcount; ++l) {
    state = dnslist_state(l);
    if (state == DNSLIST_LISTED && l->zone.kind == ZONE_WHITE) whitelisted(l);
    asked += l->asked;
    if (state == DNSLIST_UNANSWERED) {
      if (l->zone.kind != ZONE_WHITE && l->zone.weight > 0) open += l->zone.weight;
      carp("no answer to believe from ", l->zone.name.s);
      add(&failed, failed.len ? ", " : "");
      add(&failed, l->zone.name.s);
    }
    if (state != DNSLIST_LISTED) continue;
    sum += l->zone.weight;
    if (l->zone.weight > 0) add_listing(&text, l);
  }
  if (sum >= (long) threshold) answer(policy, &text, sum);
  if (open && sum + open >= (long) threshold) undecided(&failed);
  if (!text.len) add(&text, asked ? "listed by none" : "nothing to ask about");
  answer(VERDICT_DELIVER, &text, sum);
}

int main(int argc, char **argv)
{
  (void) argc;
  stage_begin("cm-filter-dnsbl", 1);
  read_words(argv + 1);
  configure();
  add_hops();
  add_senders();
  if (!dnslist_ask(lists, listcount, subjects, subjectcount, (long) threshold,
                   dns_deadline(seconds))) stage_nomem();
  judge();
}
