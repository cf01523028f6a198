#include "profile.h"

#include <errno.h>
#include <string.h>

#include "control.h"
#include "deny.h"

#define WHERE "control/jail/"
#define BLANKS " \t\r"

#define LIBRARIES "run /usr/lib /lib /lib64\nread /etc/ld.so.cache\n"
/* Our own stages are static where this program is. */
#ifndef __GLIBC__
#define LINKED ""
#elif SECCOMP_SANITIZED
#define LINKED LIBRARIES "read /proc\n"
#else
#define LINKED LIBRARIES
#endif
#define OWN "read control lists\n" LINKED "memory 256m\ncpu 30\ndescriptors 32\nstack 1m\n"

static const struct { const char *name, *text; } known[] = {
  { "own",
    "# For our own stages that look at the message, the envelope and lists.\n" OWN },
  { "look",
    "# For cm-filter-attach, which has archives opened by cm-look.\n"
    "read control lists /usr/share\nrun cm-look\nprocesses any\n" LIBRARIES
    "memory 512m\ncpu 60\ndescriptors 256\nstack 8m\n" },
  { "state",
    "# For our own stages that remember something: below state or in the store.\n" OWN "write state store store-all\n" },
  { "scanner",
    "# For stages that ask a daemon on this machine: by a socket of its own, or by TCP\n"
    "# at the ports of spamd, clamd and rspamd.\n" OWN "socket local tcp\nconnect 783 3310 11333\n" },
  { "network",
    "# For look-ups: any server, but by TCP only at the port of name servers.\n" OWN LIBRARIES
    "read /etc/resolv.conf /etc/hosts\nsocket udp tcp\nconnect 53\n" },
  { "external",
    "# For programs of the system that look at the message alone.\n"
    "directory empty\nrun /usr /bin /lib /lib64\nread /etc/ld.so.cache /dev/urandom /dev/zero\nwrite /dev/null\n"
    "processes 64\nmemory 512m\ncpu 30\ndescriptors 64\nstack 8m\n" },
  { "port",
    "# For a port: tcpserver and all behind it. Stages that need more, or programs of your\n"
    "# own in its directory, want a line more; a spool elsewhere, too.\n"
    "calls server\nsocket local tcp udp\nprocesses any\nenvironment UID GID\n"
    "read control lists tls /etc /proc /dev/urandom /dev/zero\nrun bin/ /usr /bin /lib /lib64\n"
    "write log store store-all state /var/tmp /tmp /dev/null\n" },
  { "fetch",
    "# For cm-fetch and all behind it, with its account in the directory account, as cm-config\n"
    "# makes it, or several below accounts. It waits for nobody, but must be able to end what\n"
    "# it has started. A passwordcommand that needs more wants a line more.\n"
    "calls server\nsocket local tcp udp\nprocesses any\n"
    "read control lists tls /etc /proc /dev/urandom /dev/zero\nrun bin/ /usr /bin /lib /lib64\n"
    "write account accounts log store store-all state /var/tmp /tmp /dev/null\n" },
};
#define KNOWN (sizeof known / sizeof *known)

/* What complain() needs, while a profile is read. */
struct reader {
  struct profile *profile;
  const char *problem, *word;
};

static int fail(struct reader *r, const char *problem, const char *word)
{
  r->problem = problem;
  r->word = word;
  return 0;
}

static int words(struct reader *r, stralloc *list, const char *word)
{
  return stralloc_cats(list, word) && stralloc_0(list) ? 1 : fail(r, "out of memory", 0);
}

static int number(struct reader *r, unsigned long *value, const char *word)
{
  return control_scan(word, strlen(word), value) && *value ? 1 : fail(r, "not a number: ", word);
}

static int read_files(struct reader *r, const char *word) { return words(r, &r->profile->read, word); }
static int write_files(struct reader *r, const char *word) { return words(r, &r->profile->write, word); }
static int run(struct reader *r, const char *word) { return words(r, &r->profile->run, word); }
static int environment(struct reader *r, const char *word) { return words(r, &r->profile->environment, word); }
static int memory(struct reader *r, const char *word) { return number(r, &r->profile->memory, word); }
static int cpu(struct reader *r, const char *word) { return number(r, &r->profile->cpu, word); }
static int file(struct reader *r, const char *word) { return number(r, &r->profile->file, word); }
static int descriptors(struct reader *r, const char *word) { return number(r, &r->profile->descriptors, word); }
static int stack(struct reader *r, const char *word) { return number(r, &r->profile->stack, word); }

static int directory(struct reader *r, const char *word)
{
  r->profile->directory.len = 0;
  return words(r, &r->profile->directory, word);
}

static int socket_kind(struct reader *r, const char *word)
{
  if (!strcmp(word, "local")) r->profile->sockets |= DENY_LOCAL;
  else if (!strcmp(word, "tcp")) r->profile->sockets |= DENY_TCP;
  else if (!strcmp(word, "udp")) r->profile->sockets |= DENY_UDP;
  else return fail(r, "a socket is local, tcp or udp, not ", word);
  return 1;
}

