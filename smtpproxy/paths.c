#include "paths.h"

#include <string.h>

#include "behind.h"
#include "guard.h"
#include "hello.h"
#include "log.h"
#include "onward.h"
#include "transaction.h"

/* What to say of a path or of parameters that were not understood, or 0. */
static const char *malformed(int r)
{
  switch (r) {
    case 1: return 0;
    case -1: return "553 5.1.0 source routes are not accepted";
    case 555: return "555 5.5.4 a parameter that was not offered";
    case 501: return "501 5.5.4 malformed parameter";
    case 451: return "451 4.3.0 out of memory; try again later";
    default: return "501 5.1.0 malformed address";
  }
}

/* A message that comes to no transaction is one that was refused, and is on record. */
static const char *unwanted(struct session *s, const char *reply, const char *result)
{
  struct transaction *t = &s->t;

  transaction_begin(s, 0);
  if (!stralloc_copys(&t->refusal, reply) || !stralloc_0(&t->refusal) ||
      !stralloc_copys(&t->result.text, result) || !stralloc_0(&t->result.text)) s->over = 1;
  ++t->refused;
  transaction_reset(s);
  return reply;
}

const char *paths_mail(struct session *s, const char *args, size_t len)
{
  static struct params p;
  struct transaction *t = &s->t;
  const char *why;
  unsigned long limit;

  if (!s->helo.len) return "503 5.5.1 say EHLO first";
  if (t->open) return "503 5.5.1 there is a sender already";
  if ((why = malformed(command_path("FROM:", &args, &len, &t->sender))) ||
      (why = malformed(command_params(args, len, 0, s->offers, &p)))) return why;
  if (t->sender.utf8 && !p.smtputf8) return "553 5.6.7 such an address needs SMTPUTF8";
  if ((why = guard_mail(s))) return unwanted(s, why, "refused");
  if (!s->set.routes.any && !behind_connect(s)) return behind_unreached(s);
  /* Who has not said who it is cannot speak for others; RFC 4954, 5. */
  if (!s->bound) p.auth.len = 0;
  if (!s->set.routes.any && behind_lacks(s, &p))
    return "451 4.3.3 the mail server behind this one has changed; say EHLO again";
  limit = hello_size(s);
  if (limit && p.size > limit) return unwanted(s, "552 5.3.4 the message is too large", "reject/delete, too large");
  transaction_begin(s, p.smtputf8);
  t->params = &p;
  if (!s->set.routes.any && s->to->host && !behind_mail(s, &p)) {
    ++t->refused;
    transaction_reset(s);
    return 0;
  }
  return "250 2.1.0 sender ok";
}

/* Only addresses that the port is there for, and only in a form that no server
 * behind us can take for an order to relay. */
static int accepted(const struct session *s, const struct address *a)
{
  if (s->relay) return 1;
  if (a->domain == a->len && !case_diffs(a->text, "postmaster")) return 1;
  return !command_relays(a) && settings_accepts(&s->set, a->text, a->len);
}

/* Nobody behind us need know of a trap: it takes all mail, and keeps it. Who may
 * relay is believed: the list alone must tell, later, which recipients are traps. */
static int is_trap(const struct session *s, const struct address *a)
{
  return (s->relay || !command_relays(a)) && settings_traps(&s->set, a->text, a->len);
}

static int keep(stralloc *recipients, const struct address *a)
{
  if (!stralloc_catb(recipients, a->text, a->len) || !stralloc_cats(recipients, "\n") ||
      !stralloc_0(recipients)) return 0;
  --recipients->len;
  return 1;
}

/* Who guesses addresses shall not have more of them here than behind us. */
static const char *no_recipient(struct session *s)
{
  ++s->errors;
  return guard_recipient(s, 0);
}

const char *paths_rcpt(struct session *s, const char *args, size_t len)
{
  static struct params p;
  struct transaction *t = &s->t;
  struct address a;
  const char *why;
  int trap;

  if (!t->open) return "503 5.5.1 say MAIL first";
  if ((why = malformed(command_path("TO:", &args, &len, &a))) ||
      (why = malformed(command_params(args, len, 1, s->offers, &p)))) return why;
  if (!a.len) return "501 5.1.3 a recipient is needed";
  if (a.utf8 && !t->utf8) return "553 5.6.7 such an address needs SMTPUTF8";
  if (t->count >= s->set.maxrecipients) {
    /* A mailing list may ask for some more, and send to those it got; a flood may not. */
    if (++t->refused > s->set.maxrecipients) ++s->errors;
    return "452 4.5.3 too many recipients; send the message again for the others";
  }
  ++t->refused;
  trap = is_trap(s, &a);
  if (!trap && !accepted(s, &a)) {
    if (s->set.level & LOG_EXTENDED) log_event("relay-denied", t->id, a.text);
    session_reply(s, "550 5.7.1 no mail for this address is accepted here");
    return no_recipient(s);
  }
  if (!trap && (why = onward(s, &a))) {
    s->errors += t->refused > s->set.maxrecipients;
    return *why ? why : 0;
  }
  if (!trap && s->to->host && !behind_rcpt(s, &a, &p)) return t->class == '5' ? no_recipient(s) : 0;
  /* Nor does a trap speak for who found it. */
  if (!trap) guard_recipient(s, 1);
  if (!keep(&t->recipients, &a)) return session_nomemory(s);
  --t->refused;
  ++t->count;
  t->traps += (unsigned long) trap;
  return "250 2.1.5 recipient ok";
}
