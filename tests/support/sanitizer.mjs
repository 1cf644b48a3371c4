// sanitizer.mjs - the environment for programs that run Lua with a module of ours: a Lua that was built without the sanitizer loads it
// first, and is not free of leaks itself. As support.sanitizer of support.lua.
import { execFileSync } from "node:child_process";

export const withSanitizer = process.env.SANITIZE ? { ...process.env, ASAN_OPTIONS: "detect_leaks=0",
  LD_PRELOAD: execFileSync("gcc", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim() } : process.env;
