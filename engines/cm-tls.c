/* cm-tls: TLS on one side, plain bytes on the other. Before a server under
 * tcpserver it gives STARTTLS by the UCSPI-TLS convention, or TLS from the start;
 * behind a client it speaks with a server. It has no cryptography itself: that is
 * cm-tlsd's, which is asked when TLS is wanted, so that a connection without it pays
 * next to nothing; and what may open the keys never hears a stranger's byte. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "porter.h"
#include "serving.h"
#include "stop.h"
#include "tlsport.h"

static struct serving set = {
  .speaker = { .who.name = "", .directory = "control/tls", .handshake = "30", .idle = "1800", .most = "1000" },
  .program.name = "", .id = "-"
};
static int before_server;           /* -r */
static unsigned int handshakes = SPEAKER_MOST;  /* at a time */

static __attribute__((noreturn)) void usage(void)
{
  stop(WRONG, "usage: cm-tls [-t] [-d DIRECTORY] [-u ACCOUNT] [-s ACCOUNT] [-w SECONDS] [-i SECONDS] "
       "PROGRAM [ARGUMENT...]\n       "
       "cm-tls -r [-d DIRECTORY] [-u ACCOUNT] [-w SECONDS] [-i SECONDS] [-m CONNECTIONS] [-h HANDSHAKES] SERVER [ARGUMENT...]\n       "
       "cm-tls -c [-l may|must|verify] [-a TRUSTED] [-p sha256:HEX]... [-n FD] [-w SECONDS] "
       "[-i SECONDS] HOST", "");
}

/* Digits, of a number from 1 on. */
static const char *number(const char *text, unsigned long most)
{
  unsigned long n = strtoul(text, 0, 10);

  if (!*text || strlen(text) > 5 || strspn(text, "0123456789") != strlen(text) || !n || n > most) usage();
  return text;
}

static void options(int argc, char **argv)
{
  int o, only_before = 0;

  while ((o = getopt(argc, argv, "+rtd:u:s:w:i:m:h:")) != -1)
    switch (o) {
      case 'r': before_server = 1; break;
      case 't': set.at_once = 1; break;
      case 'd': set.speaker.directory = optarg; break;
      case 'u': set.speaker.who = account_find(optarg); break;
      case 's': set.program = account_find(optarg); break;
      case 'w': set.speaker.handshake = number(optarg, 3600); break;
      case 'i': set.speaker.idle = number(optarg, 86400); break;
      case 'm': set.speaker.most = number(optarg, SPEAKER_MOST); only_before = 1; break;
      case 'h': handshakes = (unsigned int) strtoul(number(optarg, SPEAKER_MOST), 0, 10); only_before = 1; break;
      default: usage();
    }
  if (optind == argc || (before_server ? set.at_once || *set.program.name : only_before)) usage();
  if (geteuid() == 0 && !*set.speaker.who.name)
    stop(WRONG, "as root an account is needed for the process that speaks TLS: -u", "");
}

int main(int argc, char **argv)
{
  const char *name = getenv("CM_ID");

  opterr = 0;
  if (argc > 1 && !strcmp(argv[1], "-c")) {
    execvp(SPEAKER, argv);
    stop(TROUBLE, "unable to run ", SPEAKER);
  }
  if (!name) name = getenv("TCPREMOTEIP");
  if (name && *name) set.id = name;
  set.port = tlsport_find();
  options(argc, argv);
  if (before_server) porter_begin(&set.speaker, handshakes, argv + optind);
  serving_become(&set, argv + optind);
}
