//! The broker of a platform: a file that a test can lock, or a Kafka server that a test can freeze.

#[cfg(feature = "kafka")]
use std::sync::Arc;

use seaworthy_testkit::http;
#[cfg(feature = "kafka")]
use seaworthy_testkit::server::kafka::KafkaServer;

use crate::app::TestPlatform;

/// The services that publish or handle the messages of a purchase.
const SERVICES: [&str; 5] = ["payment", "course", "booking", "student", "notification"];
/// Shorter than the interval at which the tests poll the lag.
#[cfg(feature = "kafka")]
const LAG_INTERVAL: &str = "100ms";

pub(crate) enum Broker {
    File,
    #[cfg(feature = "kafka")]
    Kafka {
        server: Arc<KafkaServer>,
        /// The prefix of its topics and groups.
        prefix: String,
    },
}

impl Broker {
    /// Kafka. `None` if it is not installed.
    #[cfg(feature = "kafka")]
    pub(crate) fn kafka() -> Option<Self> {
        let libraries = seaworthy_testkit::requirement::required("SEAWORTHY_TEST_KAFKA")?;
        Some(Self::Kafka {
            server: Arc::new(KafkaServer::start(libraries).unwrap()),
            prefix: "purchases-".to_owned(),
        })
    }

    /// Returns the settings of a service below `broker.`.
    pub(crate) fn settings(&self) -> Vec<String> {
        match self {
            // The successor of a killed process gets its messages after this time.
            Self::File => vec!["embedded.claim_ttl=2s".to_owned()],
            #[cfg(feature = "kafka")]
            Self::Kafka { server, prefix } => vec![
                format!("url={}", server.url()),
                format!("kafka.prefix={prefix}"),
                // The minimum of the server.
                "kafka.session_timeout=6s".to_owned(),
                format!("lag_interval={LAG_INTERVAL}"),
            ],
        }
    }
}

impl TestPlatform {
    /// Returns the sum of a metric of consumer groups over the services. All groups count if
    /// `groups` is empty. A service that does not respond has no metrics.
    pub(crate) fn metric(&self, name: &str, groups: &[&str]) -> u64 {
        let mut sum = 0;
        for service in SERVICES {
            let (_, admin) = self.address(service);
            let Ok(metrics) = http::get(admin, "/metrics") else {
                continue;
            };
            for line in metrics.body.lines() {
                let Some(labels) = line.strip_prefix(name) else {
                    continue;
                };
                let counts = |group: &&str| labels.contains(&format!("group=\"{group}\""));
                if labels.starts_with('{') && (groups.is_empty() || groups.iter().any(counts)) {
                    let (_, value) = labels.rsplit_once(' ').unwrap();
                    sum += value.parse::<u64>().unwrap();
                }
            }
        }
        sum
    }
}
