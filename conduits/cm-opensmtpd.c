/* cm-opensmtpd: a filter of OpenSMTPD, by its protocol of lines, smtpd-filters(7). It holds a
 * message back until the last of its lines, has it judged, gives OpenSMTPD the lines that
 * the filters have left, and answers the commit. One process has all sessions; each message
 * is judged in one of its own, and the others go on meanwhile. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "ip.h"
#include "log.h"
#include "print.h"
#include "setting.h"
#include "sitting.h"
#include "visitor.h"

#define LINEMAX 1048576   /* bytes of a line; OpenSMTPD takes 65536 of a client */

static unsigned long concurrency;

/* The fields of one line: what is between two strokes; the last one may have strokes itself. */
struct fields {
  const char *at, *end;
};

static size_t field(struct fields *f, const char **text)
{
  const char *stroke = memchr(f->at, '|', (size_t) (f->end - f->at));
  size_t len = (size_t) ((stroke ? stroke : f->end) - f->at);

  *text = f->at;
  f->at += len + (stroke ? 1 : 0);
  return len;
}

static int is(const char *text, size_t len, const char *word)
{
  return len == strlen(word) && !memcmp(text, word, len);
}

/* What waits ----------------------------------------------------------------- */

/* Lines mostly come one behind the other: they are kept together. */
static struct { struct visitor *whose; char bytes[65536]; size_t len; } kept;

static void keep_now(void)
{
  struct visitor *v = kept.whose;

  if (v && kept.len && !v->trouble && item_write(&v->item, kept.bytes, kept.len) == -1) {
    v->trouble = errno;
    item_drop(&v->item);
  }
  kept.len = 0;
  kept.whose = 0;
}

static void keep(struct visitor *v, const char *text, size_t len)
{
  if (kept.whose != v || kept.len + len + 2 > sizeof kept.bytes) keep_now();
  kept.whose = v;
  if (len + 2 > sizeof kept.bytes) {
    v->trouble = v->trouble ? v->trouble : EMSGSIZE;
    return;
  }
  memcpy(kept.bytes + kept.len, text, len);
  memcpy(kept.bytes + kept.len + len, "\r\n", 2);
  kept.len += len + 2;
}

static void forget(struct visitor *v, int begins)
{
  if (kept.whose == v) kept.whose = 0, kept.len = 0;
  if (v->state == VISITOR_JUDGED) sitting_abandon(v);
  visitor_reset(v, begins);
}

/* Events ----------------------------------------------------------------------- */

/* "192.0.2.7:33174", "[2001:db8::1]:33174", or the path of a socket. */
static int address(struct visitor *v, const char *text, size_t len)
{
  struct ip ip;

  while (len && text[len - 1] != ':') --len;
  if (len) --len;
  if (len && *text == '[') {
    ++text;
    len -= len > 1 ? 2 : 1;
  }
  if (len > 5 && !case_diffb(text, 5, "IPv6:")) text += 5, len -= 5;
  return visitor_set(&v->ip, text, ip_scan(text, len, &ip) ? len : 0);
}

static int connected(struct visitor *v, struct fields *f)
{
  const char *name, *why, *from;
  size_t len = field(f, &name), whylen = field(f, &why), fromlen = field(f, &from);

  return address(v, from, fromlen) &&
         visitor_set(&v->host, name, is(why, whylen, "pass") && !is(name, len, "<unknown>") ? len : 0);
}

/* "METHOD|NAME" */
static int identified(struct visitor *v, struct fields *f)
{
  const char *text;
  size_t len = field(f, &text);

  v->extended = is(text, len, "EHLO");
  return visitor_set(&v->helo, f->at, (size_t) (f->end - f->at));
}

/* "TLSv1.3:TLS_AES_256_GCM_SHA384:256": version and cipher, as elsewhere. */
static int encrypted(struct visitor *v, const char *text, size_t len)
{
  const char *cipher = memchr(text, ':', len), *bits = cipher ? memchr(cipher + 1, ':', len - (size_t) (cipher + 1 - text)) : 0;

  if (!visitor_set(&v->tls, text, bits ? (size_t) (bits - text) : len)) return 0;
  if (cipher) v->tls.s[cipher - text] = ' ';
  return 1;
}

/* "RESULT|NAME"; up to the protocol 0.6 "NAME|RESULT", and only the number tells: a name may have
 * strokes, and be a word that is a result. */
static int logged_in(struct visitor *v, struct fields *f, int early)
{
  const char *text, *end = f->end;
  size_t len;

  if (early) {
    if (end - f->at < 5 || memcmp(end - 5, "|pass", 5)) return 1;
    return visitor_set(&v->user, f->at, (size_t) (end - 5 - f->at));
  }
  len = field(f, &text);
  return !is(text, len, "pass") || visitor_set(&v->user, f->at, (size_t) (end - f->at));
}

/* "ID|ok|ADDRESS" */
static int addressed(struct visitor *v, struct fields *f, int sender)
{
  const char *text, *result;
  size_t len;

  field(f, &text);
  len = field(f, &result);
  if (!is(result, len, "ok")) return 1;
  if (!sender) return item_recipient(&v->item, f->at, (size_t) (f->end - f->at));
  return visitor_set(&v->sender, f->at, (size_t) (f->end - f->at));
}

