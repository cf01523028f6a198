#ifndef CM_FETCH_H
#define CM_FETCH_H

/* The directory of an account of cm-fetch, to be supervised or called by cron. */

#include <pwd.h>

struct fetch {
  const char *dir;         /* that is to be made */
  const struct passwd *acct;
  const char *user;        /* at the server */
  const char *recipient;   /* of all letters; or *@DOMAIN: their headers say whose they are */
  char **server;           /* words of control/server */
  size_t n;                /* so many */
  char **upstream;         /* words */
};

/* Can a crontab name the directory? Else the program ends with 100. */
void fetch_check(const struct fetch *f);

/* Make account and cron, in the current directory, and the text of run. */
void fetch_make(const struct fetch *f);

#endif
