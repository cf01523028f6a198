#include "stored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "hex.h"
#include "sha256.h"

#define ENVMAX 2097152  /* bytes of an .env: 1000 recipients, each escaped */

struct ledger stored_ledger(const char *id, const struct stored *s, const char *action)
{
  struct ledger line = { .id = id, .port = "-", .verdict = "-", .sender = "", .recipients = "",
                         .stage = "-", .reason = "not known, its envelope is damaged or lost", .action = action };

  if (!s) return line;
  line.port = s->port;
  line.verdict = s->verdict;
  line.sender = s->sender;
  line.recipients = s->recipients.s;
  line.stage = *s->stage ? s->stage : "-";
  line.reason = s->reason;
  line.size = s->size;
  return line;
}

int stored_open(int dir, const char *id, const char *suffix)
{
  char name[ID_SIZE + 4];
  struct stat st;
  int fd;

  errno = EINVAL;
  if (!id_valid(id)) return -1;
  *stpcpy(stpcpy(name, id), suffix) = 0;
  fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd == -1) return -1;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
  close(fd);
  errno = EINVAL;
  return -1;
}

static int slurp(int fd, stralloc *text)
{
  char piece[4096];
  ssize_t r;

  for (text->len = 0;;) {
    r = read(fd, piece, sizeof piece);
    if (r == -1 && errno == EINTR) continue;
    if (r <= 0) return r == 0;
    errno = text->len > ENVMAX ? EFBIG : ENOMEM;
    if (text->len > ENVMAX || !stralloc_catb(text, piece, (size_t) r)) return 0;
  }
}

/* Decode \xHH in place. The new length. */
static size_t unescape(char *s, size_t len)
{
  size_t i, n = 0;
  int byte;

  for (i = 0; i < len; ++i) {
    byte = s[i] == '\\' && len - i > 3 && s[i + 1] == 'x' ? hex_byte(s + i + 2) : -1;
    /* A 0 would end the text that it is in. */
    s[n++] = byte <= 0 ? s[i] : (char) byte;
    if (byte > 0) i += 3;
  }
  return n;
}

/* One line, 0-terminated, "KEY VALUE". 1, or 0: no memory, or no number. */
static int take(struct stored *s, char *text, size_t len)
{
  struct { const char *key; const char **value; } known[] = {
    { "time", &s->time }, { "port", &s->port }, { "verdict", &s->verdict }, { "stage", &s->stage },
    { "reason", &s->reason }, { "sender", &s->sender }, { "sha256", &s->hash }
  };
  char *value = memchr(text, ' ', len);
  size_t i, n;

  if (!value) return 1;
  *value++ = 0;
  n = unescape(value, len - (size_t) (value - text));
  value[n] = 0;
  if (!strcmp(text, "size")) return control_scan(value, n, &s->size);
  if (!strcmp(text, "id")) return !strcmp(value, s->id);
  if (!strcmp(text, "recipient"))
    return stralloc_catb(&s->recipients, value, strcspn(value, "\n")) && stralloc_append(&s->recipients, "\n");
  for (i = 0; i < sizeof known / sizeof *known; ++i)
    if (!strcmp(text, known[i].key)) *known[i].value = value;
  return 1;
}

static int parse(struct stored *s, stralloc *text)
{
  char *line, *nl, *end;
  int ok = 1;

  s->time = s->port = s->verdict = s->stage = s->reason = s->sender = s->hash = 0;
  s->recipients.len = 0;
  s->size = 0;
  if (text->len < 5) return 0;
  end = text->s + text->len;
  if (memcmp(end - 5, "\nend\n", 5)) return 0;
  for (line = text->s; ok && line < end; line = nl + 1) {
    nl = memchr(line, '\n', (size_t) (end - line));
    *nl = 0;
    ok = take(s, line, (size_t) (nl - line));
  }
  return ok && s->time && s->port && s->verdict && s->stage && s->reason && s->sender && s->hash &&
         s->size && stralloc_0(&s->recipients);
}

