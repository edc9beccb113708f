//! The contract, and an implementation that responds with the name of the method that ran.

use futures::{StreamExt as _, stream};
use seaworthy_contract::{Error, MessageStream};

#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    reason = "generated code, of which a part is used"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/orders/contract.rs"));
}

pub(crate) use generated::seaworthy::orders::v1::{
    OrderRequest, OrderResponse, Orders, OrdersContract, OrdersMethod,
};

/// Answers every call with the name of its method.
#[derive(Debug)]
pub(crate) struct Echo;

async fn answer(method: &str) -> Result<OrderResponse, Error> {
    Ok(OrderResponse {
        method: method.to_owned(),
    })
}

impl Orders for Echo {
    async fn get_order(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("GetOrder").await
    }

    async fn amend_order(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("AmendOrder").await
    }

    async fn cancel_order(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("CancelOrder").await
    }

    async fn delete_order(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("DeleteOrder").await
    }

    async fn list_orders(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("ListOrders").await
    }

    async fn audit_order(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("AuditOrder").await
    }

    async fn watch_order(&self, _: OrderRequest) -> Result<MessageStream<OrderResponse>, Error> {
        let answer = answer("WatchOrder").await?;
        Ok(Box::pin(stream::iter([Ok(answer)])))
    }

    async fn get_any(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("GetAny").await
    }

    async fn get_file(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("GetFile").await
    }

    async fn purge_file(&self, _: OrderRequest) -> Result<OrderResponse, Error> {
        answer("PurgeFile").await
    }

    async fn import_orders(
        &self,
        mut requests: MessageStream<OrderRequest>,
    ) -> Result<OrderResponse, Error> {
        while let Some(request) = requests.next().await {
            request?;
        }
        answer("ImportOrders").await
    }
}
