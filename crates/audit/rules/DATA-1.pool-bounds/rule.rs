//! The database pool has no maximum size.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_anywhere};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "DATA-1.pool-bounds",
        title: "The database pool has no maximum size",
        severity: Severity::Medium,
        category: Category::Data,
        meaning: "Go: the service calls `sql.Open` and never `SetMaxOpenConns`, so the pool is unlimited. Pools with a default limit (pgxpool, node-postgres, SQLAlchemy, HikariCP, sqlx) are excluded. Django: `DATABASES` sets neither `CONN_MAX_AGE` nor `pool`.",
        why: "Under load every request opens a connection. The database then rejects connections of all services that share it.",
        fix: &[
            (
                "Go",
                "`db.SetMaxOpenConns(20); db.SetMaxIdleConns(20); db.SetConnMaxLifetime(30 * time.Minute)`, from settings.",
            ),
            (
                "any",
                "Set the maximum below the connection limit of the database, divided by the number of replicas.",
            ),
        ],
        references: &["https://go.dev/doc/database/manage-connections"],
    },
    check: Check::Service(|_, service| observed_anywhere(service, Practice::PoolBounds)),
};
