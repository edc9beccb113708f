//! The health check uses `localhost`, but the server listens on IPv4 only.

use crate::model::facts::Listener;
use crate::model::{Model, Service};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-7.localhost-health-check",
        title: "The health check uses `localhost`, but the server listens on IPv4 only",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "The health check of the image or compose entry uses `localhost` with a client that tries only ::1 first (busybox `wget`, Node 17 to 19). The code binds a literal IPv4 address.",
        why: "On hosts with IPv6 the connection is refused and the container is unhealthy, although it works elsewhere.",
        fix: &[("any", "Use `127.0.0.1` in the health check.")],
        references: &[
            "https://docs.docker.com/reference/dockerfile/#healthcheck",
            "https://nodejs.org/api/dns.html#dnssetdefaultresultorderorder",
        ],
    },
    check: Check::Service(check),
};

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let Some(image) = &service.image else {
        return Vec::new();
    };
    let target = service.target.as_deref();
    let mut probes = Vec::new();
    if let Some(check) = image.healthcheck(target) {
        probes.push((
            check.command.join(" "),
            model.location(&image.at.path, check.span.clone(), None),
        ));
    }
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.context.is_some())
    {
        if let Some((command, span)) = &entry.healthcheck {
            probes.push((
                command.join(" "),
                model.location(&entry.at.path, span.clone(), Some(&entry.name)),
            ));
        }
    }
    let listeners = service.facts.of::<Listener>();
    let ipv4 = listeners.deployed().find(|listener| {
        listener
            .host
            .known()
            .is_some_and(|host| host.starts_with("0.0.0.0") || host.starts_with("127."))
    });
    let base = image.outer_base(target).unwrap_or_default();
    let busybox = base.contains("alpine") || base.contains("busybox");
    let old_node = ["node:17", "node:18", "node:19"]
        .iter()
        .any(|version| base.starts_with(version));
    probes
        .into_iter()
        .filter_map(|(line, at)| {
            let at = at?;
            if line.contains("127.0.0.1") {
                return Some(Outcome::passed(
                    "the health check uses 127.0.0.1",
                    Some(&at),
                ));
            }
            if !line.contains("localhost") {
                return None;
            }
            let strict = (busybox && line.contains("wget")) || (old_node && line.contains("node "));
            match ipv4 {
                Some(listener) if strict => Some(
                    Breach::new(
                        at,
                        Confidence::Medium,
                        format!(
                            "`localhost` may resolve to ::1 here, and {}:{} listens on IPv4 only",
                            listener.at.path, listener.at.line
                        ),
                    )
                    .into(),
                ),
                _ => Some(Outcome::unknown(
                    "it is unknown whether the client or the server prefers IPv4",
                )),
            }
        })
        .collect()
}
