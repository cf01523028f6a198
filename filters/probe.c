#include "probe.h"

#include <string.h>
#include <time.h>

#include "control.h"
#include "id.h"
#include "smtpc.h"

enum { CONNECT = 30, REPLY = 400, WRONG = 100, TROUBLE = 111 };

struct probe probe;

static struct smtpc smtp = { .stream = { .in = -1, .out = -1 } };
static stralloc host;   /* its name or address, 0, its port, 0 */
static stralloc me;

static void need(int ok)
{
  if (!ok) die(TROUBLE, "out of memory");
}

static void add(stralloc *to, const char *text)
{
  need(stralloc_cats(to, text));
}

static int command(const char *verb, const stralloc *address)
{
  static stralloc line;

  line.len = 0;
  add(&line, verb);
  add(&line, address->s);
  add(&line, ">");
  return smtpc_command(&smtp, line.s, line.len, REPLY);
}

/* The message as DATA carries it; with CR and LF as they are, also alone. */
static int data(const stralloc *message)
{
  static stralloc wire;
  size_t i;

  wire.len = 0;
  for (i = 0; i < message->len; ++i)
    need((message->s[i] != '.' || (i && message->s[i - 1] != '\n') || stralloc_cats(&wire, ".")) &&
         stralloc_append(&wire, message->s + i));
  need(stralloc_cats(&wire, ".\r\n"));
  if (stream_write(&smtp.stream, wire.s, wire.len, 0) == -1) return -1;
  return smtpc_reply(&smtp, REPLY);
}

/* The fields that every message has. */
static void begin(stralloc *message, const char *name)
{
  char id[ID_SIZE], date[64];
  time_t now = time(0);
  struct tm tm;

  id_make(id);
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &tm));
  message->len = 0;
  add(message, "From: <"), add(message, probe.sender.s);
  add(message, ">\r\nTo: <"), add(message, probe.recipient.s);
  add(message, ">\r\nSubject: cm-selftest "), add(message, name);
  add(message, "\r\nDate: "), add(message, date);
  add(message, "\r\nMessage-ID: <"), add(message, id), add(message, "@"), add(message, me.s);
  add(message, ">\r\n");
}

int probe_send(const char *name, const stralloc *text)
{
  static stralloc message;
  struct upstream to = { .host = host.s, .port = host.s + strlen(host.s) + 1 };
  int code = smtpc_open(&smtp, &to, me.s, CONNECT, REPLY);

  if (code == 250) code = command("MAIL FROM:<", &probe.sender);
  if (code == 250) code = command("RCPT TO:<", &probe.recipient);
  if (code != 250 && !probe.sent) {
    if (code == -1) die(TROUBLE, "unable to send to ", host.s, ": ", smtp.trouble);
    need(stralloc_0(&smtp.text));
    die(TROUBLE, "the port does not take mail from ", probe.sender.s, " to ", probe.recipient.s,
        ": ", smtp.text.s);
  }
  if (code == 250) code = smtpc_command(&smtp, "DATA", 4, REPLY);
  if (code == 354) {
    begin(&message, name);
    need(stralloc_cat(&message, text));
    code = data(&message);
  }
  ++probe.sent;
  probe.trouble = smtp.trouble;
  need(stralloc_copy(&probe.text, &smtp.text));
  smtpc_quit(&smtp);
  return code;
}

int probe_where(const char *word)
{
  const char *colon = strrchr(word, ':'), *end = colon;

  if (!colon || colon == word || !colon[1]) return 0;
  if (*word == '[' && colon[-1] == ']') ++word, --end;
  need(stralloc_copyb(&host, word, (size_t) (end - word)) && stralloc_0(&host) &&
       stralloc_cats(&host, colon + 1) && stralloc_0(&host));
  return 1;
}

void probe_addresses(const char *from, const char *to)
{
  if (control_me(&me) == -1) diesys(TROUBLE, "unable to read control/me");
  if (from) need(stralloc_copys(&probe.sender, from) && stralloc_0(&probe.sender));
  else need(stralloc_copys(&probe.sender, "postmaster@") && stralloc_cats(&probe.sender, me.s) &&
            stralloc_0(&probe.sender));
  if (!to && control_line("control/recipients", &probe.recipient) != 1)
    die(TROUBLE, "no control/recipients here: name the recipient with -t");
  if (!to && probe.recipient.s[0] == '*' && !strpbrk(probe.recipient.s + 1, "*?")) {
    static stralloc pattern;

    need(stralloc_copys(&pattern, probe.recipient.s) && stralloc_0(&pattern) &&
         stralloc_copys(&probe.recipient, pattern.s[1] == '@' ? "postmaster" : "") &&
         stralloc_cats(&probe.recipient, pattern.s + 1));
  }
  else if (to) need(stralloc_copys(&probe.recipient, to));
  else probe.recipient.len = strlen(probe.recipient.s);
  need(stralloc_0(&probe.recipient));
  if (strpbrk(probe.recipient.s, "*?<> ") || strpbrk(probe.sender.s, "<> "))
    die(WRONG, "no address: ", probe.recipient.s, " from ", probe.sender.s);
}
