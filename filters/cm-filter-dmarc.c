/* cm-filter-dmarc: does the domain in From stand behind the message, by SPF or
 * DKIM, and if not, what does it ask for (DMARC, RFC 9989)?
 * It verifies nothing itself: SPF and DKIM are what the stages before it have
 * declared. Without both it cannot refuse. */

#include <stdlib.h>
#include <string.h>

#include "authres.h"
#include "authserv.h"
#include "choice.h"
#include "confine.h"
#include "dmarc.h"
#include "heading.h"
#include "idna.h"
#include "mailbox.h"
#include "trusted.h"

enum {
  AUTHORS     = 4,   /* domains in From; more are not looked at */
  IDENTIFIERS = 12,  /* domains that SPF and DKIM speak of */
  PATIENCE    = 20   /* seconds for the DNS */
};

/* By rank: of several authors the first result here decides. */
enum result { REJECT, TEMPERROR, UNDECIDED, QUARANTINE, PERMERROR, FAIL, NONE, PASS };

static struct choice choices[] = {
  { "reject",     VERDICT_REJECT,  ".7.26" },  /* RFC 7372 */
  { "temperror",  VERDICT_BROKEN,  ".7.24" },
  { "undecided",  VERDICT_BROKEN,  ".7.24" },
  { "quarantine", VERDICT_JUNK,    ".7.26" },
  { "permerror",  VERDICT_JUNK,    ".6.0" },
  { "fail",       VERDICT_DELIVER, ".7.26" },
  { "none",       VERDICT_DELIVER, ".7.0" },
  { "pass",       VERDICT_DELIVER, ".7.0" }
};
#define CHOICES (sizeof choices / sizeof *choices)

/* A domain that SPF or DKIM has verified, or might have if there had been an answer. */
static struct identifier {
  stralloc name;
  int spf, sure;
  int asked;
  struct dmarc_walk walk;
} identifiers[IDENTIFIERS];
static size_t known;
static int has_spf, has_dkim;

static struct author {
  stralloc name;
  struct dmarc_walk walk;
  struct dns_question existence;
  int asked;
  enum dmarc_policy wish;
  enum result result;
} authors[AUTHORS];
static size_t count;
static int crowd;  /* there were more */
static struct header header;
static struct authres results;
static long long until;

/* Who is the author? --------------------------------------------------------- */

static void add_author(const char *address)
{
  static stralloc name;
  const char *at = strrchr(address, '@');
  size_t i;
  int good = at ? idna_name(at + 1, strlen(at + 1), &name) : 0;

  if (good == -1) stage_nomem();
  if (!good || at[1] == '[') return;
  for (i = 0; i < count; ++i) if (!strcmp(authors[i].name.s, name.s)) return;
  if (count == AUTHORS) crowd = 1;
  else if (!stralloc_copys(&authors[count].name, name.s) || !stralloc_0(&authors[count++].name))
    stage_nomem();
}

/* Of a field that breaks the grammar everything that a reader may take for the address counts. */
static void read_from(const char *value, size_t len)
{
  static stralloc sure, maybe;
  const stralloc *found;
  size_t at;

  sure.len = maybe.len = 0;
  if (!mailbox_scan(value, len, &sure, &maybe)) stage_nomem();
  found = sure.len ? &sure : &maybe;
  for (at = 0; at < found->len; at += strlen(found->s + at) + 1) add_author(found->s + at);
}

static int is_empty(const char *p, const char *end)
{
  return *p == '\n' || (*p == '\r' && end - p > 1 && p[1] == '\n');
}

/* Behind a line that is no field, and ends our header, some readers go on. */
static void read_stray(const char *p, const char *end)
{
  const char *nl, *colon;

  for (; p < end && !is_empty(p, end); p = nl + 1) {
    for (nl = memchr(p, '\n', (size_t) (end - p)); nl && nl + 1 < end && (nl[1] == ' ' || nl[1] == '\t'); )
      nl = memchr(nl + 1, '\n', (size_t) (end - nl - 1));
    if (!nl) return;
    if (nl - p < 5 || case_diffb(p, 4, "From")) continue;
    for (colon = p + 4; *colon == ' ' || *colon == '\t'; ) ++colon;
    if (*colon == ':') read_from(colon + 1, (size_t) (nl - colon - 1));
  }
}