static void report(struct fields *f, int early)
{
  const char *event, *id;
  size_t len = field(f, &event), idlen = field(f, &id);
  struct visitor *v = visitor_find(id, idlen, is(event, len, "link-connect"));
  int ok = 1;

  if (!v) return;
  if (is(event, len, "link-connect")) ok = connected(v, f);
  else if (is(event, len, "link-identify")) ok = identified(v, f);
  else if (is(event, len, "link-tls")) ok = encrypted(v, f->at, (size_t) (f->end - f->at));
  else if (is(event, len, "link-auth")) ok = logged_in(v, f, early);
  else if (is(event, len, "tx-begin")) forget(v, 1);
  else if (is(event, len, "tx-mail")) ok = addressed(v, f, 1);
  else if (is(event, len, "tx-rcpt")) ok = addressed(v, f, 0);
  else if (is(event, len, "tx-reset")) forget(v, 0);
  else if (is(event, len, "link-disconnect")) {
    forget(v, 0);
    visitor_leave(v);
    return;
  }
  if (!ok) v->trouble = ENOMEM;
}

static void data_line(struct visitor *v, const char *id, size_t idlen, const char *token, size_t tokenlen, struct fields *f)
{
  const char *text = f->at;
  size_t len = (size_t) (f->end - f->at);
  int r;

  if (!v || v->state != VISITOR_GATHERING || tokenlen >= sizeof v->token) {
    /* Nobody we know: at its commit it is told to come again. */
    print("filter-dataline|");
    print_bytes(id, idlen);
    print("|");
    print_bytes(token, tokenlen);
    print("|");
    print_bytes(text, len);
    print("\n");
    return;
  }
  if (!is(text, len, ".")) {
    if (len && *text == '.') ++text, --len;
    keep(v, text, len);
    return;
  }
  keep_now();
  /* Here, for as long as any process can write to it nobody can be sure of it. */
  if (!v->trouble && (r = item_end(&v->item)) != 1) v->trouble = r ? errno : EMSGSIZE;
  memcpy(v->token, token, tokenlen);
  v->token[tokenlen] = 0;
  v->state = VISITOR_WAITING;
}

static void filter(struct fields *f)
{
  const char *event, *id, *token;
  size_t len = field(f, &event), idlen = field(f, &id), tokenlen = field(f, &token);
  struct visitor *v = visitor_find(id, idlen, 0);

  if (is(event, len, "data-line")) {
    data_line(v, id, idlen, token, tokenlen, f);
    return;
  }
  print("filter-result|");
  print_bytes(id, idlen);
  print("|");
  print_bytes(token, tokenlen);
  if (!is(event, len, "commit")) print("|proceed\n");
  else print("|", v && v->state == VISITOR_DECIDED && v->answer.len ? v->answer.s
                  : "reject|451 4.3.0 the message could not be checked; try again later", "\n");
}

/* 6.8 is the first whose events are as they are read here. */
static void config(struct fields *f)
{
  static const char *const reports[] = { "link-connect", "link-disconnect", "link-identify", "link-auth", "link-tls",
                                         "tx-begin", "tx-mail", "tx-rcpt", "tx-reset" };
  const char *text;
  size_t len = field(f, &text), i;
  unsigned long major, minor = 0;

  if (is(text, len, "smtpd-version")) {
    i = scan_ulong(f->at, &major);
    if (i && f->at[i] == '.') scan_ulong(f->at + i + 1, &minor);
    if (i && (major < 6 || (major == 6 && minor < 8))) die(111, "OpenSMTPD is too old: 6.8 or a later one is needed");
  }
  if (!is(text, len, "ready")) return;
  for (i = 0; i < sizeof reports / sizeof *reports; ++i) print("register|report|smtp-in|", reports[i], "\n");
  print("register|filter|smtp-in|data-line\nregister|filter|smtp-in|commit\nregister|ready\n");
}

static void event(const char *line, size_t len)
{
  struct fields f = { line, line + len };
  const char *kind, *text;
  size_t n = field(&f, &kind), version;
  int early;

  if (is(kind, n, "config")) {
    config(&f);
    return;
  }
  version = field(&f, &text);
  early = is(text, version, "0.6");
  field(&f, &text);  /* the time, */
  field(&f, &text);  /* smtp-in */
  if (is(kind, n, "report")) report(&f, early);
  else if (is(kind, n, "filter")) filter(&f);
}

/* What OpenSMTPD has written. 1, or 0: it has gone. */
static int read_events(void)
{
  static stralloc input;
  const char *at, *nl;
  ssize_t n;

  if (!stralloc_readyplus(&input, 65537)) die(111, "out of memory");
  n = read(0, input.s + input.len, 65536);
  if (n == -1 && errno == EINTR) return 1;
  if (n <= 0) return 0;
  input.len += (size_t) n;
  for (at = input.s; (nl = memchr(at, '\n', input.len - (size_t) (at - input.s))); at = nl + 1) {
    input.s[nl - input.s] = 0;
    event(at, (size_t) (nl - at));
  }
  input.len -= (size_t) (at - input.s);
  if (input.len > LINEMAX) die(111, "a line of OpenSMTPD does not end");
  memmove(input.s, at, input.len);
  return 1;
}

int main(int argc, char **argv)
{
  static const struct setting numbers[] = { { "concurrency", &concurrency, 20 } };
  static stralloc trouble;
  struct visitor *v;

  errmsg_iam("cm-opensmtpd");
  if (argc > 1) die(100, "takes no arguments: ", argv[1]);
  if (!setting_numbers(numbers, 1, &trouble)) die(111, control_words(&trouble));
  if (!concurrency || concurrency > SITTING_MOST) die(111, "control/concurrency: write a number from 1 to 200");
  do {
    /* A new process has what waits to be written, too. */
    if (print_end() == -1) break;
    while ((v = visitor_waiting()) && sitting_begin(v, concurrency)) ;
    if (print_end() == -1) break;
  } while (!sitting_wait() || read_events());
  sitting_end();
  return 0;
}
