//! What a process says of itself.

use super::protobuf::Attributes;
use crate::topology::agent::Agent;
use crate::topology::app::Proxy;
use crate::topology::service::{Pod, Service, Stack};

/// A pod of a service.
pub(crate) fn of_pod(service: &Service, pod: &Pod) -> Attributes {
    let mut resource = Attributes::of_resource();
    resource.text("service.name", &service.name);
    resource.text("service.namespace", "shop");
    resource.text("service.version", if pod.is_new { "2.4.1" } else { "2.4.0" });
    resource.text("service.instance.id", &pod.name);
    let environment = match service.stack {
        Stack::NodeOld | Stack::PythonOld => "deployment.environment",
        _ => "deployment.environment.name",
    };
    resource.text(environment, "production");
    resource.text("telemetry.sdk.name", "opentelemetry");
    let language = match service.stack {
        Stack::Java => "java",
        Stack::GoHttp | Stack::GoGrpc => "go",
        Stack::Node | Stack::NodeOld => "nodejs",
        Stack::PythonOld | Stack::PythonNew => "python",
        Stack::DotNet => "dotnet",
    };
    resource.text("telemetry.sdk.language", language);
    resource.text("k8s.pod.name", &pod.name);
    resource.text("k8s.node.name", &pod.host);
    resource.text("cloud.availability_zone", if pod.zone == 0 { "zone-a" } else { "zone-b" });
    if pod.tells_address {
        resource.text("k8s.pod.ip", &pod.address.to_string());
    }
    resource
}

/// A browser.
pub(crate) fn of_browser(platform: &str) -> Attributes {
    let mut resource = Attributes::of_resource();
    resource.text("service.name", "shop-pages");
    resource.text("service.namespace", "shop");
    resource.text("deployment.environment.name", "production");
    resource.text("telemetry.sdk.name", "opentelemetry");
    resource.text("telemetry.sdk.language", "webjs");
    resource.text("browser.platform", if platform == "mac" { "macOS" } else { "Windows" });
    resource
}

/// An AI agent.
pub(crate) fn of_agent(agent: &Agent) -> Attributes {
    let mut resource = Attributes::of_resource();
    resource.text("service.name", &agent.service);
    resource.text("service.namespace", "agents");
    resource.text("deployment.environment.name", "production");
    resource.text("telemetry.sdk.name", "opentelemetry");
    resource.text("telemetry.sdk.language", "python");
    resource.text("k8s.pod.ip", &agent.private.to_string());
    resource
}

/// An ingress.
pub(crate) fn of_proxy(proxy: &Proxy) -> Attributes {
    let mut resource = Attributes::of_resource();
    resource.text("service.name", &proxy.name);
    resource.text("service.namespace", "edge");
    resource.text("deployment.environment.name", "production");
    resource.text("telemetry.sdk.name", "envoy");
    resource.text("telemetry.sdk.language", "cpp");
    resource
}
