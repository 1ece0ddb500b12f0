#!/usr/bin/env bash
# Pictures of the portal. Needs Chromium, and fonts with Chinese.
#   bench/screenshots.sh        every page (AiHub.Tests/Portal/PortalPages.cs) in both languages and themes, at 1280 and 390 px, into screenshots/, which git ignores
#   bench/screenshots.sh docs   those of README and documentation, from the demo, into docs/images/
set -e
cd "$(dirname "$0")/.."
dotnet build AiHub.Tests -p:RunAnalyzers=false -clp:ErrorsOnly
if [ "$1" = docs ]; then
  AIHUB_DOCS_IMAGES=1 exec dotnet test AiHub.Tests --no-build --filter "FullyQualifiedName~Docs.ScreenshotTests"
fi
export AIHUB_SCREENSHOTS="$PWD/screenshots"
rm -rf "$AIHUB_SCREENSHOTS" && mkdir -p "$AIHUB_SCREENSHOTS"
dotnet test AiHub.Tests --no-build --filter "FullyQualifiedName~AllPagesTests.Every_page_is_accessible" || echo "Some pages do not hold what every page must; their pictures were taken all the same."
echo "$(ls "$AIHUB_SCREENSHOTS" | wc -l) pictures in screenshots/"
