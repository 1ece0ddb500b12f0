{{- define "aihub.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "aihub.labels" -}}
app.kubernetes.io/name: aihub
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "aihub.secret" -}}
{{- if .Values.secrets.existing -}}
{{- .Values.secrets.existing -}}
{{- else -}}
{{- include "aihub.name" . -}}-secrets
{{- end -}}
{{- end -}}

{{/* The image of a service: dict "root" $ "service" .Values.gateway */}}
{{- define "aihub.image" -}}
{{- if .root.Values.image.registry -}}{{ .root.Values.image.registry }}/{{- end -}}
{{- .service.repository -}}
{{- if .service.digest -}}@{{ .service.digest }}{{- else -}}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "aihub.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "aihub.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{/* What all three services are told. */}}
{{- define "aihub.environment" -}}
- name: DOTNET_ENVIRONMENT
  value: Production
- name: ASPNETCORE_HTTP_PORTS
  value: "8080"
- name: Server__PrivatePort
  value: "8081"
- name: Server__ReadinessDelay
  value: {{ .Values.server.readinessDelay | quote }}
- name: Server__DrainTimeout
  value: {{ .Values.server.drainTimeout | quote }}
{{- range $index, $proxy := .Values.server.trustedProxies }}
- name: Server__TrustedProxies__{{ $index }}
  value: {{ $proxy | quote }}
{{- end }}
- name: ConnectionStrings__cache
  valueFrom:
    secretKeyRef:
      name: {{ include "aihub.secret" . }}
      key: cache-connection
{{- if .Values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.telemetry.otlpEndpoint | quote }}
{{- end }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .Values.telemetry.tracesSamplerArg | quote }}
{{- end -}}

{{/* The database as the services know it. The password is put in by Kubernetes, which knows $(NAME). */}}
{{- define "aihub.database" -}}
- name: HUB_APP_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "aihub.secret" . }}
      key: app-password
- name: ConnectionStrings__hub
  value: "Host={{ required "postgresql.host is required" .Values.postgresql.host }};Port={{ .Values.postgresql.port }};Database={{ .Values.postgresql.database }};Username=hub_app;Password=$(HUB_APP_PASSWORD);Maximum Pool Size={{ .Values.postgresql.poolSize }}{{ with .Values.postgresql.parameters }};{{ . }}{{ end }}"
{{- end -}}

{{- define "aihub.probes" -}}
startupProbe:
  httpGet:
    path: /ready
    port: private
  periodSeconds: 2
  failureThreshold: 90
readinessProbe:
  httpGet:
    path: /ready
    port: private
  periodSeconds: 3
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  httpGet:
    path: /alive
    port: private
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}
