use seaworthy_facts::Facts;

use super::{object, selector};
use crate::{
    Overlay, alert, dashboard,
    yaml::{Yaml, list, map},
};

pub(super) const COMMENT: &str = "\
The ServiceMonitor belongs to the Prometheus operator. Without the operator, scrape the admin port
of the pods and set the label job to the name of the service, because the alert rules select it.";

pub(super) const RULES_COMMENT: &str = "\
The rules of prometheus/NAME.rules.yaml for the Prometheus operator. The ruleSelector of your
Prometheus must select the object.";

pub(super) const DASHBOARD_COMMENT: &str = "\
The dashboard of grafana/NAME.json for the sidecar of the Grafana chart, which loads ConfigMaps with
this label. Its searchNamespace must include the namespace of the object.";

/// The label that the sidecar of the Grafana chart selects by default, and its value.
const DASHBOARD: (&str, &str) = ("grafana_dashboard", "1");

/// Returns the ConfigMap with the dashboard of the service. Its name label is not that of the
/// service, because operators list the ConfigMaps with settings by that label.
pub(super) fn dashboard(facts: &Facts) -> Vec<Yaml> {
    let name = format!("{}-dashboard", facts.name);
    let file = format!("{}.json", facts.name);
    let data = map([(file.as_str(), Yaml::Block(dashboard::text(facts)))]);
    let mut dashboard = object("v1", "ConfigMap", &name, &name, vec![("data", data)]);
    label(&mut dashboard, DASHBOARD.0, DASHBOARD.1);
    vec![dashboard]
}

/// Adds a label to an object.
fn label(object: &mut Yaml, key: &str, value: &str) {
    if let Yaml::Map(entries) = object
        && let Some((_, Yaml::Map(metadata))) =
            entries.iter_mut().find(|(key, _)| key == "metadata")
        && let Some((_, labels)) = metadata.iter_mut().find(|(key, _)| key == "labels")
    {
        labels.push(key, value);
    }
}

/// Returns the PrometheusRule with the rules file of the service.
pub(super) fn rules(facts: &Facts, overlay: &Overlay) -> Vec<Yaml> {
    let rules = object(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        &facts.name,
        &facts.name,
        vec![("spec", alert::groups(facts, overlay))],
    );
    vec![rules]
}

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
    label(&mut metrics, "seaworthy.dev/metrics", &facts.name);
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
