# syntax=docker/dockerfile:1
# Pin both by digest where builds must be repeatable: --build-arg SDK_IMAGE=mcr.microsoft.com/dotnet/sdk@sha256:…
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0

FROM ${SDK_IMAGE} AS build
WORKDIR /src
# The packages first: they change less often than the code.
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY AiHub.Contracts/AiHub.Contracts.csproj AiHub.Contracts/
COPY AiHub.ServiceDefaults/AiHub.ServiceDefaults.csproj AiHub.ServiceDefaults/
COPY AiHub.Portal/AiHub.Portal.csproj AiHub.Portal/
RUN dotnet restore AiHub.Portal
COPY . .
RUN dotnet publish AiHub.Portal --configuration Release --no-restore --output /app -p:RunAnalyzers=false

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app .
# The user that Microsoft's images bring for this; the file system may be read-only, /tmp aside.
USER $APP_UID
ENV ASPNETCORE_HTTP_PORTS=8080 Server__PrivatePort=8081 DOTNET_EnableDiagnostics=0
EXPOSE 8080 8081
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8081 && printf 'GET /ready HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.[01] 200' <&3"]
ENTRYPOINT ["dotnet", "AiHub.Portal.dll"]
