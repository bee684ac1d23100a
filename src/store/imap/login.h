/* Login: the command that proves who we are, chosen from what the server offers. */
#ifndef KOC_STORE_IMAP_LOGIN_H
#define KOC_STORE_IMAP_LOGIN_H

#include "base/fail.h"

struct flight;
struct session;
struct command;

/* Adds LOGIN or AUTHENTICATE PLAIN to the flight.  FAIL_LOGIN if the server offers neither, or
 * user or password cannot be sent. */
const struct fail *login_add(struct session *session, struct flight *flight,
			     struct command **command) MUST_CHECK;

/* What its outcome means: FAIL_LOGIN refused; FAIL_UNREACHABLE if the server says that it cannot
 * now. */
const struct fail *login_fail(const struct command *command) MUST_CHECK;

/* Overwrites what of the command holds the password. */
void login_wipe(struct command *command);

#endif
