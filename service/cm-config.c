/* cm-config: make the directory of a port, or of a daemon of the suite, ready for
 * supervise, as dnscache-conf does. It never changes a directory that is there. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "copy.h"

#define USAGE "usage: cm-config [-t TLSACCT] [-p PROXY] smtp ACCT LOGACCT DIR ADDRESS PORT UPSTREAM...\n" \
  "       cm-config [-t TLSACCT] [-p PROXY] pop3 ACCT LOGACCT DIR ADDRESS PORT pop3 HOST PORT [tls=HOW] | pop3s HOST PORT\n" \
  "       cm-config virusd ACCT LOGACCT DIR [SETTING...] [ADDRESS...]\n" \
  "       cm-config notify ACCT LOGACCT DIR"

#define UPSTREAM \
  "# The mail server behind this port, cm-control(5): smtp HOST PORT [tls=HOW] [client=HOW],\n" \
  "# smtps HOST PORT, lmtp HOST PORT, lmtp PATH, or queue PROGRAM ARGUMENTS. More lines are\n" \
  "# tried in their order.\n"

#define PROXIES \
  "# Networks of proxies that say by the PROXY protocol whose connection they bring.\n"

#define MAILBOXES \
  "# The server that has the mailboxes: pop3s HOST PORT, or pop3 HOST PORT [tls=HOW].\n"

#define HOPS \
  "# Which Received field says where a message came from, for filters that ask:\n" \
  "# an account's pattern, and the number of the field, counted from the top, that the\n" \
  "# first of the provider's servers wrote; or patterns of the names of its servers.\n" \
  "#* 1\n"

#define RECIPIENTS \
  "# Who may receive through this port: addresses and patterns (? and *), one a line.\n" \
  "# Without any line nobody may; without this file clients hear 421.\n" \
  "#*@example.net\n"

#define QUARANTINE \
  "# Where mail goes whose verdict is accept/redirect or reject/redirect:\n" \
  "# an address, or store, which is $CM_HOME/store.\n" \
  "store\n"

#define PIPELINE \
  "# The filters of this port, cm-pipeline(5): NAME KIND [OPTION...] : COMMAND\n" \
  "# A paragraph runs side by side, paragraphs one after the other. Without any\n" \
  "# line mail passes unfiltered; without this file clients hear 421.\n" \
  "# Try it: cm-explain control/pipeline < message\n" \
  "\n" \
  "# Make lists with cm-list(8) first: a line without its list defers all mail.\n" \
  "#friends  check jail=own : cm-filter-sender lists/friends.cdb\n" \
  "\n" \
  "#enemies  check jail=own : cm-filter-sender lists/enemies.cdb\n" \
  "fields    check jail=own : cm-filter-fields\n" \
  "\n"
#define ATTACH "attach    rewrite always jail=look : cm-filter-attach control/attach\n"

#define NOTIFY \
  "# Who is told of new mail, cm-notify(8): PATTERN run PROGRAM, PATTERN mail ADDRESS\n" \
  "# or PATTERN none. The first line that fits a recipient decides.\n" \
  "#joe@example.net mail 491234567@sms.example.org\n"

/* Bounds for the session and its stages: no core files, 256 MiB for each process.
 * A sanitizer reserves much more than that. */
#ifdef __SANITIZE_ADDRESS__
#define LIMITS "softlimit -c 0"
#else
#define LIMITS "softlimit -c 0 -a 268435456"
#endif

/* -H and -R: no look-ups, which make a client wait for somebody's DNS. */
#define SERVER "tcpserver -v -H -R -l 0 -c 100"

static stralloc text;  /* of the file to be made */

static void say(const char *words)
{
  if (!stralloc_cats(&text, words)) die(111, "out of memory");
}

static void save(const char *name, mode_t mode)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

  if (fd == -1) diesys(111, "unable to create ", name);
  if (copy_write(fd, text.s, text.len) == -1 || fchmod(fd, mode) == -1 || close(fd) == -1)
    diesys(111, "unable to write ", name);
  text.len = 0;
}

