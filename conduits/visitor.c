#include "visitor.h"

#include <stdlib.h>
#include <string.h>

#define CHAINS 1024

static struct visitor *chains[CHAINS];
static size_t count;

static struct visitor **chain(const char *id, size_t len)
{
  unsigned int h = 5381;
  size_t i;

  for (i = 0; i < len; ++i) h = h * 33 + (unsigned char) id[i];
  return chains + h % CHAINS;
}

struct visitor *visitor_find(const char *id, size_t len, int make)
{
  struct visitor **at = chain(id, len), *v;

  if (len >= VISITOR_ID) return 0;
  for (v = *at; v; v = v->next)
    if (!memcmp(v->id, id, len) && !v->id[len]) return v;
  if (!make || count == VISITOR_MOST) return 0;
  v = calloc(1, sizeof *v);
  if (!v) return 0;
  memcpy(v->id, id, len);
  v->item.message.fd = v->item.filtered.fd = -1;
  v->next = *at;
  *at = v;
  ++count;
  return v;
}

void visitor_leave(struct visitor *v)
{
  struct visitor **at;

  for (at = chain(v->id, strlen(v->id)); *at != v; at = &(*at)->next) ;
  *at = v->next;
  --count;
  item_drop(&v->item);
  stralloc_free(&v->item.header.raw);
  stralloc_free(&v->item.recipients);
  stralloc_free(&v->ip);
  stralloc_free(&v->host);
  stralloc_free(&v->helo);
  stralloc_free(&v->user);
  stralloc_free(&v->tls);
  stralloc_free(&v->sender);
  stralloc_free(&v->answer);
  free(v);
}

void visitor_reset(struct visitor *v, int begins)
{
  item_drop(&v->item);
  stralloc_free(&v->item.header.raw);
  item_begin(&v->item);
  v->sender.len = v->answer.len = 0;
  v->trouble = 0;
  v->state = begins ? VISITOR_GATHERING : VISITOR_QUIET;
}

struct visitor *visitor_waiting(void)
{
  struct visitor *v, *oldest = 0;
  size_t i;

  for (i = 0; i < CHAINS; ++i)
    for (v = chains[i]; v; v = v->next)
      if (v->state == VISITOR_WAITING && (!oldest || v->item.began < oldest->item.began)) oldest = v;
  return oldest;
}

int visitor_set(stralloc *to, const char *text, size_t len)
{
  return stralloc_copyb(to, text, len) && stralloc_0(to);
}
