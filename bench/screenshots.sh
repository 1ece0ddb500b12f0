#!/usr/bin/env bash
# Pictures of every page of the portal, in both languages and themes, at 1280 and 390 px, into screenshots/ (which git ignores).
set -e
cd "$(dirname "$0")/.."
export AIHUB_SCREENSHOTS="$PWD/screenshots"
rm -rf "$AIHUB_SCREENSHOTS" && mkdir -p "$AIHUB_SCREENSHOTS"
dotnet test AiHub.Tests --filter "FullyQualifiedName~AllPagesTests.Every_page_is_accessible" "$@" || echo "Some pages do not hold what every page must; their pictures were taken all the same."
ls "$AIHUB_SCREENSHOTS" | wc -l
