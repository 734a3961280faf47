{{- define "pmoas.labels" -}}
app.kubernetes.io/name: pmoas
app.kubernetes.io/part-of: pmoas
app.kubernetes.io/version: {{ .Chart.AppVersion }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
