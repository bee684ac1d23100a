/* Home: the user's home directory, and paths that begin with "~". */
#ifndef KOC_CONFIG_HOME_H
#define KOC_CONFIG_HOME_H

/* $HOME, else the entry of the user database; NULL if neither is an absolute path.  Static. */
const char *home_directory(void);

/* Makes a path absolute and plain: "~" and "~/…" are the home directory, "." and empty components
 * vanish, ".." is refused.  *expanded is malloc'ed.  Returns NULL, or what is wrong. */
const char *home_expand(const char *path, char **expanded);

#endif
