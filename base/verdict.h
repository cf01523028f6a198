#ifndef CM_VERDICT_H
#define CM_VERDICT_H

/* What a stage may answer, as exit codes; cm-stage(7). */
enum verdict {
  VERDICT_DELIVER         = 0,    /* nothing against this message */
  VERDICT_JUNK            = 10,   /* deliver it, marked */
  VERDICT_REJECT_DELIVER  = 20,   /* tell the sender no, deliver all the same */
  VERDICT_REJECT_REDIRECT = 30,   /* tell the sender no, quarantine it */
  VERDICT_REDIRECT        = 40,   /* accept it, quarantine it */
  VERDICT_DELETE          = 50,   /* accept and drop it */
  VERDICT_WHITELISTED     = 99,   /* trusted: the stages after it may be skipped */
  VERDICT_REJECT          = 100,  /* refuse for good */
  VERDICT_DEFER           = 111,  /* the sender should try again */

  /* What only the runner can find; no exit code has these numbers. */
  VERDICT_UNKNOWN         = 256,  /* broken, and on-error says: deliver */
  VERDICT_BROKEN          = 257   /* no verdict: crash, limit, unlisted code */
};

/* The result's name as logs, header fields and people use it, such as
 * "reject/delete"; "broken" for a number that is no verdict. Static. */
const char *verdict_name(int verdict);

/* The verdict that one word of a configuration file names: the names above
 * with a / before the word behind the comma, and deliver, junk, whitelisted,
 * defer for short. A VERDICT_ value that is an exit code, or -1. */
int verdict_parse(const char *word);

/* The order of the merge, 0 to 8: a higher rank beats a lower one. -1 for
 * what is no rank (whitelisted) or no verdict (broken). */
int verdict_rank(int verdict);

/* Is the message delivered to its recipients? redirected to the quarantine?
 * Does its client hear a refusal? 1 or 0. */
int verdict_delivers(int verdict);
int verdict_redirects(int verdict);
int verdict_refuses(int verdict);

#endif
