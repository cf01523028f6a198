#include "transaction.h"

#include "behind.h"
#include "record.h"

static void counters(const struct session *s, unsigned long long *bytes)
{
  bytes[0] = s->client.got;
  bytes[1] = s->client.sent;
  bytes[2] = s->upstream.stream.got;
  bytes[3] = s->upstream.stream.sent;
}

void transaction_begin(struct session *s, int utf8)
{
  struct transaction *t = &s->t;

  t->open = 1;
  t->utf8 = utf8;
  t->began = clock_ms();
  id_make(t->id);
  counters(s, t->bytes);
}

void transaction_reset(struct session *s)
{
  struct transaction *t = &s->t;

  if (t->refused && !t->recorded) record(s);
  /* Its answer is of no interest; without one the connection is closed. */
  if (t->told && smtpc_isopen(&s->upstream) && behind_ask(s, "RSET", 4) / 100 != 2)
    smtpc_close(&s->upstream);
  spool_drop(&t->message);
  spool_drop(&t->filtered);
  t->open = t->told = t->utf8 = t->plain = t->header_only = 0;
  t->count = t->refused = t->traps = 0;
  t->recorded = t->forward.given = 0;
  t->recipients.len = t->mail.len = t->rcpts.len = t->top.len = t->stored.len = 0;
  t->result.verdict = 0;
  t->result.text.len = t->result.stage.len = t->result.reason.len = t->result.trace.len = 0;
  t->answered.len = t->refusal.len = 0;
  t->header.raw.len = t->header.end = t->header.body = 0;
}
