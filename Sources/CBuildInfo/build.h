#ifndef RTMANAGER_CBUILDINFO_H
#define RTMANAGER_CBUILDINFO_H

// The commit of a release. `deploy/release` sets it by the variable RTM_COMMIT, and other builds have none: a value that
// changes with each commit would compile the program again each time.
#ifndef RTM_COMMIT
#define RTM_COMMIT ""
#endif

// Swift sees no macro of a command line, but a function.
static inline const char *rtm_commit(void) { return RTM_COMMIT; }

#endif
