/*
 * jsc.c - JavaScriptCore as an engine: serve.cjs on standard input and output, by WebKit's C interface.
 *
 *   jsc SERVE.CJS
 *
 * It knows neither Wasm nor the protocol: both are in serve.cjs. The two functions that it gives are read and
 * write.
 */
#include <JavaScriptCore/JavaScript.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void throw_text(JSContextRef context, const char *sentence, JSValueRef *exception) {
  JSStringRef string = JSStringCreateWithUTF8CString(sentence);
  JSValueRef value = JSValueMakeString(context, string);
  *exception = JSObjectMakeError(context, 1, &value, NULL);
  JSStringRelease(string);
}

static void free_bytes(void *bytes, void *unused) {
  (void)unused;
  free(bytes);
}

/* read(size): the bytes, or undefined when the input has ended. */
static JSValueRef read_bytes(JSContextRef context, JSObjectRef function, JSObjectRef self, size_t count,
                             const JSValueRef *arguments, JSValueRef *exception) {
  (void)function, (void)self;
  size_t size = count > 0 ? (size_t)JSValueToNumber(context, arguments[0], exception) : 0;
  char *bytes = malloc(size > 0 ? size : 1);
  if (bytes == NULL) return throw_text(context, "not enough memory", exception), NULL;
  for (size_t done = 0; done < size;) {
    ssize_t n = read(STDIN_FILENO, bytes + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return free(bytes), JSValueMakeUndefined(context);
    done += (size_t)n;
  }
  return JSObjectMakeTypedArrayWithBytesNoCopy(context, kJSTypedArrayTypeUint8Array, bytes, size, free_bytes,
                                               NULL, exception);
}

/* write(bytes): an Uint8Array. */
static JSValueRef write_bytes(JSContextRef context, JSObjectRef function, JSObjectRef self, size_t count,
                              const JSValueRef *arguments, JSValueRef *exception) {
  (void)function, (void)self;
  JSObjectRef array = count > 0 ? JSValueToObject(context, arguments[0], exception) : NULL;
  if (array == NULL) return JSValueMakeUndefined(context);
  const char *bytes = JSObjectGetTypedArrayBytesPtr(context, array, exception);
  size_t start = JSObjectGetTypedArrayByteOffset(context, array, exception);
  size_t size = JSObjectGetTypedArrayByteLength(context, array, exception);
  for (size_t done = 0; done < size;) {
    ssize_t n = write(STDOUT_FILENO, bytes + start + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return throw_text(context, "the edge has gone", exception), NULL;
    done += (size_t)n;
  }
  return JSValueMakeUndefined(context);
}

/* Reads a file whole, with a NUL behind it; NULL if that fails. The caller frees it. */
static char *read_file(const char *path) {
  FILE *in = fopen(path, "rb");
  char *all = NULL;
  size_t size = 0;
  FILE *out = in != NULL ? open_memstream(&all, &size) : NULL;
  char part[4096];
  for (size_t n; out != NULL && (n = fread(part, 1, sizeof part, in)) > 0;) fwrite(part, 1, n, out);
  if (out != NULL) fclose(out);
  if (in != NULL) fclose(in);
  return all;
}

static JSValueRef evaluate(JSContextRef context, const char *source, JSValueRef *exception) {
  JSStringRef script = JSStringCreateWithUTF8CString(source);
  JSValueRef value = JSEvaluateScript(context, script, NULL, NULL, 1, exception);
  JSStringRelease(script);
  return value;
}

static void set_function(JSContextRef context, const char *name, JSObjectCallAsFunctionCallback function) {
  JSStringRef string = JSStringCreateWithUTF8CString(name);
  JSObjectSetProperty(context, JSContextGetGlobalObject(context), string,
                      JSObjectMakeFunctionWithCallback(context, string, function), kJSPropertyAttributeNone,
                      NULL);
  JSStringRelease(string);
}

int main(int count, char **words) {
  char *source = count == 2 ? read_file(words[1]) : NULL;
  if (source == NULL) {
    fprintf(stderr, "jsc: %s\n", count == 2 ? strerror(errno) : "usage: jsc SERVE.CJS");
    return 2;
  }
  JSGlobalContextRef context = JSGlobalContextCreate(NULL);
  JSValueRef exception = NULL;
  set_function(context, "read", read_bytes);
  set_function(context, "write", write_bytes);
  evaluate(context, "globalThis.module = {}", &exception);
  if (exception == NULL) evaluate(context, source, &exception);
  if (exception == NULL) evaluate(context, "module.exports(read, write)", &exception);
  free(source);
  if (exception != NULL) {
    char sentence[1000];
    JSStringRef string = JSValueToStringCopy(context, exception, NULL);
    JSStringGetUTF8CString(string, sentence, sizeof sentence);
    JSStringRelease(string);
    fprintf(stderr, "jsc: %s\n", sentence);
    return 1;
  }
  JSGlobalContextRelease(context);
  return 0;
}
