#ifndef CM_TRAP_H
#define CM_TRAP_H

/* The spool of mail to traps, a maildir $CM_HOME/state/trap: written by
 * cm-filter-trap, which nobody shall wait for, worked off by cm-learn. */

#define TRAP_LEARN 512000  /* bytes of a message that is worth learning; as spamc has it */

/* Put the message that fd holds, from where it stands, into the spool unless it
 * holds so many already. 1; 0: it is full; -1 with errno. */
int trap_put(int fd, unsigned long most);

/* The spool's new messages, a path below CM_HOME, for one at a time: who comes
 * second gets 0. -1 with errno: ENOENT where there is no spool. */
int trap_open(const char **path);

/* Remove what a put that was killed has left for a day. */
void trap_clean(void);

#endif
