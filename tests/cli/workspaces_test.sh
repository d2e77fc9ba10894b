#!/bin/sh
# SPDX-License-Identifier: MIT
# Workspaces whose scripts meet everything that can happen: their own tests, played by `perigee test`, and a check without faults.
dir=$(cd "$(dirname "$0")/../workspaces" && pwd) || exit 1
copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
cp -R "$dir/." "$copy"
n=0 failed=0
for workspace in "$copy"/*/; do
  name=$(basename "$workspace")
  for command in check test; do
    n=$((n + 1))
    if "$PERIGEE" -C "$workspace" "$command" >"$copy/out" 2>&1; then
      echo "ok $n - perigee $command holds in tests/workspaces/$name"
    else
      failed=1
      echo "not ok $n - perigee $command holds in tests/workspaces/$name"
      grep -v '^ok' "$copy/out" | sed 's/^/#   /' | head -40
    fi
  done
done
echo "1..$n"
exit $failed
