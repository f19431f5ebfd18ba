#!/usr/bin/env bash
# Sets the output `key`: what the program is built from, so that it is built once.
set -euo pipefail

if [ -n "$VERSION" ]; then
  if ! [[ "$VERSION" =~ ^[A-Za-z0-9._/-]+$ ]]; then
    echo "::error::the input version is not a tag: $VERSION"
    exit 2
  fi
  key="tag-${VERSION//\//-}"
else
  # The action may be used by a branch, whose name stays while its source changes.
  source=$(cd "$ACTION_PATH/../.." && find src assets Cargo.toml Cargo.lock -type f | LC_ALL=C sort |
    xargs -d '\n' sha256sum | sha256sum)
  key="source-${source%% *}"
fi
echo "key=$key" >> "$GITHUB_OUTPUT"
