#!/usr/bin/env bash
# Updates the comment that begins with the report's marker, or adds one. The token of a pull request from a fork
# cannot comment; the report is in the summary of the job all the same.
set -euo pipefail

marker=$(head -n 1 "$COMMENT")
comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
mine='.[] | select(.user.type == "Bot" and (.body | startswith($marker))) | .id'

comment() {
  local all id
  all=$(gh api --paginate "$comments") || return 1
  id=$(jq -r --arg marker "$marker" "$mine" <<< "$all" | head -n 1) || return 1
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F "body=@$COMMENT"
  else
    gh api --silent --method POST "$comments" -F "body=@$COMMENT"
  fi
}

comment || echo "::warning::Drawbridge cannot comment in this pull request: the job needs 'pull-requests: write'"
