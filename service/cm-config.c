/* cm-config: make the directory of a port, of a mailbox to be fetched, or of a daemon of
 * the suite, ready for supervise, as dnscache-conf does. It never changes a directory
 * that is there. */

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "daemon.h"
#include "fetch.h"
#include "files.h"
#include "owfat.h"
#include "port.h"
#include "run.h"

#define USAGE "usage: cm-config [-t TLSACCT] [-p PROXY] smtp ACCT LOGACCT DIR ADDRESS PORT UPSTREAM...\n" \
  "       cm-config [-t TLSACCT] [-p PROXY] pop3 ACCT LOGACCT DIR ADDRESS PORT pop3 HOST PORT [tls=HOW] | pop3s HOST PORT\n" \
  "       cm-config milter ACCT LOGACCT DIR ADDRESS PORT\n" \
  "       cm-config fetch ACCT LOGACCT DIR USER RECIPIENT pop3|pop3s|imap|imaps HOST PORT [tls=HOW] UPSTREAM...\n" \
  "       cm-config virusd ACCT LOGACCT DIR [SETTING...] [ADDRESS...]\n" \
  "       cm-config notify ACCT LOGACCT DIR"

/* What is made: the words behind DIR, and how many there are. */
struct kind {
  const char *name;
  int (*read)(char **words, size_t n);  /* 1; 0: they are wrong */
  void (*make)(const struct passwd *acct);
};

static struct port port;
static struct fetch fetch;
static char **settings;

static int read_port(char **words, size_t n, int pop)
{
  size_t used;

  if (n < 3) return 0;
  used = pop ? port_mailboxes(words + 2, 0) : port_upstream(words + 2);
  if (!used || words[2 + used]) return 0;
  files_words(words + 2);
  port.pop = pop;
  /* All addresses, which tcpserver knows by no other name. */
  port.address = strcmp(files_safe(words[0], ""), "::") ? words[0] : "0";
  port.port = files_safe(words[1], "");
  if (port.proxy) files_safe(port.proxy, "/");
  if (port.tls) files_account(port.tls);
  port.upstream = words + 2;
  return 1;
}

static int read_smtp(char **words, size_t n)
{
  return read_port(words, n, 0);
}

static int read_pop3(char **words, size_t n)
{
  return read_port(words, n, 1);
}

static int read_milter(char **words, size_t n)
{
  if (n != 2 || port.tls || port.proxy) return 0;
  port.address = files_safe(words[0], "");
  port.port = files_safe(words[1], "");
  return 1;
}

static int read_fetch(char **words, size_t n)
{
  if (n < 6) return 0;
  files_words(words);
  fetch_check(&fetch);
  fetch.user = words[0];
  fetch.recipient = words[1];
  fetch.server = words + 2;
  fetch.n = port_mailboxes(fetch.server, 1);
  fetch.upstream = fetch.server + fetch.n;
  return fetch.n && port_upstream(fetch.upstream);
}

static int read_virusd(char **words, size_t n)
{
  size_t i;

  for (i = 0; i < n; ++i) files_safe(words[i], "/=");
  files_safe(control_home(), "/");
  settings = words;
  return 1;
}

static int read_notify(char **words, size_t n)
{
  return *words == 0 && !n;
}

static void make_port(const struct passwd *acct)
{
  port.acct = acct;
  port_make(&port);
}

static void make_fetch(const struct passwd *acct)
{
  fetch.acct = acct;
  fetch_make(&fetch);
}

static void make_virusd(const struct passwd *acct)
{
  daemon_virusd(acct, settings);
}

static const struct kind kinds[] = {
  { "smtp", read_smtp, make_port }, { "pop3", read_pop3, make_port }, { "milter", read_milter, make_port },
  { "fetch", read_fetch, make_fetch },
  { "virusd", read_virusd, make_virusd }, { "notify", read_notify, daemon_notify },
};

int main(int argc, char **argv)
{
  const struct kind *k = kinds, *end = kinds + sizeof kinds / sizeof *kinds;

  errmsg_iam("cm-config");
  for (; argc > 2 && *argv[1] == '-'; argc -= 2, argv += 2) {
    if (!strcmp(argv[1], "-t")) port.tls = argv[2];
    else if (!strcmp(argv[1], "-p")) port.proxy = argv[2];
    else die(100, USAGE);
  }
  while (argc > 4 && k < end && strcmp(k->name, argv[1])) ++k;
  if (argc < 5 || k == end || ((port.tls || port.proxy) && k->make != make_port)) die(100, USAGE);
  umask(022);
  fetch.dir = argv[4];
  if (*control_home() != '/') die(100, "not an absolute path: ", control_home());
  if (!k->read(argv + 5, (size_t) argc - 5)) die(100, USAGE);
  files_account(argv[2]);
  files_account(argv[3]);
  if (mkdir(argv[4], 0755) == -1 || chdir(argv[4]) == -1) diesys(111, "unable to create ", argv[4]);
  run_env();
  run_log(files_account(argv[3]));
  k->make(files_account(argv[2]));
  /* Last, so that supervise starts nothing half made. */
  files_save("run", 0755);
  return 0;
}
