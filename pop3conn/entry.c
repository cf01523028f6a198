#include "entry.h"

#include <string.h>

#include "copy.h"
#include "digits.h"
#include "hex.h"
#include "sha256.h"

#define FIRST "cm-fetch 1 "  /* the version, too */
#define CHECK 16             /* digits of a checksum */

static const char *const words[JOURNAL_STATES] = { "gone", "going", "sent", "refused", "left", "large", "part", "given", "denied" };

/* What is in the line, without the blank before its checksum. */
static void checksum(const char *line, size_t len, char check[CHECK])
{
  struct sha256 h;
  char hex[SHA256_HEX];

  sha256_begin(&h);
  sha256_add(&h, line, len);
  sha256_endhex(&h, hex);
  memcpy(check, hex, CHECK);
}

static size_t finish(char *line, size_t len)
{
  checksum(line, len, line + len + 1);
  line[len] = ' ';
  line[len + 1 + CHECK] = '\n';
  return len + CHECK + 2;
}

int entry_sound(const char *line, size_t *len)
{
  char check[CHECK];

  if (*len < CHECK + 2) return 0;
  *len -= CHECK + 1;
  checksum(line, *len, check);
  return line[*len] == ' ' && !memcmp(line + *len + 1, check, CHECK);
}

size_t entry_compose(const struct note *n, char line[ENTRY_LINE])
{
  char *at = line + str_copy(line, words[n->state]);
  size_t i;

  *at++ = ' ';
  at = digits(at, n->time, 10, 1);
  *at++ = ' ';
  at = digits(at, n->size, 10, 1);
  *at++ = ' ';
  for (i = 0; i < JOURNAL_HASH; ++i) at = digits(at, n->hash[i], 16, 2);
  *at++ = ' ';
  at += str_copy(at, n->name);
  return finish(line, (size_t) (at - line));
}

static int number(const char **at, uint64_t *to)
{
  const char *p = *at;

  for (*to = 0; *p >= '0' && *p <= '9'; ++p) *to = *to * 10 + (uint64_t) (*p - '0');
  if (p == *at || *p != ' ') return 0;
  *at = p + 1;
  return 1;
}

int entry_take(struct journal *j, const char *line)
{
  struct note read = { .state = 0 }, *n;
  size_t i, len = strcspn(line, " ");

  while (read.state < JOURNAL_STATES && (strlen(words[read.state]) != len || memcmp(words[read.state], line, len))) ++read.state;
  line += len + 1;
  if (read.state == JOURNAL_STATES || !number(&line, &read.time) || !number(&line, &read.size)) return 0;
  for (i = 0; i < JOURNAL_HASH; ++i, line += 2) {
    int byte = hex_byte(line);

    if (byte == -1) return 0;
    read.hash[i] = (unsigned char) byte;
  }
  if (*line != ' ' || strlen(line + 1) > JOURNAL_NAME) return 0;
  n = journal_note(j, line + 1);
  if (!n) return -1;
  memcpy(n->hash, read.hash, sizeof n->hash);
  n->time = read.time;
  n->size = read.size;
  n->state = read.state;
  return 1;
}

size_t entry_first(const struct journal *j, const char *mailbox, char line[ENTRY_LINE])
{
  struct sha256 h;
  char hex[SHA256_HEX], *at = line + str_copy(line, FIRST);

  sha256_begin(&h);
  sha256_add(&h, mailbox, strlen(mailbox));
  sha256_endhex(&h, hex);
  at += str_copy(at, j->token);
  *at++ = ' ';
  memcpy(at, hex, 32);
  return finish(line, (size_t) (at + 32 - line));
}

const char *entry_begins(const char *line, size_t len, char token[JOURNAL_TOKEN + 1])
{
  if (len < 11 || memcmp(line, "cm-fetch ", 9)) return "it is none, or damaged at its beginning";
  if (memcmp(line, FIRST, 11)) return "it is of another version";
  if (len != 11 + JOURNAL_TOKEN + 1 + 32 + 1 + CHECK) return "it is damaged at its beginning";
  memcpy(token, line + 11, JOURNAL_TOKEN);
  token[JOURNAL_TOKEN] = 0;
  return 0;
}
