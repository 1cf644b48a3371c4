/*
 * trap.c - wasm-rt.h for many threads: guarded memory, function types, traps by signal.
 *
 * A memory is a reservation of 8 GiB, in which only the memory's own pages are accessible. A 32-bit address
 * with a 32-bit offset cannot leave the reservation, so the generated code checks no bounds and a stray
 * access faults. The handler turns a fault inside the reservation of the running call into a trap and passes
 * every other fault on to the handler that was installed before.
 */
#include "engine/trap.h"

#include <linux/mman.h> /* MADV_POPULATE_WRITE, which musl 1.2.3 has not */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "base/list.h"

#define RESERVATION (UINT64_C(8) << 30)

enum { PAGE = 65536, SIGNAL_STACK = 65536, STACK_GUARD = 1 << 20 };

static _Thread_local trap_frame *current;
static _Thread_local volatile sig_atomic_t in_host;
static _Thread_local const uint8_t *stack_low; /* end of this thread's stack */
static struct sigaction before_segv, before_bus;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t types_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t stack_key;

/* Passes a fault that is not ours on to the handler that was installed before. */
static void pass_on(int signal, siginfo_t *info, void *context) {
  const struct sigaction *before = signal == SIGBUS ? &before_bus : &before_segv;
  if (before->sa_flags & SA_SIGINFO) {
    before->sa_sigaction(signal, info, context);
  } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
    before->sa_handler(signal);
  } else {
    sigaction(signal, before,
              NULL); /* returning runs the faulting instruction again, which ends the process */
  }
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  const uint8_t *at = info->si_addr;
  if (current != NULL && current->memory->data != NULL && at >= current->memory->data &&
      at < current->memory->data + RESERVATION) {
    wasm_rt_trap(WASM_RT_TRAP_OOB);
  }
  /* The fault is beyond the end of the C stack: recursion that only a manipulated image reaches. The handler
   * runs on the alternate stack. */
  if (current != NULL && !in_host && at >= stack_low - STACK_GUARD && at < (const uint8_t *)current) {
    wasm_rt_trap(WASM_RT_TRAP_EXHAUSTION);
  }
  pass_on(signal, info, context);
}

static void free_signal_stack(void *stack) {
  stack_t off = {.ss_flags = SS_DISABLE};
  sigaltstack(&off, NULL);
  munmap(stack, SIGNAL_STACK);
}

static void install(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  action.sa_sigaction = on_fault;
  sigaction(SIGSEGV, &action, &before_segv);
  sigaction(SIGBUS, &action, &before_bus);
  pthread_key_create(&stack_key, free_signal_stack);
}

void wasm_rt_init(void) { pthread_once(&once, install); }

bool wasm_rt_is_initialized(void) { return true; }

void wasm_rt_free(void) {}

/* The lowest address that this thread's stack may reach. musl tells how far that of the main thread is now.
 */
static const uint8_t *find_stack_low(const pthread_attr_t *about) {
  void *low = NULL;
  size_t size;
  struct rlimit most;
  pthread_attr_getstack(about, &low, &size);
  bool grows = gettid() == getpid() && getrlimit(RLIMIT_STACK, &most) == 0 && most.rlim_cur != RLIM_INFINITY;
  if (grows && most.rlim_cur > size) return (const uint8_t *)low + size - most.rlim_cur;
  return low;
}

/* Gives this thread a stack for signal handlers, unless it has one. */
static void ensure_signal_stack(void) {
  static _Thread_local bool done;
  stack_t stack;
  if (done) return;
  done = true;
  pthread_attr_t about;
  if (pthread_getattr_np(pthread_self(), &about) == 0) {
    stack_low = find_stack_low(&about);
    pthread_attr_destroy(&about);
  }
  if (sigaltstack(NULL, &stack) == 0 && !(stack.ss_flags & SS_DISABLE)) return;
  stack = (stack_t){.ss_size = SIGNAL_STACK};
  stack.ss_sp = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack.ss_sp == MAP_FAILED) return;
  sigaltstack(&stack, NULL);
  pthread_setspecific(stack_key, stack.ss_sp);
}

int trap_call(const wasm_rt_memory_t *memory, void (*function)(void *), void *data) {
  wasm_rt_init();
  ensure_signal_stack();
  trap_frame frame = {.outer = current, .in_host = in_host, .memory = memory};
  int trap = sigsetjmp(frame.jump, 0); /* no mask is saved: the handlers block nothing */
  if (trap == 0) {
    in_host = 0;
    current = &frame;
    function(data);
  }
  current = frame.outer;
  in_host = frame.in_host;
  return trap;
}

