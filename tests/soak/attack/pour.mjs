// pour.mjs - writes far more than a server may want: at most what it takes, and not forever.

/** Bytes again and again, some 64 KiB in all. */
export const many = (what, size = 65536) => Buffer.concat(Array.from({ length: Math.ceil(size / what.length) }, () => what));

const taken = (socket) => socket.bytesWritten - socket.writableLength;

/** Writes `piece`; false when the socket is closed, or the server has taken nothing for `patience` ms. */
export async function push(socket, piece, patience = 2000) {
  if (socket.destroyed) return false;
  if (socket.write(piece)) return true;
  for (let last = -1; socket.writableNeedDrain && !socket.destroyed; ) {
    const drained = await new Promise((resolve) => {
      const timer = setTimeout(() => end(false), patience);
      const drain = () => end(true);
      const end = (how) => {
        clearTimeout(timer);
        socket.off("drain", drain).off("close", drain);
        resolve(how);
      };
      socket.on("drain", drain).on("close", drain);
    });
    if (!drained && taken(socket) === last) return false;
    last = taken(socket);
  }
  return !socket.destroyed;
}

/** Writes `piece` again and again until `total` bytes are written or push fails. Returns how many bytes were taken. */
export async function pour(socket, piece, total, patience) {
  const before = taken(socket);
  for (let written = 0; written < total; written += piece.length) if (!(await push(socket, piece, patience))) break;
  return taken(socket) - before;
}
