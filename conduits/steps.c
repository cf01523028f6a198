#include "steps.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "gather.h"
#include "log.h"
#include "settle.h"

#define WANTED (OFFER_NOEOH | OFFER_NOUNKNOWN | OFFER_NODATA | OFFER_SKIP | OFFER_BLANK | OFFER_STILL_HEADER | \
  OFFER_STILL_CONNECT | OFFER_STILL_HELO | OFFER_STILL_MAIL | OFFER_STILL_RCPT | OFFER_STILL_DATA | \
  OFFER_STILL_UNKNOWN | OFFER_STILL_EOH | OFFER_STILL_BODY)

static int begin(struct milter *m, const struct frame *f)
{
  uint32_t wanted = m->broken ? 0 : WANTED;

  if (!m->broken && !m->filters) wanted |= OFFER_NOBODY;
  m->why = offer_take(f, wanted, &m->offer);
  if (!m->why && !offer_answer(&m->offer, &m->out)) m->over = 1;
  return 1;
}

static int take_macros(struct milter *m, const struct frame *f)
{
  int r = macros_take(&m->macros, f);

  if (r == 0) m->over = 1;
  return r != -1;
}

/* A server that waits for answers to a body may be spared the rest of it. */
static int body(struct milter *m, const struct frame *f)
{
  int done = m->large || m->trouble, r = gather_body(m, f);

  if (m->offer.steps & OFFER_STILL_BODY) return r;
  done = (m->large || m->trouble) && !done && (m->offer.steps & OFFER_SKIP);
  milter_say(m, done ? MILTER_SKIP : MILTER_CONTINUE, "", 0);
  return r;
}

static int finish(struct milter *m, const struct frame *f)
{
  if (!gather_end(m, f)) return 0;
  if (!m->over) settle(m);
  milter_reset(m);
  return 1;
}

static int leave(struct milter *m, const struct frame *f)
{
  milter_reset(m);
  if (f->command == 'Q') m->over = 1;
  return 1;
}

static int pass(struct milter *m, const struct frame *f)
{
  (void) m;
  (void) f;
  return 1;
}

/* What is done, and which word of the negotiation says that it is not answered; ~0: it never
 * is, or take does that. */
static const struct step {
  char command;
  int (*take)(struct milter *, const struct frame *);
  uint32_t still;
} steps[] = {
  { 'O', begin, ~0U },
  { 'D', take_macros, ~0U },
  { 'C', gather_connect, OFFER_STILL_CONNECT },
  { 'H', gather_helo, OFFER_STILL_HELO },
  { 'M', gather_mail, OFFER_STILL_MAIL },
  { 'R', gather_recipient, OFFER_STILL_RCPT },
  { 'T', pass, OFFER_STILL_DATA },
  { 'L', gather_field, OFFER_STILL_HEADER },
  { 'N', pass, OFFER_STILL_EOH },
  { 'B', body, ~0U },
  { 'E', finish, ~0U },
  { 'U', pass, OFFER_STILL_UNKNOWN },
  { 'A', leave, ~0U },
  { 'K', leave, ~0U },
  { 'Q', leave, ~0U }
};

static const struct step *find(char command)
{
  size_t i;

  for (i = 0; i < sizeof steps / sizeof *steps; ++i)
    if (steps[i].command == command) return steps + i;
  return 0;
}

/* A port that is not set up: nothing passes as if there were no filters. */
static void excuse(struct milter *m, const struct step *step)
{
  static const char reply[] = "451 4.3.5 this filter is not set up; try again later";

  if (step->still != ~0U || step->take == body || step->take == finish) milter_say(m, MILTER_REPLY, reply, sizeof reply);
}

static void take(struct milter *m, const struct frame *f)
{
  const struct step *step = find(f->command);

  if (!step || (step->take == begin) == (m->offer.version > 0)) m->why = "sends what the protocol does not know";
  else {
    if (step->take != take_macros) macros_step(&m->macros, f->command);
    if (m->broken && step->take != begin && step->take != leave) excuse(m, step);
    else if (!step->take(m, f)) m->why = "sends what no mail server sends";
    else if (step->still != ~0U && !(m->offer.steps & step->still)) milter_say(m, MILTER_CONTINUE, "", 0);
  }
}

/* Over TCP the kernel of a server that sends several packets keeps back the next one until what
 * it has sent is acknowledged; ours would do that with an answer, and there is none: 40 ms. The
 * kernel wants to be told anew each time. */
static void acknowledge(void)
{
  static int local;
  int one = 1;

  if (!local) local = setsockopt(0, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one) == -1;
}

void steps_serve(struct milter *m)
{
  struct frame f;
  int r = 1;

  while (!m->over && !m->why) {
    if (!frame_ready(&m->server)) {
      if (milter_flush(m) == -1) break;
      acknowledge();
    }
    r = frame_read(&m->server, m->timeout, &f);
    if (r != 1) break;
    take(m, &f);
  }
  if (r == -1 && errno == EPROTO) m->why = "sends what is no packet";
  else if (r != 1 && m->began) log_event("aborted", milter_id(m), "the mail server went away");
  if (m->why) log_event("trouble", milter_id(m), "the mail server ", m->why);
  milter_flush(m);
}
