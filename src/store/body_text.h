/* Body text: is a body a text form?  Private to the files of body.h. */
#ifndef KOC_STORE_BODY_TEXT_H
#define KOC_STORE_BODY_TEXT_H

#include "store/body.h"

/* The body is complete: sets its mark. */
const struct fail *body_find_text(struct body *body) MUST_CHECK;

#endif
