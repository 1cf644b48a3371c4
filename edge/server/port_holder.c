/*
 * port_holder.c - see port_holder.h.
 */
#include "server/port_holder.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The inode of a socket in a table of /proc/net that listens on the port; 0 = there is none. */
static unsigned long find_inode(const char *table, int port) {
  enum { LISTENS = 0x0a }; /* TCP_LISTEN */
  char line[512];
  unsigned long found = 0;
  FILE *file = fopen(table, "re");
  while (file != NULL && found == 0 && fgets(line, sizeof line, file) != NULL) {
    unsigned at, state;
    unsigned long inode;
    if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %lu", &at,
               &state, &inode) == 3 &&
        at == (unsigned)port && state == LISTENS)
      found = inode;
  }
  if (file != NULL) fclose(file);
  return found;
}

/* Whether a process has the socket, `link` being what a descriptor of it is a link to. */
static bool has_socket(const char *process, const char *link) {
  char folder[PATH_MAX], target[PATH_MAX];
  const struct dirent *entry;
  bool found = false;
  snprintf(folder, sizeof folder, "/proc/%s/fd", process);
  DIR *descriptors = opendir(folder);
  while (descriptors != NULL && !found && (entry = readdir(descriptors)) != NULL) {
    ssize_t size = readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target);
    found = size == (ssize_t)strlen(link) && memcmp(target, link, (size_t)size) == 0;
  }
  if (descriptors != NULL) closedir(descriptors);
  return found;
}

static void add_process(const char *process, text *to) {
  char path[PATH_MAX], name[64] = "";
  snprintf(path, sizeof path, "/proc/%s/comm", process);
  FILE *file = fopen(path, "re");
  if (file != NULL && fgets(name, sizeof name, file) == NULL) name[0] = '\0';
  if (file != NULL) fclose(file);
  name[strcspn(name, "\n")] = '\0';
  text_printf(to, "process %s%s%s%s", process, name[0] != '\0' ? " (" : "", name, name[0] != '\0' ? ")" : "");
}

bool port_holder_add(int port, text *to) {
  unsigned long inode = find_inode("/proc/net/tcp", port);
  if (inode == 0) inode = find_inode("/proc/net/tcp6", port);
  const struct dirent *entry;
  char link[64];
  bool found = false;
  if (inode == 0) return false;
  snprintf(link, sizeof link, "socket:[%lu]", inode);
  DIR *processes = opendir("/proc");
  while (processes != NULL && !found && (entry = readdir(processes)) != NULL) {
    found = isdigit((unsigned char)entry->d_name[0]) && has_socket(entry->d_name, link);
    if (found) add_process(entry->d_name, to);
  }
  if (processes != NULL) closedir(processes);
  return found;
}

/* Counts the sockets in a table of /proc/net that are at port `at` and connected to port `to`: all, and those
 * of this user or root. */
static void count_connections(const char *table, int at, int to, int *all, int *own) {
  enum { ESTABLISHED = 1 }; /* TCP_ESTABLISHED */
  char line[512];
  FILE *file = fopen(table, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    unsigned from, peer, state, user;
    if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %u", &from, &peer,
               &state, &user) != 4 ||
        from != (unsigned)at || peer != (unsigned)to || state != ESTABLISHED)
      continue;
    ++*all;
    *own += user == geteuid() || user == 0;
  }
  if (file != NULL) fclose(file);
}

bool port_holder_is_own(int fd) {
  struct sockaddr_in here, there;
  socklen_t here_size = sizeof here, there_size = sizeof there;
  int all = 0, own = 0;
  if (getsockname(fd, (struct sockaddr *)&here, &here_size) != 0 ||
      getpeername(fd, (struct sockaddr *)&there, &there_size) != 0 || there.sin_family != AF_INET)
    return false;
  count_connections("/proc/net/tcp", ntohs(there.sin_port), ntohs(here.sin_port), &all, &own);
  count_connections("/proc/net/tcp6", ntohs(there.sin_port), ntohs(here.sin_port), &all, &own);
  return all > 0 && own == all;
}
