// v8.mjs - Node's V8 as an engine: serve.cjs on Node's standard input and output.
import serve from "./serve.cjs";
import { read, write } from "./stdio.mjs";

serve(read, write);
