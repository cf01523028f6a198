#include "milter.h"

const char *milter_id(const struct milter *m)
{
  return m->open ? m->item.id : "-";
}

void milter_say(struct milter *m, char reply, const char *data, size_t len)
{
  size_t queued = m->out.len;

  if (frame_put(&m->out, reply, data, len)) return;
  m->out.len = queued;
  m->over = 1;
}

int milter_flush(struct milter *m)
{
  int r = 1;

  if (!m->out.len) return 1;
  stream_limit(&m->server, m->timeout);
  r = stream_write(&m->server, m->out.s, m->out.len, 0);
  m->out.len = 0;
  if (r == -1) m->over = 1;
  return r;
}

void milter_reset(struct milter *m)
{
  if (m->open) item_drop(&m->item);
  m->open = m->began = m->bodied = m->large = m->trouble = 0;
  m->count = m->fields = 0;
  m->head.len = m->sender.len = m->tls.len = 0;
}
