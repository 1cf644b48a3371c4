#!/bin/sh
# fetch.sh - fetches the VS Code of package.json into a folder: the server of code-server, from npm, 200 MB. Called by
# `make vscode-editor`. What its packages would do while they are installed is done here, as far as tests need it: terminals, in
# which tasks run, are compiled with the headers of this machine's Node, and files are found by Debian's ripgrep.
set -eu

folder=$1
mkdir -p "$folder"
cp tests/browser/vscode/package.json "$folder/"
cd "$folder"
npm install --ignore-scripts --no-package-lock --no-audit --no-fund
cd node_modules/code-server/lib/vscode
npm install --omit=dev --ignore-scripts --no-audit --no-fund
mkdir -p node_modules/@vscode/ripgrep/bin
ln -sf "$(command -v rg)" node_modules/@vscode/ripgrep/bin/rg
cd node_modules/node-pty
node=$(readlink -f "$(command -v node)")
node "$(npm root -g)/npm/node_modules/node-gyp/bin/node-gyp.js" rebuild --nodedir="${node%/bin/node}"
