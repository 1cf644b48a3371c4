# workerd.capnp - runs the workerd.mjs beside it; the address is given on the command line.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(
    name = "site",
    worker = (modules = [(name = "site", esModule = embed "workerd.mjs")], compatibilityDate = "2023-12-01")
  )],
  sockets = [(name = "http", http = (), service = "site")]
);
