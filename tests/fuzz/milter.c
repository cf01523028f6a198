/* All that a mail server sends in a milter session: packets of any kind, cut anywhere. What comes
 * out of them is a message whose header has the fields that were counted, and replies that are
 * whole packets. And of a header any other can be made: the changes of fields that the server is
 * told of stand in for it. modules: conduits */

#include "steps.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "differ.h"
#include "log.h"
#include "maillog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition) do if (!(condition)) abort(); while (0)

/* Not what is tried here: no log is written, and no mail log. */
void log_event_internal(const char *event, const char *id, ...)
{
  must(event && id);
}

void log_text(const char *event, const char *id, const char *mark, const char *text, size_t len)
{
  must(event && id && mark && (text || !len));
}

int maillog_header(struct maillog *log, const struct header *header)
{
  must(log && header->end <= header->raw.len);
  return 1;
}

int maillog_append(const struct maillog *log)
{
  must(log->verdict && log->sender && log->recipients);
  return 1;
}

/* Whole packets and nothing else. */
static void packets(const char *p, size_t len)
{
  struct stream s = { .in = -1, .out = -1 };
  struct frame f;
  char *copy = malloc(len + 1);

  must(copy != 0);
  memcpy(copy, p, len);
  s.buffer = copy;
  s.size = s.len = len;
  while (frame_ready(&s)) must(frame_read(&s, 1, &f) == 1);
  must(s.pos == s.len);
  free(copy);
}

static void session(const uint8_t *data, size_t size)
{
  static struct milter m;
  static char *buffer;
  int pipe[2];

  if (!buffer) buffer = malloc(FRAME_ROOM);
  must(buffer && size <= FRAME_ROOM && !pipe2(pipe, O_CLOEXEC));
  m.over = 0;
  m.why = 0;
  m.offer = (struct offer) { 0 };
  m.deadline = m.keepalive = m.timeout = 1;
  m.databytes = 100000;
  must(stralloc_copys(&m.me, "mx.example.net") && stralloc_0(&m.me));
  close(pipe[1]);
  stream_begin(&m.server, pipe[0], open("/dev/null", O_WRONLY | O_CLOEXEC), buffer, FRAME_ROOM, 1);
  memcpy(buffer, data, size);
  m.server.len = size;
  steps_serve(&m);
  milter_reset(&m);
  must(!m.open && !m.count && !m.fields);
  close(m.server.out);
  close(pipe[0]);
}

/* Two headers, a line of = between them. */
static void headers(const char *text, size_t size)
{
  static struct header old, new;
  static stralloc out, top;
  struct differ d = { .old = &old, .new = &new };
  const char *cut = memmem(text, size, "\n=\n", 3);
  struct field f = { 0 };

  if (!cut) return;
  must(stralloc_copys(&top, "Received: ours\r\n") && stralloc_catb(&top, text, (size_t) (cut + 1 - text)));
  if (header_take(&old, top.s, top.len, "", 0) != 1) return;
  if (header_take(&new, cut + 3, (size_t) (text + size - cut - 3), "", 0) != 1) return;
  while (header_next(&old, &f)) ++d.fields;
  --d.fields;
  out.len = 0;
  if (differ(&d, &out)) packets(out.s, out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  session(data, size > 100000 ? 100000 : size);
  headers((const char *) data, size);
  return 0;
}
