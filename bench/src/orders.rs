use axum::{body::Body, extract::Request, routing::post};
use seaworthy_contract::Contract;
use seaworthy_core::Error;
use seaworthy_http::{RouteOptions, Routes};
use tonic::{Response, Status, codegen::Service as _};

use crate::contract::{Order, OrdersService, OrdersServiceContract, orders_service_server};

/// Gives orders back as they came.
#[derive(Debug)]
pub(crate) struct Orders;

impl OrdersService for Orders {
    async fn echo(&self, order: Order) -> Result<Order, Error> {
        Ok(order)
    }
}

/// The same without a contract.
#[tonic::async_trait]
impl orders_service_server::OrdersService for Orders {
    async fn echo(&self, order: tonic::Request<Order>) -> Result<Response<Order>, Status> {
        Ok(Response::new(order.into_inner()))
    }
}

fn contract() -> OrdersServiceContract<Orders> {
    OrdersServiceContract::new(Orders)
}

/// The contract's HTTP routes, mounted as `seaworthy-grpc` mounts them.
pub(crate) fn routes() -> Routes {
    let contract = contract();
    let options = RouteOptions::new().body_limit(contract.config().body_limit);
    let routes = contract.routes().into_iter();
    routes.fold(Routes::new(), |routes, (path, methods)| {
        routes.route_with(&path, methods, options.clone())
    })
}

/// The contract's gRPC methods, mounted as `seaworthy-grpc` mounts them.
pub(crate) fn calls() -> Routes {
    type Served = OrdersServiceContract<Orders>;
    let service = contract().grpc();
    Served::METHODS
        .iter()
        .fold(Routes::new(), |routes, method| {
            let service = service.clone();
            let handler = move |request: Request| {
                let mut service = service.clone();
                async move {
                    let Ok(response) = service.call(request).await;
                    response.map(Body::new)
                }
            };
            let path = format!("/{}/{method}", Served::NAME);
            routes.route_with(&path, post(handler), RouteOptions::new())
        })
}
