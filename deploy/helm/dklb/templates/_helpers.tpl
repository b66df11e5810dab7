{{- define "dklb.selector" -}}
app.kubernetes.io/name: dklb
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end }}

{{- define "dklb.labels" -}}
{{ include "dklb.selector" . }}
app.kubernetes.io/part-of: dklb
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "dklb.edgelbLocal.selector" -}}
app.kubernetes.io/name: edgelb-local
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: load-balancer
{{- end }}

{{- define "dklb.edgelbLocal.labels" -}}
{{ include "dklb.edgelbLocal.selector" . }}
app.kubernetes.io/part-of: dklb
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "dklb.image" -}}
{{ .image.repository }}:{{ .image.tag | default .appVersion }}
{{- end }}

{{- /* The port of EdgeLB's URL: the one it names, or its scheme's. Without a URL it is dklb's default. */ -}}
{{- define "dklb.edgelbPort" -}}
{{- $url := urlParse ((.Values.config.edgelb | default dict).url | default "http://api.edgelb") }}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") }}
{{- end }}

{{- /* TCP ports that dklb may connect to, each once, with blanks between. */ -}}
{{- define "dklb.egressPorts" -}}
{{- $ports := list (include "dklb.edgelbPort" .) }}
{{- range .Values.networkPolicy.egressPorts }}
{{- $ports = append $ports (. | toString) }}
{{- end }}
{{- $ports | uniq | join " " }}
{{- end }}

{{- define "dklb.leaseName" -}}
{{ (.Values.config.leaderElection | default dict).leaseName | default .Release.Name }}
{{- end }}

{{- /* What the two configurations of the admission webhook share. */ -}}
{{- define "dklb.webhook.common" -}}
admissionReviewVersions: [v1]
sideEffects: None
timeoutSeconds: 5
matchPolicy: Equivalent
failurePolicy: {{ .Values.webhook.failurePolicy }}
namespaceSelector:
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: [kube-system, {{ .Release.Namespace }}]
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [services]
    scope: Namespaced
{{- end }}

{{- /* Takes the path of the webhook and the root. */ -}}
{{- define "dklb.webhook.clientConfig" -}}
clientConfig:
{{- with .root.Values.webhook.caBundle }}
  caBundle: {{ . }}
{{- end }}
  service:
    name: {{ .root.Release.Name }}-webhook
    namespace: {{ .root.Release.Namespace }}
    path: {{ .path }}
    port: 443
{{- end }}

{{- /* The configuration file: the user's keys, and those that follow from other values. */ -}}
{{- define "dklb.config" -}}
{{- $edgelb := dict }}
{{- if .Values.edgelb.tokenSecret.name }}
{{- $_ := set $edgelb "bearerTokenFile" (printf "/etc/dklb/edgelb-token/%s" .Values.edgelb.tokenSecret.key) }}
{{- end }}
{{- if .Values.edgelb.serviceAccountSecret.name }}
{{- $_ := set $edgelb "serviceAccountFile" (printf "/etc/dklb/edgelb-service-account/%s" .Values.edgelb.serviceAccountSecret.key) }}
{{- end }}
{{- if .Values.edgelb.caConfigMap.name }}
{{- $_ := set $edgelb "caFile" (printf "/etc/dklb/edgelb-ca/%s" .Values.edgelb.caConfigMap.key) }}
{{- end }}
{{- $service := printf "%s.%s" .Release.Name .Release.Namespace }}
{{- $hosts := list .Release.Name $service (printf "%s.svc" $service) (printf "%s.svc.cluster.local" $service) }}
{{- with (.Values.config.http).allowedHosts }}
{{- $hosts = concat $hosts . }}
{{- end }}
{{- $computed := dict
      "http" (dict "listen" "0.0.0.0:8080" "allowedHosts" $hosts)
      "leaderElection" (dict "leaseName" (include "dklb.leaseName" .)) }}
{{- if $edgelb }}
{{- $_ := set $computed "edgelb" $edgelb }}
{{- end }}
{{- with .Values.clusterName }}
{{- $_ := set $computed "clusterName" . }}
{{- end }}
{{- if .Values.webhook.enabled }}
{{- $webhook := dict "enabled" true
      "listen" "0.0.0.0:8443"
      "certFile" "/etc/dklb/webhook/tls.crt"
      "keyFile" "/etc/dklb/webhook/tls.key"
      "failurePolicy" .Values.webhook.failurePolicy }}
{{- if .Values.webhook.register }}
{{- $_ := set $webhook "register" true }}
{{- $_ := set $webhook "name" .Release.Name }}
{{- $_ := set $webhook "caFile" "/etc/dklb/webhook/ca.crt" }}
{{- end }}
{{- $_ := set $computed "webhook" $webhook }}
{{- end }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $computed) }}
{{- end }}

{{- /* A dashboard in a ConfigMap. Takes its name and the root. */ -}}
{{- define "dklb.dashboard" -}}
{{- if .root.Values.dashboards.enabled }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .root.Release.Name }}-dashboard-{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "dklb.labels" .root | nindent 4 }}
    {{- with .root.Values.dashboards.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .root.Values.dashboards.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  {{ .name }}.json: |
{{ .root.Files.Get (printf "files/dashboards/%s.json" .name) | trimSuffix "\n" | indent 4 }}
{{- end }}
{{- end }}
