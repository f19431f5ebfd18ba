#!/usr/bin/env bash
# Builds the command line, without the window, into $ROOT/bin.
set -euo pipefail

options=(--locked --no-default-features --force --root "$ROOT")
if [ -n "$VERSION" ]; then
  cargo install "${options[@]}" --git "$GITHUB_SERVER_URL/$ACTION_REPOSITORY" --tag "$VERSION" drawbridge
else
  cargo install "${options[@]}" --path "$ACTION_PATH/../.."
fi
