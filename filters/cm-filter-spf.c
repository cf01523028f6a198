/* cm-filter-spf: may this client send mail for the sender's domain, and call
 * itself what it does (RFC 7208)?
 * It never looks at the message. Once its configuration is read it can ask the
 * DNS and answer, and nothing else. */

#include <string.h>

#include "authres.h"
#include "authserv.h"
#include "choice.h"
#include "confine.h"
#include "control.h"
#include "dns.h"
#include "idna.h"
#include "spf.h"
#include "trusted.h"

#define SECONDS 20  /* RFC 7208, 4.6.4: at least */
#define SHOWN 100    /* bytes of a name in the reason */
#define PAIRMAX 400  /* bytes of a value in Received-SPF */

/* A broken policy is the fault of neither the message nor the client; no answer
 * is no result. */
static struct choice choices[SPF_RESULTS] = {
  [SPF_NONE]      = { "none",      VERDICT_DELIVER, ".7.23" },  /* status codes of RFC 7372 */
  [SPF_NEUTRAL]   = { "neutral",   VERDICT_DELIVER, ".7.23" },
  [SPF_PASS]      = { "pass",      VERDICT_DELIVER, ".7.23" },
  [SPF_SOFTFAIL]  = { "softfail",  VERDICT_JUNK,    ".7.23" },
  [SPF_FAIL]      = { "fail",      VERDICT_REJECT,  ".7.23" },
  [SPF_TEMPERROR] = { "temperror", VERDICT_BROKEN,  ".7.24" },
  [SPF_PERMERROR] = { "permerror", VERDICT_DELIVER, ".7.24" }
};
static unsigned long seconds = SECONDS;
static int with_helo = 1, with_received;

static struct identity {
  const char *name;      /* of the property in Authentication-Results */
  const char *key;       /* in Received-SPF */
  stralloc value;
  struct spf_check check;
  enum spf_result result;
} sender = { .name = "smtp.mailfrom", .key = "mailfrom" },
  helo = { .name = "smtp.helo", .key = "helo" };

static struct ip client;
static char address[IP_TEXT];
static const char *called;  /* what the client calls itself */
static stralloc me, fields;

static void read_word(const char *word)
{
  if (!strcmp(word, "helo=no")) with_helo = 0;
  else if (!strcmp(word, "received")) with_received = 1;
  else if (!strncmp(word, "time=", 5)) {
    if (!control_scan(word + 5, strlen(word + 5), &seconds) || !seconds || seconds > 3600)
      stage_die("not a time: ", word);
  } else if (!choice_take(choices, SPF_RESULTS, word))
    stage_die("usage: cm-filter-spf [RESULT=VERDICT...] [time=SECONDS] [helo=no] [received]");
}

static void configure(void)
{
  const char *trouble = trusted_begin();

  if (!trouble) trouble = dns_begin();
  if (trouble) stage_die(trouble);
  if (!authserv_id() || control_me(&me) == -1) stage_diesys("unable to learn our name");
  called = stage_variable("CM_HELO");
  if (!ip_scan(stage_variable("TCPREMOTEIP"), strlen(stage_variable("TCPREMOTEIP")), &client))
    stage_die("no client: TCPREMOTEIP is not set to an address");
  ip_format(&client, address);
  if (confine_to_network() == -1) stage_diesys("unable to confine itself");
}

/* The domain as the DNS has it, RFC 8616; what is in ASCII stays as it is. */
static void to_ascii(stralloc *value)
{
  static stralloc name;
  const char *at = memrchr(value->s, '@', value->len), *p = at, *end = value->s + value->len;
  int valid;

  while (p && p < end && !(*p & (char) 0x80)) ++p;
  if (!p || p == end) return;
  valid = idna_name(at + 1, (size_t) (end - at - 1), &name);
  if (valid == 1) {
    value->len = (size_t) (at + 1 - value->s);
    if (stralloc_cat(value, &name)) return;
  }
  if (valid) stage_nomem();
}

/* identity->value is LOCAL@DOMAIN, or anything else, which has no policy. */
static void check(struct identity *i)
{
  static char nothing[1];
  char *at;

  to_ascii(&i->value);
  if (!stralloc_0(&i->value)) stage_nomem();
  at = strrchr(i->value.s, '@');
  if (at) *at = 0;
  i->check.facts = (struct spf_facts) {
    .ip = client, .local = at ? i->value.s : nothing, .from = at ? at + 1 : nothing,
    .helo = called, .me = me.s
  };
  i->check.deadline = dns_deadline(seconds);
  i->result = spf_check(&i->check);
  if (at) *at = '@';
  --i->value.len;
}

