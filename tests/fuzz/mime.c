/* The MIME reader under any bytes: in each reading its events nest, its offsets
 * grow, data lies inside of its part, and it ends.
 * seeds: tests/mail */

#include "mime.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transfer.h"
#include "uu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mime mime;

#define must(condition) do if (!(condition)) abort(); while (0)

/* Decoding gives no more than it is allowed to. */
static void decode(struct transfer *t)
{
  static char out[MIME_BUFFER + 4];

  must(transfer_decode(t, mime.data, mime.len, out) <= mime.len + 4);
}

static void walk(int fd, size_t size, int reading)
{
  static struct transfer transfer[MIME_DEPTH + 1];
  off_t begun[MIME_DEPTH + 1], at = 0;
  int depth = -1;
  unsigned int number = 0;
  size_t events;

  mime_open(&mime, fd, 0);
  mime.reading = reading;
  mime.room = MIME_LOOK + 2 + size % 5000;
  mime.chunk = 1 + size % 7000;
  for (events = 0; ; ++events) {
    must(events < 10 * size + 100);
    switch (mime_next(&mime)) {
      case MIME_PART:
        must(mime.part->number == ++number && (int) mime.part->depth == ++depth);
        must(mime.part->start >= at && mime.part->body >= mime.part->start);
        must(mime.part->body <= (off_t) size);
        begun[depth] = at = mime.part->body;
        transfer[depth] = (struct transfer) { .kind = mime.part->encoding, .style = size % TRANSFER_STYLES };
        break;
      case MIME_DATA:
        decode(transfer + depth);
        __attribute__((fallthrough));
      case MIME_BETWEEN:
        must(mime.len && (int) mime.part->depth == depth);
        at += (off_t) mime.len;
        must(at <= (off_t) size);
        break;
      case MIME_END:
        must((int) mime.part->depth == depth && mime.part->end >= begun[depth]);
        must(mime.part->end <= (off_t) size);
        at = mime.part->end;
        --depth;
        break;
      case MIME_OVER:
        must(depth == -1 && number);
        return;
      case MIME_LIMIT:
        return;
      case MIME_FAILED:
        abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  int fd = memfd_create("message", MFD_CLOEXEC), reading;

  must(fd != -1 && pwrite(fd, data, size, 0) == (ssize_t) size);
  for (reading = 0; reading < 16; ++reading) walk(fd, size, reading);
  close(fd);
  return 0;
}
