#include "pkcs7.h"

#include <string.h>
#include <unistd.h>

#include "copy.h"

/* One element of BER (X.690): tag, where its content begins and how long it is; -1 as the
 * length if it goes on to an end marker. */
struct element {
  unsigned char tag;
  off_t at, len;
};

enum {
  CONSTRUCTED = 32, SEQUENCE = 48, SET = 49, CONTEXT0 = 0xa0, OID = 6, INTEGER = 2, OCTETS = 4,
  DEPTH = 4,        /* strings made of strings */
  PIECES = 100000   /* of one string */
};

static unsigned int pieces;

/* 1, or 0: there is none. */
static int element(int fd, off_t at, struct element *e)
{
  unsigned char head[10];
  ssize_t n = pread(fd, head, sizeof head, at);
  unsigned int bytes, i;

  if (n < 2 || (head[0] & 31) == 31) return 0;
  e->tag = head[0];
  e->at = at + 2;
  e->len = head[1];
  if (head[1] == 0x80) e->len = -1;
  if (head[1] <= 0x80) return 1;
  bytes = head[1] & 127;
  if (bytes > 6 || (ssize_t) bytes + 2 > n) return 0;
  for (e->len = 0, i = 0; i < bytes; ++i) e->len = e->len << 8 | head[2 + i];
  e->at += bytes;
  return 1;
}

/* Where the element of known length ends. */
static off_t behind(const struct element *e)
{
  return e->len == -1 ? -1 : e->at + e->len;
}

/* The element at *at must have this tag; *at goes into it. */
static int enter(int fd, off_t *at, unsigned char tag, struct element *e)
{
  if (!element(fd, *at, e) || e->tag != tag) return 0;
  *at = e->at;
  return 1;
}

/* It must have this tag, and a length; *at goes behind it. */
static int pass(int fd, off_t *at, unsigned char tag, struct element *e)
{
  if (!element(fd, *at, e) || e->tag != tag || e->len == -1) return 0;
  *at = behind(e);
  return 1;
}

static int copy(int fd, const struct element *e, int to)
{
  static char bytes[8192];
  off_t at = e->at, end = behind(e);
  ssize_t n;

  while (at < end) {
    n = pread(fd, bytes, end - at < (off_t) sizeof bytes ? (size_t) (end - at) : sizeof bytes, at);
    if (n == -1 || copy_write(to, bytes, (size_t) n) == -1) return -1;
    if (!n) break;  /* cut short: what is there is there */
    at += n;
  }
  return 1;
}

/* A string of octets, or one made of such. *at goes behind it. */
static int octets(int fd, off_t *at, int to, int depth)
{
  struct element e;
  off_t end;
  int result;

  if (!element(fd, *at, &e) || (e.tag & ~CONSTRUCTED) != OCTETS || depth > DEPTH || ++pieces > PIECES) return 0;
  if (!(e.tag & CONSTRUCTED)) {
    *at = behind(&e);
    return e.len == -1 ? 0 : copy(fd, &e, to);
  }
  *at = e.at;
  end = behind(&e);
  while (end == -1 || *at < end) {
    if (end == -1 && element(fd, *at, &e) && !e.tag && !e.len) {
      *at += 2;
      return 1;
    }
    result = octets(fd, at, to, depth + 1);
    if (result != 1) return result;
  }
  return 1;
}

int pkcs7_content(int fd, int to)
{
  struct element e;
  off_t at = 0;

  pieces = 0;
  if (!enter(fd, &at, SEQUENCE, &e) || !pass(fd, &at, OID, &e)) return 0;            /* ContentInfo */
  if (!enter(fd, &at, CONTEXT0, &e) || !enter(fd, &at, SEQUENCE, &e)) return 0;      /* SignedData */
  if (!pass(fd, &at, INTEGER, &e) || !pass(fd, &at, SET, &e)) return 0;
  if (!enter(fd, &at, SEQUENCE, &e) || !pass(fd, &at, OID, &e)) return 0;            /* EncapsulatedContentInfo */
  if (!enter(fd, &at, CONTEXT0, &e)) return 0;
  return octets(fd, &at, to, 0);
}