int stored_read(int dir, const char *id, struct stored *s)
{
  static stralloc text;
  int fd = stored_open(dir, id, ".env"), good, saved;

  if (fd == -1) return errno == ENOENT ? 0 : -1;
  good = slurp(fd, &text);
  saved = errno;
  close(fd);
  errno = saved;
  if (!good) return -1;
  *stpcpy(s->id, id) = 0;
  if (parse(s, &text)) return 1;
  errno = EBADMSG;
  return -1;
}

int stored_verify(int fd, const struct stored *s)
{
  static char piece[65536];
  char hex[SHA256_HEX];
  struct sha256 hash;
  ssize_t r = 1;

  sha256_begin(&hash);
  while (r && hash.size <= s->size) {
    r = read(fd, piece, sizeof piece);
    if (r == -1 && errno != EINTR) return -1;
    if (r > 0) sha256_add(&hash, piece, (size_t) r);
  }
  if (hash.size != s->size) return 0;
  sha256_endhex(&hash, hex);
  return lseek(fd, 0, SEEK_SET) == -1 ? -1 : !strcmp(hex, s->hash);
}

/* Room for one more, doubled where it is used up. */
static struct storedid *room(struct storedid **ids, long used, long *has)
{
  struct storedid *more;

  if (used < *has) return *ids + used;
  more = realloc(*ids, sizeof **ids * (size_t) (*has ? 2 * *has : 64));
  if (!more) return 0;
  *has = *has ? 2 * *has : 64;
  *ids = more;
  return more + used;
}

static int by_id(const void *a, const void *b)
{
  return strcmp(((const struct storedid *) a)->id, ((const struct storedid *) b)->id);
}

/* The entry of one file, or 0 as id: it is none of ours. */
static void classify(const char *name, struct storedid *e)
{
  size_t len = strlen(name);

  memset(e, 0, sizeof *e);
  if (len < 5 || len - 4 >= ID_SIZE) return;
  memcpy(e->id, name, len - 4);
  e->message = !strcmp(name + len - 4, ".eml");
  e->envelope = !strcmp(name + len - 4, ".env");
  e->release = !strcmp(name + len - 4, ".rel");
  if (!(e->message + e->envelope + e->release) || !id_valid(e->id)) *e->id = 0;
}

/* Those of one id become one. */
static long merge(struct storedid *e, long n)
{
  long i, kept = -1;

  for (i = 0; i < n; ++i) {
    if (kept == -1 || strcmp(e[kept].id, e[i].id)) e[++kept] = e[i];
    else {
      e[kept].message |= e[i].message;
      e[kept].envelope |= e[i].envelope;
      e[kept].release |= e[i].release;
    }
  }
  return kept + 1;
}

long stored_ids(int dir, struct storedid **ids)
{
  int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *d = fd == -1 ? 0 : fdopendir(fd);
  struct storedid *e;
  struct dirent *f;
  long n = 0, has = 0;

  *ids = 0;
  if (!d) {
    if (fd != -1) close(fd);
    return -1;
  }
  for (errno = 0; n != -1 && (f = readdir(d));) {
    e = room(ids, n, &has);
    if (e) classify(f->d_name, e);
    n = !e ? -1 : *e->id ? n + 1 : n;
    if (e) errno = 0;
  }
  if (errno) n = -1;
  closedir(d);
  if (n == -1) {
    free(*ids);
    *ids = 0;
    errno = errno ? errno : EIO;
    return -1;
  }
  if (n) qsort(*ids, (size_t) n, sizeof **ids, by_id);
  return merge(*ids, n);
}

int stored_remove(int dir, const char *id)
{
  static const char *const suffixes[] = { ".eml", ".rel", ".env" };
  char name[ID_SIZE + 4];
  size_t i;

  errno = EINVAL;
  if (!id_valid(id)) return -1;
  for (i = 0; i < sizeof suffixes / sizeof *suffixes; ++i) {
    *stpcpy(stpcpy(name, id), suffixes[i]) = 0;
    if (unlinkat(dir, name, 0) == -1 && errno != ENOENT) return -1;
  }
  return 1;
}