static void check_helo(void)
{
  if (!stralloc_copys(&helo.value, "@") || !stralloc_cats(&helo.value, called)) stage_nomem();
  check(&helo);
}

static int add_result(const struct identity *i)
{
  size_t skip = i == &helo;  /* the @ */

  return authres_result(&fields, "spf", choices[i->result].result) &&
         (!i->check.cause || authres_reason(&fields, i->check.cause)) &&
         authres_property(&fields, i->name, i->value.s + skip, i->value.len - skip);
}

static int add_pair(const char *key, const char *value, size_t len)
{
  size_t i;

  if (!stralloc_cats(&fields, "\n\t") || !stralloc_cats(&fields, key) ||
      !stralloc_cats(&fields, "=\"")) return 0;
  for (i = 0; i < len && i < PAIRMAX; ++i) {
    if ((value[i] == '"' || value[i] == '\\') && !stralloc_append(&fields, "\\")) return 0;
    if (!stralloc_append(&fields, value[i] < ' ' || value[i] > '~' ? "?" : value + i)) return 0;
  }
  return stralloc_cats(&fields, "\";");
}

/* RFC 7208, 9.1. */
static int add_received(const struct identity *i)
{
  return stralloc_cats(&fields, "\nReceived-SPF: ") &&
         stralloc_cats(&fields, choices[i->result].result) &&
         add_pair("client-ip", address, strlen(address)) &&
         add_pair("envelope-from", sender.value.s, sender.value.len) &&
         add_pair("helo", called, strlen(called)) &&
         add_pair("identity", i->key, strlen(i->key)) &&
         add_pair("receiver", me.s, strlen(me.s)) &&
         add_pair(i->check.cause ? "problem" : "mechanism", i->check.where.s, i->check.where.len);
}

static void make_fields(const struct identity *decides)
{
  const struct identity *first = sender.value.len ? &sender : &helo;

  if (!authres_begin(&fields) || !add_result(first) ||
      (decides != first && !add_result(decides)) ||
      (with_received && !add_received(decides)) || !stralloc_0(&fields)) stage_nomem();
}

static const char *phrase(enum spf_result result)
{
  switch (result) {
    case SPF_PASS: return " may send mail of ";
    case SPF_FAIL: return " may not send mail of ";
    case SPF_SOFTFAIL: return " should not send mail of ";
    case SPF_NONE:
    case SPF_NEUTRAL: return ", nothing is said on mail of ";
    default: return ", no result for ";
  }
}

static void answer(const struct identity *i)
{
  static stralloc text;
  const struct choice *choice = choices + i->result;
  const struct spf_check *c = &i->check;
  int good = stralloc_copys(&text, "SPF ") && stralloc_cats(&text, choice->result) &&
             stralloc_cats(&text, ": ") && stralloc_cats(&text, address) &&
             stralloc_cats(&text, phrase(i->result)) &&
             stralloc_catb(&text, c->facts.from, strnlen(c->facts.from, SHOWN));

  if (good && c->cause)
    good = stralloc_cats(&text, "; ") && stralloc_cats(&text, c->cause) && stralloc_cats(&text, ": ") &&
           stralloc_catb(&text, c->where.s, c->where.len < SHOWN ? c->where.len : SHOWN);
  if (good && c->explanation.len)
    good = stralloc_cats(&text, "; its owner says: ") && stralloc_cat(&text, &c->explanation);
  if (!good || !stralloc_0(&text)) stage_nomem();
  choice_end(choice, text.s, fields.s);
}

int main(int argc, char **argv)
{
  struct identity *decides = &sender;

  stage_begin("cm-filter-spf", 1);
  while (--argc) read_word(*++argv);
  configure();
  trusted_exempt();
  if (!stralloc_copys(&sender.value, stage_variable("SENDER"))) stage_nomem();
  if (sender.value.len) check(&sender);
  else decides = &helo;
  /* Who may send the sender's mail is not asked for its own name. */
  if (decides == &helo || (with_helo && sender.result != SPF_PASS)) check_helo();
  if (helo.result == SPF_FAIL &&
      verdict_rank(choices[SPF_FAIL].verdict) > verdict_rank(choices[sender.result].verdict)) decides = &helo;
  make_fields(decides);
  answer(decides);
}
