#ifndef CM_LEDGER_H
#define CM_LEDGER_H

/* The record of mail that was acknowledged and did not go to its recipients, and
 * of what became of it later: one line each in $CM_HOME/log/ledger,
 * cm-ledger(5). */

struct ledger {
  const char *id;
  const char *port;
  const char *verdict;     /* as verdict_name gives it */
  const char *sender;
  const char *recipients;  /* each on a line of its own, as in CM_ENVELOPE */
  const char *stage;       /* that decided */
  const char *reason;
  unsigned long size;      /* bytes of the message */
  const char *action;      /* 0: deleted by policy */
};

/* Append the line by one write. No member but action may be 0. 1: it is on disk, file and
 * directory, and what it tells of may be done. -1 with errno: it may not. */
int ledger_deleted(const struct ledger *entry);

/* The same without waiting for the disk: for all but the last of many lines. */
int ledger_note(const struct ledger *entry);

#endif
