use seaworthy::{
    operation_log::{Operation, OperationLog, OperationQuery},
    prelude::*,
    prost_types::Timestamp,
};

use crate::contract::oplog::v1 as wire;

const MICROS: i64 = 1_000_000;

/// Implements `oplog.v1.OperationLog`.
#[derive(Debug)]
pub(super) struct Operations(pub(super) OperationLog);

impl wire::OperationLog for Operations {
    async fn list_operations(
        &self,
        request: wire::ListOperationsRequest,
    ) -> Result<wire::ListOperationsReply, Error> {
        let page = self
            .0
            .list(&OperationQuery {
                user_id: Some(request.user_id).filter(|user| !user.is_empty()),
                from_us: request.from.as_ref().map(micros),
                until_us: request.until.as_ref().map(micros),
                page: u32::try_from(request.page).unwrap_or_default(),
                page_size: u32::try_from(request.page_size).unwrap_or_default(),
            })
            .await?;
        Ok(wire::ListOperationsReply {
            operations: page.operations.into_iter().map(operation).collect(),
            total: i64::try_from(page.total).unwrap_or(i64::MAX),
        })
    }
}

fn operation(stored: Operation) -> wire::Operation {
    wire::Operation {
        id: stored.id,
        user_id: stored.user_id.unwrap_or_default(),
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
