#ifndef CM_PDF_H
#define CM_PDF_H

/* A file in PDF: what it may start, and the files embedded in it. */

#include "look.h"

/* Nothing is believed about where objects are: what is found anywhere counts. */
void pdf_look(int fd, const struct level *level);

#endif