static void folder(const char *name, mode_t mode)
{
  if (mkdir(name, mode) == -1 || chmod(name, mode) == -1) diesys(111, "unable to create ", name);
}

/* What goes into a shell script must mean nothing to a shell. */
static const char *safe(const char *word, const char *others)
{
  static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-";
  const char *p = word;

  while (*p && (strchr(usual, *p) || strchr(others, *p))) ++p;
  if (!*word || *word == '-' || *p) die(100, "unusable: ", word);
  return word;
}

static const char *plain(const char *word)
{
  return safe(word, "");
}

static const struct passwd *account(const char *name)
{
  const struct passwd *p;

  errno = 0;
  p = getpwnam(plain(name));
  if (!p) die(111, "unknown account: ", name);
  if (geteuid() && p->pw_uid != geteuid())
    die(111, "without root the accounts must be your own, and not: ", name);
  return p;
}

/* Does the line say a kind of server, and where it is? Options are read by who serves. */
static int usable(char **words, size_t n, int pop)
{
  const char *kind = *words;
  size_t i, place = 3;

  if (pop) return (n == 3 || n == 4) && (!strcmp(kind, "pop3") || !strcmp(kind, "pop3s"));
  if (!strcmp(kind, "queue")) return n > 1;
  if (!strcmp(kind, "lmtp") && n > 1 && *words[1] == '/') place = 2;
  else if (strcmp(kind, "lmtp") && strcmp(kind, "smtp") && strcmp(kind, "smtps")) return 0;
  for (i = place; i < n; ++i)
    if (!strchr(words[i], '=')) return 0;
  return n >= place;
}

/* The text of control/upstream. */
static void say_upstream(char **words, int pop)
{
  size_t n;

  for (n = 0; words[n]; ++n)
    if (!*words[n] || strpbrk(words[n], " \t\r\n")) die(100, "unusable: ", words[n]);
  if (!usable(words, n, pop)) die(100, USAGE);
  say(pop ? MAILBOXES : UPSTREAM);
  for (; *words; ++words) {
    say(*words);
    say(words[1] ? " " : "\n");
  }
}

/* The suite's, to be changed for this port; or the least. */
static void make_pipeline(void)
{
  switch (control_read("control/pipeline", &text)) {
    case -1: diesys(111, "unable to read ", control_home(), "/control/pipeline");
    case 0:
      say(PIPELINE);
      /* Its rules are the suite's, where there are any. */
      if (control_open("control/attach") == -1) say("#");
      say(ATTACH);
  }
  save("control/pipeline", 0644);
}

static void make_control(int pop)
{
  if (pop) {
    say(HOPS);
    save("control/hops", 0644);
    make_pipeline();
    return;
  }
  say(RECIPIENTS);
  save("control/recipients", 0644);
  say(QUARANTINE);
  save("control/quarantine", 0644);
  make_pipeline();
}

