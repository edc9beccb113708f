//! A compose file publishes services beside the gateway that checks their callers.

use std::ops::Range;

use crate::model::Model;
use crate::model::facts::{ComposeService, is_store_image};
use crate::rule::{Breach, Category, Check, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.beside-gateway",
        title: "Services are reachable beside the gateway",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "A compose file publishes the port of a gateway (`gateway`, `bff`, Kong, Traefik, KrakenD, APISIX, Envoy, nginx), and ports of services that the repository builds. Ports on the loopback address, pages, and development files are excluded. The finding has low confidence. The rule reports one finding per file.",
        why: "Callers reach the services without the authentication, the limits and the logs of the gateway.",
        fix: &[(
            "any",
            "Publish the gateway only. Services of one network reach each other without `ports`.",
        )],
        references: &[
            "https://docs.docker.com/engine/network/port-publishing/",
            "https://cheatsheetseries.owasp.org/cheatsheets/Microservices_Security_Cheat_Sheet.html",
        ],
    },
    check: Check::Repository(check),
};

/// Parts of names of gateways.
const GATEWAYS: &[&str] = &[
    "gateway", "bff", "kong", "traefik", "krakend", "apisix", "envoy",
];
/// Images that forward requests. A service with such an image and another name may serve pages.
const PROXIES: &[&str] = &["nginx", "haproxy", "caddy", "openresty"];
/// Parts of names of entries that callers open in a browser, or that operators use.
const PAGES: &[&str] = &[
    "front",
    "web",
    "ui",
    "client",
    "dashboard",
    "admin",
    "docs",
    "portal",
    "eureka",
    "discovery",
    "registry",
    "config",
    "prometheus",
    "grafana",
    "jaeger",
    "zipkin",
    "keycloak",
    "auth-server",
];

fn is_gateway(entry: &ComposeService) -> bool {
    let name = entry.name.to_lowercase();
    let image = entry.image.as_deref().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or(image);
    GATEWAYS
        .iter()
        .any(|gateway| name.contains(gateway) || last.starts_with(gateway))
        || PROXIES
            .iter()
            .any(|proxy| last.starts_with(proxy) || name == *proxy)
}

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed())
    {
        let entries = found.facts.of::<ComposeService>();
        let open = |entry: &ComposeService| {
            entry
                .ports
                .iter()
                .find(|port| !port.is_loopback())
                .map(|port| port.span.clone())
        };
        let Some(gateway) = entries
            .items
            .iter()
            .find(|entry| is_gateway(entry) && open(entry).is_some())
        else {
            continue;
        };
        let beside: Vec<_> = entries
            .items
            .iter()
            .filter(|entry| entry.context.is_some() && entry.profiles.is_empty())
            .filter(|entry| {
                !is_gateway(entry) && !entry.image.as_deref().is_some_and(is_store_image)
            })
            .filter(|entry| {
                let name = entry.name.to_lowercase();
                !PAGES.iter().any(|page| name.contains(page))
            })
            .filter_map(|entry| Some((entry, open(entry)?)))
            .collect();
        let place = |entry: &ComposeService, span: &Range<usize>| {
            found
                .file
                .location(span.clone(), Some(entry.name.as_str().into()))
        };
        let Some((first, span)) = beside.first() else {
            outcomes.push(Outcome::passed(
                format!("callers reach services through `{}` only", gateway.name),
                Some(&gateway.at),
            ));
            continue;
        };
        let evidence = format!(
            "{} services have ports of their own beside `{}`",
            beside.len(),
            gateway.name
        );
        let others = beside.iter().map(|(entry, span)| place(entry, span));
        let at = place(first, span);
        outcomes.push(Breach::review(at, evidence).related(others).into());
    }
    outcomes
}