static void read_authors(void)
{
  struct field field = { 0 };

  while (header_next(&header, &field))
    if (field_is(&field, "From")) read_from(field.value, field.valuelen);
  if (header.body == header.end)
    read_stray(header.raw.s + header.end, header.raw.s + header.raw.len);
}

/* What do SPF and DKIM say? -------------------------------------------------- */

static void add_identifier(const char *text, int spf, int sure)
{
  const char *at = text ? strrchr(text, '@') : 0;
  struct identifier *i = identifiers + known;
  int good;

  if (!text || known == IDENTIFIERS) return;
  if (at) text = at + 1;
  good = idna_name(text, strlen(text), &i->name);
  if (good == -1) stage_nomem();
  i->spf = spf;
  i->sure = sure;
  known += good ? 1 : 0;
}

/* Of SPF only what it says of the sender counts; one without a name is
 * postmaster at HELO (RFC 7208, 2.4). */
static void read_results(void)
{
  const struct authres *r = &results;
  const char *said, *sender = getenv("SENDER"), *domain;
  int more, sure;

  while ((more = authres_next(&results)) == 1) {
    said = authres_said(r);
    sure = !case_diffs(said, "pass");
    if (!case_diffs(authres_method(r), "spf")) {
      has_spf = 1;
      domain = authres_value(r, "smtp.mailfrom");
      if (!domain && sender && !*sender) domain = authres_value(r, "smtp.helo");
    } else if (!case_diffs(authres_method(r), "dkim")) {
      has_dkim = 1;
      domain = authres_value(r, "header.d");
    } else continue;
    if (sure || !case_diffs(said, "temperror"))
      add_identifier(domain, !case_diffs(authres_method(r), "spf"), sure);
  }
  if (more == -1) stage_diesys("unable to read what the stages before declared");
}

/* The DNS -------------------------------------------------------------------- */

static void wait_for_answers(void)
{
  while (dns_wait(until)) ;
}

/* Can the two have an organization in common? Their last labels would have to be one. */
static int related(const char *a, const char *b)
{
  const char *x = strrchr(a, '.'), *y = strrchr(b, '.');

  return !strcmp(x ? x : a, y ? y : b);
}

static int is_strict(const struct author *a, const struct identifier *i)
{
  return i->spf ? a->walk.record->strict_spf : a->walk.record->strict_dkim;
}

/* Walks for the identifiers whose organization matters, and the author's own
 * name where it matters whether it is there. */
static void ask_more(void)
{
  struct author *a;
  struct identifier *i;

  for (a = authors; a < authors + count; ++a) {
    if (a->walk.temporary || !a->walk.record) continue;
    for (i = identifiers; i < identifiers + known; ++i) {
      if (i->asked || is_strict(a, i) || !strcmp(i->name.s, a->name.s) ||
          !related(i->name.s, a->name.s)) continue;
      if (!dmarc_ask(&i->walk, i->name.s)) stage_nomem();
      i->asked = 1;
    }
    if (!dmarc_wants_existence(&a->walk)) continue;
    if (!dns_ask(&a->existence, a->name.s, DNS_A)) stage_nomem();
    a->asked = 1;
  }
  wait_for_answers();
  for (i = identifiers; i < identifiers + known; ++i) if (i->asked) dmarc_take(&i->walk);
}

static void ask(void)
{
  struct author *a;

  until = dns_deadline(PATIENCE);
  for (a = authors; a < authors + count; ++a)
    if (!dmarc_ask(&a->walk, a->name.s)) stage_nomem();
  wait_for_answers();
  for (a = authors; a < authors + count; ++a) dmarc_take(&a->walk);
  ask_more();
}

/* The judgement ---------------------------------------------------------------- */

enum alignment { APART, ALIGNED, UNKNOWN };

static enum alignment aligned(const struct author *a, const struct identifier *i)
{
  if (!strcmp(i->name.s, a->name.s)) return ALIGNED;
  if (is_strict(a, i) || !related(i->name.s, a->name.s)) return APART;
  if (a->walk.temporary || i->walk.temporary) return UNKNOWN;
  return strcmp(i->walk.organization, a->walk.organization) ? APART : ALIGNED;
}

