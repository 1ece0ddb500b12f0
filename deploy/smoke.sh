#!/usr/bin/env bash
# Publishes the three services as they are released and plays compose.yaml with them, without containers: two of each behind Caddy, with exactly the
# environment of the file; then both gateways are restarted under 200 open streams. Needs the .NET SDK, Caddy and Linux. A few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v caddy >/dev/null || { echo "caddy is not installed (apt-get install caddy)" >&2; exit 1; }

published=$(mktemp -d)
trap 'rm -rf "$published"' EXIT
for project in AiHub.Gateway AiHub.Worker AiHub.Portal; do
    dotnet publish "$project" --configuration Release --output "$published/$project" -p:RunAnalyzers=false --verbosity quiet
done
# The simulated vendor and the test that plays.
dotnet build AiHub.Tests -p:RunAnalyzers=false --verbosity quiet

AIHUB_PUBLISHED=$published dotnet test AiHub.Tests --no-build --filter "FullyQualifiedName~Deploy.DeploymentTests" --logger "console;verbosity=detailed"
