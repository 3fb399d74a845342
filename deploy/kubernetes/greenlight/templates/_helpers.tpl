{{- define "greenlight.labels" -}}
app.kubernetes.io/name: greenlight
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What selects the pods of one part: (list $ "api"). */}}
{{- define "greenlight.selector" -}}
app.kubernetes.io/name: greenlight
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "greenlight.podLabels" -}}
{{ include "greenlight.labels" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "greenlight.name" -}}
{{ printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "greenlight.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{ .Values.image.repository }}{{ if hasPrefix "sha256:" $tag }}@{{ else }}:{{ end }}{{ $tag }}
{{- end }}

{{/* The settings that every pod has. A change of them replaces the pods: their digest is an annotation. */}}
{{- define "greenlight.settings" -}}
TEMPORAL_ADDRESS: {{ .Values.temporal.address | quote }}
TEMPORAL_NAMESPACE: {{ .Values.temporal.namespace | quote }}
{{- if or .Values.temporal.tls .Values.temporal.apiKeySecret }}
TEMPORAL_TLS: "true"
{{- end }}
{{- if .Values.temporal.tlsSecret }}
TEMPORAL_TLS_CLIENT_CERT_PATH: /etc/greenlight/temporal/tls.crt
TEMPORAL_TLS_CLIENT_KEY_PATH: /etc/greenlight/temporal/tls.key
{{- end }}
{{- with .Values.temporal.uiUrl }}
GREENLIGHT_TEMPORAL_UI_URL: {{ . | quote }}
{{- end }}
GREENLIGHT_BUCKET: {{ .Values.storage.bucket | quote }}
AWS_REGION: {{ .Values.storage.region | quote }}
AWS_DEFAULT_REGION: {{ .Values.storage.region | quote }}
{{- with .Values.storage.endpointUrl }}
AWS_ENDPOINT_URL_S3: {{ . | quote }}
{{- end }}
{{- with .Values.storage.publicUrl }}
GREENLIGHT_S3_PUBLIC_URL: {{ . | quote }}
{{- end }}
{{- with .Values.tracing.endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- range $name, $value := .Values.env }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Where the variables of a container come from: a ConfigMap, (list $ "settings"), and Secrets by name. */}}
{{- define "greenlight.envFrom" -}}
- configMapRef: {name: {{ include "greenlight.name" . }}}
{{- with (index . 0).Values.secrets.payloadKeys }}
- secretRef: {name: {{ . }}}
{{- end }}
{{- end }}

{{- define "greenlight.credentials" -}}
{{- with .Values.temporal.apiKeySecret }}
- name: TEMPORAL_API_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: api-key}}
{{- end }}
{{- with .Values.storage.credentialsSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . }}, key: access-key-id}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: secret-access-key}}
{{- end }}
{{- end }}

{{- define "greenlight.variables" -}}
{{- range $name, $value := . }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* What every pod of the chart has in common. */}}
{{- define "greenlight.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{ toJson . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toJson . }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toJson . }}
{{- end }}
{{- end }}

{{- define "greenlight.container" -}}
image: {{ include "greenlight.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "greenlight.mounts" -}}
- {name: scratch, mountPath: /tmp}
{{- if .Values.temporal.tlsSecret }}
- {name: temporal-client, mountPath: /etc/greenlight/temporal, readOnly: true}
{{- end }}
{{- end }}

{{/* temporal-worker-controller adds a volume `temporal-tls` of its own to its pods. */}}
{{- define "greenlight.volumes" -}}
{{- with .Values.temporal.tlsSecret }}
- name: temporal-client
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{/* Pods of one part run on different nodes where there are several: (list $ "api"). */}}
{{- define "greenlight.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "greenlight.selector" . | nindent 8 }}
{{- end }}

{{/* The annotations of what runs before an installation or upgrade; what has the lowest weight comes first. */}}
{{- define "greenlight.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
