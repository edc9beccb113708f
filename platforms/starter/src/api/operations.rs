use std::sync::Arc;

use seaworthy::{
    cache::{Cache, Entries, EntryConfig},
    core::Timeout,
    operation_log::{Operation, OperationLog, OperationQuery},
    prelude::*,
    prost_types::Timestamp,
};

use crate::{accounts::Accounts, contract::oplog::v1 as wire};

const MICROS: i64 = 1_000_000;
/// TTL of a cached total, so that a client that reads several pages counts the log once.
const TOTAL_TTL: Timeout = Timeout::from_secs(10);

/// Implements `oplog.v1.OperationLog`.
#[derive(Debug)]
pub(super) struct Operations {
    log: OperationLog,
    accounts: Arc<Accounts>,
    totals: Entries<u64>,
}

impl Operations {
    pub(super) fn new(log: OperationLog, accounts: Arc<Accounts>, cache: &Cache) -> Self {
        let config = EntryConfig {
            ttl: TOTAL_TTL,
            ..EntryConfig::default()
        };
        Self {
            log,
            accounts,
            totals: cache.entries("operations", config),
        }
    }

    /// Returns the number of calls on all pages. A long log is expensive to count.
    async fn total(&self, query: &OperationQuery) -> Result<u64, Error> {
        let (user, from, until) = (&query.user_id, query.from_us, query.until_us);
        let key = serde_json::json!([user, from, until]).to_string();
        let (log, query) = (self.log.clone(), query.clone());
        let count = || async move { Ok(Some(log.count(&query).await?)) };
        let total = self.totals.get_or_load(&key, count).await?;
        Ok(total.map_or(0, |total| *total))
    }
}

impl wire::OperationLog for Operations {
    async fn list_operations(
        &self,
        request: wire::ListOperationsRequest,
    ) -> Result<wire::ListOperationsReply, Error> {
        let query = OperationQuery {
            user_id: Some(request.user_id).filter(|user| !user.is_empty()),
            from_us: request.from.as_ref().map(micros),
            until_us: request.until.as_ref().map(micros),
            page: u32::try_from(request.page).unwrap_or_default(),
            page_size: u32::try_from(request.page_size).unwrap_or_default(),
        };
        let operations = self.log.page(&query).await?;
        let total = self.total(&query).await?;
        // The log stores IDs only, so the names come from the accounts.
        let users = operations.iter();
        let users = users.filter_map(|operation| operation.user_id.as_deref());
        let names = self.accounts.names_of(users).await?;
        let named = |stored: Operation| {
            let name = stored
                .user_id
                .as_ref()
                .and_then(|user| names.get(user))
                .map(|name| name.expose().clone());
            wire::Operation {
                username: name.unwrap_or_default(),
                ..operation(stored)
            }
        };
        Ok(wire::ListOperationsReply {
            operations: operations.into_iter().map(named).collect(),
            total: i64::try_from(total).unwrap_or(i64::MAX),
        })
    }
}

fn operation(stored: Operation) -> wire::Operation {
    wire::Operation {
        id: stored.id,
        user_id: stored.user_id.unwrap_or_default(),
        method: stored.method,
        operation: stored.operation,
        target: stored.target,
        path: stored.path,
        content: stored.content.unwrap_or_default(),
        before: stored.before.unwrap_or_default(),
        after: stored.after.unwrap_or_default(),
        status: stored.status,
        result: stored.result,
        created_at: Some(timestamp(stored.created_us)),
        duration_ms: stored.duration_ms,
        request_id: stored.request_id,
        trace_id: stored.trace_id,
        client_ip: stored.client_ip,
        username: String::new(),
    }
}

fn micros(time: &Timestamp) -> i64 {
    let seconds = time.seconds.saturating_mul(MICROS);
    seconds.saturating_add(i64::from(time.nanos / 1_000))
}

pub(super) fn timestamp(micros: i64) -> Timestamp {
    Timestamp {
        seconds: micros.div_euclid(MICROS),
        nanos: i32::try_from(micros.rem_euclid(MICROS) * 1_000).unwrap_or_default(),
    }
}
