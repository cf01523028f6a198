#include "daemon.h"

#include "control.h"
#include "files.h"
#include "run.h"

static const char notify[] =
  "# Who is told of new mail, cm-notify(8): PATTERN run PROGRAM, PATTERN mail ADDRESS\n"
  "# or PATTERN none. The first line that fits a recipient decides.\n"
  "#joe@example.net mail 491234567@sms.example.org\n";

/* Signatures that come with the suite, and the address where cm-filter-virus asks;
 * what else is wanted stands between. */
void daemon_virusd(const struct passwd *acct, char **words)
{
  files_folder("tmp", 0700);
  files_give("tmp", acct);
  run_begin("setuidgid", acct);
  files_say("softlimit -c 0 \\\n  cm-virusd db=");
  files_say(control_home());
  files_say("/lists/signatures ");
  for (; *words; ++words) {
    files_say(*words);
    files_say(" ");
  }
  files_say("\\\n  ");
  files_say(control_home());
  files_say("/run/virusd\n");
}

void daemon_notify(const struct passwd *acct)
{
  files_folder("control", 0755);
  files_say(notify);
  files_save("control/notify", 0644);
  run_begin("setuidgid", acct);
  files_say(RUN_LIMITS " cm-notify -f\n");
}
