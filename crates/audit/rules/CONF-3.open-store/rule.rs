//! A store accepts callers without a password.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-3.open-store",
        title: "A store accepts callers without a password",
        severity: Severity::Low,
        category: Category::Configuration,
        meaning: "A compose file or a manifest starts Redis, NATS or MongoDB without a password, or disables the passwords of a database. The finding has low confidence, because a file of settings may set the password. The rule reports one per file. Switches that allow anonymous or unencrypted access to Kafka and ZooKeeper count too. Spring: a connection to RabbitMQ without a user. A published Grafana with its default password counts too.",
        why: "Every container of the network can read and change the data. With a published port, every host can.",
        fix: &[(
            "any",
            "Set a password (`--requirepass`, `MONGO_INITDB_ROOT_USERNAME`) from a secret, and give it to the clients.",
        )],
        references: &["https://redis.io/docs/latest/operate/oss_and_stack/management/security/"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(model, Practice::OpenStore, "stores require a password")
    }),
};
