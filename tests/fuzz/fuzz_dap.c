/*
 * fuzz_dap.c - what a client of the debugger sends: the first byte says where the rest is cut in two.
 * Messages must not depend on the cut and lie in what was given, and a refusal says why. Then a whole session
 * is had with it, in which nothing can be launched: the project that it is told of is not there.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "debug/dap.h"
#include "debug/dap_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so) {
  if (!is_so) abort();
}

/* Reads messages from the start of `input`; the number of them, and how it ended. */
static size_t count_messages(bytes input, dap_wire_frame *end, text *why) {
  size_t count = 0, used;
  bytes body;
  while ((*end = dap_wire_read(input, &used, &body, why)) == DAP_FRAME_WHOLE) {
    must(used <= input.size && body.data >= input.data && body.data + body.size == input.data + used);
    input.data += used;
    input.size -= used;
    count++;
  }
  must((*end == DAP_FRAME_REFUSED) == (why->size != 0));
  return count;
}

/* What is read of a part is what is read of the whole at first. */
static void try_frames(bytes input, size_t cut) {
  text why = {0}, why_cut = {0};
  dap_wire_frame end, end_cut;
  size_t count = count_messages(input, &end, &why);
  size_t count_cut = count_messages((bytes){input.data, cut}, &end_cut, &why_cut);
  must(count_cut <= count &&
       (end_cut != DAP_FRAME_REFUSED || (end == DAP_FRAME_REFUSED && count == count_cut)));
  text_free(&why);
  text_free(&why_cut);
}

static void add_no_folder(const char *input, text *path) {
  (void)input;
  text_add_string(path, "/proc/none");
}

static void try_session(bytes input) {
  dap_options options = {.in = memfd_create("in", MFD_CLOEXEC),
                         .out = memfd_create("out", MFD_CLOEXEC),
                         .end = -1,
                         .project = "/proc/none",
                         .state_folder = add_no_folder};
  text error = {0};
  must(options.in >= 0 && options.out >= 0 &&
       write(options.in, input.data, input.size) == (ssize_t)input.size);
  lseek(options.in, 0, SEEK_SET);
  must(dap_serve(&options, &error) == (error.size == 0));
  text_free(&error);
  close(options.in);
  close(options.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  bytes input = {data + 1, size - 1};
  try_frames(input, data[0] * input.size / 256);
  if (memmem(input.data, input.size, "attach", 6) == NULL) try_session(input); /* which connects to a port */
  return 0;
}
