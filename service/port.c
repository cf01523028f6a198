#include "port.h"

#include <string.h>
#include <unistd.h>

#include "control.h"
#include "files.h"
#include "run.h"

const char port_upstream_is[] =
  "# The mail server behind, cm-control(5): smtp HOST PORT [tls=HOW] [client=HOW],\n"
  "# smtps HOST PORT, lmtp HOST PORT, lmtp PATH, or queue PROGRAM ARGUMENTS. More lines are\n"
  "# tried in their order.\n";

static const char proxies[] =
  "# Networks of proxies that say by the PROXY protocol whose connection they bring.\n";

static const char mailboxes[] =
  "# The server that has the mailboxes: pop3s HOST PORT, or pop3 HOST PORT [tls=HOW].\n";

static const char hops[] =
  "# Which Received field says where a message came from, for filters that ask:\n"
  "# an account's pattern, and the number of the field, counted from the top, that the\n"
  "# first of the provider's servers wrote; or patterns of the names of its servers.\n"
  "#* 1\n";

static const char recipients[] =
  "# Who may receive through this port: addresses and patterns (? and *), one a line.\n"
  "# Without any line nobody may; without this file clients hear 421.\n"
  "#*@example.net\n";

static const char quarantine[] =
  "# Where mail goes whose verdict is accept/redirect or reject/redirect:\n"
  "# an address, or store, which is $CM_HOME/store.\n"
  "store\n";

static const char pipeline[] =
  "# The filters, cm-pipeline(5): NAME KIND [OPTION...] : COMMAND\n"
  "# A paragraph runs side by side, paragraphs one after the other. Without any\n"
  "# line mail passes unfiltered; without this file none passes.\n"
  "# Try it: cm-explain control/pipeline < message\n"
  "\n"
  "# Make lists with cm-list(8) first: a line without its list defers all mail.\n"
  "#friends  check jail=own : cm-filter-sender lists/friends.cdb\n"
  "\n"
  "#enemies  check jail=own : cm-filter-sender lists/enemies.cdb\n"
  "fields    check jail=own : cm-filter-fields\n"
  "\n";

/* -H and -R: no look-ups, which make a client wait for somebody's DNS. */
#define SERVER "tcpserver -v -H -R -l 0 -c 100"

/* Options are read by who serves. */
size_t port_upstream(char **words)
{
  const char *kind = words[0];
  size_t n, place = 3;

  for (n = 0; words[n]; ++n) ;
  if (n < 2) return 0;
  if (!strcmp(kind, "queue")) return n;
  if (!strcmp(kind, "lmtp") && *words[1] == '/') place = 2;
  else if (strcmp(kind, "lmtp") && strcmp(kind, "smtp") && strcmp(kind, "smtps")) return 0;
  for (n = 0; words[n]; ++n)
    if (n >= place && !strchr(words[n], '=')) return 0;
  return n >= place ? n : 0;
}

size_t port_mailboxes(char **words, int imap)
{
  const char *kind = words[0];

  if (!kind || !words[1] || !words[2]) return 0;
  if (strcmp(kind, "pop3") && strcmp(kind, "pop3s") && (!imap || (strcmp(kind, "imap") && strcmp(kind, "imaps")))) return 0;
  return words[3] && !strncmp(words[3], "tls=", 4) ? 4 : 3;
}

void port_pipeline(void)
{
  if (files_copy("control/pipeline", 0644)) return;
  files_say(pipeline);
  /* Its rules are the suite's, where there are any. */
  if (control_open("control/attach") == -1) files_say("#");
  files_say("attach    rewrite always jail=look : cm-filter-attach control/attach\n");
  files_save("control/pipeline", 0644);
}

void port_quarantine(void)
{
  files_say(quarantine);
  files_save("control/quarantine", 0644);
}

static void make_control(const struct port *p)
{
  files_folder("control", 0755);
  if (p->upstream) {
    files_say(p->pop ? mailboxes : port_upstream_is);
    files_line(p->upstream, ~0UL);
    files_save("control/upstream", 0644);
    files_say(p->pop ? hops : recipients);
    files_save(p->pop ? "control/hops" : "control/recipients", 0644);
  }
  if (!p->pop) port_quarantine();
  port_pipeline();
  if (!p->proxy) return;
  files_say(proxies);
  files_say(p->proxy);
  files_say("\n");
  files_save("control/proxy", 0644);
}

/* What opens the keys of TLS stays root, and gives nothing of that to the server. */
void port_make(const struct port *p)
{
  make_control(p);
  run_begin("envuidgid", p->acct);
  files_say(RUN_LIMITS " \\\n  ");
  if (p->tls) files_say("cm-tls -r ");
  if (p->tls && !geteuid()) {
    files_say("-u ");
    files_say(p->tls);
    files_say(" ");
  }
  files_say(SERVER);
  if (!geteuid()) files_say(" -U");
  files_say(" ");
  files_say(p->address);
  files_say(" ");
  files_say(p->port);
  if (p->proxy) files_say(" \\\n  cm-proxy");
  files_say(p->pop ? " cm-pop3d\n" : p->upstream ? " cm-smtpd\n" : " cm-milter\n");
}
