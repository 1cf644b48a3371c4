/*
 * dev_nodes.c - see dev_nodes.h.
 */
#include "dev/dev_nodes.h"

#include <string.h>

#include "project/state.h"
#include "store/store.h"

/* Opens the store of a node but the first. */
static struct store *open_store(const char *folder, int node, text *error) {
  text path = {0};
  text_printf(&path, "%s/edge-%d", folder, node + 1);
  struct store *s = state_make_folder(path.data, error) ? state_open_store(path.data, true, error) : NULL;
  text_free(&path);
  return s;
}

bool dev_nodes_open(dev_nodes *n, int count, struct store *store, const char *folder,
                    const gossip_options *how, text *error) {
  gossip_options options = *how;
  *n = (dev_nodes){0};
  for (int i = 0; i < count; i++) {
    dev_node *node = &n->items[i];
    node->index = i;
    node->store = options.stores[i] = i == 0 ? store : open_store(folder, i, error);
    if (node->store == NULL) return false;
    n->count++;
  }
  if (count == 1) return true;
  options.count = count;
  n->gossip = gossip_open(&options, error);
  for (int i = 0; n->gossip != NULL && i < count; i++) n->items[i].name = gossip_name(n->gossip, i);
  return n->gossip != NULL;
}

void dev_nodes_configure(const dev_nodes *n, int node, host_config *config) {
  config->store = n->items[node].store;
  if (n->gossip == NULL) return;
  config->skew_ns = gossip_skew_ns(n->gossip, node);
  config->machine_id = (uint16_t)(config->machine_id + node);
  config->pull = gossip_pull;
  config->pull_data = gossip_pull_data(n->gossip, node);
}

void dev_nodes_unlisten(dev_nodes *n) {
  for (int i = 0; i < n->count; i++) {
    dev_node *node = &n->items[i];
    if (node->server != NULL) {
      server_close(node->server);
      node->options.rest(node); /* what is told of clients that it left */
    }
    node->server = NULL;
    text_free(&node->log);
  }
}

bool dev_nodes_listen(dev_nodes *n, const server_options *options, text *error) {
  for (int i = 0; i < n->count; i++) {
    dev_node *node = &n->items[i];
    node->options = *options;
    node->options.data = node;
    if (options->port != 0) node->options.port += i;
    if (options->page_port != 0) node->options.page_port += i;
    if (node->options.port > UINT16_MAX || node->options.page_port > UINT16_MAX) {
      text_printf(error, "there is no port %d for %s",
                  node->options.port > UINT16_MAX ? node->options.port : node->options.page_port, node->name);
    } else {
      node->server = server_open(&node->options, error);
    }
    if (node->server == NULL) {
      dev_nodes_unlisten(n);
      return false;
    }
    if (n->gossip != NULL) gossip_set_port(n->gossip, i, server_port(node->server));
  }
  return true;
}

static void *run_node(void *data) {
  dev_node *node = data;
  server_run(node->server);
  return NULL;
}

void dev_nodes_run(dev_nodes *n) {
  int started = 1;
  while (started < n->count &&
         pthread_create(&n->items[started].thread, NULL, run_node, &n->items[started]) == 0) {
    started++;
  }
  if (started < n->count) memory_get(SIZE_MAX); /* no thread can be had: ends with a sentence */
  run_node(&n->items[0]);
  for (int i = 1; i < started; i++) pthread_join(n->items[i].thread, NULL);
}

void dev_nodes_stop(dev_nodes *n) {
  for (int i = 0; i < n->count; i++) {
    if (n->items[i].server != NULL) server_stop(n->items[i].server);
  }
}

void dev_nodes_close(dev_nodes *n) {
  gossip_close(n->gossip);
  for (int i = 1; i < n->count; i++) store_close(n->items[i].store);
  *n = (dev_nodes){0};
}
