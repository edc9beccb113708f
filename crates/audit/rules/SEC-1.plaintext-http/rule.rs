//! Credentials travel over plain HTTP.

use crate::model::facts::Practice;
use crate::rule::{
    Breach, Category, Chart, Check, Metadata, Outcome, Rule, Severity, charts,
    observed_in_repository,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-1.plaintext-http",
        title: "Credentials travel over plain HTTP",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "The settings fetch or check tokens at an `http://` URL, or a proxy has a listener without TLS and none with TLS. Or the values of a Helm chart switch an ingress on without a certificate. The finding has low confidence, because a mesh or a load balancer may encrypt.",
        why: "Everyone on the network path can read tokens and passwords.",
        fix: &[(
            "any",
            "Use `https://` URLs, and end TLS at the proxy with a certificate.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/319.html"],
    },
    check: Check::Repository(|model| {
        let mut outcomes = observed_in_repository(
            model,
            Practice::PlainHttp,
            "no settings send credentials over plain HTTP",
        );
        outcomes.extend(charts(model).iter().filter_map(ingress));
        outcomes
    }),
};

/// An ingress that the values of a chart switch on without a certificate.
fn ingress(chart: &Chart<'_>) -> Option<Outcome> {
    let on = chart.value("ingress.enabled")?;
    let tls = chart.value("ingress.tls").filter(|tls| tls.is_empty);
    // An annotation may select a certificate.
    let certificate = chart.value("ingress.annotations").is_some_and(|notes| {
        ["cert", "ssl", "alb.", "gce"]
            .iter()
            .any(|word| notes.text.contains(word))
    });
    let plain = on.text == "true" && tls.is_some() && !certificate && chart.uses("ingress.enabled");
    plain.then(|| {
        let at = tls.map_or_else(|| on.at.clone(), |tls| tls.at.clone());
        Breach::review(at, "the values switch the ingress on without a certificate")
            .related(std::iter::once(on.at.clone()))
            .into()
    })
}
