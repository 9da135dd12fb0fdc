// The way to first data: what to paste where.

export interface Step {
  title: string;
  says: string;
  block: string;
}

/** For an app under OpenTelemetry; `host` is where this page came from. */
export function otelSteps(host: string): Step[] {
  return [
    {
      title: "Any OpenTelemetry SDK",
      says: "Set these for your app's process; HTTP goes to port 4318, gRPC to 4317.",
      block: `export OTEL_SERVICE_NAME=my-app
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_ENDPOINT=http://${host}:4318
export OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none`,
    },
    {
      title: "An OpenTelemetry Collector",
      says: "Beside the exporters that it has; the processor lets a link be of rung R2.",
      block: `processors:
  resourcedetection:
    detectors: [system]
    system:
      resource_attributes: { host.ip: { enabled: true } }
exporters:
  otlphttp/fanlight:
    endpoint: http://${host}:4318
service:
  pipelines:
    traces/fanlight:
      receivers: [otlp]
      processors: [resourcedetection]
      exporters: [otlphttp/fanlight]`,
    },
  ];
}

export function zpaSteps(host: string): Step[] {
  return [
    {
      title: "ZPA Log Streaming Service",
      says: "A log receiver for User Activity. The default JSON template does; this prints one that also has the set-up timers.",
      block: `# Configuration & Control > Log Receivers > Add
#   Domain or IP   ${host === "localhost" || host === "127.0.0.1" ? "this server's name" : host}
#   TCP port       9015
#   Log type       User Activity
fanlight config template zpa_user_activity`,
    },
    {
      title: "Without Zscaler",
      says: "The stand-in forwards to your app and writes what an app connector would write.",
      block: `fanlight stand-in zpa --upstream 127.0.0.1:5000 --lss ${host}:9015 \\
    --user ana@example.com=127.0.0.1:7001 --setup-delay 300ms
curl http://127.0.0.1:7001/`,
    },
  ];
}
