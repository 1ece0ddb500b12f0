#!/usr/bin/env bash
# Takes the pictures of README and documentation anew, in both languages, from the demo. Needs Chromium and Chinese fonts.
set -euo pipefail
cd "$(dirname "$0")/../.."
dotnet build AiHub.Tests -p:RunAnalyzers=false --verbosity quiet
AIHUB_SCREENSHOTS=1 dotnet test AiHub.Tests --no-build --filter "FullyQualifiedName~Docs.ScreenshotTests"
