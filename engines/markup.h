#ifndef CM_MARKUP_H
#define CM_MARKUP_H

/* Scripts, links and macros in markup: what is found is flagged, as look.h has it. */

#include "file.h"

/* Is it called something that a browser opens? */
int markup_is_page(const struct file *file);

/* Could it be XML that does not say so? */
int markup_is_xml(const struct file *file);

/* What a browser opens: scripts, and files in its addresses. */
void markup_page(const struct file *file);

/* XML. A document of Office as one file of it has its macros in base64; a page can be
 * written as XML. */
void markup_xml(const struct file *file);

#endif
