//! A database or broker port is published on all interfaces.

use crate::model::facts::runs_stores_only;
use crate::model::{Model, Service};
use crate::rule::{
    Breach, Category, Check, Confidence, Edit, Metadata, Outcome, Rule, Severity, is_fragment,
};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SHIP-2.published-database-port",
        title: "A database or broker port is published on all interfaces",
        severity: Severity::Medium,
        category: Category::Operations,
        meaning: "A compose service with a database, cache or broker image maps its data port to the host without a loopback address. Development files (overrides, `*.dev.yml`) and services with a profile are excluded. Low if the file starts only databases and brokers for local development. Low if a file beside a service repeats a part of the compose file at the root.",
        why: "Docker publishes the port past the host's firewall. Everyone who reaches the host reaches the data, often with the default password.",
        fix: &[(
            "any",
            "Remove the mapping (services of one compose file do not need it), move it to `compose.override.yaml`, or bind it to loopback: `127.0.0.1:5432:5432`.",
        )],
        references: &[
            "https://docs.docker.com/engine/network/packet-filtering-firewalls/",
            "https://docs.docker.com/reference/compose-file/services/#ports",
        ],
    },
    check: Check::Service(check),
};

/// Programs that keep data, by the last part of their image, and the ports that give it away.
const STORES: &[(&str, &[u16])] = &[
    ("postgres", &[5432]),
    ("postgresql", &[5432]),
    ("postgis", &[5432]),
    ("timescaledb", &[5432]),
    ("pgvector", &[5432]),
    ("mysql", &[3306, 33060]),
    ("mariadb", &[3306]),
    ("mssql", &[1433]),
    ("mongo", &[27017]),
    ("mongodb", &[27017]),
    ("redis", &[6379]),
    ("valkey", &[6379]),
    ("memcached", &[11211]),
    ("rabbitmq", &[5672, 15672]),
    ("kafka", &[9092, 29092]),
    ("cp-kafka", &[9092, 29092]),
    ("nats", &[4222]),
    ("elasticsearch", &[9200, 9300]),
    ("opensearch", &[9200]),
    ("cassandra", &[9042]),
    ("clickhouse-server", &[8123, 9000]),
    ("zookeeper", &[2181]),
    ("etcd", &[2379]),
    ("minio", &[9000, 9001]),
    ("neo4j", &[7474, 7687]),
    ("cp-zookeeper", &[2181]),
    ("couchdb", &[5984]),
    ("influxdb", &[8086]),
];

fn check(model: &Model, service: &Service) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for entry in service
        .compose
        .iter()
        .filter(|entry| entry.at.role.is_deployed() && entry.profiles.is_empty())
    {
        let Some(image) = entry.image.as_deref() else {
            continue;
        };
        // `mcr.microsoft.com/mssql/server:2022` is called after its folder.
        let name = if image.contains("mssql/server") {
            "mssql"
        } else {
            image
                .rsplit('/')
                .next()
                .unwrap_or(image)
                .split(['@', ':'])
                .next()
                .unwrap_or_default()
        };
        let Some((store, data_ports)) = STORES.iter().find(|(store, _)| *store == name) else {
            continue;
        };
        let open: Vec<_> = entry
            .ports
            .iter()
            .filter(|port| {
                !port.is_loopback()
                    && port
                        .container_port
                        .is_none_or(|port| data_ports.contains(&port))
            })
            .collect();
        if open.is_empty() {
            outcomes.push(Outcome::passed(
                format!("`{}` publishes no data port outside the host", entry.name),
                Some(&entry.at),
            ));
        }
        for port in open {
            let Some(found) = model.files.get(&entry.at.path) else {
                continue;
            };
            let at = found
                .file
                .location(port.span.clone(), Some(entry.name.as_str().into()));
            // A variable may name the port: `3307:${MYSQL_PORT}`.
            let usual = data_ports.first().copied().unwrap_or_default();
            let number = port.container_port.unwrap_or(usual);
            let mut breach = Breach::new(
                at,
                Confidence::Medium,
                format!(
                    "`{}` runs {store} and publishes its port {number} on all interfaces of the host",
                    entry.name
                ),
            );
            if runs_stores_only(found) || is_fragment(model, found) {
                breach = breach.severity(Severity::Low);
            }
            if let Some(edit) = bind_to_loopback(&found.file.text, &port.span) {
                breach = breach.edit(edit);
            }
            outcomes.push(breach.into());
        }
    }
    outcomes
}

/// Adds the loopback address to a port pair in the short form. Other forms need a manual fix.
fn bind_to_loopback(text: &str, span: &std::ops::Range<usize>) -> Option<Edit> {
    let written = text.get(span.clone())?;
    let pair = written.trim_matches(['"', '\'']);
    let (host, container) = pair.split_once(':')?;
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let start = span.start + written.find(pair)?;
    (number(host) && number(container)).then(|| Edit {
        span: start..start,
        replacement: "127.0.0.1:".to_owned(),
    })
}