static enum result judge(struct author *a)
{
  const struct identifier *i;
  enum alignment fit;
  enum dns_result there = a->existence.result;
  int open = 0;

  if (!a->walk.record) return a->walk.temporary ? TEMPERROR : NONE;
  if (a->asked && (there == DNS_TEMPORARY || there == DNS_TIMEOUT)) return TEMPERROR;
  a->wish = dmarc_wish(&a->walk, !a->asked || there != DNS_NXDOMAIN);
  if (a->wish == DMARC_INVALID) return NONE;
  for (i = identifiers; i < identifiers + known; ++i) {
    fit = aligned(a, i);
    if (fit == ALIGNED && i->sure) return PASS;
    open |= fit == UNKNOWN || (fit == ALIGNED && !i->sure);
  }
  if (open) return TEMPERROR;
  if (a->wish == DMARC_NONE) return FAIL;
  /* What was not looked at might have passed. */
  if (!has_spf || !has_dkim) return UNDECIDED;
  return a->wish == DMARC_REJECT ? REJECT : QUARANTINE;
}

static const struct author *decide(void)
{
  struct author *a, *worst = 0;

  for (a = authors; a < authors + count; ++a) {
    a->result = judge(a);
    if (!worst || a->result < worst->result) worst = a;
  }
  return worst;
}

/* The answer ------------------------------------------------------------------- */

/* The word of RFC 8601 and RFC 9989 for it. */
static const char *said(enum result r)
{
  return r == REJECT || r == QUARANTINE || r == UNDECIDED ? "fail" : choices[r].result;
}

static void declare(stralloc *field)
{
  static const char *const policies[] = { "none", "quarantine", "reject" };
  const struct author *a;

  if (!authres_begin(field)) stage_diesys("unable to learn our name");
  if (!count && !authres_result(field, "dmarc", "none")) stage_nomem();
  if (crowd && (!authres_result(field, "dmarc", "permerror") ||
                !authres_reason(field, "too many domains in From"))) stage_nomem();
  for (a = authors; a < authors + count; ++a) {
    if (!authres_result(field, "dmarc", said(a->result)) ||
        !authres_property(field, "header.from", a->name.s, a->name.len - 1)) stage_nomem();
    if (a->result == NONE || a->result == TEMPERROR) continue;
    if (!authres_property(field, "policy.dmarc", policies[a->wish], strlen(policies[a->wish])))
      stage_nomem();
  }
  if (!stralloc_0(field)) stage_nomem();
}

static const char *why(enum result r)
{
  switch (r) {
    case REJECT: return ": its policy is reject";
    case QUARANTINE: return ": its policy is quarantine";
    case TEMPERROR: return ": no answer about its policy or its mail";
    case UNDECIDED: return ": no result of SPF and DKIM before this stage";
    default: return "";
  }
}

static void answer(const struct author *a)
{
  static stralloc field, reason;
  enum result r = a ? a->result : NONE;
  int good;

  if (crowd && r > PERMERROR) r = PERMERROR;
  good = stralloc_copys(&reason, "dmarc ") && stralloc_cats(&reason, said(r));
  if (crowd) good = good && stralloc_cats(&reason, ": too many domains in From");
  else if (a) good = good && stralloc_cats(&reason, " ") && stralloc_cats(&reason, a->name.s) &&
                     stralloc_cats(&reason, why(r));
  if (!good || !stralloc_0(&reason)) stage_nomem();
  declare(&field);
  choice_end(choices + r, reason.s, field.s);
}

/* Read all but the message; from then on it can ask the DNS and answer, nothing else. */
static void configure(void)
{
  const char *trouble = trusted_begin();

  if (!trouble) trouble = dns_begin();
  if (trouble) stage_die(trouble);
  if (!authserv_id()) stage_diesys("unable to learn our name");
  if (authres_open(&results) == -1) stage_diesys("unable to read what the stages before declared");
  if (confine_to_network() == -1) stage_diesys("unable to confine itself");
}

int main(int argc, char **argv)
{
  (void) argc;
  stage_begin("cm-filter-dmarc", 1);
  choice_read(choices, CHOICES, argv + 1);
  configure();
  trusted_exempt();  /* SPF says nothing of them, and DMARC must not, either */
  heading_read(&header);
  read_authors();
  read_results();
  ask();
  answer(decide());
}
