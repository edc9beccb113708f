//! A store keeps its data in a folder of one node.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_in_repository};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-6.host-path",
        title: "A store keeps its data in a folder of one node",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "A manifest mounts a `hostPath` volume into a container of a database, cache or broker. The finding has low confidence. The rule reports one per file. A log folder of Kafka in `/tmp` counts too.",
        why: "If the scheduler starts the pod on another node, the store is empty. No backup or snapshot of volumes contains the data.",
        fix: &[(
            "any",
            "Use a PersistentVolumeClaim in a StatefulSet, or a database outside of the cluster.",
        )],
        references: &["https://kubernetes.io/docs/concepts/storage/volumes/#hostpath"],
    },
    check: Check::Repository(|model| {
        observed_in_repository(
            model,
            Practice::HostPath,
            "no store uses a folder of a node",
        )
    }),
};
