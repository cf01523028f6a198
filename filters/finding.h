#ifndef CM_FINDING_H
#define CM_FINDING_H

/* What is decided about one attachment, the worst of all that is found about it. */

#include "inspect.h"

struct finding {
  struct decision decision;
  stralloc shown;        /* its name, or type, fit for a line */
  stralloc reason;       /* the same with what was decided upon */
  unsigned int marks;    /* SPELL_ bits of its names */
  char hint[12];         /* the extension of its name */
};

/* Whose findings these are. */
void finding_start(struct inspection *inspection);

/* Append text such that it fits on a line: of a long one beginning and end. */
void finding_show(const char *text, size_t len, stralloc *shown);

/* A decision about the attachment: inner is what it is about inside of it, suffix what was
 * found; or 0. */
void finding_decide(struct finding *finding, struct decision decision, const stralloc *inner,
                    const char *suffix);

/* It, or inner in it, has this property; or is of this kind, which is asked about like the
 * extension of a name. */
void finding_flag(struct finding *finding, const char *name, const stralloc *inner);
void finding_kind(struct finding *finding, const char *word, const stralloc *inner);

/* Nothing more is to be found about it. part: what is to be cut out. */
void finding_settle(const struct finding *finding, const struct mime_part *part);

/* Its content is in the file fd, which is closed later: cm-look is to be asked about it. Of
 * several readings of the same data, which are a group and not 0, one that is whole is enough. */
void finding_postpone(const struct finding *finding, const struct mime_part *part, int fd, unsigned int group);

/* So many readings of a group may come. */
void finding_room(unsigned int count);

/* Ask about all that wait. */
void finding_ask(void);

#endif
