// socket.js - a client for the WebSockets of the flare that is served: it connects, sends what is typed, and shows each
// message that goes and comes.
import { $, fill, make, size, toBytes, toText } from "./elements.js";
import { hexDump } from "./bytes.js";

const LINES_MOST = 500, SHOWN_MOST = 16 << 10;

const form = $("socket-form").elements, message = $("socket-message").elements;
let socket = null;

const time = () => new Date().toLocaleTimeString("en-GB");

/** Adds a line to what is said: `kind` is "sent", "came" or "note". */
function addLine(kind, note, bytes) {
  const list = $("socket-lines"), atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const text = bytes && toText(bytes);
  const content = bytes === undefined ? null
    : make("pre", { class: text === null ? "hex" : "" }, text === null ? hexDump(bytes) : text.slice(0, SHOWN_MOST) + (text.length > SHOWN_MOST ? "\n…" : ""));
  list.append(make("li", { class: kind },
    make("p", { class: "quiet" }, make("b", {}, { sent: "↑ sent", came: "↓ received", note: "·" }[kind]), ` ${time()} `, note), content));
  while (list.childElementCount > LINES_MOST) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function setState(state) {
  const open = state === "open";
  form.connect.textContent = { closed: "Connect", connecting: "Cancel", open: "Close" }[state];
  form.connect.classList.toggle("main", state === "closed");
  form.path.disabled = form.protocols.disabled = state !== "closed";
  message.send.disabled = !open;
  $("socket-state").textContent = { closed: "not connected", connecting: "connecting", open: "connected" }[state];
  $("socket-state").className = open ? "good" : "quiet";
}

function connect(url, https) {
  const protocols = form.protocols.value.split(",").map((name) => name.trim()).filter(Boolean);
  const own = socket = new WebSocket(url, protocols);
  let opened = false;
  own.binaryType = "arraybuffer";
  setState("connecting");
  own.addEventListener("open", () => {
    opened = true;
    setState("open");
    addLine("note", own.protocol === "" ? "connected" : `connected, protocol ${own.protocol}`);
    message.text.focus();
  });
  own.addEventListener("message", ({ data }) => {
    const binary = typeof data !== "string", bytes = binary ? new Uint8Array(data) : toBytes(data, "text");
    addLine("came", `${binary ? "binary" : "text"}, ${size(bytes.length)}`, bytes);
  });
  own.addEventListener("close", ({ code, reason, wasClean }) => {
    if (opened) addLine("note", `closed with ${code}${reason === "" ? "" : `, ${JSON.stringify(reason)}`}${wasClean ? "" : ", not cleanly"}`);
    else addLine("note", `${url} did not open: the log of the flare says why${https ? ", or this browser has not accepted the certificate yet: open the flare's own address once" : ""}`);
    if (socket !== own) return;
    socket = null;
    setState("closed");
  });
}

/** Makes the form ready for the flares at `address`, {host, port, https}. */
export function openSockets(address) {
  $("socket-form").onsubmit = (event) => {
    event.preventDefault();
    if (socket !== null) {
      socket.close(1000);
      return;
    }
    const { host, port, https } = address();
    try {
      if (!/^\/(?!\/)/.test(form.path.value)) throw new Error("the path begins with one '/'");
      connect(`${https ? "wss" : "ws"}://${host}:${port}${form.path.value}`, https);
    } catch (error) {
      addLine("note", error.message);
    }
  };
  $("socket-message").onsubmit = (event) => {
    event.preventDefault();
    try {
      const bytes = toBytes(message.text.value, message.as.value), text = message.as.value === "text";
      socket.send(text ? message.text.value : bytes);
      addLine("sent", `${text ? "text" : "binary"}, ${size(bytes.length)}`, bytes);
      message.text.select();
    } catch (error) {
      addLine("note", error.message);
    }
  };
  message.text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !message.send.disabled) {
      event.preventDefault();
      $("socket-message").requestSubmit();
    }
  });
  $("socket-clear").addEventListener("click", () => fill($("socket-lines")));
  setState("closed");
}
