//! Instrumentation scopes.

/// What made a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    JavaTomcat,
    JavaOkHttp,
    JavaHttpClient,
    JavaJdbc,
    JavaKafka,
    GoHttp,
    GoGrpc,
    GoSql,
    NodeHttp,
    NodePg,
    PythonFlask,
    PythonFastApi,
    PythonRequests,
    PythonPsycopg,
    DotNetServer,
    DotNetClient,
    DotNetSql,
    BrowserFetch,
    Envoy,
}

impl Scope {
    /// Name and version.
    pub(crate) const fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::JavaTomcat => ("io.opentelemetry.tomcat-10.0", "2.31.0-alpha"),
            Self::JavaOkHttp => ("io.opentelemetry.okhttp-3.0", "2.31.0-alpha"),
            Self::JavaHttpClient => ("io.opentelemetry.java-http-client", "2.31.0-alpha"),
            Self::JavaJdbc => ("io.opentelemetry.jdbc", "2.31.0-alpha"),
            Self::JavaKafka => ("io.opentelemetry.kafka-clients-0.11", "2.31.0-alpha"),
            Self::GoHttp => ("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.68.0"),
            Self::GoGrpc => {
                ("go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc", "0.68.0")
            }
            Self::GoSql => ("github.com/XSAM/otelsql", "0.41.0"),
            Self::NodeHttp => ("@opentelemetry/instrumentation-http", "0.219.0"),
            Self::NodePg => ("@opentelemetry/instrumentation-pg", "0.70.0"),
            Self::PythonFlask => ("opentelemetry.instrumentation.flask", "0.58b0"),
            Self::PythonFastApi => ("opentelemetry.instrumentation.fastapi", "0.58b0"),
            Self::PythonRequests => ("opentelemetry.instrumentation.requests", "0.58b0"),
            Self::PythonPsycopg => ("opentelemetry.instrumentation.psycopg2", "0.58b0"),
            Self::DotNetServer => ("Microsoft.AspNetCore", ""),
            Self::DotNetClient => ("System.Net.Http", ""),
            Self::DotNetSql => ("OpenTelemetry.Instrumentation.SqlClient", "1.12.0-beta.2"),
            Self::BrowserFetch => ("@opentelemetry/instrumentation-fetch", "0.219.0"),
            Self::Envoy => ("envoy", ""),
        }
    }
}