/* Where the suite is and its programs are: this one stands among them. */
static void make_env(void)
{
  char path[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

  if (len == -1) diesys(111, "unable to find where this program is");
  path[len] = 0;
  *strrchr(path, '/') = 0;
  say(path);
  say(":/usr/local/bin:/usr/bin:/bin\n");
  save("env/PATH", 0644);
  say(control_home());
  say("\n");
  save("env/CM_HOME", 0644);
}

static void make_log(const struct passwd *logger)
{
  folder("log", 0755);
  folder("log/main", 0750);
  if (!geteuid() && chown("log/main", logger->pw_uid, logger->pw_gid) == -1)
    diesys(111, "unable to give away log/main");
  say("#!/bin/sh\nexec ");
  if (!geteuid()) {
    say("setuidgid ");
    say(logger->pw_name);
    say(" ");
  }
  say("multilog t s1000000 n20 ./main\n");
  save("log/run", 0755);
}

/* What each run begins with; root gives up its rights by the tool. */
static void begin_run(const char *tool, const struct passwd *server)
{
  say("#!/bin/sh\nexec 2>&1\nexec envdir ./env ");
  if (geteuid()) return;
  say(tool);
  say(" ");
  say(server->pw_name);
  say(" ");
}

/* tls: whose name the account is that speaks TLS; 0: none is spoken. What opens its
 * keys stays root, and gives nothing of that to the server. proxy: the network of a
 * load balancer, whose header comes before TLS; 0: there is none. */
static void make_port(const struct passwd *server, const char *tls, const char *proxy, char **words, int pop)
{
  make_control(pop);
  if (proxy) {
    say(PROXIES);
    say(proxy);
    say("\n");
    save("control/proxy", 0644);
  }
  begin_run("envuidgid", server);
  say(LIMITS " \\\n  ");
  if (tls) say("cm-tls -r ");
  if (tls && !geteuid()) {
    say("-u ");
    say(tls);
    say(" ");
  }
  say(SERVER);
  if (!geteuid()) say(" -U");
  for (; *words; ++words) {
    say(" ");
    say(*words);
  }
  if (proxy) say(" \\\n  cm-proxy");
  say(pop ? " cm-pop3d\n" : " cm-smtpd\n");
}

/* Signatures that come with the suite, and the address where cm-filter-virus asks;
 * what else is wanted stands between. */
static void make_virusd(const struct passwd *server, char **words)
{
  folder("tmp", 0700);
  if (!geteuid() && chown("tmp", server->pw_uid, server->pw_gid) == -1) diesys(111, "unable to give away tmp");
  begin_run("setuidgid", server);
  say("softlimit -c 0 \\\n  cm-virusd db=");
  say(control_home());
  say("/lists/signatures ");
  for (; *words; ++words) {
    say(*words);
    say(" ");
  }
  say("\\\n  ");
  say(control_home());
  say("/run/virusd\n");
}

static void make_notify(const struct passwd *server)
{
  folder("control", 0755);
  say(NOTIFY);
  save("control/notify", 0644);
  begin_run("setuidgid", server);
  say(LIMITS " cm-notify -f\n");
}

int main(int argc, char **argv)
{
  static char all[] = "0";
  const char *tls = 0, *proxy = 0, *what;
  int pop, port, virusd, i;

  errmsg_iam("cm-config");
  for (; argc > 2 && *argv[1] == '-'; argc -= 2, argv += 2) {
    if (!strcmp(argv[1], "-t")) tls = argv[2];
    else if (!strcmp(argv[1], "-p")) proxy = argv[2];
    else die(100, USAGE);
  }
  what = argc > 4 ? argv[1] : "";
  pop = !strcmp(what, "pop3"), port = pop || !strcmp(what, "smtp"), virusd = !strcmp(what, "virusd");
  if (((tls || proxy) && !port) || (!(port && argc > 8) && !virusd && !(!strcmp(what, "notify") && argc == 5)))
    die(100, USAGE);
  umask(022);
  if (*control_home() != '/') die(100, "not an absolute path: ", control_home());
  for (i = 5; i < argc && (virusd || i < 7); ++i) safe(argv[i], virusd ? "/=" : "");
  if (virusd) safe(control_home(), "/");
  if (proxy) safe(proxy, "/");
  /* All addresses, which tcpserver knows by no other name. */
  if (port && !strcmp(argv[5], "::")) argv[5] = all;

  account(argv[2]);
  account(argv[3]);
  if (tls) account(tls);
  if (port) say_upstream(argv + 7, pop);
  if (mkdir(argv[4], 0755) == -1 || chdir(argv[4]) == -1) diesys(111, "unable to create ", argv[4]);
  if (port) {
    folder("control", 0755);
    save("control/upstream", 0644);
    argv[7] = 0;
  }
  folder("env", 0755);
  make_env();
  make_log(account(argv[3]));
  if (port) make_port(account(argv[2]), tls, proxy, argv + 5, pop);
  else if (virusd) make_virusd(account(argv[2]), argv + 5);
  else make_notify(account(argv[2]));
  /* Last, so that supervise starts nothing half made. */
  save("run", 0755);
  return 0;
}