static int port(struct reader *r, const char *word)
{
  unsigned long n;

  if (!number(r, &n, word)) return 0;
  if (n > 65535) return fail(r, "not a port: ", word);
  if (r->profile->connect == PROFILE_PORTS) return fail(r, "more than 16 ports: ", word);
  r->profile->ports[r->profile->connect++] = (unsigned int) n;
  return 1;
}

static int processes(struct reader *r, const char *word)
{
  unsigned long n = 0;

  if (strcmp(word, "any") && strcmp(word, "none") && (!number(r, &n, word) || n > 65535))
    return fail(r, "processes are none, any or a number, not ", word);
  r->profile->processes = !strcmp(word, "any") ? PROFILE_ANY : (int) n;
  return 1;
}

static int calls(struct reader *r, const char *word)
{
  if (!strcmp(word, "any")) return r->profile->unfiltered = 1;
  if (!strcmp(word, "server")) return r->profile->server = 1;
  return fail(r, "calls are any or server, or the line is left out, not ", word);
}

static int landlock(struct reader *r, const char *word)
{
  unsigned long n;

  if (!number(r, &n, word) || n > 99) return fail(r, "not a level of Landlock: ", word);
  r->profile->level = (int) n;
  return 1;
}

static const struct {
  const char *name;
  int (*read)(struct reader *r, const char *word);
  int single;  /* one word */
} lines[] = {
  { "read", read_files, 0 }, { "write", write_files, 0 }, { "run", run, 0 },
  { "socket", socket_kind, 0 }, { "connect", port, 0 }, { "processes", processes, 1 },
  { "memory", memory, 1 }, { "cpu", cpu, 1 }, { "file", file, 1 }, { "descriptors", descriptors, 1 },
  { "stack", stack, 1 }, { "directory", directory, 1 }, { "environment", environment, 0 },
  { "calls", calls, 1 }, { "landlock", landlock, 1 },
};
#define LINES (sizeof lines / sizeof *lines)

/* Which of the lines begins with this word? */
static size_t kind(const char *text, size_t len)
{
  size_t i = 0;

  while (i < LINES && (strlen(lines[i].name) != len || memcmp(lines[i].name, text, len))) ++i;
  return i;
}

static int line(struct reader *r, char *text)
{
  size_t len = strcspn(text, BLANKS), i = kind(text, len);
  char *word = text + len + strspn(text + len, BLANKS), *end;

  if (i == LINES || !*word) return fail(r, "not a line of a profile (cm-jail(5) lists them): ", text);
  for (; *word; word = end + strspn(end, BLANKS)) {
    end = word + strcspn(word, BLANKS);
    if (*end) *end++ = 0;
    if (!lines[i].read(r, word)) return 0;
    if (lines[i].single && end[strspn(end, BLANKS)]) return fail(r, "one word too many behind ", lines[i].name);
  }
  return 1;
}

static int good_name(const char *name)
{
  return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

int profile_text(const char *name, stralloc *text)
{
  static stralloc path;
  size_t i;
  int r;

  if (!good_name(name)) return 0;
  if (!stralloc_copys(&path, WHERE) || !stralloc_cats(&path, name) || !stralloc_0(&path)) {
    errno = ENOMEM;
    return -1;
  }
  r = control_read(path.s, text);
  for (i = 0; !r && i < KNOWN; ++i)
    if (!strcmp(name, known[i].name)) {
      if (stralloc_cats(text, known[i].text)) return 1;
      errno = ENOMEM;
      return -1;
    }
  return r;
}

static int complain(stralloc *error, const char *name, unsigned int number, const struct reader *r)
{
  size_t i;

  error->len = 0;
  if (!stralloc_cats(error, WHERE) || !stralloc_cats(error, name) ||
      (number && (!stralloc_cats(error, ":") || !stralloc_number(error, number))) ||
      !stralloc_cats(error, ": ") || !stralloc_cats(error, r->problem) ||
      (r->word && !stralloc_catb(error, r->word, strnlen(r->word, 100)))) error->len = 0;
  for (i = 0; i < error->len; ++i)
    if (error->s[i] < 32 || error->s[i] > 126) error->s[i] = '?';
  if (!stralloc_0(error)) error->len = 0;
  return -1;
}

static void clear(struct profile *p)
{
  p->read.len = p->write.len = p->run.len = p->environment.len = p->directory.len = p->connect = 0;
  p->sockets = p->processes = p->unfiltered = p->server = p->level = 0;
  p->memory = p->cpu = p->file = p->descriptors = p->stack = ~0UL;
}

int profile_read(const char *name, struct profile *p, stralloc *error)
{
  static stralloc data, copy;
  struct reader r = { .profile = p, .problem = "there is no such profile" };
  unsigned int number = 0;
  const char *text;
  size_t at = 0, len;

  clear(p);
  data.len = 0;
  switch (profile_text(name, &data)) {
    case 0: return complain(error, name, 0, &r);
    case -1:
      r.problem = strerror(errno);
      return complain(error, name, 0, &r);
  }
  while (control_next(&data, &at, &text, &len, &number)) {
    r.problem = "out of memory";
    if (!stralloc_copyb(&copy, text, len) || !stralloc_0(&copy) || strlen(copy.s) != len ||
        !line(&r, copy.s + strspn(copy.s, BLANKS)))
      return complain(error, name, number, &r);
  }
  return 1;
}
