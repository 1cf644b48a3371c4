/*
 * wait.c - base/wait.h where nothing ends a wait: there is one thread.
 */
#include "base/wait.h"

bool wait_is_over(void) { return false; }
