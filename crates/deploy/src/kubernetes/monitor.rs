use seaworthy_facts::Facts;

use super::{object, selector};
use crate::yaml::{Yaml, list, map};

pub(super) const COMMENT: &str = "\
The ServiceMonitor belongs to the Prometheus operator. Without the operator, scrape the admin port
of the pods and set the label job to the name of the service, because the alert rules select it.";

/// Returns the headless Service of the admin port, and its ServiceMonitor.
pub(super) fn objects(facts: &Facts) -> Vec<Yaml> {
    let Some(admin) = facts.listener("admin") else {
        return Vec::new();
    };
    let name = format!("{}-metrics", facts.name);
    let port = map([
        ("name", "admin".into()),
        ("port", admin.port.into()),
        ("targetPort", "admin".into()),
    ]);
    let service = map([
        ("clusterIP", "None".into()),
        ("publishNotReadyAddresses", true.into()),
        ("selector", selector(&facts.name)),
        ("ports", list([port])),
    ]);
    let labels = map([("seaworthy.dev/metrics", facts.name.as_str().into())]);
    let mut metrics = object("v1", "Service", &name, &facts.name, vec![("spec", service)]);
    if let Yaml::Map(entries) = &mut metrics
        && let Some((_, Yaml::Map(metadata))) =
            entries.iter_mut().find(|(key, _)| key == "metadata")
        && let Some((_, known)) = metadata.iter_mut().find(|(key, _)| key == "labels")
    {
        known.push("seaworthy.dev/metrics", facts.name.as_str());
    }
    let mut endpoint = map([
        ("port", "admin".into()),
        ("path", "/metrics".into()),
        ("interval", "30s".into()),
    ]);
    if admin.tls {
        endpoint.push("scheme", "https");
        endpoint.push("tlsConfig", map([("insecureSkipVerify", true.into())]));
    }
    let monitor = map([
        ("jobLabel", super::NAME.into()),
        ("selector", map([("matchLabels", labels)])),
        ("endpoints", list([endpoint])),
    ]);
    let monitor = object(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        &facts.name,
        &facts.name,
        vec![("spec", monitor)],
    );
    vec![metrics, monitor]
}
