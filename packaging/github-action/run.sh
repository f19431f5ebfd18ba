#!/usr/bin/env bash
# Runs $DRAWBRIDGE once for each format. Outputs: reports, sarif, comment (files, if there are any), exit-code.
set -euo pipefail

fail() {
  echo "::error::$1"
  exit 2
}

paths=()
while IFS= read -r path; do
  path="${path#"${path%%[![:space:]]*}"}"
  path="${path%"${path##*[![:space:]]}"}"
  if [ -n "$path" ]; then paths+=("$path"); fi
done <<< "$PATHS"
if [ "${#paths[@]}" -eq 0 ]; then fail "the input paths is empty"; fi

case "$COMMAND" in
  lint) arguments=(lint) ;;
  verify)
    arguments=(verify)
    if [ "${#paths[@]}" -gt 1 ]; then
      paths=("${paths[0]}" --against "${paths[@]:1}")
    fi
    ;;
  diff)
    if [ "${#paths[@]}" -ne 2 ]; then fail "diff needs two paths, the old and the new side"; fi
    arguments=(diff)
    ;;
  *) fail "unknown command: $COMMAND; it is lint, verify or diff" ;;
esac

reports=$(mktemp -d "$RUNNER_TEMP/drawbridge-reports.XXXXXX")
echo "reports=$reports" >> "$GITHUB_OUTPUT"
worst=0
read -r -a formats <<< "$FORMATS"
if [ "${#formats[@]}" -eq 0 ]; then fail "the input format is empty"; fi
for format in "${formats[@]}"; do
  case "$COMMAND $format" in
    *" md") report="$reports/report.md" ;;
    "lint sarif" | "verify sarif") report="$reports/report.sarif" ;;
    "verify junit") report="$reports/report.junit.xml" ;;
    *) fail "$COMMAND has no format $format here" ;;
  esac
  code=0
  "$DRAWBRIDGE" "${arguments[@]}" "${paths[@]}" -o "$format" > "$report" || code=$?
  if [ "$code" -gt "$worst" ]; then worst=$code; fi
  if [ ! -s "$report" ]; then continue; fi
  case "$format" in
    md)
      cat "$report" >> "$GITHUB_STEP_SUMMARY"
      echo "comment=$report" >> "$GITHUB_OUTPUT"
      ;;
    sarif) echo "sarif=$report" >> "$GITHUB_OUTPUT" ;;
  esac
done
echo "exit-code=$worst" >> "$GITHUB_OUTPUT"
