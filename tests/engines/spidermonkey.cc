/*
 * spidermonkey.cc - Firefox's SpiderMonkey as an engine: serve.cjs on standard input and output, by its C++
 * interface.
 *
 *   spidermonkey SERVE.CJS
 *
 * It knows neither Wasm nor the protocol: both are in serve.cjs. The two functions that it gives are read and
 * write.
 */
#include <js/ArrayBuffer.h>
#include <js/CompilationAndEvaluation.h>
#include <js/CompileOptions.h>
#include <js/Exception.h>
#include <js/Initialization.h>
#include <js/SourceText.h>
#include <js/experimental/TypedData.h>
#include <jsapi.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace {

/* read(size): the bytes, or undefined when the input has ended. */
bool read_bytes(JSContext *context, unsigned count, JS::Value *values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  size_t size = arguments.length() > 0 && arguments[0].isNumber() ? (size_t)arguments[0].toNumber() : 0;
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    ssize_t n = read(STDIN_FILENO, &bytes[done], size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      arguments.rval().setUndefined();
      return true;
    }
    done += (size_t)n;
  }
  JS::RootedObject array(context, JS_NewUint8Array(context, size));
  if (array == nullptr) return false;
  {
    JS::AutoCheckCannotGC still;
    bool shared;
    if (size > 0) memcpy(JS_GetUint8ArrayData(array, &shared, still), bytes.data(), size);
  }
  arguments.rval().setObject(*array);
  return true;
}

/* write(bytes): an Uint8Array. */
bool write_bytes(JSContext *context, unsigned count, JS::Value *values) {
  JS::CallArgs arguments = JS::CallArgsFromVp(count, values);
  arguments.rval().setUndefined();
  if (arguments.length() == 0 || !arguments[0].isObject()) return true;
  std::string bytes;
  {
    JS::AutoCheckCannotGC still;
    bool shared;
    JSObject *array = &arguments[0].toObject();
    size_t size = JS_GetTypedArrayByteLength(array);
    if (size > 0) bytes.assign((const char *)JS_GetUint8ArrayData(array, &shared, still), size);
  }
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = write(STDOUT_FILENO, &bytes[done], bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      JS_ReportErrorASCII(context, "the edge has gone");
      return false;
    }
    done += (size_t)n;
  }
  return true;
}

const JSClass global_class = {"global", JSCLASS_GLOBAL_FLAGS, &JS::DefaultGlobalClassOps};

bool evaluate(JSContext *context, const char *name, const std::string &source) {
  JS::CompileOptions options(context);
  JS::SourceText<mozilla::Utf8Unit> text;
  JS::RootedValue value(context);
  options.setFileAndLine(name, 1);
  return text.init(context, source.data(), source.size(), JS::SourceOwnership::Borrowed) &&
         JS::Evaluate(context, options, text, &value);
}

/* Serves the edge; the exit code. */
int serve(JSContext *context, const char *name, const std::string &source) {
  JS::RealmOptions options;
  JS::RootedObject global(
      context, JS_NewGlobalObject(context, &global_class, nullptr, JS::FireOnNewGlobalHook, options));
  if (global == nullptr) return 1;
  JSAutoRealm realm(context, global);
  if (JS_DefineFunction(context, global, "read", read_bytes, 1, 0) &&
      JS_DefineFunction(context, global, "write", write_bytes, 1, 0) &&
      evaluate(context, name, "globalThis.module = {}") && evaluate(context, name, source) &&
      evaluate(context, name, "module.exports(read, write)")) {
    return 0;
  }
  JS::ExceptionStack stack(context);
  JS::ErrorReportBuilder report(context);
  bool known = JS::StealPendingExceptionStack(context, &stack) &&
               report.init(context, stack, JS::ErrorReportBuilder::WithSideEffects);
  std::fprintf(stderr, "spidermonkey: %s\n",
               known ? report.toStringResult().c_str() : "an error without a message");
  return 1;
}

}  // namespace

int main(int count, char **words) {
  std::ifstream file(count == 2 ? words[1] : "");
  if (!file) {
    std::fprintf(stderr, "spidermonkey: %s\n",
                 count == 2 ? std::strerror(errno) : "usage: spidermonkey SERVE.CJS");
    return 2;
  }
  std::string source((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!JS_Init()) return 1;
  JSContext *context = JS_NewContext(JS::DefaultHeapMaxBytes);
  if (context == nullptr || !JS::InitSelfHostedCode(context)) return 1;
  JS_SetNativeStackQuota(context, 4 << 20); /* of the 8 MiB that a main thread has */
  int code = serve(context, words[1], source);
  JS_DestroyContext(context);
  JS_ShutDown();
  return code;
}
