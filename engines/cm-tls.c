/* cm-tls: TLS on one side, plain bytes on the other. Before a server under
 * tcpserver it gives STARTTLS by the UCSPI-TLS convention, or TLS from the start;
 * behind a client it speaks with a server. It has no cryptography itself: it
 * starts cm-tlsd when TLS is wanted, so that a connection without it pays next to
 * nothing; and what may open the keys never hears a stranger's byte. */

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serving.h"
#include "stop.h"

static struct serving set = {
  .directory = "control/tls", .speaker.name = "", .program.name = "", .handshake = "30", .idle = "1800", .id = "-"
};

static __attribute__((noreturn)) void usage(void)
{
  stop(WRONG, "usage: cm-tls [-t] [-d DIRECTORY] [-u ACCOUNT] [-s ACCOUNT] [-w SECONDS] [-i SECONDS] "
       "PROGRAM [ARGUMENT...]\n       "
       "cm-tls -c [-l may|must|verify] [-a TRUSTED] [-p sha256:HEX]... [-n FD] [-w SECONDS] "
       "[-i SECONDS] HOST", "");
}

static const char *seconds(const char *text, unsigned long most)
{
  unsigned long n = strtoul(text, 0, 10);

  if (!*text || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text) || !n || n > most) usage();
  return text;
}

static struct serving_account account(const char *name)
{
  const struct passwd *p = getpwnam(name);

  if (!p) stop(TROUBLE, "there is no account ", name);
  return (struct serving_account) { name, p->pw_uid, p->pw_gid };
}

static void options(int argc, char **argv)
{
  int o;

  while ((o = getopt(argc, argv, "+td:u:s:w:i:")) != -1)
    switch (o) {
      case 't': set.at_once = 1; break;
      case 'd': set.directory = optarg; break;
      case 'u': set.speaker = account(optarg); break;
      case 's': set.program = account(optarg); break;
      case 'w': set.handshake = seconds(optarg, 3600); break;
      case 'i': set.idle = seconds(optarg, 86400); break;
      default: usage();
    }
  if (optind == argc) usage();
}

int main(int argc, char **argv)
{
  const char *name = getenv("CM_ID");

  opterr = 0;
  if (argc > 1 && !strcmp(argv[1], "-c")) {
    execvp(SERVING_SPEAKER, argv);
    stop(TROUBLE, "unable to run ", SERVING_SPEAKER);
  }
  if (!name) name = getenv("TCPREMOTEIP");
  if (name && *name) set.id = name;
  options(argc, argv);
  serving_become(&set, argv + optind);
}
