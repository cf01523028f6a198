#include "fetch.h"

#include <string.h>
#include <unistd.h>

#include "control.h"
#include "files.h"
#include "owfat.h"
#include "port.h"
#include "run.h"

static const char server[] =
  "# The server that has the mailbox, cm-fetch(8): pop3, pop3s, imap or imaps, HOST PORT\n"
  "# [tls=HOW].\n";

static const char hops[] =
  "# Which Received field says where a letter came from, for filters that ask and for\n"
  "# multidrop: a pattern of the user, and the number of the field, counted from the top,\n"
  "# that the first of the provider's servers wrote; or patterns of the names of its servers.\n"
  "#* 1\n";

static const char fields[] =
  "# The header fields that say whose a letter is, one a line, and what stands before the\n"
  "# address there. Without a line: X-Envelope-To, Envelope-To, X-Original-To, Delivered-To\n"
  "# and Received.\n";

static const char ours[] =
  "# The addresses that are ours, patterns: to nobody else is a letter handed on.\n";

static const char addresses[] =
  "# Who has the mail of an address that is not the name of a mailbox: a pattern, and\n"
  "# addresses, or @DOMAIN. Who fits none is written to as it is.\n"
  "#info@example.net joe@example.net ann@example.net\n";

static void one_line(const char *name, const char *what, const char *text)
{
  files_say(what);
  files_say(text);
  files_say("\n");
  files_save(name, 0644);
}

static char *here(void)
{
  char *name = getcwd(0, 0);

  if (!name) diesys(111, "unable to find where this is");
  return name;
}

void fetch_check(const struct fetch *f)
{
  files_safe(f->dir, "/");
  if (*f->dir != '/') files_safe(here(), "/");
}

/* Whose the letters are. */
static void make_recipient(const char *recipient)
{
  if (strncmp(recipient, "*@", 2)) {
    one_line("control/recipient", "", recipient);
    return;
  }
  files_say(fields);
  files_save("control/multidrop", 0644);
  one_line("control/recipients", ours, recipient);
  files_say(addresses);
  files_save("control/addresses", 0644);
}

/* A crontab, with the name of the account where one of the system has it. */
static void make_cron(const struct fetch *f, const char *dir)
{
  files_say("PATH=");
  files_say(run_path());
  files_say("\nCM_HOME=");
  files_say(control_home());
  files_say("\n*/5 * * * * ");
  if (!geteuid()) {
    files_say(f->acct->pw_name);
    files_say(" ");
  }
  files_say("cd ");
  files_say(dir);
  files_say(" && cm-fetch account\n");
  files_save("cron", 0644);
}

/* The journal is in account, which is the account's own; what runs as root is not. */
void fetch_make(const struct fetch *f)
{
  const char *dir = here();

  make_cron(f, dir);
  files_folder("account", 0700);
  if (chdir("account") == -1) diesys(111, "unable to enter account");
  files_folder("control", 0755);
  files_say(server);
  files_line(f->server, f->n);
  files_save("control/server", 0644);
  one_line("control/user", "", f->user);
  /* Empty: words of a command can be seen by everybody. */
  files_save("control/password", 0600);
  files_give("control/password", f->acct);
  make_recipient(f->recipient);
  files_say(hops);
  files_save("control/hops", 0644);
  files_say(port_upstream_is);
  files_line(f->upstream, ~0UL);
  files_save("control/upstream", 0644);
  port_quarantine();
  port_pipeline();
  if (chdir(dir) == -1) diesys(111, "unable to leave account");
  files_give("account", f->acct);
  run_begin("setuidgid", f->acct);
  files_say(RUN_LIMITS " cm-fetch -s account\n");
}
