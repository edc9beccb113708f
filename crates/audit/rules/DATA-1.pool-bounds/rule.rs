//! A pool that opens as many connections as it is asked for.

use crate::model::facts::Topic;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-1.pool-bounds",
        title: "The database pool has no upper bound",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "Go: `sql.Open` in a service that never calls `SetMaxOpenConns`; the default is no limit. Pools with a default bound (pgxpool, node-postgres, SQLAlchemy, HikariCP, sqlx) are left out.",
        why: "Under load every request opens a connection, the database refuses all of them, and every service that shares it fails.",
        fix: &[
            (
                "Go",
                "`db.SetMaxOpenConns(20); db.SetMaxIdleConns(20); db.SetConnMaxLifetime(30 * time.Minute)`, from settings.",
            ),
            (
                "any",
                "Bound the pool below what the database allows, divided by the replicas.",
            ),
        ],
        references: &["https://go.dev/doc/database/manage-connections"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Topic::PoolBounds)),
};