void wasm_rt_trap(wasm_rt_trap_t trap) {
  if (current == NULL) abort();
  siglongjmp(current->jump, (int)trap);
}

void trap_enter_host(void) { in_host = 1; }

void trap_leave_host(void) { in_host = 0; }

bool trap_in_host(void) { return in_host; }

bool trap_stop(void) {
  if (in_host || current == NULL) return false;
  siglongjmp(current->jump, TRAP_STOPPED);
}

const char *trap_message(int trap) {
  switch (trap) {
    case WASM_RT_TRAP_OOB: return "access outside of memory";
    case WASM_RT_TRAP_INT_OVERFLOW: return "integer overflow";
    case WASM_RT_TRAP_DIV_BY_ZERO: return "integer division by zero";
    case WASM_RT_TRAP_INVALID_CONVERSION: return "conversion of NaN to an integer";
    case WASM_RT_TRAP_UNREACHABLE: return "the runtime gave up (unreachable executed)";
    case WASM_RT_TRAP_CALL_INDIRECT: return "indirect call of a wrong function";
    case WASM_RT_TRAP_EXHAUSTION: return "call stack exhausted";
    case TRAP_ENDED: return "ended by who follows its calls";
    case TRAP_STOPPED: return "stopped: CPU time limit reached inside a C function";
    default: return "trap";
  }
}

/* Function types, by their place in this list plus one: equal signatures get equal numbers. */
static struct function_type {
  uint32_t params, results;
  uint8_t types[32];
} * types;
static uint32_t type_count;

uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...) {
  struct function_type type = {.params = params, .results = results};
  va_list arguments;
  va_start(arguments, results);
  for (uint32_t i = 0; i < params + results; i++) {
    if (i == sizeof type.types) abort(); /* our runtime has no function with more types */
    type.types[i] = (uint8_t)va_arg(arguments, int);
  }
  va_end(arguments);
  pthread_mutex_lock(&types_lock);
  uint32_t i = 0;
  while (i < type_count && memcmp(&types[i], &type, sizeof type) != 0) i++;
  if (i == type_count) {
    LIST_ROOM(types, type_count);
    types[type_count++] = type;
  }
  pthread_mutex_unlock(&types_lock);
  return i + 1;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t initial_pages, uint32_t max_pages) {
  void *data = mmap(NULL, RESERVATION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    memory_get(SIZE_MAX); /* says that the machine is out of memory */
  }
  *memory = (wasm_rt_memory_t){.data = data, .max_pages = max_pages};
  if (wasm_rt_grow_memory(memory, initial_pages) == UINT32_MAX) memory_get(SIZE_MAX);
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages) {
  uint32_t old_pages = memory->pages;
  if ((uint64_t)old_pages + pages > memory->max_pages || (uint64_t)old_pages + pages >= PAGE)
    return UINT32_MAX;
  if (pages != 0 &&
      mprotect(memory->data + (size_t)old_pages * PAGE, (size_t)pages * PAGE, PROT_READ | PROT_WRITE) != 0) {
    return UINT32_MAX;
  }
  memory->pages = old_pages + pages;
  memory->size = memory->pages * PAGE;
  return old_pages;
}

void trap_shrink_memory(wasm_rt_memory_t *memory, uint32_t pages) {
  size_t before = (size_t)memory->pages * PAGE, after = (size_t)pages * PAGE;
  if (after >= before) return;
  madvise(memory->data + after, before - after, MADV_DONTNEED);
  mprotect(memory->data + after, before - after, PROT_NONE);
  memory->pages = pages;
  memory->size = memory->pages * PAGE;
}

void trap_provide_memory(wasm_rt_memory_t *memory, size_t from, size_t size) {
#ifdef MADV_POPULATE_WRITE /* Linux 5.14 */
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t first = from / page * page, end = (from + size + page - 1) / page * page;
  if (end > memory->size) end = memory->size;
  if (end > first) madvise(memory->data + first, end - first, MADV_POPULATE_WRITE);
#else
  (void)memory, (void)from, (void)size;
#endif
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) { munmap(memory->data, RESERVATION); }

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t elements,
                                    uint32_t max_elements) {
  table->data = memory_get(elements * sizeof *table->data);
  table->size = elements;
  table->max_size = max_elements;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table) { free(table->data); }
