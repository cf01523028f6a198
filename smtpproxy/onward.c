#include "onward.h"

#include <string.h>

#include "behind.h"
#include "control.h"
#include "log.h"
#include "plan.h"

/* The route of this recipient, and the one that the session has taken. */
static struct upstreams routes[2];
static int taken;

/* In *way, routes[!taken] or those of control/upstream. 1, or 0 with a line on the log. */
static int look_up(struct session *s, const char *address, size_t len, const struct upstreams **way)
{
  static stralloc trouble;
  int r = route_find(&s->set.routes, address, len, routes + !taken, &trouble);

  *way = r == 1 ? routes + !taken : &s->set.upstreams;
  if (r == -1) log_event("trouble", session_id(s), control_words(&trouble));
  return r != -1;
}

/* From now on it is this way. */
static void turn(struct session *s, const struct upstreams *way)
{
  if (upstream_same(s->way, way)) return;
  smtpc_quit(&s->upstream);
  s->t.told = 0;
  if (way == routes + !taken) taken = !taken;
  s->way = way;
  s->to = way->each;
}

/* The first recipient, for whom the transaction is what it is. */
static const char *first(const struct session *s, size_t *len)
{
  const char *at = s->t.recipients.s;

  for (; *(at + (*len = strcspn(at, "\n"))); at += *len + 1)
    if (!settings_traps(&s->set, at, *len)) break;
  return at;
}

/* Do the same stages run for both? 1, 0, or -1: that cannot be known. */
static int same_policy(struct session *s, const struct address *a)
{
  static struct plan plan;
  static stralloc trouble;
  const char *other;
  size_t len, i;

  if (!plan.stages && plan_read("control/pipeline", &plan, &trouble) != 1) {
    log_event("trouble", s->t.id, trouble.len ? trouble.s : "control/pipeline: there is no such file any more");
    return -1;
  }
  other = first(s, &len);
  for (i = 0; i < plan.count; ++i)
    if (plan_enabled(plan.stages + i, other, len) != plan_enabled(plan.stages + i, a->text, a->len)) return 0;
  return 1;
}

/* Beside others: why not, or 0. */
static const char *parts(struct session *s, const struct address *a, const struct upstreams *way)
{
  int r;

  if (!upstream_same(s->way, way))
    return "452 4.5.3 mail for this recipient goes to another server; send the message again for it";
  if (s->to->most && s->t.count - s->t.traps >= s->to->most)
    return "452 4.5.3 too many recipients for this mail server; send the message again for the others";
  if (!s->set.onepolicy) return 0;
  r = same_policy(s, a);
  if (r == 1) return 0;
  return r ? "451 4.3.5 this recipient cannot be checked now; try again later"
           : "452 4.5.3 mail for this recipient is filtered in another way; send the message again for it";
}

/* The way is known, and now the upstream hears of the message. */
static const char *begin(struct session *s)
{
  if (!behind_connect(s)) return behind_unreached(s);
  if (behind_lacks(s, s->t.params)) {
    log_event("trouble", s->t.id, upstream_name(s->to), " cannot do what control/offers says");
    return "451 4.3.5 the mail server behind this one cannot take such a message; try again later";
  }
  if (!s->to->host || behind_mail(s, s->t.params)) return 0;
  s->t.told = 0;
  return "";
}

const char *onward(struct session *s, const struct address *a)
{
  const struct upstreams *way;

  if (!look_up(s, a->text, a->len, &way))
    return "451 4.3.5 the way to this recipient cannot be found now; try again later";
  /* With recipients that were accepted the transaction stays where it is, even if the
   * connection is lost: in a new one they would be missing. */
  if (s->t.count > s->t.traps) return parts(s, a, way);
  if (!s->set.routes.any) return 0;
  turn(s, way);
  return s->t.told && smtpc_isopen(&s->upstream) ? 0 : begin(s);
}

int onward_redirect(struct session *s, const char *address)
{
  const struct upstreams *way;

  if (!s->set.routes.any) return 1;
  if (!look_up(s, address, strlen(address), &way)) return 0;
  turn(s, way);
  return behind_connect(s) && !behind_lacks(s, s->t.params);
}
